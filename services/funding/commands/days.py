"""Which day it is: in the zone of the region."""

from datetime import date, datetime, timedelta

from runtime.postgres import Tx
from services.funding.store import partners, periods


async def local_day(tx: Tx, at: datetime) -> date:
    """The day it is in the region at a moment. Raises RegionNotKnown."""
    return at.astimezone((await partners.consortium(tx)).zone).date()


async def open_day(tx: Tx, day: date) -> tuple[date, str]:
    """The day to book on: this one, or the first that is open when its period is closed, and a sentence that says so.

    Nobody closes a period until this transaction ends.
    """
    await periods.lock(tx)
    closed = await periods.closings(tx)
    if not closed or day > closed[-1].until:
        return day, ""
    until = closed[-1].until
    return until + timedelta(days=1), f"; it is of {day}, and the period until {until} is closed"
