"""The brake: a full outbox refuses new facts, so that a broker that is away fills neither the disk nor the memory.

The outbox is there to outlast a broker that is away, but not for ever. Beyond its bounds every command that would add
a fact is refused as unavailable (503 with Retry-After, UNAVAILABLE over gRPC) and changes nothing; a consumer that
would tries its message again, so what it reads waits in Kafka. Reading goes on, and a repeat of a command that was
answered gets its answer. Once the relay has made room, everything goes on by itself.
"""

import asyncio

import structlog

from runtime.postgres import PASSING, Database
from runtime.problems import Kind, Problem
from runtime.queries import Queries
from runtime.settings import Settings
from runtime.ticking import every

Q = Queries(__file__, "sql/brake.sql")
log = structlog.get_logger(__name__)

EVERY_SECONDS = 0.5
LOOK_SECONDS = 5.0
RETRY_AFTER_SECONDS = 5


class OutboxFull(Problem, kind=Kind.UNAVAILABLE):
    """Too many changes wait to be told to others, so no more are taken in right now; nothing was changed. Repeat the
    request as it was (with the same Idempotency-Key) in a moment: it takes effect once."""


class Brake:
    """One process's view of the outbox. Wire it as `database.before_append = brake` and run it.

    It looks twice a second, so the bounds are passed by what half a second's commands add, and no more.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._most_facts = settings.outbox_most_facts
        self._most_bytes = settings.outbox_most_bytes
        self._full = False

    @property
    def full(self) -> bool:
        """Whether new facts are refused."""
        return self._full

    def __call__(self) -> None:
        """Raises OutboxFull when there is no room."""
        if self._full:
            raise OutboxFull(retry_after_seconds=RETRY_AFTER_SECONDS)

    async def run(self, stop: asyncio.Event) -> None:
        """Looks until `stop`. While the database is away nothing is added to it either: what was seen last holds."""
        await every(EVERY_SECONDS, self.look, stop, name="brake")

    async def look(self) -> None:
        """Looks once."""
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                row = await Q.held.row(self._database.pool, self._most_facts)
        except PASSING as error:
            log.warning("outbox-not-measured", error=type(error).__name__)
            return
        facts, size = (row["facts"], row["bytes"]) if row else (0, 0)
        full = facts >= self._most_facts or size >= self._most_bytes
        if full != self._full:
            self._full = full
            (log.error if full else log.info)("outbox-full" if full else "outbox-has-room", facts=facts, bytes=size)
