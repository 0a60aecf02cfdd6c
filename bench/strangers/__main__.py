"""`python -m bench.strangers intake|outbox`, in the benchmarks' own environment: does a turn for every line it reads.

What to do comes as one line of JSON, then a line per turn with how many messages to wait for; each is answered with a
line of JSON with the seconds and the CPU seconds it took. A turn runs from the first message to the last.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from faststream.kafka import KafkaBroker
from faststream.security import SASLScram512


def kafka(login: dict[str, str], **options: Any) -> KafkaBroker:
    """FastStream's broker with these options, told who it is."""
    security = SASLScram512(username=login["kafka_username"], password=login["kafka_password"], use_ssl=False)
    return KafkaBroker(login["kafka_bootstrap"], security=security, **options)


class Turns:
    """Counts what was done, and answers when a turn is over."""

    def __init__(self) -> None:
        self._done = 0
        self._wanted = 0
        self._began = (0.0, 0.0)
        self._over = asyncio.Event()

    def begin(self) -> None:
        """Before a message is handled: the first one starts the clock."""
        if self._done == 0 and self._began == (0.0, 0.0):
            self._began = (time.perf_counter(), time.process_time())

    def end(self) -> None:
        """After a message was handled."""
        self._done += 1
        self._look()

    def _look(self) -> None:
        if self._wanted and self._done >= self._wanted:
            self._over.set()

    async def serve(self) -> None:
        """A turn for each line, until there are no more."""
        lines = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while line := await lines.readline():
            self._wanted = int(line)
            self._look()
            await self._over.wait()
            began, cpu = self._began
            told = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}
            self._done, self._wanted, self._began = 0, 0, (0.0, 0.0)
            self._over.clear()
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


async def main() -> None:
    """Reads the settings of the run, wires the library, and serves turns."""
    what: dict[str, Callable[[dict[str, Any], Turns], Awaitable[None]]] = {}
    if sys.argv[1] == "intake":
        from bench.strangers.intake import run as what_intake

        what["intake"] = what_intake
    else:
        from bench.strangers.outbox import run as what_outbox

        what["outbox"] = what_outbox
    given = json.loads(sys.stdin.readline())
    await what[sys.argv[1]](given, Turns())


if __name__ == "__main__":
    import uvloop

    uvloop.run(main())
