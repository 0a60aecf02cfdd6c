"""Allocations and the budgets they give, as rows."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from asyncpg import Record
from pydantic import TypeAdapter

from runtime.postgres import Database, Tx
from services.funding.domain.allocation import Allocation, Envelope, Line, Move
from services.funding.domain.reservation import Budget
from services.funding.store import Q

_PLAN: TypeAdapter[tuple[Envelope, ...]] = TypeAdapter(tuple[Envelope, ...])
_MOVES: TypeAdapter[tuple[Move, ...]] = TypeAdapter(tuple[Move, ...])


async def next_number(tx: Tx, grant_id: UUID) -> int:
    number: int = await Q.next_allocation_number.value(tx, tx.consortium_id, grant_id)
    return number


async def insert(tx: Tx, allocation: Allocation) -> None:
    lines = allocation.lines
    await Q.insert_allocation.execute(
        tx,
        tx.consortium_id,
        allocation.id,
        allocation.grant_id,
        allocation.code,
        allocation.number,
        _PLAN.dump_json(allocation.plan).decode(),
        allocation.grant_cents,
        allocation.effective_on,
        allocation.reason,
        allocation.proposed_by,
        allocation.proposed_at,
        allocation.version,
        allocation.based_on,
        _MOVES.dump_json(allocation.moves).decode(),
    )
    await Q.insert_allocation_lines.execute(
        tx,
        tx.consortium_id,
        allocation.id,
        [line.line for line in lines],
        [line.kind for line in lines],
        [line.envelope for line in lines],
        [line.cents for line in lines],
    )


async def allocations(
    tx: Tx,
    *,
    allocation_id: UUID | None = None,
    code: str | None = None,
    state: str | None = None,
    grant_id: UUID | None = None,
    limit: int = 200,
) -> list[Allocation]:
    """Versions, newest first."""
    rows = await Q.allocations.rows(tx, tx.consortium_id, allocation_id, code, state, grant_id, limit)
    return [_allocation(row) for row in rows]


async def allocation(tx: Tx, allocation_id: UUID) -> Allocation | None:
    return next(iter(await allocations(tx, allocation_id=allocation_id)), None)


async def in_force(tx: Tx, grant_id: UUID) -> Allocation | None:
    """The version that the grant's budgets follow."""
    return next(iter(await allocations(tx, grant_id=grant_id, state="effective")), None)


async def to_come(tx: Tx, grant_id: UUID) -> Allocation | None:
    """The approved version that waits for its day."""
    return next(iter(await allocations(tx, grant_id=grant_id, state="approved")), None)


async def grant_of(tx: Tx, allocation_id: UUID) -> UUID | None:
    grant_id: UUID | None = await Q.allocation_grant.value(tx, tx.consortium_id, allocation_id)
    return grant_id


async def approve(tx: Tx, approved: Allocation) -> None:
    """Keeps an approval: what was proposed or waited before it is superseded, and it waits for its day."""
    await Q.supersede_allocations.execute(tx, tx.consortium_id, approved.grant_id, approved.number)
    await Q.approve_allocation.execute(
        tx,
        tx.consortium_id,
        approved.id,
        approved.approved_by,
        approved.approved_at,
        approved.supersedes,
        approved.version,
    )
    await Q.forget_superseded_to_come.execute(tx, tx.consortium_id, approved.grant_id)
    await Q.await_allocation.execute(tx, tx.consortium_id, approved.id, approved.effective_on)


async def take_effect(tx: Tx, effective: Allocation) -> None:
    """From now on the budgets follow this version, in the place of the one before it."""
    await Q.end_effective_allocation.execute(tx, tx.consortium_id, effective.grant_id)
    await Q.take_effect.execute(tx, tx.consortium_id, effective.id, effective.version)
    await Q.forget_superseded_to_come.execute(tx, tx.consortium_id, effective.grant_id)


async def due(database: Database, day: date) -> list[tuple[UUID, UUID]]:
    """Region and id of the versions that wait for this day or one before it."""
    rows = await Q.allocations_due.rows(database.pool, day)
    return [(row["consortium_id"], row["allocation_id"]) for row in rows]


async def lock_budgets(tx: Tx, kinds: Mapping[str, str]) -> dict[str, Budget]:
    """The budgets of these lines (code -> kind), made when new, locked in the order of their names."""
    lines = sorted(kinds, key=str.encode)
    await Q.open_budgets.execute(tx, tx.consortium_id, lines, [kinds[line] for line in lines])
    rows = await Q.lock_budgets.rows(tx, tx.consortium_id, lines)
    return {row["line"]: budget(row) for row in rows}


async def move_budgets(tx: Tx, moves: Mapping[str, int]) -> None:
    await Q.move_budgets.execute(tx, tx.consortium_id, list(moves), list(moves.values()))


async def budgets(tx: Tx, line: str | None = None) -> list[tuple[str, Budget]]:
    """Kind and budget of every line, or of one."""
    return [(row["kind"], budget(row)) for row in await Q.budgets.rows(tx, tx.consortium_id, line)]


def budget(row: Record) -> Budget:
    return Budget(
        row["line"], row["allocated_cents"], row["reserved_cents"], row["committed_cents"], row["claimed_cents"]
    )


def _allocation(row: Record) -> Allocation:
    given: zip[Any] = zip(row["lines"], row["kinds"], row["envelopes"], row["cents"], strict=True)
    return Allocation(
        row["allocation_id"],
        row["grant_id"],
        row["code"],
        row["number"],
        _PLAN.validate_json(row["plan"]),
        row["grant_cents"],
        tuple(Line(*line) for line in given),
        row["effective_on"],
        row["reason"],
        row["state"],
        row["proposed_by"],
        row["proposed_at"],
        row["approved_by"],
        row["approved_at"],
        row["supersedes"],
        row["version"],
        row["based_on"],
        _MOVES.validate_json(row["moves"]),
    )
