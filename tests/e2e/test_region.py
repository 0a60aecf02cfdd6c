"""A region folder put into the running services: loaded again, added to, beside another; its records as reckoned."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from cli.portal import Refused
from cli.region import Region, read
from deploy.embedded.supervisor import Stack
from examples.reckoning import reckon
from runtime import ids
from tests.support.acting import Acting

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ANSWERED_SECONDS = 60
pytestmark = pytest.mark.timeout(240)
Installation = tuple[Stack, httpx2.AsyncClient]


@pytest.fixture(scope="module")
async def installation(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    runs = tmp_path_factory.mktemp("runs")
    async with Stack(runs=runs, end_with_parent=True) as stack, httpx2.AsyncClient(timeout=30) as client:
        yield stack, client


def named(region: Region, code: str) -> Region:
    """The same region under another code, so that each test has one of its own."""
    records = {
        sender: tuple(line.replace(region.code.encode(), code.encode()) for line in lines)
        for sender, lines in region.records.items()
    }
    return region.model_copy(update={"code": code, "records": records})


async def test_loading_a_region_twice_changes_nothing(installation: Installation) -> None:
    amersfoort = await Acting.of(named(read(EXAMPLES / "amersfoort"), "sto-twice"), *installation)
    first = await amersfoort.load()
    assert first.by_step["organisations"] == {"created": 56}
    again = await amersfoort.load()
    assert set(again.results) == {"unchanged"}
    assert sum(again.results.values()) == sum(first.results.values())


async def test_a_seventh_spearhead_is_added_by_loading_again(installation: Installation, tmp_path: Path) -> None:
    folder = shutil.copytree(EXAMPLES / "amersfoort", tmp_path / "region")
    office = await Acting.of(named(read(folder), "sto-seventh"), *installation)
    await office.load()
    file = folder / "region.yaml"
    text = file.read_text(encoding="utf-8")
    seventh = "  spearheads:\n    - {code: waterstof, title: Waterstof, provenance: invented}"
    file.write_text(text.replace("  spearheads:", seventh, 1), encoding="utf-8")
    again = await office.load(named(read(folder), "sto-seventh"))
    assert again.by_step["programme"] == {"changed": 1}
    assert again.results["changed"] == 1
    assert "created" not in again.results
    programme = await office.office.get("partners", "/v1/programmes/2020-2024")
    assert [each["code"] for each in programme["spearheads"]][:2] == ["waterstof", "instroom"]
    assert len(programme["spearheads"]) == 7


async def test_two_regions_on_one_installation_see_nothing_of_each_other(installation: Installation) -> None:
    amersfoort = await Acting.of(read(EXAMPLES / "amersfoort"), *installation)
    gooi = await Acting.of(read(EXAMPLES / "gooi-klein"), *installation)
    await amersfoort.load()
    await gooi.load()
    for one, other, kept in ((amersfoort, gooi, 56), (gooi, amersfoort, 5)):
        organisations = await one.office.get("partners", "/v1/organisations?limit=200")
        assert len(organisations["items"]) == kept
        (grant,) = await one.office.get("funding", "/v1/grants")
        assert one.region.grant is not None
        assert grant["code"] == one.region.grant.code
        foreign = {"Consortium-Id": str(ids.consortium_id(other.region.code))}
        with pytest.raises(Refused) as refused:
            await one.office.get("partners", "/v1/organisations", **foreign)
        assert refused.value.status == 403
    mandates = await gooi.office.get("funding", "/v1/senders/loonstrook-eemland/mandates")
    assert mandates == []


async def test_every_record_ends_as_was_reckoned_from_the_files_alone(installation: Installation) -> None:
    stack, client = installation
    acting = await Acting.of(read(EXAMPLES / "amersfoort"), stack, client)
    await acting.load()
    assert await acting.sign() == "2019-03-27"
    await acting.hold_lessons()
    receipts = await _published(stack, acting.region)
    wrong = []
    for sender in acting.region.records:
        mine = [each for each in reckon(acting.region).outcomes if each.sender == sender]
        for number, reckoned in enumerate(mine):
            told = receipts[f"intake.contributions.{sender}-0-{number}"]
            codes = [reason["code"] for reason in told.get("reasons") or []]
            meant = [reckoned.code] if reckoned.outcome in ("refused", "held") else codes
            if (told["outcome"], codes) != (reckoned.outcome, meant):
                wrong.append((reckoned, told["outcome"], codes))
    assert not wrong
    expected = json.loads((EXAMPLES / "amersfoort" / "expected.json").read_text(encoding="utf-8"))
    controller = await acting.controller()
    await controller.post("funding", "/v1/contribution-acceptances", {"upTo": "2023-10-31"})
    day = acting.region.report_on.isoformat()
    position = await acting.office.get("funding", f"/v1/positions/programme?asOf={day}")
    assert position["realisedCents"] == expected["cofinancing"]["realised_cents"]
    assert position["realisedMinutes"] == expected["cofinancing"]["realised_minutes"]
    assert max(each["requiredCents"] for each in position["readings"]) == expected["cofinancing"]["required_cents"]


async def _published(stack: Stack, region: Region) -> dict[str, dict[str, Any]]:
    """The first receipt of every record, by the place that the broker gave it; all records were sent."""
    topics = [f"receipts.contributions.{sender}" for sender in region.records]
    consumer = AIOKafkaConsumer(*topics, **stack.kafka_admin.client(), auto_offset_reset="earliest")
    producer = AIOKafkaProducer(**stack.kafka_admin.client())
    await asyncio.gather(consumer.start(), producer.start())
    found: dict[str, dict[str, Any]] = {}
    wanted = sum(len(lines) for lines in region.records.values())
    try:
        for sender, lines in region.records.items():
            for line in lines:
                await producer.send(f"intake.contributions.{sender}", line)
        await producer.flush()
        async with asyncio.timeout(ANSWERED_SECONDS):
            while len(found) < wanted:
                for messages in (await consumer.getmany(timeout_ms=500)).values():
                    for message in messages:
                        receipt = json.loads(message.value)
                        found.setdefault(receipt["record"], receipt)
    except TimeoutError:
        raise AssertionError(f"{len(found)} of {wanted} records were answered in {ANSWERED_SECONDS} s") from None
    finally:
        await asyncio.gather(consumer.stop(), producer.stop())
    return found
