"""The loop that tells when the deadline of a form comes near and nobody signed it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from runtime.event import Context
from runtime.postgres import Database
from runtime.problems import Problem
from runtime.ticking import every
from services.funding.commands.allocations import FARTHEST_EAST
from services.funding.commands.statements import remind
from services.funding.store.statements import reminders_due

log = structlog.get_logger(__name__)


class Reminding:
    """Publishes the reminders of forms whose day has come in their region. Several may run: each is told once."""

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
        """Tells what is due now; how many were."""
        at, told = self._clock(), 0
        for consortium_id, statement_id in await reminders_due(self._database, (at + FARTHEST_EAST).date()):
            try:
                async with self._database.transaction(consortium_id, Context(actor="service:funding")) as tx:
                    told += await remind(tx, statement_id, at=at)
            except Problem as problem:
                log.warning("statement-not-reminded", statement=str(statement_id), code=problem.code)
        return told

    async def run(self, stop: asyncio.Event) -> None:
        """Looks until told to stop."""
        await every(self._interval_seconds, self.run_once, stop, name="reminding")
