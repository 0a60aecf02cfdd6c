"""P9, P20: from a commit to its effect in the next service, and what a backlog of a million messages does to memory."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer

from bench.measure import PAIRS, Row
from bench.places import PROJECT, Place
from bench.relay import TOPIC, fill
from runtime import kafka, telemetry
from runtime.consumer import Consumer, Subscription
from runtime.event import Received
from runtime.postgres import Database
from runtime.relay import Relay
from runtime.settings import Settings
from runtime.wake import Wake
from tests.support import steps

MIGRATIONS = PROJECT / "tests" / "support" / "steps" / "migrations"
PER_SECOND, SECONDS, WARM_SECONDS = 100, 3, 2
BACKLOG, WARM = 1_000_000, 20_000
SEEN = "bench_seen"

_TELL = f"""
CREATE FUNCTION tell_seen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_notify('{SEEN}', NEW.event_id); RETURN NULL; END $$;
CREATE TRIGGER tell_seen AFTER INSERT ON effects FOR EACH ROW EXECUTE FUNCTION tell_seen();
"""

_HEAR = """
INSERT INTO effects (consortium_id, walker_id, step, event_id)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[])
"""

_OUTCOME = """
SELECT count(*) AS heard, count(DISTINCT event_id) AS events, count(*) FILTER (WHERE step <> before + 1) AS swapped
FROM (
    SELECT event_id, step, coalesce(lag(step) OVER (PARTITION BY walker_id ORDER BY position), 0) AS before FROM effects
) AS heard
"""


class Windows:
    """When each command was committed, and when its effect was seen: a percentile per window, in milliseconds."""

    def __init__(self) -> None:
        self._committed: dict[str, float] = {}
        self._seen: dict[str, float] = {}

    def committed(self, name: str) -> None:
        self._committed[name] = time.perf_counter()

    def seen(self, name: str) -> None:
        self._seen.setdefault(name, time.perf_counter())

    async def close(self, deadline_seconds: float = 20) -> tuple[float, float, bool]:
        """p50 and p99 of what was committed, once all of it was seen; whether it all was."""
        until = time.perf_counter() + deadline_seconds
        while len(self._seen) < len(self._committed) and time.perf_counter() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        whole = self._seen.keys() >= self._committed.keys()
        waits = sorted((self._seen[name] - at) * 1_000 for name, at in self._committed.items() if name in self._seen)
        self._committed.clear()
        self._seen.clear()
        return percentile(waits, 50), percentile(waits, 99), whole


def percentile(waits: Sequence[float], of: int) -> float:
    return waits[min(len(waits) - 1, len(waits) * of // 100)] if waits else float("inf")


async def at_a_rate(command: Any, seconds: float) -> None:
    """Starts a command every hundredth of a second, whether the one before is done or not."""
    began = time.perf_counter()
    running: list[asyncio.Task[None]] = []
    for number in range(int(seconds * PER_SECOND)):
        if (wait := began + number / PER_SECOND - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        running.append(asyncio.create_task(command()))
    await asyncio.gather(*running)


@asynccontextmanager
async def two_services(place: Place, windows: Windows) -> AsyncIterator[Any]:
    """One that steps, with its wake and relay, and one that hears of it; a command that makes a step."""
    sender = await place.settings("bench", MIGRATIONS, (steps.TOPIC,))
    hearer = (await place.settings("bench", MIGRATIONS)).model_copy(update={"topic_prefix": sender.topic_prefix})
    listener = await asyncpg.connect(hearer.owner_database_url.get_secret_value())
    await listener.execute(_TELL)
    await listener.add_listener(SEEN, lambda *told: windows.seen(told[3]))
    out = await Database.open(sender.database_url.get_secret_value(), name="out", most=8)
    into = await Database.open(hearer.database_url.get_secret_value(), name="into", most=4)
    out.after_commit = wake = Wake(sender.database_url.get_secret_value())
    stop = asyncio.Event()
    loops = [wake.run, Relay(out, sender).run, Consumer(into, hearer, steps.subscription()).run]
    running = [asyncio.create_task(loop(stop)) for loop in loops]
    consortium, walkers = uuid4(), [uuid4() for _ in range(50)]

    async def command() -> None:
        (event_id,) = await steps.step(out, consortium, [walkers[time.perf_counter_ns() % len(walkers)]])
        windows.committed(str(event_id))

    try:
        yield command
    finally:
        stop.set()
        await asyncio.wait(running, timeout=15)
        await listener.close()
        await out.close()
        await into.close()


@asynccontextmanager
async def bare_kafka(place: Place, windows: Windows) -> AsyncIterator[Any]:
    """The same way without databases: a message sent, acknowledged and received."""
    settings = await place.settings("bench", MIGRATIONS, (TOPIC,))
    topic = settings.topic_prefix + TOPIC.name
    producer = kafka.producer(settings, "bare")
    reader = AIOKafkaConsumer(topic, **kafka.connection(settings), auto_offset_reset="earliest")
    await producer.start()
    await reader.start()

    async def read() -> None:
        while True:
            windows.seen((await reader.getone()).value.decode())

    reading = asyncio.create_task(read())

    async def command() -> None:
        name = str(uuid4())
        windows.committed(name)
        await producer.send_and_wait(topic, name.encode(), key=name.encode())

    try:
        yield command
    finally:
        reading.cancel()
        await reader.stop()
        await producer.stop()


async def p9(place: Place, say: Any) -> Row:
    own, bare = Windows(), Windows()
    ours: list[tuple[float, float, bool]] = []
    theirs: list[tuple[float, float, bool]] = []
    cpu: list[float] = []
    async with two_services(place, own) as command, bare_kafka(place, bare) as send:
        for window, each in ((own, command), (bare, send)):
            await at_a_rate(each, WARM_SECONDS)
            await window.close()
        for number in range(PAIRS):
            for window, each, found in ((own, command, ours), (bare, send, theirs)):
                used = time.process_time()
                await at_a_rate(each, SECONDS)
                found.append(await window.close())
                cpu.append((time.process_time() - used) / (SECONDS * PER_SECOND) * 1e6)
            say(f"P9 window {number + 1} of {PAIRS}: p50 {ours[-1][0]:.1f}, p99 {ours[-1][1]:.1f} ms")
    last = [found[1] for found in ours]
    quartiles = statistics.quantiles(last, n=4)
    p99 = statistics.median(last)
    return Row(
        id="P9",
        what=f"commit to effect in the next service, {PER_SECOND} a second: p99 (p50 "
        f"{statistics.median(found[0] for found in ours):.1f} ms)",
        baseline_name="a message through Kafka alone; the bounds are on ours, in ms",
        ours=p99,
        baseline=statistics.median(found[1] for found in theirs),
        unit="ms",
        ratio=p99,
        spread=quartiles[2] - quartiles[0],
        floor=50,
        goal=25,
        ours_cpu_us=statistics.median(cpu[0::2]),
        baseline_cpu_us=statistics.median(cpu[1::2]),
        outcome_checked=all(found[2] for found in (*ours, *theirs)),
        better="lower",
    )


class Tally:
    """Hears messages in sets, as the intake does."""

    async def prepare(self, events: Sequence[Received]) -> None:
        """Asks nobody."""

    async def handle(self, tx: Any, events: Sequence[Received]) -> None:
        """Writes down which step of which walker was heard."""
        rows = [
            (event.consortium_id, UUID(event.subject.rsplit("/", 1)[-1]), event.sequence, event.id) for event in events
        ]
        await tx.execute(_HEAR, *(list(column) for column in zip(*rows, strict=True)))


async def drain(settings: Settings, count: int) -> None:
    """The relay and a consumer, until so many messages were heard."""
    out = await Database.open(settings.database_url.get_secret_value(), name="drain", most=4)
    own = Subscription(name="bench.heard", handler=Tally(), topics=(TOPIC.name,))
    consumer = Consumer(out, settings, own)
    stop = asyncio.Event()
    relaying = asyncio.create_task(Relay(out, settings).run(stop))
    await consumer.start()
    heard = 0
    while heard < count:
        heard += await consumer.run_once()
    stop.set()
    await relaying
    await consumer.close()
    await out.close()


def resident_mb() -> float:
    """What this process holds in memory now."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


async def watched() -> None:
    """A process of its own: drains what it is told to, and says how much memory it held at most."""
    telemetry.set_up_logs("bench", "WARNING")
    while line := await asyncio.to_thread(sys.stdin.readline):
        given = json.loads(line)
        settings = Settings(**given["settings"])
        most = resident_mb()
        draining = asyncio.create_task(drain(settings, given["count"]))
        began, cpu = time.perf_counter(), time.process_time()
        while not draining.done():
            await asyncio.wait({draining}, timeout=0.2)
            most = max(most, resident_mb())
        await draining
        told = {"mb": most, "seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


async def p20(place: Place, say: Any) -> Row:
    settings = await place.settings("bench", MIGRATIONS, (TOPIC,))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.flow", cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    given = settings.model_dump(mode="json") | {"database_url": settings.database_url.get_secret_value()}
    told: list[dict[str, float]] = []
    try:
        for count in (WARM, BACKLOG):
            await fill(settings, count)
            say(f"P20: {count:,} messages wait")
            process.stdin.write(json.dumps({"settings": given, "count": count}).encode() + b"\n")
            async with asyncio.timeout(600):
                told.append(json.loads(await process.stdout.readline()))
            say(f"P20: {count:,} heard in {told[-1]['seconds']:.0f} s, {told[-1]['mb']:.0f} MB at most")
    finally:
        process.stdin.close()
        if process.returncode is None:
            process.kill()
        await process.wait()
    connection = await asyncpg.connect(settings.owner_database_url.get_secret_value())
    outcome = await connection.fetchrow(_OUTCOME)
    left = await connection.fetchval("SELECT count(*) FROM outbox")
    await connection.close()
    small, large = told
    grown = large["mb"] - small["mb"]
    return Row(
        id="P20",
        what=f"memory with {BACKLOG:,} messages waiting, relayed and heard in {large['seconds']:.0f} s",
        baseline_name=f"with {WARM:,}; the bounds are on the difference, in MB",
        ours=large["mb"],
        baseline=small["mb"],
        unit="MB",
        ratio=grown,
        spread=0.0,
        floor=100,
        goal=50,
        ours_cpu_us=large["cpu_seconds"] / BACKLOG * 1e6,
        baseline_cpu_us=small["cpu_seconds"] / WARM * 1e6,
        outcome_checked=left == 0 and tuple(outcome or ()) == (BACKLOG + WARM, BACKLOG + WARM, 0),
        better="lower",
    )


async def p9_p20(place: Place, only: set[str], say: Any) -> list[Row]:
    return [await bench(place, say) for row_id, bench in (("P9", p9), ("P20", p20)) if row_id in only]


if __name__ == "__main__":
    import uvloop

    uvloop.run(watched())
