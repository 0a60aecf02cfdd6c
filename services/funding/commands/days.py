"""Which day it is: in the zone of the region."""

from datetime import date, datetime

from runtime.postgres import Tx
from services.funding.store import partners


async def local_day(tx: Tx, at: datetime) -> date:
    """The day it is in the region at a moment. Raises RegionNotKnown."""
    return at.astimezone((await partners.consortium(tx)).zone).date()
