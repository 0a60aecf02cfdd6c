"""Dividing a grant: one person proposes, another approves, and the approval moves the money."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from runtime import ids, outbox
from runtime.event import Change
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.commands.ledger import post
from services.funding.domain.allocation import Allocation, Envelope
from services.funding.domain.grant import Grant
from services.funding.domain.ledger import UNALLOCATED, UNALLOCATED_LINE, JournalEntry, Posting, line
from services.funding.domain.reservation import LineBelowCommitted
from services.funding.events import SOURCE
from services.funding.store import allocations as store
from services.funding.store import grants

Result = Literal["created", "changed", "unchanged"]


async def propose_allocation(
    tx: Tx,
    code: str,
    grant_code: str,
    plan: tuple[Envelope, ...],
    effective_on: date,
    reason: str,
    *,
    by: UUID,
    at: datetime,
) -> Allocation:
    """Proposes the next version of a grant's division. Nothing moves until another person approves it.

    Raises NotFound for an unknown grant, LineTwice, BadClaim, and OverAllocated when an envelope or the grant is
    exceeded.
    """
    grant = await _locked_grant(tx, grant_code)
    return await _propose(tx, code, grant, plan, effective_on, reason, by, at)


async def put_allocation(
    tx: Tx,
    code: str,
    grant_code: str,
    plan: tuple[Envelope, ...],
    effective_on: date,
    reason: str,
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
    proposed = await _propose(tx, code, grant, plan, effective_on, reason, by, at)
    return proposed, "created" if last is None else "changed"


async def approve_allocation(tx: Tx, allocation_id: UUID, *, by: UUID, at: datetime) -> Allocation:
    """Puts a proposed version in force: the budgets and the ledger move from the version before it.

    Raises NotFound, NotProposed, SamePerson, GrantChanged, and LineBelowCommitted when a line would get less than is
    reserved and committed of it.
    """
    grant_id = await store.grant_of(tx, allocation_id)
    grant = await grants.lock(tx, grant_id=grant_id) if grant_id else None
    proposed = await store.allocation(tx, allocation_id)
    if grant is None or proposed is None:
        raise NotFound(what="allocation with this id")
    before = await store.in_force(tx, grant.id)
    approved, facts = proposed.approve(before, grant.cents, by, at)
    await store.approve(tx, approved)
    await _move(tx, approved, before, at)
    await outbox.append(tx, Change("allocation", approved.id, approved.version, facts), source=SOURCE, at=at)
    return approved


async def _locked_grant(tx: Tx, code: str) -> Grant:
    grant = await grants.lock(tx, code)
    if grant is None:
        raise NotFound(what="grant with this code")
    return grant


async def _propose(
    tx: Tx,
    code: str,
    grant: Grant,
    plan: tuple[Envelope, ...],
    effective_on: date,
    reason: str,
    by: UUID,
    at: datetime,
) -> Allocation:
    number = await store.next_number(tx, grant.id)
    allocation_id = ids.coded_id(tx.consortium_id, "allocation", f"{grant.code}/{number}")
    proposed, facts = Allocation.propose(
        allocation_id, grant.id, code, number, plan, grant.cents, effective_on, reason, by, at
    )
    await store.insert(tx, proposed)
    await outbox.append(tx, Change("allocation", proposed.id, proposed.version, facts), source=SOURCE, at=at)
    return proposed


async def _move(tx: Tx, approved: Allocation, before: Allocation | None, at: datetime) -> None:
    moves = approved.moves_from(before)
    if not moves:
        return
    old_kinds = {given.line: given.kind for given in before.lines} if before else {}
    kinds = old_kinds | {given.line: given.kind for given in approved.lines}
    budgets = await store.lock_budgets(tx, {code: kinds[code] for code in (*moves, UNALLOCATED_LINE)})
    for code, cents in moves.items():
        if budgets[code].available_cents + cents < 0:
            bound = budgets[code].reserved_cents + budgets[code].committed_cents
            raise LineBelowCommitted(line=code, bound=bound, cents=budgets[code].allocated_cents + cents)
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
