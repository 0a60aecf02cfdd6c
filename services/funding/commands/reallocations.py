"""Moving money between lines: proposed here as the next version of the division, and approved like any version."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.commands.allocations import Preview, propose_next
from services.funding.domain.allocation import Allocation, Envelope, Move, check_lines, plan_lines
from services.funding.domain.grant import Grant
from services.funding.domain.programme import Programme
from services.funding.domain.reallocation import (
    NothingDivided,
    ReallocationRewritten,
    VersionWaits,
    plan_after,
    refuse_below_bound,
)
from services.funding.store import allocations as store
from services.funding.store import grants

Result = Literal["created", "changed", "unchanged"]


async def put_reallocation(
    tx: Tx,
    code: str,
    grant_code: str,
    moves: tuple[Move, ...],
    effective_on: date,
    reason: str,
    programme: Programme,
    *,
    by: UUID,
    at: datetime,
) -> tuple[Allocation, Result]:
    """Proposes the division in force with these moves made. Nothing moves until another person approves it.

    Again the same: unchanged, unless it was never approved and what it started from is not in force any more. Raises
    NotFound for an unknown grant, NothingDivided, VersionWaits, ReallocationRewritten, NoMove, LineTooSmall,
    LineBelowCommitted, and UnknownLine and LineWithoutBudget for lines that may not get it.
    """
    grant = await grants.lock(tx, grant_code)
    if grant is None:
        raise NotFound(what="grant with this code")
    last = next(iter(await store.allocations(tx, code=code, limit=1)), None)
    if last is not None and not last.moves:
        raise ReallocationRewritten(code=code)
    if last is not None and last.approved_by is not None and last.same_moves(grant.id, moves, effective_on):
        return last, "unchanged"
    before = await _in_force(tx, grant)
    if (
        last is not None
        and last.state == "proposed"
        and (last.based_on, last.grant_cents) == (before.id, grant.cents)
        and last.same_moves(grant.id, moves, effective_on)
    ):
        return last, "unchanged"
    plan = await _plan(tx, grant, before, moves, programme)
    proposed = await propose_next(
        tx, code, grant, plan, effective_on, reason, None, by=by, at=at, moves=moves, based_on=before.id
    )
    return proposed, "created" if last is None else "changed"


async def preview_reallocation(tx: Tx, grant_code: str, moves: Sequence[Move], programme: Programme) -> Preview:
    """What-if: the division in force with these moves made, beside it as it is. Raises as `put_reallocation`."""
    grant = next(iter(await grants.grants(tx, grant_code)), None)
    if grant is None:
        raise NotFound(what="grant with this code")
    before = await _in_force(tx, grant)
    lines = plan_lines(grant.cents, await _plan(tx, grant, before, moves, programme))
    return Preview(grant.cents, lines, {line.line: line.cents for line in before.lines})


async def _in_force(tx: Tx, grant: Grant) -> Allocation:
    if (waiting := await store.to_come(tx, grant.id)) is not None:
        raise VersionWaits(number=waiting.number, day=waiting.effective_on)
    before = await store.in_force(tx, grant.id)
    if before is None:
        raise NothingDivided(grant=grant.code)
    return before


async def _plan(
    tx: Tx, grant: Grant, before: Allocation, moves: Sequence[Move], programme: Programme
) -> tuple[Envelope, ...]:
    """The plan with the moves made; only lines that gain must be of the programme, with a budget."""
    plan = plan_after(before, grant.cents, moves, programme)
    gaining = {move.target for move in moves}
    check_lines([line for line in plan_lines(grant.cents, plan) if line.line in gaining], programme)
    refuse_below_bound(moves, {budget.line: budget for _, budget in await store.budgets(tx)})
    return plan
