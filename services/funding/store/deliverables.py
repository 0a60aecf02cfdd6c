"""Deliverables as rows, and every change of them."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.funding.domain.deliverable import Deliverable
from services.funding.store import Q


@dataclass(frozen=True, slots=True)
class Achievement:
    """What was done of a deliverable on a day; `done` is the number after it."""

    version: int
    number: int
    done: int
    on: date
    evidence: str
    by: UUID
    at: datetime


async def deliverables(tx: Tx, line: str | None = None, code: str | None = None) -> list[Deliverable]:
    """The region's deliverables by line and due day: all, those of a line, or the one with this code."""
    return [deliverable_of(row) for row in await Q.deliverables.rows(tx, tx.consortium_id, line, code)]


async def as_known(tx: Tx, before: datetime) -> list[Deliverable]:
    """The deliverables as they were before a moment, by line, due day and code."""
    found = [deliverable_of(row) for row in await Q.deliverables_as_known.rows(tx, tx.consortium_id, before)]
    return sorted(found, key=lambda each: (each.line, each.due, each.code))


async def lock(tx: Tx, code: str) -> Deliverable | None:
    """The deliverable with this code, locked."""
    row = await Q.lock_deliverable.row(tx, tx.consortium_id, code)
    return None if row is None else deliverable_of(row)


async def claim(tx: Tx, new: Deliverable) -> bool:
    """Adds a deliverable; False when its code is on record."""
    return bool(await Q.claim_deliverable.execute(tx, tx.consortium_id, new.id, new.code, *_state(new)))


async def save(tx: Tx, after: Deliverable) -> None:
    """Keeps a deliverable that the caller holds."""
    await Q.update_deliverable.execute(tx, tx.consortium_id, after.id, *_state(after))


async def note(
    tx: Tx, after: Deliverable, by: UUID, at: datetime, number: int = 0, on: date | None = None, evidence: str = ""
) -> None:
    """Notes the deliverable as it is after a change: a plan, or so many achieved."""
    await Q.insert_deliverable_change.execute(
        tx,
        tx.consortium_id,
        after.id,
        after.version,
        *_state(after)[:-1],
        number,
        on,
        evidence,
        by,
        at,
    )


async def achievements(tx: Tx, deliverable_id: UUID) -> list[Achievement]:
    """What was achieved of a deliverable, oldest first."""
    return [
        Achievement(
            row["version"],
            row["number"],
            row["done"],
            row["on_day"],
            row["evidence"],
            row["changed_by"],
            row["changed_at"],
        )
        for row in await Q.deliverable_changes.rows(tx, tx.consortium_id, deliverable_id)
    ]


def _state(each: Deliverable) -> tuple[object, ...]:
    return each.line, each.title, each.unit, each.planned, each.due, each.grant, each.done, each.version


def deliverable_of(row: Record) -> Deliverable:
    return Deliverable(
        row["deliverable_id"],
        row["code"],
        row["line"],
        row["title"],
        row["unit"],
        row["planned"],
        row["due"],
        row["grant_code"],
        row["done"],
        row["version"],
    )
