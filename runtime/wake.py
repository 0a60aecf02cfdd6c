"""The wake: after a commit the relay is told at once, at most every 2 ms, on a connection of its own.

A NOTIFY inside the command's transaction would make all commits wait for one lock; this one holds up nobody.
"""

import asyncio
import contextlib

import asyncpg
import structlog

CHANNEL = "speerpunt_outbox"
DEBOUNCE_SECONDS = 0.002

log = structlog.get_logger(__name__)


class Wake:
    """Set `database.after_commit = wake` and run it. What it misses while it reconnects, the relay's poll finds."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._wanted = asyncio.Event()

    def __call__(self) -> None:
        self._wanted.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Passes wakes on until `stop`."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                try:
                    await self._pass_on(stopping)
                except Exception as error:  # whatever it is: a wake that ended would take its process with it
                    log.warning("wake-reconnects", error=type(error).__name__)
                    await asyncio.wait({stopping}, timeout=1)
        finally:
            stopping.cancel()

    async def _pass_on(self, stopping: "asyncio.Task[bool]") -> None:
        connection = await asyncpg.connect(self._url, server_settings={"application_name": "wake"})
        try:
            while not stopping.done():
                wanted = asyncio.create_task(self._wanted.wait())
                await asyncio.wait({wanted, stopping}, return_when=asyncio.FIRST_COMPLETED)
                wanted.cancel()
                if self._wanted.is_set():
                    self._wanted.clear()
                    await connection.execute(f"NOTIFY {CHANNEL}")
                    await asyncio.sleep(DEBOUNCE_SECONDS)
        finally:
            with contextlib.suppress(Exception):
                await connection.close(timeout=2)
