"""The loop that tells where a region stands: what came in since is one fact, not one for each contribution."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from runtime.postgres import Tx
from runtime.ticking import Rounds
from services.funding.commands.position import tell_position
from services.funding.store.positions import consortia_with_news


class Teller(Rounds):
    """Adds up and tells every region that has news. Several may run: per region one at a time works."""

    name = "position"
    actor = "service:funding"
    when_closed = True

    async def due(self, at: datetime) -> Iterable[tuple[UUID, UUID]]:
        return [(each, each) for each in await consortia_with_news(self.database)]

    async def do(self, tx: Tx, what: UUID, at: datetime) -> int:
        return await tell_position(tx, at=at)
