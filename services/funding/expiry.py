"""The loop that ends commitments whose last day is over: what nobody claimed goes back to its line."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from runtime.event import Context
from runtime.postgres import Database
from runtime.problems import Problem
from runtime.ticking import every
from services.funding.commands.allocations import FARTHEST_EAST
from services.funding.commands.commitments import expire
from services.funding.store.reservations import due

log = structlog.get_logger(__name__)


class Expiry:
    """Ends commitments whose last day is over in their region. Several may run: each ends once."""

    def __init__(
        self,
        database: Database,
        *,
        interval_seconds: float = 60.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._interval_seconds = interval_seconds
        self._clock = clock

    async def run_once(self) -> int:
        """Ends what is over now; how many did."""
        at, ended = self._clock(), 0
        for consortium_id, commitment_id in await due(self._database, (at + FARTHEST_EAST).date()):
            try:
                async with self._database.transaction(consortium_id, Context(actor="service:funding")) as tx:
                    ended += await expire(tx, commitment_id, at=at)
            except Problem as problem:
                log.warning("commitment-not-ended", commitment=str(commitment_id), code=problem.code)
        return ended

    async def run(self, stop: asyncio.Event) -> None:
        """Looks until told to stop."""
        await every(self._interval_seconds, self.run_once, stop, name="expiry")
