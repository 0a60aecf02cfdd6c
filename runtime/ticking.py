"""What a service does by itself, again and again: the loop only ticks, and outlives what fails in it."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

import structlog

from runtime.event import Context
from runtime.postgres import Database, RegionClosed, Tx
from runtime.problems import Kind, Problem

log = structlog.get_logger(__name__)


async def every(seconds: float, work: Callable[[], Awaitable[object]], stop: asyncio.Event, *, name: str) -> None:
    """Works until `stop`, again after so many seconds. A failure is logged by its frames and tried at the next tick.

    Whatever fails: a loop that ended would take its process with it, and one region's trouble the others' work.
    """
    while not stop.is_set():
        try:
            await work()
        except Exception as error:
            log.error("loop-failed", loop=name, exc_info=error)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)


class Rounds(ABC):
    """A loop over what is due, each thing in a transaction of its own. Several processes may run one: `do` locks.

    What cannot be done yet is logged and looked at again in the next round, and the others go on.
    """

    name: ClassVar[str]
    actor: ClassVar[str]
    when_closed: ClassVar[bool] = False
    """Whether it is done in closed regions too; what is not waits until they are opened again."""

    def __init__(
        self,
        database: Database,
        *,
        interval_seconds: float = 60.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.database = database
        self._interval_seconds = interval_seconds
        self._clock = clock

    @abstractmethod
    async def due(self, at: datetime) -> Iterable[tuple[UUID, UUID]]:
        """Region and id of everything that may be due; the region's own id where the region itself is."""

    @abstractmethod
    async def do(self, tx: Tx, what: UUID, at: datetime) -> int:
        """Does one of them, if it is due in its region and nobody did it yet; how many things that changed."""

    async def run_once(self) -> int:
        """Does what is due now; how many things changed."""
        done = 0
        for consortium_id, what in await self.due(self._clock()):
            try:
                command_of = None if self.when_closed else consortium_id
                caused = Context(actor=self.actor)
                async with self.database.transaction(consortium_id, caused, command_of=command_of) as tx:
                    done += await self.do(tx, what, self._clock())
            except RegionClosed:
                continue
            except Problem as problem:
                say = log.info if problem.kind is Kind.UNAVAILABLE else log.warning
                say("due-waits", loop=self.name, what=str(what), code=problem.code)
        return done

    async def run(self, stop: asyncio.Event) -> None:
        """Looks until told to stop."""
        await every(self._interval_seconds, self.run_once, stop, name=self.name)
