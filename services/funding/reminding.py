"""The loop that tells when the deadline of a form comes near and nobody signed it."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from runtime.postgres import Tx
from runtime.ticking import Rounds
from services.funding.commands.allocations import FARTHEST_EAST
from services.funding.commands.statements import remind
from services.funding.store.statements import reminders_due


class Reminding(Rounds):
    """Publishes the reminders of forms whose day has come in their region. Several may run: each is told once."""

    name = "reminding"
    actor = "service:funding"

    async def due(self, at: datetime) -> Iterable[tuple[UUID, UUID]]:
        return await reminders_due(self.database, (at + FARTHEST_EAST).date())

    async def do(self, tx: Tx, what: UUID, at: datetime) -> int:
        return await remind(tx, what, at=at)
