"""Closed periods, as rows."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from runtime.postgres import Tx
from services.funding.store import Q


@dataclass(frozen=True, slots=True)
class Closing:
    """All days up to and including `until` were closed."""

    until: date
    by: UUID
    at: datetime
    version: int


async def lock(tx: Tx) -> None:
    """Waits for everybody who is booking in the region, and keeps others out."""
    await Q.lock_region.row(tx, tx.consortium_id)


async def keep_open(tx: Tx) -> date | None:
    """Until and including which day the region is closed; nobody closes more until this transaction ends."""
    until: date | None = await Q.keep_period_open.value(tx, tx.consortium_id)
    return until


async def closings(tx: Tx) -> list[Closing]:
    """The region's closings, the latest last."""
    rows = await Q.period_closings.rows(tx, tx.consortium_id)
    return [Closing(row["until_day"], row["closed_by"], row["closed_at"], row["version"]) for row in rows]


async def add(tx: Tx, made: Closing) -> None:
    await Q.close_period.execute(tx, tx.consortium_id, made.until, made.by, made.at, made.version)
