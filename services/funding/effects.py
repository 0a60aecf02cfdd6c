"""The loop that lets an approved division take effect on its day."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from runtime.postgres import Tx
from runtime.ticking import Rounds
from services.funding.commands.allocations import FARTHEST_EAST, take_effect
from services.funding.store.allocations import due


class Effects(Rounds):
    """Moves the budgets to approved divisions whose day has come in their region. Several may run: each moves once."""

    name = "effects"
    actor = "service:funding"

    async def due(self, at: datetime) -> Iterable[tuple[UUID, UUID]]:
        return await due(self.database, (at + FARTHEST_EAST).date())

    async def do(self, tx: Tx, what: UUID, at: datetime) -> int:
        return await take_effect(tx, what, at=at) is not None
