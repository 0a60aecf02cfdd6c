"""The loop that erases by itself what a hold kept, once the last hold has ended."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from runtime.postgres import Tx
from runtime.ticking import Rounds
from services.partners.commands.erasure import finish
from services.partners.store.erasure import waiting


class Erasures(Rounds):
    """Erases the names that nothing holds any more. Several may run: each name goes once."""

    name = "erasures"
    actor = "service:partners"
    when_closed = True

    async def due(self, at: datetime) -> Iterable[tuple[UUID, UUID]]:
        return await waiting(self.database)

    async def do(self, tx: Tx, what: UUID, at: datetime) -> int:
        return await finish(tx, what, at=at)
