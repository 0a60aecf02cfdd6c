"""What is to be told, and the reminders that are still to come, as rows."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.notifications.domain.telling import About, Telling
from services.notifications.store import Q


@dataclass(frozen=True, slots=True)
class Due:
    """A telling that this process has taken, whose it is, and how often it was tried."""

    consortium_id: UUID
    telling: Telling
    telling_id: UUID
    attempts: int
    added_at: datetime
    correlation_id: UUID | None


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder whose time has come."""

    about: About
    about_id: UUID
    days_before: int


async def add(tx: Tx, telling: Telling, at: datetime) -> bool:
    """Adds what is to be told; False when this occasion is told to this audience already."""
    return bool(await Q.add_telling.execute(tx, *_columns(tx, telling, at)))


async def ask_again(tx: Tx, telling: Telling, at: datetime) -> None:
    """Tells it to whom it was not told before; adds it when it was never asked."""
    await Q.ask_again.execute(tx, *_columns(tx, telling, at))


async def add_to_digest(tx: Tx, telling: Telling, at: datetime) -> bool:
    """Adds to the count of a digest that was not told yet; False when it was told."""
    return bool(await Q.add_to_digest.execute(tx, *_columns(tx, telling, at)))


async def lease(tx: Tx, at: datetime, until: datetime, most: int) -> list[Due]:
    """Takes what is due, of all regions of this transaction, and keeps others off it until the lease ends."""
    return [_due(row) for row in await Q.lease_tellings.rows(tx, list(tx.consortia), at, until, most)]


async def postpone(tx: Tx, due: Due, until: datetime, cause: str) -> None:
    """Tries it again later, and says why it did not work now."""
    await Q.postpone_telling.execute(tx, tx.consortium_id, due.telling_id, due.telling.asked, until, cause)


async def close(tx: Tx, due: Due, state: str, recipients: int, cause: str | None = None) -> None:
    """Ends a telling, unless it was asked again meanwhile."""
    await Q.close_telling.execute(tx, tx.consortium_id, due.telling_id, due.telling.asked, state, recipients, cause)


async def plan_reminders(tx: Tx, about: About, about_id: UUID, instants: Mapping[int, datetime]) -> None:
    """These are the reminders of it that are still to come, and no others."""
    await Q.forget_reminders.execute(tx, tx.consortium_id, [about_id])
    await Q.add_reminders.execute(
        tx, tx.consortium_id, about_id, about.value, list(instants.keys()), list(instants.values())
    )


async def forget_reminders(tx: Tx, about_ids: Collection[UUID]) -> None:
    await Q.forget_reminders.execute(tx, tx.consortium_id, list(about_ids))


async def take_reminders(tx: Tx, at: datetime, most: int) -> list[Reminder]:
    """Takes the reminders that are due out of the region's list; they come back when this transaction fails."""
    rows = await Q.take_reminders.rows(tx, tx.consortium_id, at, most)
    return [Reminder(About(row["about"]), row["about_id"], row["days_before"]) for row in rows]


async def regions_with_reminders(tx: Tx, at: datetime) -> list[UUID]:
    """Those of this transaction's regions in which a reminder is due."""
    return [row["consortium_id"] for row in await Q.regions_with_reminders.rows(tx, list(tx.consortia), at)]


def _columns(tx: Tx, telling: Telling, at: datetime) -> tuple[object, ...]:
    return (
        tx.consortium_id,
        telling.id(),
        telling.occasion_id,
        telling.audience,
        telling.template,
        telling.about.value,
        telling.about_id,
        telling.about_version,
        json.dumps(dict(telling.details)),
        telling.announced,
        telling.due_at,
        at,
        tx.context.correlation_id,
    )


def _due(row: Record) -> Due:
    telling = Telling(
        occasion_id=row["occasion_id"],
        template=row["template"],
        audience=row["audience"],
        about=About(row["about"]),
        about_id=row["about_id"],
        about_version=row["about_version"],
        details=json.loads(row["details"]),
        due_at=row["due_at"],
        announced=row["announced"],
        asked=row["asked"],
    )
    return Due(
        row["consortium_id"], telling, row["telling_id"], row["attempts"], row["added_at"], row["correlation_id"]
    )
