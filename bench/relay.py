"""P6, P7, P8: the relay against raw producers and against another outbox library, on the same rows."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bench import stranger
from bench.measure import Row, Work, compare
from bench.places import PROJECT, Place
from runtime import kafka
from runtime.event import headers
from runtime.kafka import Topic
from runtime.postgres import Database
from runtime.relay import Q as RELAY
from runtime.relay import Relay
from runtime.settings import Settings

ROWS = 20_000
STRANGER_ROWS = 2_000
KEYS = 500
TOPIC = Topic("bench.events", 12, None, 65_536, "CreateTime", "id", ("bench",), ("bench",))
DATA = b'{"walker":"018f0000-0000-7000-8000-000000000001","step":12345,"note":"' + b"x" * 150 + b'"}'

_FILL = """
INSERT INTO outbox (event_id, consortium_id, topic, key, aggregate_kind, aggregate_id, aggregate_version, type, source,
                    occurred_at, correlation_id, causation_id, traceparent, data)
SELECT uuidv7(), $1, $2, keys.id::text, 'walker', keys.id, row.number / cardinality($3::uuid[]) + 1,
       'nl.speerpunt.bench.stepped.v1', 'urn:speerpunt:bench', clock_timestamp(), uuidv7(), NULL, NULL, $5
  FROM generate_series(0, $4 - 1) AS row (number)
  JOIN unnest($3::uuid[]) WITH ORDINALITY AS keys (id, place) ON keys.place - 1 = row.number % cardinality($3::uuid[])
 ORDER BY row.number
"""


async def fill(settings: Settings, rows: int = ROWS) -> None:
    """So many facts in the outbox, over 500 aggregates."""
    connection = await asyncpg.connect(settings.owner_database_url.get_secret_value())
    try:
        keys = [uuid4() for _ in range(KEYS)]
        await connection.execute(_FILL, uuid4(), TOPIC.name, keys, rows, DATA)
        await connection.execute("ANALYZE outbox")
    finally:
        await connection.close()


async def rows_in(settings: Settings) -> list[Any]:
    connection = await asyncpg.connect(settings.owner_database_url.get_secret_value())
    try:
        return list(await RELAY.unpublished.rows(connection, 0, ROWS, 2**40, []))
    finally:
        await connection.close()


async def relay_turn(settings: Settings) -> Work:
    """The relay empties a full outbox."""
    await fill(settings)
    db = await Database.open(settings.database_url.get_secret_value(), name="bench", most=2)
    relay = Relay(db, settings)
    await relay.lead()
    await relay._load_topics()  # connects, as the other side has done before it is timed
    began, cpu, done = time.perf_counter(), time.process_time(), 0
    while done < ROWS:
        done += await relay.run_once()
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    await relay.close()
    await db.close()
    return Work(ROWS, seconds=seconds, cpu_seconds=used)


class Raw:
    """A producer with the relay's settings, given the same keys, values and headers from memory."""

    def __init__(self, settings: Settings, rows: Sequence[Any]) -> None:
        self._settings = settings
        self._messages = [(key, data, headers(told, None)) for _, _, key, data, _, *told in rows]
        self._topic = settings.topic_prefix + TOPIC.name

    async def send(self) -> Work:
        """`send()` of each message, awaited together a thousand at a time."""
        producer = await self._producer()
        began, cpu = time.perf_counter(), time.process_time()
        for start in range(0, len(self._messages), 1_000):
            futures = [
                await producer.send(self._topic, value=value, key=key, headers=told)
                for key, value, told in self._messages[start : start + 1_000]
            ]
            await asyncio.gather(*futures)
        work = Work(len(self._messages), seconds=time.perf_counter() - began, cpu_seconds=time.process_time() - cpu)
        await producer.stop()
        return work

    async def send_batch(self) -> Work:
        """`send_batch()` per partition, with batches as large as they may be."""
        producer = await self._producer()
        began, cpu = time.perf_counter(), time.process_time()
        queues: dict[int, list[tuple[bytes, bytes, Any]]] = {}
        partitions = sorted(await producer.partitions_for(self._topic))
        where: dict[bytes, int] = {}
        for message in self._messages:
            key = message[0]
            if key not in where:
                where[key] = producer._partitioner(key, partitions, partitions)
            queues.setdefault(where[key], []).append(message)
        await asyncio.gather(*(self._batches(producer, number, queue) for number, queue in queues.items()))
        work = Work(len(self._messages), seconds=time.perf_counter() - began, cpu_seconds=time.process_time() - cpu)
        await producer.stop()
        return work

    async def _batches(self, producer: AIOKafkaProducer, partition: int, queue: list[tuple[bytes, bytes, Any]]) -> None:
        while queue:
            batch, taken = producer.create_batch(), 0
            for key, value, told in queue:
                if batch.append(key=key, value=value, timestamp=None, headers=told) is None:
                    break
                taken += 1
            batch.close()
            await (await producer.send_batch(batch, self._topic, partition=partition))
            del queue[:taken]

    async def _producer(self) -> AIOKafkaProducer:
        producer = kafka.producer(self._settings, "raw")
        await producer.start()
        await producer.partitions_for(self._topic)
        return producer


async def in_topic(settings: Settings) -> int:
    """How many messages the topic holds."""
    client = AIOKafkaConsumer(**kafka.connection(settings))
    await client.start()
    try:
        partitions = [TopicPartition(settings.topic_prefix + TOPIC.name, number) for number in range(TOPIC.partitions)]
        return sum((await client.end_offsets(partitions)).values())
    finally:
        await client.stop()


async def p6_p7_p8(place: Place, only: set[str], say: Any) -> list[Row]:
    """Ours on one set of topics, the raw producers on another."""
    migrations = PROJECT / "tests" / "support" / "steps" / "migrations"
    ours = await place.settings("bench", migrations, (TOPIC,))
    theirs = await place.settings("bench", migrations, (TOPIC,))
    await fill(theirs)
    raw = Raw(theirs, await rows_in(theirs))
    turns = 0

    async def relay_counted() -> Work:
        nonlocal turns
        turns += 1
        return await relay_turn(ours)

    async def check() -> bool:
        db = await Database.open(ours.database_url.get_secret_value(), name="check", most=1)
        left = await RELAY.depth.row(db.pool)
        await db.close()
        return await in_topic(ours) == turns * ROWS and left is not None and left["waiting"] == 0

    found = []
    for row_id, name, side, floor, goal in (
        ("P6", "raw idempotent send() loop", raw.send, 1.0, 1.5),
        ("P7", "raw send_batch", raw.send_batch, 0.4, 0.6),
    ):
        if row_id in only:
            found.append(
                await compare(
                    row_id,
                    "the relay, from outbox to acknowledged and deleted",
                    name,
                    relay_counted,
                    side,
                    unit="events/s",
                    floor=floor,
                    goal=goal,
                    check=check,
                    say=say,
                )
            )
    if "P8" in only and stranger.here(say, "P8"):
        found.append(await p8(place, ours, relay_counted, check, say))
    return found


_STRANGER = """
INSERT INTO stranger (queue, payload, headers)
SELECT 'bench', data, jsonb_build_object('content-type', 'application/octet-stream', 'key', convert_from(key, 'UTF8'),
       'ce_id', convert_from(id, 'UTF8'), 'ce_type', convert_from(type, 'UTF8'),
       'ce_source', convert_from(source, 'UTF8'), 'ce_subject', convert_from(subject, 'UTF8'),
       'ce_time', convert_from(time, 'UTF8'),
       'ce_consortiumid', convert_from(consortium_id, 'UTF8'), 'ce_sequence', convert_from(sequence, 'UTF8'),
       'ce_correlationid', convert_from(correlation_id, 'UTF8'))
FROM ({rows}) AS fact ORDER BY seq
"""


async def p8(place: Place, ours: Settings, relay_counted: Any, check: Any, say: Any) -> Row:
    """The relay against faststream-outbox, given the same keys, bytes and headers in a table of its own."""
    theirs = await place.settings("bench", PROJECT / "tests" / "support" / "steps" / "migrations", (TOPIC,))
    owner = theirs.owner_database_url.get_secret_value()
    connection = await asyncpg.connect(owner)
    await fill(theirs, STRANGER_ROWS)
    turns = 0
    address = owner.replace("postgresql://", "postgresql+asyncpg://")
    async with stranger.started("outbox", theirs, database=address, topic=TOPIC.name) as other:

        async def relayed() -> Work:
            nonlocal turns
            turns += 1
            rows = RELAY.unpublished.sql.replace("$4::bigint[]", "'{}'")
            rows = rows.replace("$1", "0").replace("$2", str(STRANGER_ROWS)).replace("$3", str(2**40))
            await connection.execute(_STRANGER.format(rows=rows))
            work = await other.turn(STRANGER_ROWS)
            async with asyncio.timeout(30):
                while await connection.fetchval("SELECT count(*) FROM stranger"):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            return work

        async def both() -> bool:
            return await check() and await in_topic(theirs) == turns * STRANGER_ROWS

        try:
            return await compare(
                "P8",
                "the relay, from outbox to acknowledged and deleted",
                "faststream-outbox, 16 workers (which keep no order)",
                relay_counted,
                relayed,
                unit="events/s",
                floor=30,
                goal=100,
                check=both,
                say=say,
            )
        finally:
            await connection.close()
