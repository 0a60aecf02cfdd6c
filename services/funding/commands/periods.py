"""Closing a period: nothing more is declared or corrected on its days."""

from datetime import date, datetime
from uuid import UUID

from runtime import ids, outbox
from runtime.event import Change
from runtime.postgres import Tx
from runtime.problems import Kind, Problem
from services.funding.events import SOURCE, PeriodClosed
from services.funding.store import periods as store
from services.funding.store.periods import Closing


class ClosedAlready(Problem, kind=Kind.CONFLICT):
    """The period until {until} is closed already. Close a later day, or leave it."""


class StillRunning(Problem, kind=Kind.INVALID):
    """Only days that are over can be closed: {until} is not."""


async def close(tx: Tx, until: date, *, today: date, by: UUID, at: datetime) -> Closing:
    """Closes all days up to and including `until`, once everybody who is booking is done. Raises as above."""
    if until >= today:
        raise StillRunning(until=until)
    await store.lock(tx)
    closed = await store.closings(tx)
    if closed and closed[-1].until >= until:
        raise ClosedAlready(until=closed[-1].until)
    made = Closing(until, by, at, len(closed) + 1)
    await store.add(tx, made)
    period_id = ids.coded_id(tx.consortium_id, "period", "closings")
    change = Change("period", period_id, made.version, (PeriodClosed(until=until),))
    await outbox.append(tx, change, source=SOURCE, at=at)
    return made
