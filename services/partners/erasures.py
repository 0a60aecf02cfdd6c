"""The loop that erases by itself what a hold kept, once the last hold has ended."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from runtime.event import Context
from runtime.postgres import Database
from runtime.problems import Problem
from runtime.ticking import every
from services.partners.commands.erasure import finish
from services.partners.store.erasure import waiting

log = structlog.get_logger(__name__)


class Erasures:
    """Erases the names that nothing holds any more. Several may run: each name goes once."""

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
        """Erases what may be erased now; how many names."""
        at, erased = self._clock(), 0
        for consortium_id, person_id in await waiting(self._database):
            try:
                async with self._database.transaction(consortium_id, Context(actor="service:partners")) as tx:
                    erased += await finish(tx, person_id, at=at)
            except Problem as problem:
                log.warning("erasure-waits", person=str(person_id), code=problem.code)
        return erased

    async def run(self, stop: asyncio.Event) -> None:
        """Looks until told to stop."""
        await every(self._interval_seconds, self.run_once, stop, name="erasures")
