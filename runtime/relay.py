"""The relay: publishes the outbox, one leader per service, in an order that consumers can rely on.

Facts of one aggregate are in `seq` order, because each was written under the lock of the one before. So one reader
that takes what is visible in that order, waits for Kafka, and deletes by id can only repeat, never skip or swap. The
floor is where it begins to read: everything at or below it is published or was rolled back. It only saves time, and
it is only raised once every transaction that could still write below it has ended.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2
from opentelemetry.trace import SpanKind

from runtime import counts, failpoints, kafka, telemetry
from runtime.event import headers
from runtime.postgres import Database
from runtime.queries import Executor, Queries, Statement
from runtime.settings import Settings
from runtime.wake import CHANNEL, Wake

__all__ = ["Depth", "Relay", "Sent", "Wake", "depth", "follow"]

Q = Queries(__file__, "sql/relay.sql")
log = structlog.get_logger(__name__)

MOST_ROWS = 2_000
MOST_BYTES = 8 * 1024 * 1024
POLL_SECONDS = 1.0
DRAIN_SECONDS = 3.0
FLOOR_ROWS = 10_000
KEYS_REMEMBERED = 100_000

Row = Any
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Depth:
    """What waits to be published."""

    waiting: int
    age_seconds: float
    aside: int


async def depth(executor: Executor) -> Depth:
    """How many facts wait, and for how long the oldest has."""
    row = await Q.depth.row(executor)
    return Depth(row["waiting"], row["age_seconds"], row["aside"]) if row else Depth(0, 0.0, 0)


@dataclass(frozen=True, slots=True)
class Sent:
    """One event of a journey, as this service published it."""

    topic: str
    type: str
    event_id: str
    trace_id: str | None
    occurred_at: datetime
    published_at: datetime


async def follow(executor: Executor, correlation_id: UUID) -> list[Sent]:
    """What this service published under one correlation id in the last 30 days, in that order."""
    return [Sent(**row) for row in await Q.follow.rows(executor, correlation_id)]


@dataclass(slots=True)
class _Floor:
    """Raised in two steps: take the last number and who is writing; once all of those have ended it is safe."""

    safe: int = 0
    candidate: int = 0
    writers: frozenset[str] | None = None


class Relay:
    """One candidate for the lead. Every replica runs one; the others wait."""

    def __init__(
        self,
        db: Database,
        settings: Settings,
        *,
        name: str = "relay",
        make_producer: Callable[[Settings, str], AIOKafkaProducer] = kafka.producer,
    ) -> None:
        self._db = db
        self._settings = settings
        self._name = name
        self._make_producer = make_producer
        self._connection: Any = None
        self._producer: AIOKafkaProducer | None = None
        self._woken = asyncio.Event()
        self._floor = _Floor()
        self._published_since_floor = 0
        self._partition_of: dict[tuple[str, str], int] = {}
        self._partitions: dict[str, int] = {}
        self._aside: set[str] = set()
        self._aside_looked_at = 0.0

    @property
    def leads(self) -> bool:
        """Whether this one publishes."""
        return self._connection is not None and not self._connection.is_closed()

    async def run(self, stop: asyncio.Event) -> None:
        """Publishes, or waits for the lead, until `stop`. Whatever goes wrong, it begins again."""
        failpoints.arm(self._settings)
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                try:
                    if not await self.lead():
                        await asyncio.wait({stopping}, timeout=POLL_SECONDS)
                        continue
                    self._woken.clear()
                    if await self._until_stopped(stopping) == 0:
                        await self._sleep(stopping)
                except Exception as error:  # whatever it is: a relay that ended would take its process with it
                    log.warning("relay-begins-again", relay=self._name, error=type(error).__name__)
                    await self.close()
                    await asyncio.wait({stopping}, timeout=POLL_SECONDS)
        finally:
            stopping.cancel()
            await self.close()

    async def _until_stopped(self, stopping: "asyncio.Task[bool]") -> int:
        """One round: it may end by itself after the relay is stopped, but does not wait for a broker that is away."""
        round_ = asyncio.create_task(self.run_once())
        try:
            await asyncio.wait({round_, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not round_.done():
                await asyncio.wait({round_}, timeout=DRAIN_SECONDS)
            return await round_ if round_.done() else 1
        finally:
            if not round_.done():
                round_.cancel()
                await asyncio.wait({round_}, timeout=DRAIN_SECONDS)

    async def _sleep(self, stopping: "asyncio.Task[bool]") -> None:
        woken = asyncio.create_task(self._woken.wait())
        await asyncio.wait({woken, stopping}, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        woken.cancel()

    async def lead(self) -> bool:
        """Takes the lead if nobody has it, on a connection that is used for nothing else; whether this one leads."""
        if self.leads:
            return True
        connection = await asyncpg.connect(
            self._settings.database_url.get_secret_value(),
            command_timeout=30,
            server_settings={"application_name": f"{self._name}-leader", "timezone": "UTC"},
        )
        if not await Q.lead.value(connection):
            await connection.close()
            return False
        self._connection = connection
        self._floor = _Floor()
        self._aside = {row["topic"] for row in await Q.topics_aside.rows(connection)}
        await connection.add_listener(CHANNEL, lambda *_: self._woken.set())
        log.info("relay-leads", relay=self._name)
        return True

    async def close(self) -> None:
        """Gives up the lead and the producer."""
        connection, self._connection = self._connection, None
        await self._drop_producer()
        if connection is not None:
            with contextlib.suppress(Exception):
                await connection.close(timeout=5)

    async def run_once(self) -> int:
        """Publishes the next facts; how many. The caller leads. Raises what went wrong, with nothing lost."""
        if self._aside and time.monotonic() - self._aside_looked_at >= POLL_SECONDS:
            self._aside_looked_at = time.monotonic()
            await self._publish_aside()
        rows = await Q.unpublished.rows(self._connection, self._floor.safe, MOST_ROWS, MOST_BYTES)
        if not rows:
            await self._raise_floor()
            return 0
        unknown = await self._unknown_topics({row["topic"] for row in rows})
        if away := [row for row in rows if row["topic"] in unknown]:
            await self._set_aside(away)
        here = [row for row in rows if row["topic"] not in unknown]
        at = _now_ms()
        sent, error = await self._send(here, at)
        await self._forget(sent, Q.delete, at)
        if error is not None:
            await self._drop_producer()
            raise error
        self._published_since_floor += len(sent)
        if self._published_since_floor >= FLOOR_ROWS:
            await self._raise_floor()
        return len(rows)

    async def _forget(self, sent: Sequence[int], statement: Statement, at_ms: int) -> None:
        if sent:
            async with self._connection.transaction():
                await statement.execute(self._connection, list(sent), at_ms)
                await counts.add(self._connection, "relay", published=len(sent))
            telemetry.published.add(len(sent))

    async def _raise_floor(self) -> None:
        """One step towards a higher floor; cheap enough for every idle round."""
        floor = self._floor
        if floor.writers is None:
            last = await Q.last_seq.value(self._connection)
            if last <= floor.safe:
                return
            writing = await Q.writers.rows(self._connection)
            floor.candidate, floor.writers = last, frozenset(row["virtualtransaction"] for row in writing)
        else:
            writing = await Q.writers.rows(self._connection)
            floor.writers &= {row["virtualtransaction"] for row in writing}
        if not floor.writers:
            lowest = await Q.lowest.value(self._connection, floor.safe)
            floor.safe = floor.candidate if lowest is None else min(floor.candidate, lowest - 1)
            floor.writers = None
            self._published_since_floor = 0

    async def _client(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = self._make_producer(self._settings, self._name)
            await producer.start()
            self._producer = producer
        return self._producer

    async def _drop_producer(self) -> None:
        """A producer that failed cannot be trusted with order any more; the next one begins with a clean sequence."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(producer.stop(), 5)

    async def _unknown_topics(self, topics: set[str]) -> set[str]:
        """Topics that Kafka does not have, asked for all at once; and those with older facts still set aside."""
        missing = topics - self._partitions.keys()
        if missing:
            await self._load_topics()
        return {topic for topic in topics if topic not in self._partitions or topic in self._aside}

    async def _load_topics(self) -> None:
        producer = await self._client()
        metadata = await producer.client.fetch_all_metadata()
        prefix = self._settings.topic_prefix
        for topic in metadata.topics():
            partitions = metadata.partitions_for_topic(topic)
            if topic.startswith(prefix) and partitions:
                self._partitions[topic.removeprefix(prefix)] = len(partitions)

    async def _set_aside(self, rows: Sequence[Row]) -> None:
        await Q.set_aside.execute(self._connection, [row["seq"] for row in rows])
        topics = {row["topic"] for row in rows}
        log.error("facts-set-aside", relay=self._name, topics=sorted(topics), facts=len(rows))
        self._aside |= topics

    async def _publish_aside(self) -> None:
        """Publishes what was set aside for topics that exist by now, before anything newer for them."""
        if self._aside - self._partitions.keys():
            await self._load_topics()
        for topic in sorted(self._aside & self._partitions.keys()):
            while rows := await Q.aside.rows(self._connection, topic, MOST_ROWS):
                at = _now_ms()
                sent, error = await self._send(rows, at)
                await self._forget(sent, Q.delete_aside, at)
                if error is not None:
                    await self._drop_producer()
                    raise error
            self._aside.discard(topic)
            log.info("facts-no-longer-aside", relay=self._name, topic=topic)

    async def _send(self, rows: Sequence[Row], at_ms: int) -> tuple[list[int], Exception | None]:
        """Sends these as published at this time; the numbers of those that Kafka has, what kept the others back."""
        if not rows:
            return [], None
        failpoints.hit("relay.before-send")
        producer = await self._client()
        places: dict[Place, list[Row]] = {}
        for row in rows:
            places.setdefault((row["topic"], self._partition(row["topic"], row["key"])), []).append(row)
        outcomes = await asyncio.gather(
            *(self._send_to(producer, place, queue, at_ms) for place, queue in places.items())
        )
        failpoints.hit("relay.after-ack")
        sent = [seq for numbers, _ in outcomes for seq in numbers]
        return sent, next((error for _, error in outcomes if error is not None), None)

    async def _send_to(
        self, producer: AIOKafkaProducer, place: Place, rows: Sequence[Row], at_ms: int
    ) -> tuple[list[int], Exception | None]:
        """Sends to one partition, batch after batch; a batch that fails keeps back all behind it."""
        sent: list[int] = []
        topic, partition = self._settings.topic_prefix + place[0], place[1]
        try:
            queue = list(rows)
            while queue:
                batch, taken = producer.create_batch(), 0
                for row in queue:
                    fits = batch.append(
                        key=row["key"].encode(), value=row["data"], timestamp=at_ms, headers=_headers(row, place[0])
                    )
                    if fits is None:
                        break
                    taken += 1
                batch.close()
                acknowledged = await producer.send_batch(batch, topic, partition=partition)
                failpoints.hit("relay.after-send")
                await acknowledged
                sent += [row["seq"] for row in queue[:taken]]
                queue = queue[taken:]
        except Exception as error:
            return sent, error
        return sent, None

    def _partition(self, topic: str, key: str) -> int:
        found = self._partition_of.get((topic, key))
        if found is None:
            if len(self._partition_of) >= KEYS_REMEMBERED:
                self._partition_of.clear()
            found = (murmur2(key.encode()) & 0x7FFFFFFF) % self._partitions[topic]
            self._partition_of[topic, key] = found
        return found


def _now_ms() -> int:
    """What Kafka and the list of what was published are both told, so that a journey's times agree."""
    return time.time_ns() // 1_000_000


def _headers(row: Row, topic: str) -> list[tuple[str, bytes]]:
    """The headers, with a span of its own for what is being traced: the consumer's span is its child."""
    traceparent: str | None = row["traceparent"]
    if traceparent and traceparent.endswith("-01"):
        attributes = {"messaging.message.id": str(row["event_id"])}
        with telemetry.span(
            f"send {topic}", kind=SpanKind.PRODUCER, parent_traceparent=traceparent, attributes=attributes
        ):
            return headers(row, telemetry.current_traceparent() or traceparent)
    return headers(row, traceparent)
