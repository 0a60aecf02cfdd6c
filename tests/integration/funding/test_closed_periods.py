"""A closed period stays as it is: every booking goes through one rule, and the database refuses what goes around it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from uuid import UUID

import asyncpg
import pytest

from runtime.ids import new_id
from runtime.postgres import Database, Tx
from services.funding.commands import claims, commitments, contributions, grants, instalments, ledger, periods, pledges
from services.funding.commands import reservations as reserving
from services.funding.commands.schemes import put_scheme
from services.funding.domain.claim import Evidence
from services.funding.domain.contribution import Hands, Lesson
from services.funding.domain.ledger import reversal_code
from services.funding.domain.pledge import Promised
from services.funding.domain.reservation import Terms
from services.funding.domain.scheme import EligibleKinds, Rate, Rule
from services.funding.store import ledger as books
from tests.support.funding_books import AT, CONTROLLER, OFFICE, PROGRAMME, Region, a_plan, an_entry, book_lesson
from tests.support.servers import DatabaseFor

START, CLOSED_UNTIL, FIRST_OPEN = date(2020, 1, 1), date(2020, 1, 12), date(2020, 1, 13)
INSIDE = date(2020, 1, 7)
PROOF = (Evidence("ab" * 32, "application/pdf", "archive/17"),)
RATES = (
    Rule("kinds", EligibleKinds(("hours", "material")), START, START, "the scheme"),
    Rule("rate-hours", Rate("hours", 5_000), START, START, "the region"),
)


@pytest.fixture
async def region(database_for: DatabaseFor) -> AsyncIterator[Region]:
    database = await Database.open((await database_for("funding")).app_url, name="test", most=6)
    made = Region(database)
    await made.found()
    await made.grant()
    await made.approve(await made.propose())
    async with made.transaction() as tx:
        await put_scheme(tx, "rates", "Rates", RATES, at=AT)
    yield made
    await database.close()


async def close(region: Region) -> None:
    async with region.transaction(CONTROLLER) as tx:
        await periods.close(tx, CLOSED_UNTIL, today=AT.date(), by=CONTROLLER, at=AT)


async def journal(tx: Tx, after: int = 0) -> list[books.JournalLine]:
    return await books.page(tx, after, 1_000, None, None, None)


def a_lesson(number: int) -> Lesson:
    return Lesson(UUID(int=number), f"lesson-{number}", UUID(int=8), "robotisering", INSIDE, 60)


async def pledge(tx: Tx, minutes: int) -> None:
    promised = [Promised("robotisering", minutes, 0)]
    await pledges.put_pledge(
        tx, "acme", UUID(int=9), None, INSIDE, START, date(2020, 12, 31), promised, PROGRAMME, at=AT
    )


async def test_whatever_is_booked_after_a_closing_goes_to_the_first_open_day_and_says_so(region: Region) -> None:
    company = await region.organisation("acme")
    async with region.transaction() as tx:
        await pledge(tx, 60)
        await book_lesson(tx, a_lesson(1), at=AT)
        await instalments.put_instalment(tx, "sto-2020", "2020-1", 500, INSIDE, "", by=OFFICE, at=AT)
        terms = Terms("lasrobot", company, None)
        commitment, _ = await commitments.put_commitment(tx, "lasrobot", "instroom", 900, "robot", terms, at=AT)
        claim = await claims.submit(tx, new_id(), commitment.id, 400, "x", PROOF, own=None, by=OFFICE, at=AT)
        await reserving.reserve(tx, other := new_id(), "instroom", 77, "hall", at=AT)
    async with region.transaction(CONTROLLER) as tx:
        await claims.approve(tx, claim.id, by=CONTROLLER, at=AT)
    next_division = await region.propose(a_plan(heaviest=9), day=INSIDE)
    await close(region)
    async with region.transaction() as tx:
        before = (await journal(tx))[-1].number
        await grants.put_grant(tx, "sto-extra", "sto", 1_000, START, date(2023, 12, 31), INSIDE, at=AT)
        await grants.supplement_grant(tx, "sto-extra", "s1", 1, date(2024, 1, 1), INSIDE, "more", at=AT)
        await instalments.put_instalment(tx, "sto-2020", "2020-2", 600, INSIDE, "", by=OFFICE, at=AT)
        await pledge(tx, 90)
        await book_lesson(tx, a_lesson(2), at=AT)
        await reserving.confirm(tx, other, day=INSIDE, at=AT)
        await reserving.release(tx, other, day=INSIDE, at=AT)
        await claims.pay(tx, claim.id, INSIDE, "", at=AT)
    async with region.transaction(CONTROLLER) as tx:
        await instalments.take_back_instalment(tx, "sto-2020", "2020-1", "duplicate", "twice", by=CONTROLLER, at=AT)
        accepted = await contributions.accept(tx, AT.date(), batch_id=new_id(), hands=Hands(CONTROLLER), at=AT)
        assert len(accepted.accepted) == 2
    await region.approve(next_division)
    async with region.transaction() as tx:
        late = [line.recorded for line in (await journal(tx, before))]
    assert {entry.kind for entry in late} == {
        "allocation-approved",
        "grant-awarded",
        "grant-supplemented",
        "instalment-received",
        "instalment-received-reversed",
        "pledge-signed",
        "pledge-signed-reversed",
        "contribution-verified",
        "contribution-accepted",
        "commitment-made",
        "commitment-released",
        "claim-paid",
    }
    assert {entry.day for entry in late} == {FIRST_OPEN}
    assert all("the period until 2020-01-12 is closed" in entry.reason for entry in late)
    undone = next(entry for entry in late if entry.kind == "instalment-received-reversed")
    assert reversal_code(undone.reason) == "duplicate"
    async with region.transaction() as tx:
        assert (await ledger.verify(tx)).balances == ()


async def test_a_closing_waits_for_whoever_is_booking_and_the_next_booking_sees_it(region: Region) -> None:
    async with region.transaction() as booking:
        await ledger.post(booking, [replace(an_entry(100), day=INSIDE)], at=AT)
        closing = asyncio.create_task(close(region))
        done, _ = await asyncio.wait([closing], timeout=0.2)
        assert not done
    await closing
    await region.book(replace(an_entry(200), day=INSIDE))
    async with region.transaction() as tx:
        days = [line.recorded.day for line in (await journal(tx))[-2:]]
    assert days == [INSIDE, FIRST_OPEN]


async def test_the_database_refuses_an_entry_of_a_closed_period_whoever_writes_it(region: Region) -> None:
    await close(region)

    async def write(day: date) -> None:
        async with region.transaction() as tx:
            await books.insert_entries(tx, [replace(an_entry(100), day=day)], AT)

    await write(FIRST_OPEN)
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await write(CLOSED_UNTIL)
    assert refused.value.constraint_name == "journal_entries_open_period"


async def test_the_neighbours_closing_moves_nothing_here(region: Region) -> None:
    neighbour = Region(region.database)
    await neighbour.found("sto-elders")
    await close(neighbour)
    await region.book(replace(an_entry(100), day=INSIDE))
    async with region.transaction() as tx:
        assert (await journal(tx))[-1].recorded.day == INSIDE
