"""The loop that ends commitments whose last day is over: what nobody claimed goes back to its line."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from runtime.postgres import Tx
from runtime.ticking import Rounds
from services.funding.commands.allocations import FARTHEST_EAST
from services.funding.commands.commitments import expire
from services.funding.store.reservations import due


class Expiry(Rounds):
    """Ends commitments whose last day is over in their region. Several may run: each ends once."""

    name = "expiry"
    actor = "service:funding"

    async def due(self, at: datetime) -> Iterable[tuple[UUID, UUID]]:
        return await due(self.database, (at + FARTHEST_EAST).date())

    async def do(self, tx: Tx, what: UUID, at: datetime) -> int:
        return await expire(tx, what, at=at)
