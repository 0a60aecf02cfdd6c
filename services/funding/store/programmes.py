"""The programme of a region, out of the copies of partners."""

from runtime.postgres import Tx
from services.funding.domain.programme import Programme, ProgrammeLine
from services.funding.store import partners


async def programme(tx: Tx) -> Programme | None:
    """The lines of all programmes of the region, as in the latest that has them; None before one has arrived."""
    lines = await partners.lines(tx)
    if not lines:
        return None
    found: dict[str, ProgrammeLine] = {}
    for line in lines:
        found.setdefault(line.code, ProgrammeLine(line.code, line.kind, line.title, line.budgeted))
    return Programme(min(line.from_ for line in lines), max(line.until for line in lines), found)
