"""The life of one region, on the whole stack: closed, opened again, taken away and brought in as a new one."""

import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cli.demo.stage import officers
from cli.demo.systems import Systems
from cli.portal import Portal, Refused
from deploy.embedded.supervisor import SERVICES
from runtime import ids
from tests.support.played import CODE, DEADLINE_SECONDS, World, a_world, eventually, heard_all, speerpunt

pytestmark = pytest.mark.timeout(300)

NEW = "sto-gooi-nieuw"
TAKES_AWAY = ("operator", "accountant", "office")
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


async def test_a_region_that_was_taken_away_comes_in_as_a_new_one_with_the_same_books_and_goes_on(
    world: World, tmp_path: Path
) -> None:
    saved = str(tmp_path / "region.zip")
    both: Any = {"codes": (CODE, NEW)}
    await a_report(world)
    await speerpunt(world, "region", "close", CODE, "--reason", "Overgedragen aan een andere regio")
    try:
        await eventually(lambda: sealed(world))
        export = await speerpunt(world, "region", "export", CODE, "--into", saved, roles=TAKES_AWAY)
        assert "archive" not in {each["resource"] for each in export["leftOut"]}
        before = await books(world, CODE)
        refused = await speerpunt(world, "region", "import", changed(saved, tmp_path), "--as", NEW, ends=1, **both)
        assert "was changed since it was made" in refused["error"]["sentence"]
        taken = await speerpunt(world, "region", "import", saved, "--as", CODE, ends=3, **both)
        assert taken["error"]["code"] == "region-exists"
        assert [each["code"] for each in (await speerpunt(world, "region", "list"))["regions"]] == [CODE]
        came = await speerpunt(world, "region", "import", saved, "--as", NEW, **both)
        assert (came["region"], came["from"], all(came["rows"].values())) == (NEW, CODE, True)
        again = await speerpunt(world, "region", "import", saved, "--as", NEW, ends=3, **both)
        assert again["error"]["code"] == "region-exists"
        assert await books(world, NEW) == before
        verified = await speerpunt(world, "ledger", "verify", "--region", NEW, **both)
        assert (verified["ok"], verified["ledgers"][0]["entries"]) == (True, before["verified"]["entries"])
        assert await sent_over_kafka(world, "in-de-nieuwe", NEW) == ("booked", ())
        office = await portal(world, NEW)
        loaded = await office.put("partners", "/v1/organisations/nieuw", {"name": "Nieuw", "kind": "company"})
        assert loaded["code"] == "nieuw"
        assert await books(world, CODE) == before
        assert await sent_over_kafka(world, "in-de-oude") == ("refused", ("region-closed",))
    finally:
        await speerpunt(world, "region", "reopen", CODE, "--reason", "Terug")
    await heard_all(world)
    assert (await speerpunt(world, "status"))["ok"]


async def sealed(world: World) -> bool:
    return bool((await world.stage.office.get("funding", "/v1/ledger/verification"))["unsealed"] == 0)


async def portal(world: World, code: str) -> Portal:
    """The office of a region: the person of the played one, who came along."""
    person = officers(world.stage.region)[0]
    return await Portal.sign_in(
        world.stage.client, world.stack, person.accounts[0], ["office"], ids.consortium_id(code)
    )


async def a_report(world: World) -> None:
    grant = world.stage.region.grant
    assert grant is not None
    body = {"grant": grant.code, "from": grant.first_day.isoformat(), "until": world.day}
    await world.stage.office.put("funding", "/v1/progress-reports/voor-de-overdracht", body)


async def books(world: World, code: str) -> dict[str, Any]:
    """What the books of a region come to, and the report that was made of them, as made again."""
    office = await portal(world, code)
    verified = await office.get("funding", "/v1/ledger/verification")
    return {
        "trial balance": await office.get("funding", f"/v1/ledger/trial-balance?asOf={world.day}"),
        "entries": len(await office.every("funding", "/v1/ledger/entries")),
        "verified": {name: verified[name] for name in ("ok", "entries", "head")},
        "report": await office.get("funding", "/v1/progress-reports/voor-de-overdracht/reproduction"),
        "organisations": await office.every("partners", "/v1/organisations"),
        "milestones": await office.every("notifications", "/v1/milestones"),
    }


def changed(saved: str, folder: Path) -> str:
    """The same zip with one byte of the books another."""
    other = folder / "changed.zip"
    with zipfile.ZipFile(saved) as whole, zipfile.ZipFile(other, "w") as made:
        for name in whole.namelist():
            content = bytearray(whole.read(name))
            if name == "archive/funding.jsonl":
                content[len(content) // 2] ^= 1
            made.writestr(name, bytes(content))
    return str(other)


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
