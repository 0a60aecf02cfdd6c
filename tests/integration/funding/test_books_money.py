"""Grants, allocations and reservations against a real database: exact, by two persons, never over."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.ids import new_id
from runtime.postgres import Database
from runtime.problems import SamePerson
from services.funding.commands import allocations, grants, reservations, schemes
from services.funding.commands import ledger as ledger_commands
from services.funding.domain import ledger
from services.funding.domain.allocation import Envelope, Fixed, GrantChanged, NotProposed, OverAllocated, PlannedLine
from services.funding.domain.grant import GrantRewritten, SupplementTooLarge
from services.funding.domain.reservation import (
    Budget,
    BudgetExceeded,
    LineBelowCommitted,
    NotABudget,
    Reservation,
    ReservationReleased,
    ReservationReused,
)
from services.funding.domain.scheme import Cofinancing, Rule, RuleRewritten, terms_on
from services.funding.store import allocations as store
from services.funding.store import ledger as books
from services.funding.store import schemes as scheme_store
from tests.support.funding_books import AT, CONTROLLER, OFFICE, PROGRAMME, RULES, Region, a_plan
from tests.support.servers import DatabaseFor

LINE = "instroom"


@pytest.fixture
async def region(database_for: DatabaseFor) -> AsyncIterator[Region]:
    database = await Database.open((await database_for("funding")).app_url, name="test", most=5)
    yield Region(database)
    await database.close()


@pytest.fixture
async def allocated(region: Region) -> Region:
    await region.grant()
    await region.approve(await region.propose())
    return region


async def balance_of(region: Region, account: str) -> int:
    async with region.transaction() as tx:
        return {moved.account: moved.cents for moved in await books.account_balances(tx)}.get(account, 0)


async def budget_of(region: Region, line: str) -> Budget:
    async with region.transaction() as tx:
        return await reservations.balance(tx, line)


async def reserve(region: Region, cents: int, reservation_id: UUID | None = None, line: str = LINE) -> Reservation:
    async with region.transaction() as tx:
        return await reservations.reserve(tx, reservation_id or new_id(), line, cents, "a visit", at=AT)


async def confirm(region: Region, reservation_id: UUID) -> Reservation:
    async with region.transaction() as tx:
        return await reservations.confirm(tx, reservation_id, day=AT.date(), at=AT)


async def release(region: Region, reservation_id: UUID) -> Reservation:
    async with region.transaction() as tx:
        return await reservations.release(tx, reservation_id, day=AT.date(), at=AT)


async def test_putting_a_scheme_twice_changes_nothing_and_both_clocks_survive_the_database(region: Region) -> None:
    async with region.transaction() as tx:
        assert (await schemes.put_scheme(tx, "sto", "STO", RULES[:1], at=AT))[1] == "created"
        assert (await schemes.put_scheme(tx, "sto", "STO", RULES, at=AT))[1] == "changed"
        assert (await schemes.put_scheme(tx, "sto", "STO", RULES, at=AT))[1] == "unchanged"
        kept = await scheme_store.scheme(tx, "sto")
        assert kept is not None
        assert kept.rules == RULES
        asked = [
            terms_on(kept.rules, Cofinancing, date(2021, 5, 1), known_at)
            for known_at in (date(2022, 6, 30), date(2022, 7, 1))
        ]
    assert asked == [Cofinancing(1_000), Cofinancing(750)]
    rewritten = Rule("cofinancing-10", Cofinancing(500), date(2020, 1, 1), date(2018, 10, 1), "the scheme")
    with pytest.raises(RuleRewritten):
        async with region.transaction() as tx:
            await schemes.put_scheme(tx, "sto", "STO", [rewritten], at=AT)


async def test_a_grant_and_its_supplement_are_booked_once_as_unallocated_money(region: Region) -> None:
    await region.grant(1_000_000)
    await region.grant(1_000_000)
    for _ in range(2):
        async with region.transaction() as tx:
            grown, _ = await grants.supplement_grant(
                tx, "sto-2020", "2024", 250_000, date(2024, 12, 31), date(2024, 1, 1), "2024", at=AT
            )
    assert (grown.cents, grown.until) == (1_250_000, date(2024, 12, 31))
    assert await balance_of(region, ledger.RECEIVABLE) == 1_250_000
    assert await balance_of(region, ledger.UNALLOCATED) == -1_250_000
    with pytest.raises(GrantRewritten):
        await region.grant(2_000_000)
    with pytest.raises(SupplementTooLarge):
        async with region.transaction() as tx:
            await grants.supplement_grant(
                tx, "sto-2020", "more", 1, date(2024, 12, 31), date(2024, 1, 1), "more", at=AT
            )


async def test_an_approved_allocation_moves_the_whole_grant_to_its_lines_to_the_cent(allocated: Region) -> None:
    async with allocated.transaction() as tx:
        version = (await store.allocations(tx))[0]
        balances = {moved.account: moved.cents for moved in await books.account_balances(tx, "grant/")}
    assert len(version.lines) == 6 + 5 + 1
    assert sum(line.cents for line in version.lines) == 1_000_000_001
    for line in version.lines[:-1]:
        assert balances[ledger.line(line.line)] == -line.cents
        assert await budget_of(allocated, line.line) == Budget(line.line, line.cents, 0, 0)
    assert balances[ledger.UNALLOCATED] == -version.lines[-1].cents


async def test_who_proposed_an_allocation_cannot_approve_it(region: Region) -> None:
    await region.grant()
    proposed = await region.propose(by=OFFICE)
    with pytest.raises(SamePerson):
        await region.approve(proposed, by=OFFICE)
    assert (await region.approve(proposed, by=CONTROLLER)).state == "effective"
    with pytest.raises(NotProposed):
        await region.approve(proposed, by=CONTROLLER)


async def test_the_database_itself_refuses_an_approval_by_the_proposer(region: Region) -> None:
    await region.grant()
    proposed = await region.propose(by=OFFICE)
    with pytest.raises(asyncpg.CheckViolationError):
        async with region.transaction() as tx:
            await tx.execute(
                "UPDATE allocations SET state = 'approved', approved_by = proposed_by, approved_at = now() "
                "WHERE allocation_id = $1",
                proposed.id,
            )


async def test_a_run_with_other_weights_is_the_next_version_and_supersedes(allocated: Region) -> None:
    async with allocated.transaction() as tx:
        same, result = await allocations.put_allocation(
            tx, "verdeling", "sto-2020", a_plan(), date(2020, 1, 1), "again", PROGRAMME, by=OFFICE, at=AT
        )
        assert (same.number, result) == (1, "unchanged")
        other, result = await allocations.put_allocation(
            tx,
            "verdeling",
            "sto-2020",
            a_plan(heaviest=9),
            date(2020, 1, 1),
            "other weights",
            PROGRAMME,
            by=OFFICE,
            at=AT,
        )
        assert (other.number, result) == (2, "changed")
    approved = await allocated.approve(other)
    async with allocated.transaction() as tx:
        states = [(version.number, version.state) for version in await store.allocations(tx)]
        verdict = await ledger_commands.verify(tx)
    assert states == [(2, "effective"), (1, "superseded")]
    assert approved.supersedes == same.id
    assert (verdict.balances, verdict.imbalance_cents) == ((), 0)
    for line in approved.lines[:-1]:
        assert await balance_of(allocated, ledger.line(line.line)) == -line.cents


async def test_more_than_the_grant_is_refused_with_a_sentence(region: Region) -> None:
    await region.grant(1_000)
    too_much = (Envelope("spearheads", "spearhead", Fixed(1_001), (PlannedLine(LINE, Fixed(1)),)),)
    with pytest.raises(OverAllocated, match="The grant holds 1000 cents"):
        await region.propose(too_much)
    too_much = (Envelope("spearheads", "spearhead", Fixed(500), (PlannedLine(LINE, Fixed(501)),)),)
    with pytest.raises(OverAllocated, match="Envelope 'spearheads' holds 500 cents"):
        await region.propose(too_much)


async def test_a_proposal_from_before_a_supplement_cannot_be_approved(region: Region) -> None:
    await region.grant(1_000_000_001)
    proposed = await region.propose()
    async with region.transaction() as tx:
        await grants.supplement_grant(tx, "sto-2020", "x", 5, date(2024, 12, 31), date(2020, 6, 1), "x", at=AT)
    with pytest.raises(GrantChanged):
        await region.approve(proposed)


async def test_a_line_cannot_get_less_than_is_committed_of_it(allocated: Region) -> None:
    await confirm(allocated, (await reserve(allocated, 40_000_000)).id)
    smaller = (Envelope("spearheads", "spearhead", Fixed(39_999_999), (PlannedLine(LINE, Fixed(39_999_999)),)),)
    with pytest.raises(LineBelowCommitted, match="40000000"):
        await allocated.approve(await allocated.propose(smaller))


async def test_fifty_parallel_reserves_never_exceed_the_line(allocated: Region) -> None:
    answers = await asyncio.gather(*(reserve(allocated, 1_234_567) for _ in range(50)), return_exceptions=True)
    given = [answer for answer in answers if isinstance(answer, Reservation)]
    refused = [answer for answer in answers if isinstance(answer, BudgetExceeded)]
    assert len(given) == 50_000_000 // 1_234_567
    assert len(given) + len(refused) == 50
    budget = await budget_of(allocated, LINE)
    assert budget.reserved_cents == len(given) * 1_234_567
    assert budget.available_cents == 50_000_000 - budget.reserved_cents


async def test_a_repeated_reserve_gets_the_same_answer_and_sets_nothing_more_aside(allocated: Region) -> None:
    reservation_id = new_id()
    twins = await asyncio.gather(*(reserve(allocated, 1_000, reservation_id) for _ in range(5)))
    assert len(set(twins)) == 1
    assert twins[0].available_cents == 50_000_000 - 1_000
    assert (await budget_of(allocated, LINE)).reserved_cents == 1_000
    with pytest.raises(ReservationReused):
        await reserve(allocated, 1_001, reservation_id)


async def test_a_commitment_is_booked_once_and_its_release_reverses_the_entry(allocated: Region) -> None:
    reservation_id = (await reserve(allocated, 1_000)).id
    for _ in range(2):
        assert (await confirm(allocated, reservation_id)).state == "confirmed"
    assert await balance_of(allocated, ledger.committed(LINE)) == -1_000
    assert await budget_of(allocated, LINE) == Budget(LINE, 50_000_000, 0, 1_000)
    for _ in range(2):
        assert (await release(allocated, reservation_id)).state == "released"
    assert await balance_of(allocated, ledger.committed(LINE)) == 0
    assert await budget_of(allocated, LINE) == Budget(LINE, 50_000_000, 0, 0)
    with pytest.raises(ReservationReleased):
        await confirm(allocated, reservation_id)
    async with allocated.transaction() as tx:
        published = await tx.fetch("SELECT type FROM outbox WHERE aggregate_kind = 'reservation' ORDER BY seq")
    assert [row["type"].split(".")[-2] for row in published] == ["commitment-made", "commitment-released"]


async def test_a_reserve_that_arrives_after_its_release_sets_nothing_aside(allocated: Region) -> None:
    reservation_id = new_id()
    assert (await release(allocated, reservation_id)).state == "released"
    assert (await reserve(allocated, 1_000, reservation_id)).state == "released"
    assert (await budget_of(allocated, LINE)).reserved_cents == 0


async def test_unallocated_money_cannot_be_reserved(allocated: Region) -> None:
    with pytest.raises(NotABudget):
        await reserve(allocated, 1, line="unallocated")


steps = st.lists(
    st.tuples(st.sampled_from(["reserve", "confirm", "release", "reallocate"]), st.integers(1, 60_000_000)),
    min_size=1,
    max_size=15,
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
async def test_balances_are_the_sum_of_their_postings_after_any_sequence(
    allocated: Region, steps: list[tuple[str, int]]
) -> None:
    made: list[UUID] = []
    for step, amount in steps:
        try:
            match step:
                case "reserve":
                    made.append((await reserve(allocated, amount)).id)
                case "confirm" if made:
                    await confirm(allocated, made[amount % len(made)])
                case "release" if made:
                    await release(allocated, made[amount % len(made)])
                case "reallocate":
                    claim = Fixed(amount)
                    plan = (Envelope("spearheads", "spearhead", claim, (PlannedLine(LINE, claim),)),)
                    await allocated.approve(await allocated.propose(plan))
        except (BudgetExceeded, ReservationReleased, LineBelowCommitted):
            continue
    await allocated.sealer().run_once()
    async with allocated.transaction() as tx:
        verdict = await ledger_commands.verify(tx)
    assert verdict.ok
    assert verdict.unsealed == 0
    budget = await budget_of(allocated, LINE)
    assert await balance_of(allocated, ledger.committed(LINE)) == -budget.committed_cents
    assert await balance_of(allocated, ledger.line(LINE)) == budget.committed_cents - budget.allocated_cents
