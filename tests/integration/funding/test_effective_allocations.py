"""A division that is approved for a later day moves no budget before that day, and on it exactly once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest

from runtime.ids import new_id
from runtime.postgres import Database
from services.funding.commands import allocations, reservations
from services.funding.commands import ledger as ledger_commands
from services.funding.domain.allocation import Allocation, Envelope, Fixed, NotProposed, PlannedLine
from services.funding.domain.reservation import LineBelowCommitted
from services.funding.effects import Effects
from services.funding.store import allocations as store
from services.funding.store import ledger as books
from tests.support.funding_books import AT, CONTROLLER, OFFICE, PROGRAMME, Region
from tests.support.servers import DatabaseFor

LINE = "instroom"
TODAY, LATER = AT.date(), date(2020, 9, 1)
THE_EVENING_BEFORE = datetime(2020, 8, 31, 21, 59, tzinfo=UTC)
MIDNIGHT = datetime(2020, 8, 31, 22, 0, tzinfo=UTC)
"""Of 1 September in Amsterdam."""


@pytest.fixture
async def region(database_for: DatabaseFor) -> AsyncIterator[Region]:
    database = await Database.open((await database_for("funding")).app_url, name="test", most=6)
    found = Region(database)
    await found.found()
    await found.grant(1_000_000)
    yield found
    await database.close()


async def divided(region: Region, cents: int, on: date = TODAY) -> Allocation:
    """A version that gives the line so many cents from a day on, approved."""
    plan = (Envelope("spearheads", "spearhead", Fixed(cents), (PlannedLine(LINE, Fixed(cents)),)),)
    return await region.approve(await region.propose(plan, day=on))


async def given(region: Region) -> int:
    async with region.transaction() as tx:
        budget = await reservations.balance(tx, LINE)
        accounts = {each.account: each.cents for each in await books.account_balances(tx, "grant/line/")}
    assert accounts[f"grant/line/{LINE}"] == -budget.allocated_cents
    return budget.allocated_cents


async def states(region: Region) -> dict[int, str]:
    async with region.transaction() as tx:
        return {version.number: version.state for version in await store.allocations(tx)}


async def look(region: Region, at: datetime) -> int:
    return await Effects(region.database, clock=lambda: at).run_once()


async def test_before_its_day_an_approved_division_moves_nothing_and_on_it_everything(region: Region) -> None:
    await divided(region, 400)
    approved = await divided(region, 900, LATER)
    assert (approved.state, await given(region)) == ("approved", 400)
    assert await look(region, THE_EVENING_BEFORE) == 0
    assert await given(region) == 400
    assert await states(region) == {1: "effective", 2: "approved"}
    assert await look(region, MIDNIGHT) == 1
    assert await given(region) == 900
    assert await states(region) == {1: "superseded", 2: "effective"}
    async with region.transaction() as tx:
        entries = await books.page(tx, 0, 10, None, "allocation", approved.id)
        verdict = await ledger_commands.verify(tx)
    assert [entry.recorded.day for entry in entries] == [LATER]
    assert (verdict.balances, verdict.imbalance_cents) == ((), 0)


async def test_many_who_look_at_once_move_it_once(region: Region) -> None:
    await divided(region, 400)
    await divided(region, 900, LATER)
    assert sum(await asyncio.gather(*(look(region, MIDNIGHT) for _ in range(5)))) == 1
    assert await given(region) == 900
    assert await look(region, MIDNIGHT) == 0


async def test_the_day_is_that_of_the_region_and_not_of_the_clock(region: Region, database_for: DatabaseFor) -> None:
    async with region.transaction() as tx:
        await tx.execute("UPDATE consortia SET zone = 'America/Los_Angeles' WHERE consortium_id = $1", region.id)
    await divided(region, 900, LATER)
    assert await look(region, MIDNIGHT) == 0
    assert await look(region, datetime(2020, 9, 1, 7, 0, tzinfo=UTC)) == 1


async def test_a_later_approval_takes_the_place_of_one_that_still_waits(region: Region) -> None:
    await divided(region, 400)
    await divided(region, 900, LATER)
    await divided(region, 700, date(2020, 8, 1))
    assert await states(region) == {1: "effective", 2: "superseded", 3: "approved"}
    await look(region, MIDNIGHT)
    assert (await given(region), await states(region)) == (700, {1: "superseded", 2: "superseded", 3: "effective"})


async def test_what_was_proposed_before_a_waiting_version_is_overtaken(region: Region) -> None:
    plan = (Envelope("spearheads", "spearhead", Fixed(5), (PlannedLine(LINE, Fixed(5)),)),)
    early = await region.propose(plan)
    await divided(region, 900, LATER)
    with pytest.raises(NotProposed):
        await region.approve(early)


async def test_a_division_that_would_take_what_is_committed_waits_until_that_is_given_back(region: Region) -> None:
    await divided(region, 400)
    await divided(region, 100, LATER)
    reservation = new_id()
    async with region.transaction() as tx:
        await reservations.reserve(tx, reservation, LINE, 300, "a visit", at=AT)
    assert await look(region, MIDNIGHT) == 0
    assert await given(region) == 400
    async with region.transaction() as tx:
        await reservations.release(tx, reservation, day=LATER, at=MIDNIGHT)
    assert await look(region, MIDNIGHT) == 1
    assert await given(region) == 100


async def test_at_its_approval_already_a_line_cannot_get_less_than_is_committed(region: Region) -> None:
    await divided(region, 400)
    async with region.transaction() as tx:
        await reservations.reserve(tx, new_id(), LINE, 300, "a visit", at=AT)
    with pytest.raises(LineBelowCommitted):
        await divided(region, 100, LATER)
    assert (await states(region))[2] == "proposed"


async def test_a_preview_reckons_and_keeps_nothing(region: Region) -> None:
    await divided(region, 400)
    plan = (Envelope("spearheads", "spearhead", Fixed(900), (PlannedLine("metaal", Fixed(900)),)),)
    async with region.transaction() as tx:
        before = await tx.fetchval("SELECT count(*) FROM journal_entries")
        preview = await allocations.preview_allocation(tx, "sto-2020", plan, PROGRAMME)
        after = await tx.fetchval("SELECT count(*) FROM journal_entries")
    assert ([(line.line, line.cents) for line in preview.lines], after) == (
        [("metaal", 900), ("unallocated", 999_100)],
        before,
    )
    assert preview.now == {LINE: 400, "unallocated": 999_600}
    assert await states(region) == {1: "effective"}


async def test_the_proposer_does_not_approve_a_later_day_either(region: Region) -> None:
    plan = (Envelope("spearheads", "spearhead", Fixed(5), (PlannedLine(LINE, Fixed(5)),)),)
    proposed = await region.propose(plan, by=OFFICE, day=LATER)
    assert (await region.approve(proposed, by=CONTROLLER)).state == "approved"
