"""The loop that lets an approved division take effect on its day."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from runtime.event import Context
from runtime.postgres import Database
from runtime.problems import Problem
from runtime.ticking import every
from services.funding.commands.allocations import FARTHEST_EAST, take_effect
from services.funding.store.allocations import due

log = structlog.get_logger(__name__)


class Effects:
    """Moves the budgets to approved divisions whose day has come in their region. Several may run: each moves once."""

    def __init__(
        self,
        database: Database,
        *,
        interval_seconds: float = 5.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._interval_seconds = interval_seconds
        self._clock = clock

    async def run_once(self) -> int:
        """Does what is due now; how many took effect. What cannot be moved yet goes on waiting, and is logged."""
        at, moved = self._clock(), 0
        for consortium_id, allocation_id in await due(self._database, (at + FARTHEST_EAST).date()):
            try:
                async with self._database.transaction(consortium_id, Context(actor="service:funding")) as tx:
                    moved += await take_effect(tx, allocation_id, at=at) is not None
            except Problem as problem:
                log.warning("allocation-waits", allocation=str(allocation_id), code=problem.code, why=problem.detail)
        return moved

    async def run(self, stop: asyncio.Event) -> None:
        """Looks until told to stop."""
        await every(self._interval_seconds, self.run_once, stop, name="effects")
