"""The planning as rows."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.notifications.domain.milestones import Milestone, MilestoneKind, Said
from services.notifications.store import Q


async def by_code(tx: Tx, code: str, *, lock: bool = False) -> Milestone | None:
    row = await (Q.lock_milestone if lock else Q.milestone_by_code).row(tx, tx.consortium_id, code)
    return None if row is None else _milestone(row)


async def by_id(tx: Tx, milestone_id: UUID) -> Milestone | None:
    row = await Q.milestone_by_id.row(tx, tx.consortium_id, milestone_id)
    return None if row is None else _milestone(row)


async def page(tx: Tx, after: tuple[date, str], limit: int) -> list[Milestone]:
    """A page of the planning, by day and code."""
    return [_milestone(row) for row in await Q.list_milestones.rows(tx, tx.consortium_id, *after, limit)]


async def add(tx: Tx, new: Milestone) -> Milestone | None:
    """The milestone as saved, or None when somebody added one with this code just now."""
    version = await Q.add_milestone.value(
        tx,
        tx.consortium_id,
        new.id,
        new.code,
        new.title,
        new.kind.value,
        new.day,
        new.starts_at,
        new.ends_at,
        new.place,
        new.audience,
        new.text,
        list(new.remind_days_before),
        new.cancelled,
        new.reason,
        new.from_day,
        new.said.value,
    )
    return None if version is None else replace(new, version=version)


async def change(tx: Tx, new: Milestone) -> Milestone:
    """The milestone as saved, with its next version. It was locked before."""
    version = await Q.change_milestone.value(
        tx,
        tx.consortium_id,
        new.id,
        new.title,
        new.kind.value,
        new.day,
        new.starts_at,
        new.ends_at,
        new.place,
        new.audience,
        new.text,
        list(new.remind_days_before),
        new.cancelled,
        new.reason,
        new.from_day,
        new.said.value,
        new.said_version,
    )
    return replace(new, version=version)


def _milestone(row: Record) -> Milestone:
    return Milestone(
        id=row["milestone_id"],
        code=row["code"],
        title=row["title"],
        kind=MilestoneKind(row["kind"]),
        day=row["day"],
        audience=row["audience"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        place=row["place"],
        text=row["text"],
        remind_days_before=tuple(row["remind_days_before"]),
        cancelled=row["cancelled"],
        reason=row["reason"],
        from_day=row["from_day"],
        said=Said(row["said"]),
        said_version=row["said_version"],
        version=row["version"],
    )
