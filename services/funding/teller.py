"""The loop that tells where a region stands: what came in since is one fact, not one for each contribution."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from runtime.event import Context
from runtime.postgres import Database
from runtime.problems import Problem
from runtime.ticking import every
from services.funding.commands.position import tell_position
from services.funding.store.positions import consortia_with_news

log = structlog.get_logger(__name__)


class Teller:
    """Adds up and tells every region that has news. Several may run: per region one at a time works."""

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
        """Tells what there is to tell now; how many regions stand elsewhere than they were told to."""
        told = 0
        for consortium_id in await consortia_with_news(self._database):
            try:
                async with self._database.transaction(consortium_id, Context(actor="service:funding")) as tx:
                    told += await tell_position(tx, at=self._clock())
            except Problem as problem:  # the region itself has not arrived yet: its news waits
                log.info("position-not-told", consortium=str(consortium_id), code=problem.code)
        return told

    async def run(self, stop: asyncio.Event) -> None:
        """Tells until told to stop."""
        await every(self._interval_seconds, self.run_once, stop, name="position")
