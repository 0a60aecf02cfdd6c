"""The loop that brings a region's reporting calendar up to what its schemes ask, when a rule becomes known."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from runtime.postgres import Tx
from runtime.ticking import Rounds
from services.funding.commands.allocations import FARTHEST_EAST
from services.funding.commands.calendar import derive
from services.funding.store.calendar import with_news


class Calendar(Rounds):
    """Derives dates from deadlines. A rule that is recorded ahead moves a date on the day on which it is known."""

    name = "calendar"
    actor = "service:funding"

    async def due(self, at: datetime) -> Iterable[tuple[UUID, UUID]]:
        return [(each, each) for each in await with_news(self.database, (at + FARTHEST_EAST).date())]

    async def do(self, tx: Tx, what: UUID, at: datetime) -> int:
        return await derive(tx, at=at)
