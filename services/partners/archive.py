"""What of partners goes along in the archive of a region, and what is told of one that came in."""

from datetime import datetime

from runtime.archive import Plan
from runtime.postgres import Tx
from services.partners.commands.regions import open_imported

PLAN = Plan("partners", also={"consortia": "consortium_id = $1", "erasures": "consortium_id = $1"})


async def loaded(tx: Tx, at: datetime) -> None:
    """Partners comes last: now that all services have their part, the region is told of and opened."""
    await open_imported(tx, at)
