"""Dividing a grant: one person proposes, another approves, and the approval moves the money."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from runtime import ids, outbox
from runtime.event import Change
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.commands.days import local_day
from services.funding.commands.ledger import post
from services.funding.domain.allocation import Allocation, Envelope, Line, Move, check_lines, plan_lines
from services.funding.domain.grant import Grant
from services.funding.domain.ledger import UNALLOCATED, UNALLOCATED_LINE, JournalEntry, Posting, line
from services.funding.domain.programme import Programme
from services.funding.domain.reservation import LineBelowCommitted
from services.funding.events import SOURCE
from services.funding.store import allocations as store
from services.funding.store import grants

Result = Literal["created", "changed", "unchanged"]
FARTHEST_WEST = timedelta(hours=12)
"""Where a day begins last."""
FARTHEST_EAST = timedelta(hours=14)
"""Where a day begins first."""


async def propose_allocation(
    tx: Tx,
    code: str,
    grant_code: str,
    plan: tuple[Envelope, ...],
    effective_on: date,
    reason: str,
    programme: Programme,
    *,
    by: UUID,
    at: datetime,
) -> Allocation:
    """Proposes the next version of a grant's division. Nothing moves until another person approves it.

    Raises NotFound for an unknown grant, LineTwice, BadClaim, OverAllocated when an envelope or the grant is exceeded,
    and UnknownLine, OtherKind and LineWithoutBudget for what does not fit the programme.
    """
    grant = await _locked_grant(tx, grant_code)
    return await propose_next(tx, code, grant, plan, effective_on, reason, programme, by=by, at=at)


async def put_allocation(
    tx: Tx,
    code: str,
    grant_code: str,
    plan: tuple[Envelope, ...],
    effective_on: date,
    reason: str,
    programme: Programme,
    *,
    by: UUID,
    at: datetime,
) -> tuple[Allocation, Result]:
    """Proposes the next version only when the last one under this code divides otherwise, whatever became of that one.

    Raises as `propose_allocation`.
    """
    grant = await _locked_grant(tx, grant_code)
    last = next(iter(await store.allocations(tx, code=code, limit=1)), None)
    if last is not None and last.same_plan(grant.id, grant.cents, plan, effective_on):
        return last, "unchanged"
    proposed = await propose_next(tx, code, grant, plan, effective_on, reason, programme, by=by, at=at)
    return proposed, "created" if last is None else "changed"


async def approve_allocation(tx: Tx, allocation_id: UUID, *, by: UUID, at: datetime) -> Allocation:
    """Approves a proposed version. On its day the budgets and the ledger move from the version before it: now, if that
    day has come.

    Raises NotFound, NotProposed, SamePerson, GrantChanged, DividedMeanwhile, LineBelowCommitted when a line would get
    less than is reserved and committed of it, and RegionNotKnown when only the region's zone can say whether the day
    has come.
    """
    grant_id = await store.grant_of(tx, allocation_id)
    grant = await grants.lock(tx, grant_id=grant_id) if grant_id else None
    proposed = await store.allocation(tx, allocation_id)
    if grant is None or proposed is None:
        raise NotFound(what="allocation with this id")
    before, waiting = await store.in_force(tx, grant.id), await store.to_come(tx, grant.id)
    newest = max((each for each in (before, waiting) if each), key=lambda each: each.number, default=None)
    approved, facts = proposed.approve(newest, before, grant.cents, by, at)
    await store.approve(tx, approved)
    await outbox.append(tx, Change("allocation", approved.id, approved.version, facts), source=SOURCE, at=at)
    if await _has_come(tx, approved.effective_on, at):
        return await _take_effect(tx, approved, before, at)
    await _affordable(tx, approved, before)
    return approved


async def take_effect(tx: Tx, allocation_id: UUID, *, at: datetime) -> Allocation | None:
    """Moves the budgets to an approved version whose day has come; None when there is nothing to do.

    Repeated, or by two at once: it moves once. Raises LineBelowCommitted when so much was committed since the approval
    that a line would get too little; the version goes on waiting.
    """
    grant_id = await store.grant_of(tx, allocation_id)
    if grant_id is None or await grants.lock(tx, grant_id=grant_id) is None:
        return None
    approved = await store.allocation(tx, allocation_id)
    if approved is None or approved.state != "approved" or not await _has_come(tx, approved.effective_on, at):
        return None
    return await _take_effect(tx, approved, await store.in_force(tx, grant_id), at)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a plan would give, and what each line has now. Nothing is kept of it."""

    grant_cents: int
    lines: tuple[Line, ...]
    now: dict[str, int]


async def preview_allocation(tx: Tx, grant_code: str, plan: tuple[Envelope, ...], programme: Programme) -> Preview:
    """What-if: the division by another plan, beside the one in force. Raises as `propose_allocation`."""
    grant = next(iter(await grants.grants(tx, grant_code)), None)
    if grant is None:
        raise NotFound(what="grant with this code")
    lines = plan_lines(grant.cents, plan)
    check_lines(lines, programme)
    before = await store.in_force(tx, grant.id)
    return Preview(grant.cents, lines, {line.line: line.cents for line in before.lines} if before else {})


async def _has_come(tx: Tx, day: date, at: datetime) -> bool:
    """Whether it is that day or later in the region. A day that is past in every zone needs no zone."""
    return day <= (at - FARTHEST_WEST).date() or day <= await local_day(tx, at)


async def _take_effect(tx: Tx, approved: Allocation, before: Allocation | None, at: datetime) -> Allocation:
    effective = approved.take_effect()
    await store.take_effect(tx, effective)
    await _move(tx, effective, before, at)
    return effective


async def _locked_grant(tx: Tx, code: str) -> Grant:
    grant = await grants.lock(tx, code)
    if grant is None:
        raise NotFound(what="grant with this code")
    return grant


async def propose_next(
    tx: Tx,
    code: str,
    grant: Grant,
    plan: tuple[Envelope, ...],
    effective_on: date,
    reason: str,
    programme: Programme | None,
    *,
    by: UUID,
    at: datetime,
    moves: tuple[Move, ...] = (),
    based_on: UUID | None = None,
) -> Allocation:
    """Proposes the next version of a grant that the caller holds. Raises as `Allocation.propose`."""
    number = await store.next_number(tx, grant.id)
    allocation_id = ids.coded_id(tx.consortium_id, "allocation", f"{grant.code}/{number}")
    proposed, facts = Allocation.propose(
        allocation_id,
        grant.id,
        code,
        number,
        plan,
        grant.cents,
        effective_on,
        reason,
        programme,
        by,
        at,
        moves,
        based_on,
    )
    await store.insert(tx, proposed)
    await outbox.append(tx, Change("allocation", proposed.id, proposed.version, facts), source=SOURCE, at=at)
    return proposed


async def _affordable(tx: Tx, approved: Allocation, before: Allocation | None) -> dict[str, int]:
    """What every line gains, with the budgets of all of them locked. Raises LineBelowCommitted."""
    moves = approved.moves_from(before)
    if not moves:
        return moves
    old_kinds = {given.line: given.kind for given in before.lines} if before else {}
    kinds = old_kinds | {given.line: given.kind for given in approved.lines}
    budgets = await store.lock_budgets(tx, {code: kinds[code] for code in (*moves, UNALLOCATED_LINE)})
    for code, cents in moves.items():
        if budgets[code].available_cents + cents < 0:
            after = budgets[code].allocated_cents + cents
            raise LineBelowCommitted(line=code, bound=budgets[code].bound_cents, cents=after)
    return moves


async def _move(tx: Tx, approved: Allocation, before: Allocation | None, at: datetime) -> None:
    moves = await _affordable(tx, approved, before)
    if not moves:
        return
    off_unallocated = sum(moves.values())
    await store.move_budgets(tx, {**moves, UNALLOCATED_LINE: -off_unallocated})
    postings = [Posting(line(code), -cents) for code, cents in moves.items()]
    if off_unallocated:
        postings.append(Posting(UNALLOCATED, off_unallocated))
    entry = JournalEntry(
        ids.coded_id(tx.consortium_id, "entry", f"allocation/{approved.id}"),
        "allocation-approved",
        approved.effective_on,
        tuple(postings),
        approved.reason,
        "allocation",
        approved.id,
    )
    await post(tx, [entry], at=at)
