"""A load that does not wait: requests leave at their own times, and each is timed from when it should have left.

`python -m bench.open_loop PORT RATE SECONDS TOKEN NAME` prints how many were answered, how many not with 201, and
the 50th and 99th percentile in milliseconds. Intervals are exponential, seeded by NAME.
"""

import asyncio
import json
import random
import sys
from collections import deque

import uvloop

CONNECTIONS = 64
BODY = b'{"code":"pebble","grams":12}'


class Client(asyncio.Protocol):
    """One connection: one request at a time."""

    def __init__(self, load: "Load") -> None:
        self._load = load
        self._due = 0.0
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._load.free.append(self)

    def send(self, due: float, request: bytes) -> None:
        self._due = due
        self._transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0)
        if found and len(body) >= length:
            self._buffer = b""
            self._load.answered(self, self._due, int(head[9:12]))


class Load:
    """Requests that are due and connections that are free."""

    def __init__(self, port: int, rate: float, seconds: float, token: str, name: str) -> None:
        self.free: list[Client] = []
        self._due: deque[float] = deque()
        self._port, self._rate, self._seconds, self._name = port, rate, seconds, name
        self._random = random.Random(name)
        self._head = (
            f"POST /v1/pebbles HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {token}\r\nContent-Length: {len(BODY)}\r\nIdempotency-Key: {name}-"
        ).encode()
        self._sent = 0
        self._times: list[float] = []
        self._others = 0
        self._expected = 0
        self._all_answered = asyncio.Event()

    async def run(self) -> dict[str, float]:
        self._loop = asyncio.get_running_loop()
        for _ in range(CONNECTIONS):
            await self._loop.create_connection(lambda: Client(self), "127.0.0.1", self._port)
        began = due = self._loop.time()
        expected = 0
        while due < began + self._seconds:
            due += self._random.expovariate(self._rate)
            expected += 1
            if (early := due - self._loop.time()) > 0.0005:
                await asyncio.sleep(early)
            self._due.append(due)
            self._serve()
        self._expected = expected
        if len(self._times) < expected:
            await asyncio.wait_for(self._all_answered.wait(), 30)
        times = sorted(self._times)
        return {
            "answered": len(times),
            "others": self._others,
            "seconds": self._loop.time() - began,
            "p50": times[len(times) // 2] * 1e3,
            "p99": times[len(times) * 99 // 100] * 1e3,
        }

    def _serve(self) -> None:
        while self._due and self.free:
            self._sent += 1
            self.free.pop().send(self._due.popleft(), self._head + b"%d\r\n\r\n" % self._sent + BODY)

    def answered(self, client: Client, due: float, status: int) -> None:
        self._times.append(self._loop.time() - due)
        self._others += status != 201
        self.free.append(client)
        self._serve()
        if len(self._times) == self._expected:
            self._all_answered.set()


if __name__ == "__main__":
    port, rate, seconds, token, name = sys.argv[1:]
    print(json.dumps(uvloop.run(Load(int(port), float(rate), float(seconds), token, name).run())))
