"""What a service does by itself, again and again: the loop only ticks, and outlives what fails in it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

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
