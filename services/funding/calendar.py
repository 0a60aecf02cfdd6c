"""The loop that brings a region's reporting calendar up to what its schemes ask, when a rule becomes known."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from runtime.event import Context
from runtime.postgres import Database
from runtime.problems import Problem
from runtime.ticking import every
from services.funding.commands.allocations import FARTHEST_EAST
from services.funding.commands.calendar import derive
from services.funding.store.calendar import with_news

log = structlog.get_logger(__name__)


class Calendar:
    """Derives dates from deadlines. A rule that is recorded ahead moves a date on the day on which it is known."""

    def __init__(
        self,
        database: Database,
        *,
        interval_seconds: float = 1.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._interval_seconds = interval_seconds
        self._clock = clock

    async def run_once(self) -> int:
        """Does what became known; how many dates changed. A region that has not arrived here yet goes on waiting."""
        at, changed = self._clock(), 0
        for consortium_id in await with_news(self._database, (at + FARTHEST_EAST).date()):
            try:
                async with self._database.transaction(consortium_id, Context(actor="service:funding")) as tx:
                    changed += await derive(tx, at=at)
            except Problem as problem:
                log.info("calendar-waits", consortium=str(consortium_id), code=problem.code)
        return changed

    async def run(self, stop: asyncio.Event) -> None:
        """Looks until told to stop."""
        await every(self._interval_seconds, self.run_once, stop, name="calendar")
