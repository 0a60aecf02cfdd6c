"""Commitments claimed in parts against a real database: by two persons, never over, whatever runs in parallel."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.ids import new_id
from runtime.postgres import Database
from runtime.problems import Problem
from services.funding.commands import claims, commitments, periods, reservations
from services.funding.commands import ledger as ledger_commands
from services.funding.domain.allocation import Envelope, Fixed, PlannedLine
from services.funding.domain.claim import Claim, Evidence
from services.funding.domain.reservation import (
    Budget,
    CommitmentEnded,
    CommitmentExceeded,
    Reservation,
    ReservationReused,
    Terms,
)
from services.funding.expiry import Expiry
from services.funding.store import allocations as allocation_store
from services.funding.store import claims as store
from services.funding.store import ledger as books
from tests.support.funding_books import AT, CONTROLLER, OFFICE, Region
from tests.support.servers import DatabaseFor

LINE = "instroom"
BUDGET = 50_000_000
LAST_DAY = date(2020, 6, 30)
PROOF = (Evidence("ab" * 32, "application/pdf", "archive/17"),)


@pytest.fixture
async def region(database_for: DatabaseFor) -> AsyncIterator[Region]:
    database = await Database.open((await database_for("funding")).app_url, name="test", most=8)
    made = Region(database)
    await made.found()
    await made.grant()
    await made.approve(await made.propose())
    yield made
    await database.close()


async def commit(region: Region, cents: int = 1_000, code: str = "lasrobot", *, to: UUID | None = None) -> Reservation:
    async with region.transaction() as tx:
        terms = Terms(code, to, LAST_DAY)
        made, _ = await commitments.put_commitment(tx, code, LINE, cents, "welding robot", terms, at=AT)
        return made


async def submit(region: Region, commitment: Reservation, cents: int, by: UUID = OFFICE) -> Claim:
    async with region.transaction(by) as tx:
        return await claims.submit(tx, new_id(), commitment.id, cents, "a part", PROOF, own=None, by=by, at=AT)


async def approve(region: Region, claim: Claim, by: UUID = CONTROLLER) -> Claim:
    async with region.transaction(by) as tx:
        return await claims.approve(tx, claim.id, by=by, at=AT)


async def budget_of(region: Region) -> Budget:
    async with region.transaction() as tx:
        return await reservations.balance(tx, LINE)


async def balances(region: Region) -> dict[str, int]:
    async with region.transaction() as tx:
        found = await books.account_balances(tx, "grant/")
    return {moved.account.removesuffix(f"/{LINE}"): -moved.cents for moved in found if moved.account.endswith(LINE)}


async def test_a_commitment_is_claimed_in_parts_approved_paid_and_the_rest_given_back(region: Region) -> None:
    commitment = await commit(region)
    first, second = await submit(region, commitment, 400), await submit(region, commitment, 500)
    await approve(region, first)
    await approve(region, second)
    async with region.transaction() as tx:
        paid = await claims.pay(tx, first.id, date(2020, 1, 14), "bank 17", at=AT)
        left = await commitments.decommit(tx, commitment.id, 100, "cheaper than thought", at=AT)
    assert (paid.state, left.left_cents) == ("paid", 0)
    assert await budget_of(region) == Budget(LINE, BUDGET, 0, 0, 900)
    assert await balances(region) == {
        "grant/line": BUDGET - 900,
        "grant/committed": 0,
        "grant/claimed": 500,
        "grant/paid": 400,
    }
    async with region.transaction() as tx:
        told = await tx.fetch("SELECT type FROM outbox WHERE aggregate_kind IN ('claim', 'reservation') ORDER BY seq")
        assert (await ledger_commands.verify(tx)).balances == ()
    assert [row["type"].split(".")[-2] for row in told] == [
        "commitment-made",
        *["claim-submitted"] * 2,
        *["claim-approved"] * 2,
        "claim-paid",
        "commitment-reduced",
    ]


async def test_200_parallel_claims_take_not_a_cent_more_than_was_committed(region: Region) -> None:
    commitment = await commit(region, 1_234_567)
    answers = await asyncio.gather(*(submit(region, commitment, 9_999) for _ in range(200)), return_exceptions=True)
    given_ = [answer for answer in answers if isinstance(answer, Claim)]
    refused = [answer for answer in answers if isinstance(answer, CommitmentExceeded)]
    assert (len(given_), len(given_) + len(refused)) == (1_234_567 // 9_999, 200)
    approved = await asyncio.gather(*(approve(region, claim) for claim in given_), return_exceptions=True)
    assert all(isinstance(answer, Claim) for answer in approved)
    budget = await budget_of(region)
    assert budget.claimed_cents == len(given_) * 9_999
    assert budget.committed_cents == 1_234_567 - budget.claimed_cents
    assert await balances(region) == {
        "grant/line": BUDGET - 1_234_567,
        "grant/committed": budget.committed_cents,
        "grant/claimed": budget.claimed_cents,
    }


async def test_200_parallel_commitments_and_claims_never_exceed_the_line(region: Region) -> None:
    async def commit_and_claim(number: int) -> Claim:
        commitment = await commit(region, 987_654, f"order-{number}")
        return await approve(region, await submit(region, commitment, 987_654))

    answers = await asyncio.gather(*(commit_and_claim(number) for number in range(200)), return_exceptions=True)
    done = [answer for answer in answers if isinstance(answer, Claim)]
    assert all(isinstance(answer, Claim | Problem) for answer in answers)
    assert len(done) == BUDGET // 987_654
    assert await budget_of(region) == Budget(LINE, BUDGET, 0, 0, len(done) * 987_654)


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE reservations SET claimed_cents = cents + 1", "reservations_not_overclaimed"),
        ("UPDATE claims SET cents = cents + 1", "claims_add_up"),
        ("UPDATE claims SET state = 'approved', decided_by = submitted_by", "claims_decided_by_another"),
        (f"UPDATE budget_lines SET claimed_cents = {BUDGET} WHERE line = '{LINE}'", "budget_lines_not_exceeded"),
    ],
)
async def test_the_database_itself_refuses_what_goes_over_or_skips_the_second_person(
    region: Region, statement: str, constraint: str
) -> None:
    await submit(region, await commit(region), 400)
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        async with region.transaction() as tx:
            await tx.execute(statement)
    assert refused.value.constraint_name == constraint


async def test_twins_that_decide_on_one_claim_book_it_once(region: Region) -> None:
    claim = await submit(region, await commit(region), 400)
    answers = await asyncio.gather(*(approve(region, claim) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(answer, Claim) for answer in answers) == 1
    assert (await budget_of(region)).claimed_cents == 400


async def test_a_refused_or_reversed_claim_can_be_claimed_again(region: Region) -> None:
    commitment = await commit(region)
    refused, approved = await submit(region, commitment, 600), await submit(region, commitment, 400)
    await approve(region, approved)
    another = UUID(int=77)
    async with region.transaction(CONTROLLER) as tx:
        await claims.refuse(tx, refused.id, "no-evidence", "which invoice?", by=CONTROLLER, at=AT)
    async with region.transaction(another) as tx:
        await claims.reverse(tx, approved.id, "duplicate", "paid in December", by=another, at=AT)
        undone = (await books.page(tx, 0, 50, None, "claim", approved.id))[-1].recorded
    assert undone.reason == "duplicate: paid in December"
    assert undone.reverses is not None
    assert await budget_of(region) == Budget(LINE, BUDGET, 0, 1_000, 0)
    assert (await submit(region, commitment, 1_000)).cents == 1_000


async def test_a_commitment_ends_after_its_last_day_in_the_region_and_once(region: Region) -> None:
    commitment = await commit(region)
    claim = await submit(region, commitment, 400)
    # 30 June ends in Amsterdam at 22:00 UTC
    before, after = datetime(2020, 6, 30, 21, 59, tzinfo=UTC), datetime(2020, 6, 30, 22, 1, tzinfo=UTC)
    assert await Expiry(region.database, clock=lambda: before).run_once() == 0
    ends = await asyncio.gather(*(Expiry(region.database, clock=lambda: after).run_once() for _ in range(3)))
    assert sum(ends) == 1
    assert await budget_of(region) == Budget(LINE, BUDGET, 0, 400, 0)
    with pytest.raises(CommitmentEnded):
        await submit(region, commitment, 1)
    async with region.transaction(CONTROLLER) as tx:
        await claims.refuse(tx, claim.id, "not-delivered", "it never came", by=CONTROLLER, at=after)
    assert await budget_of(region) == Budget(LINE, BUDGET, 0, 0, 0)
    assert (await balances(region))["grant/line"] == BUDGET


async def test_a_payment_of_a_closed_period_is_booked_on_the_first_open_day_and_says_so(region: Region) -> None:
    claim = await approve(region, await submit(region, await commit(region), 400))
    async with region.transaction(CONTROLLER) as tx:
        await periods.close(tx, date(2020, 1, 14), today=AT.date(), by=CONTROLLER, at=AT)
    async with region.transaction() as tx:
        await claims.pay(tx, claim.id, date(2020, 1, 10), "bank 17", at=AT)
        entry = (await books.page(tx, 0, 50, None, "claim", claim.id))[-1].recorded
    assert entry.day == date(2020, 1, 15)
    assert entry.reason == "bank 17; it is of 2020-01-10, and the period until 2020-01-14 is closed"


async def test_a_code_stands_for_one_commitment_for_ever(region: Region) -> None:
    first = await commit(region)
    twins = await asyncio.gather(*(commit(region) for _ in range(5)))
    assert {twin.id for twin in twins} == {first.id}
    assert (await budget_of(region)).committed_cents == 1_000
    with pytest.raises(ReservationReused):
        await commit(region, 1_001)


async def test_a_division_cannot_take_what_was_claimed(region: Region) -> None:
    await approve(region, await submit(region, await commit(region, 400), 400))
    smaller = (Envelope("spearheads", "spearhead", Fixed(399), (PlannedLine(LINE, Fixed(399)),)),)
    with pytest.raises(Problem, match="400 cents reserved, committed or claimed"):
        await region.approve(await region.propose(smaller))


STEPS = [
    "commit",
    "submit",
    "approve",
    "refuse",
    "withdraw",
    "pay",
    "reverse",
    "decommit",
    "expire",
    "release",
    "divide",
]
steps = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(1, 60_000_000)), min_size=5, max_size=25)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
async def test_the_books_balance_and_agree_with_the_budget_after_any_sequence(
    region: Region, steps: list[tuple[str, int]]
) -> None:
    made: list[Reservation] = []
    asked: list[Claim] = []
    third = UUID(int=77)
    for step, amount in steps:
        commitment = made[amount % len(made)] if made else None
        claim = asked[amount % len(asked)] if asked else None
        try:
            async with region.transaction() as tx:
                match step:
                    case "commit":
                        terms = Terms(code := str(new_id()), None, LAST_DAY)
                        done, _ = await commitments.put_commitment(tx, code, LINE, amount // 3 + 1, "x", terms, at=AT)
                        made.append(done)
                    case "submit" if commitment:
                        part = amount % (commitment.cents + 1)
                        new = await claims.submit(
                            tx, new_id(), commitment.id, part, "x", PROOF, own=None, by=OFFICE, at=AT
                        )
                        asked.append(new)
                    case "approve" if claim:
                        await claims.approve(tx, claim.id, by=CONTROLLER, at=AT)
                    case "refuse" if claim:
                        await claims.refuse(tx, claim.id, "other", "x", by=CONTROLLER, at=AT)
                    case "withdraw" if claim:
                        await claims.withdraw(tx, claim.id, own=None, at=AT)
                    case "pay" if claim:
                        await claims.pay(tx, claim.id, AT.date(), "", at=AT)
                    case "reverse" if claim:
                        await claims.reverse(tx, claim.id, "mistake", "x", by=third, at=AT)
                    case "decommit" if commitment:
                        await commitments.decommit(tx, commitment.id, amount % 10_000 + 1, "x", at=AT)
                    case "expire" if commitment:
                        await commitments.expire(tx, commitment.id, at=datetime(2020, 7, 1, 12, tzinfo=UTC))
                    case "release" if commitment:
                        await reservations.release(tx, commitment.id, day=AT.date(), at=AT)
            if step == "divide":
                plan = (Envelope("spearheads", "spearhead", Fixed(amount), (PlannedLine(LINE, Fixed(amount)),)),)
                await region.approve(await region.propose(plan))
        except Problem:
            continue
    await region.sealer().run_once()
    async with region.transaction() as tx:
        verdict = await ledger_commands.verify(tx)
        all_claims = await store.claims(tx, limit=10_000)
        in_force = (await allocation_store.allocations(tx, state="effective"))[0]
    budget, accounts = await budget_of(region), await balances(region)
    assert (verdict.ok, verdict.unsealed) == (True, 0)
    assert budget.allocated_cents == next(each.cents for each in in_force.lines if each.line == LINE)
    assert accounts.get("grant/committed", 0) == budget.committed_cents
    assert accounts.get("grant/claimed", 0) + accounts.get("grant/paid", 0) == budget.claimed_cents
    assert accounts.get("grant/paid", 0) == sum(each.cents for each in all_claims if each.state == "paid")
    assert accounts["grant/line"] == budget.available_cents
    assert budget.available_cents >= 0
