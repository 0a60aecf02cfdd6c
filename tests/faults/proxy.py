"""A TCP proxy that a test puts between a service and its server, to make the network fail on purpose."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

CHUNK = 65_536
COMMIT = b"COMMIT\0"
"""How asyncpg says it: a simple query."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Faults:
    """What the network does now; all of it can change while connections are open."""

    latency_seconds: float = 0.0
    slice_bytes: int = 0
    """Forward so few bytes at a time; 0 is whatever came."""
    black_hole: bool = False
    """Accept everything, deliver nothing."""
    refuse: bool = False
    """Reset whoever connects."""
    lose_commits: int = 0
    """Deliver so many COMMITs and cut the connection before the answer: did it commit?"""


class Proxy:
    """Listens where it is told, and forwards to `target` whatever its faults let through."""

    def __init__(self, target: Callable[[], Awaitable[Streams]]) -> None:
        self.faults = Faults()
        self._target = target
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._clear = asyncio.Event()
        self._clear.set()

    async def listen_on_port(self, port: int) -> None:
        """On loopback."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)

    async def listen_on_socket(self, path: Path) -> None:
        """On a Unix socket."""
        self._server = await asyncio.start_unix_server(self._serve, str(path))
        path.chmod(0o777)

    async def close(self) -> None:
        """Ends every connection."""
        if self._server is not None:
            self._server.close()
        self.reset()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def black_hole(self, swallow: bool) -> None:
        """Swallows all that comes, or lets what was swallowed through again."""
        self.faults.black_hole = swallow
        (self._clear.clear if swallow else self._clear.set)()

    def heal(self) -> None:
        """The network works again; connections that were cut stay cut."""
        self.faults = Faults()
        self._clear.set()

    def reset(self) -> None:
        """Cuts every connection with a RST, in the middle of whatever is said."""
        for writer in list(self._writers):
            _cut(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.faults.refuse:
            _cut(writer)
            return
        try:
            far_reader, far_writer = await self._target()
        except OSError:
            _cut(writer)
            return
        both = (writer, far_writer)
        self._writers.update(both)
        tasks = [
            asyncio.create_task(self._forward(reader, far_writer, both, commits=True)),
            asyncio.create_task(self._forward(far_reader, writer, both, commits=False)),
        ]
        self._tasks.update(tasks)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
                self._tasks.discard(task)
            for each in both:
                self._writers.discard(each)
                with contextlib.suppress(Exception):
                    each.close()

    async def _forward(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        both: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
        *,
        commits: bool,
    ) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while data := await reader.read(CHUNK):
                await self._clear.wait()
                if self.faults.latency_seconds:
                    await asyncio.sleep(self.faults.latency_seconds)
                cut = commits and self.faults.lose_commits > 0 and COMMIT in data
                step = self.faults.slice_bytes or len(data)
                for start in range(0, len(data), step):
                    writer.write(data[start : start + step])
                    await writer.drain()
                    if self.faults.slice_bytes:
                        await asyncio.sleep(0)
                if cut:
                    self.faults.lose_commits -= 1
                    await _delivered(writer)
                    for each in both:
                        _cut(each)
                    return


async def _delivered(writer: asyncio.StreamWriter) -> None:
    """What was written has left this process; the other side's answer is on its way or not."""
    transport = writer.transport
    while transport.get_write_buffer_size() and not transport.is_closing():
        await asyncio.sleep(0)
    await asyncio.sleep(0.005)


def _cut(writer: asyncio.StreamWriter) -> None:
    end = writer.get_extra_info("socket")
    if end is not None and end.family == socket.AF_INET:
        with contextlib.suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def to_port(port: int) -> Callable[[], Awaitable[Streams]]:
    """Forwards to a port on loopback."""
    return lambda: asyncio.open_connection("127.0.0.1", port)


def to_socket(path: Path) -> Callable[[], Awaitable[Streams]]:
    """Forwards to a Unix socket."""
    return lambda: asyncio.open_unix_connection(str(path))
