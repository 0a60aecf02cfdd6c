"""The life of one region, on the whole stack: closed to all commands and opened again, by the command line."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cli.demo.systems import Systems
from cli.portal import Refused
from deploy.embedded.supervisor import SERVICES
from tests.support.played import CODE, DEADLINE_SECONDS, World, a_world, heard_all, speerpunt

pytestmark = pytest.mark.timeout(300)

WHY = "Het programma is afgerekend"


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with a_world(tmp_path_factory.mktemp("runs")) as found:
        yield found


async def test_a_closed_region_says_so_everywhere_and_takes_nothing_until_it_is_open_again(world: World) -> None:
    closed = await speerpunt(world, "region", "close", CODE, "--reason", WHY)
    assert (closed["result"], closed["closed"], closed["services"]) == ("changed", True, list(SERVICES))
    assert (await speerpunt(world, "region", "close", CODE, "--reason", WHY))["result"] == "unchanged"
    try:
        status = await speerpunt(world, "status")
        assert [(each["code"], each["reason"], each["services"]) for each in status["closedRegions"]] == [
            (CODE, WHY, list(SERVICES))
        ]
        [listed] = (await speerpunt(world, "region", "list"))["regions"]
        assert (listed["closedReason"], listed["closedSince"] is not None) == (WHY, True)
        page = await world.signed_in()
        assert WHY in await page.inner_text("#closed")
        commands: list[tuple[str, str, dict[str, Any]]] = [
            ("partners", "/v1/organisations/nieuw", {"name": "Nieuw", "kind": "company"}),
            (
                "funding",
                "/v1/deliverables/nieuw",
                {"title": "x", "line": "instroom", "unit": "les", "planned": 1, "due": world.day},
            ),
            ("activities", "/v1/activity-kinds/nieuw", {"title": "x", "behaviour": "session"}),
            (
                "notifications",
                "/v1/milestones/nieuw",
                {"title": "x", "kind": "deadline", "day": world.day, "audience": "everyone"},
            ),
        ]
        for service, path, body in commands:
            with pytest.raises(Refused) as refused:
                await world.stage.office.put(service, path, body)
            assert refused.value.code == "region-closed", (service, str(refused.value))
        assert await sent_over_kafka(world, "na-sluiting") == ("refused", ("region-closed",))
        assert (await world.stage.office.get("funding", "/v1/contributions?limit=1"))["items"]
        assert (await speerpunt(world, "ledger", "verify"))["ok"]
    finally:
        opened = await speerpunt(world, "region", "reopen", CODE, "--reason", "Een correctie")
    assert (opened["result"], opened["closed"]) == ("changed", False)
    assert (await speerpunt(world, "status"))["closedRegions"] == []
    outcome, _ = await sent_over_kafka(world, "na-heropening")
    assert outcome in ("booked", "held")
    await heard_all(world)


async def sent_over_kafka(world: World, record_id: str, consortium: str = CODE) -> tuple[str, tuple[str, ...]]:
    """What became of an hour that a company's system sends to its intake."""
    region = world.stage.region
    sender = region.senders[0]
    mandate = sender.mandates[0]
    body = {
        "id": record_id,
        "consortium": consortium,
        "organisation": mandate.organisation,
        "line": region.programme.spearheads[0].code,
        "day": world.day,
        "kind": "hours",
        "minutes": 60,
        "workerRef": f"worker-{record_id}",
    }
    async with Systems(await world.stage.admit(), world.stack.kafka_admin) as systems:
        [sent] = await systems.publish([(sender.code, json.dumps(body).encode())])
        await systems.wait(lambda: systems.answer(sent.record) is not None, DEADLINE_SECONDS, "the answer to a record")
        receipt = systems.answer(sent.record)
    assert receipt is not None
    return receipt.outcome, receipt.codes
