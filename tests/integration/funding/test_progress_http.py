"""Progress reports: the sealed books as known on a day, frozen once, and made again to prove that nothing moved."""

import asyncio
import hashlib
import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from runtime import ids
from services.funding.domain.contribution import Lesson
from tests.support.funding_books import book_lesson
from tests.support.funding_door import Door
from tests.support.funding_door import door as door
from tests.support.servers import Servers

REPORT = {"grant": "sto-2020", "from": "2021-01-01", "until": "2021-12-31"}
LOOK = "/grants/sto-2020/progress?from=2021-01-01&until=2021-12-31"
OWN_RATE = {
    "code": "rate-hours-own",
    "terms": {"about": "rate", "kind": "hours", "centsPerHour": 6250},
    "validFrom": "2020-01-01",
    "knownFrom": "2020-06-01",
    "source": "Decision of the board",
    "reason": "Technicians cost more here.",
}


async def seal(door: Door, at: datetime = datetime(2021, 12, 31, 12, tzinfo=UTC)) -> None:
    await door.region.sealer(at).run_once()


async def bring_in(door: Door, day: date, minutes: int) -> None:
    """Accepted hours of a lesson."""
    async with door.region.transaction() as tx:
        lesson = Lesson(ids.new_id(), f"les-{day}-{minutes}", UUID(int=8), "metaal", day, minutes)
        await book_lesson(tx, lesson, at=datetime(2021, 12, 1, tzinfo=UTC))
    body = {"upTo": "2024-12-31"}
    answer = await door.ask("POST", "/contribution-acceptances", body, subject="bram", role="controller")
    assert answer.status_code == 201


@pytest.fixture
async def running(door: Door) -> Door:
    """A grant that was divided, in its second year, with an instalment, hours and a deliverable on the books."""
    proposed = await door.set_up()
    path = f"{proposed.headers['location'].removeprefix('/v1')}/approval"
    assert (await door.ask("POST", path, subject="bram", role="controller")).status_code == 200
    instalment = {"cents": 250_000_000, "receivedOn": "2020-01-31"}
    assert (await door.ask("PUT", "/grants/sto-2020/instalments/2020", instalment)).status_code == 201
    await bring_in(door, date(2020, 5, 2), 60)
    await bring_in(door, date(2021, 5, 2), 120)
    deliverable = {"line": "metaal", "title": "Lessons", "unit": "lessons", "planned": 40, "due": "2021-12-31"}
    await door.ask("PUT", "/deliverables/lessen", deliverable)
    await door.ask("POST", "/deliverables/lessen/achievements", {"number": 12, "on": "2021-05-01"})
    await seal(door)
    return door


async def make(door: Door, **changes: Any) -> Any:
    return await door.ask("PUT", "/progress-reports/voortgang-1", {**REPORT, **changes})


async def test_a_report_says_where_the_grant_stands_on_the_sealed_books(running: Door) -> None:
    made = await make(running)
    assert (made.status_code, made.headers["result"]) == (201, "created")
    content = made.json()["content"]
    assert content["grant"]["receivedCents"] == 250_000_000
    assert [(each["year"], each["realisedCents"], each["realisedMinutes"]) for each in content["years"]] == [
        (2020, 5_000, 60),
        (2021, 10_000, 120),
    ]
    line = next(each for each in content["lines"] if each["line"] == "metaal")
    assert (line["realisedCents"], line["realisedInPeriodCents"]) == (15_000, 10_000)
    budgets = {each["line"]: each["allocatedCents"] for each in (await running.ask("GET", "/budgets")).json()}
    assert {each["line"]: each["allocatedCents"] for each in content["lines"]} == {
        name: cents for name, cents in budgets.items() if name != "unallocated"
    }
    assert {each["base"]: each["requiredCents"] for each in content["cofinancing"]["readings"]} == {
        "of-subsidy": 75_000_000,
        "of-total": 81_081_081,
    }
    assert [(each["done"], each["planned"]) for each in content["deliverables"]] == [(12, 40)]
    seals = (await running.ask("GET", "/ledger/seals")).json()["items"]
    assert content["seal"]["head"] == seals[-1]["head"]


async def test_the_hash_of_a_report_is_that_of_its_content_in_canonical_form(running: Door) -> None:
    made = (await make(running)).json()
    text = json.dumps(made["content"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == made["sha256"]


async def test_a_report_stays_as_it_was_made_and_can_be_made_again_whatever_came_since(running: Door) -> None:
    before = (await make(running)).json()
    await bring_in(running, date(2021, 6, 1), 600)
    title = {"title": "STO", "rules": [OWN_RATE]}
    assert (await running.ask("PUT", "/schemes/sto-2020-2024", title)).status_code == 200
    more = {"code": "2024", "cents": 5, "until": "2024-12-31", "awardedOn": "2020-02-01", "reason": "late paper"}
    assert (await running.ask("POST", "/grants/sto-2020/supplements", more)).status_code == 201
    await running.ask("POST", "/deliverables/lessen/achievements", {"number": 9, "on": "2021-06-01"})
    await seal(running, datetime(2022, 1, 2, tzinfo=UTC))
    again = await make(running)
    assert (again.headers["result"], again.json()) == ("unchanged", before)
    proof = (await running.ask("GET", "/progress-reports/voortgang-1/reproduction")).json()
    assert (proof["same"], proof["differences"], proof["reproducedSha256"]) == (True, [], before["sha256"])
    now = (await running.ask("GET", LOOK)).json()
    assert now["cofinancing"]["realisedCents"] == before["content"]["cofinancing"]["realisedCents"] + 50_000
    assert (now["grant"]["cents"], now["deliverables"][0]["done"]) == (1_000_000_005, 21)


async def test_a_look_as_known_on_an_earlier_day_knows_the_rules_and_the_seals_of_that_day(running: Door) -> None:
    await bring_in(running, date(2021, 6, 1), 600)
    await seal(running, datetime(2022, 7, 6, 22, 30, tzinfo=UTC))

    async def look(known_on: str) -> Any:
        return (await running.ask("GET", f"{LOOK}&knownOn={known_on}")).json()

    first, second = await look("2022-07-06"), await look("2022-07-07")
    assert (first["cofinancing"]["basisPoints"], first["cofinancing"]["realisedCents"]) == (1000, 15_000)
    assert (second["cofinancing"]["basisPoints"], second["cofinancing"]["realisedCents"]) == (750, 65_000)
    assert (await running.ask("GET", f"{LOOK}&knownOn=2019-01-01")).json()["code"] == "nothing-sealed"
    future = await running.ask("GET", f"{LOOK}&knownOn=2999-01-01")
    assert (future.status_code, future.json()["code"]) == (400, "not-known-yet")


async def test_one_byte_changed_under_a_report_shows_where(running: Door, servers: Servers) -> None:
    await make(running)
    async with running.region.transaction() as tx:
        database = await tx.fetchval("SELECT current_database()")
    owner = await asyncpg.connect(servers.url(database))
    await owner.execute("ALTER TABLE postings DISABLE TRIGGER ALL")
    await owner.execute(
        "UPDATE postings SET cents = cents + 1 WHERE account = 'memo/accepted/metaal' AND cents = 10000"
    )
    await owner.close()
    proof = (await running.ask("GET", "/progress-reports/voortgang-1/reproduction")).json()
    assert not proof["same"]
    assert "/cofinancing/realisedCents" in proof["differences"]
    assert "/years/1/realisedCents" in proof["differences"]
    assert "/years/0/realisedCents" not in proof["differences"]


async def test_a_code_is_of_one_report_and_made_once_whatever_the_number_of_requests(running: Door) -> None:
    answers = await asyncio.gather(*(make(running) for _ in range(4)))
    assert sorted(answer.headers["result"] for answer in answers) == ["created", *["unchanged"] * 3]
    for changed in ({"until": "2022-12-31"}, {"knownOn": "2021-01-01"}):
        refused = await make(running, **changed)
        assert (refused.status_code, refused.json()["code"]) == (409, "report-frozen")
    backwards = await running.ask("PUT", "/progress-reports/x", {**REPORT, "until": "2020-12-31"})
    assert (backwards.status_code, backwards.json()["code"]) == (400, "report-period-inverted")
    assert len((await running.ask("GET", "/progress-reports?grant=sto-2020")).json()) == 1


async def test_a_neighbour_sees_no_report(running: Door) -> None:
    await make(running)
    elsewhere = ids.new_id()
    assert (await running.ask("GET", "/progress-reports", at=elsewhere)).json() == []
    for path in ("/progress-reports/voortgang-1", "/progress-reports/voortgang-1/reproduction"):
        assert (await running.ask("GET", path, at=elsewhere)).status_code == 404
