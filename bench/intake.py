"""P11, P12, P13: funding's intake, against its own SQL fed from memory, against FastStream, and against itself."""

import asyncio
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer, TopicPartition

from bench import stranger
from bench.clock import timed
from bench.measure import Row, Work, compare
from bench.places import PROJECT, Place
from runtime.consumer import Consumer
from runtime.kafka import connection, ensure_topics
from runtime.postgres import Database
from runtime.settings import Settings
from services.funding import topics
from services.funding.handlers.intake import Intake, subscription
from tests.support.funding_intake import KEYS, Books, Owner, a_record, evidence, material

RECORDS = 4_000
ALONE = 200
"""Records a turn where they are taken one by one."""
COMPANIES = tuple(f"company-{number}" for number in range(10))
LINES = tuple(f"line-{number}" for number in range(8))
SENDER = "acme"
TOPIC = f"intake.contributions.{SENDER}"

Statement = tuple[str, tuple[Any, ...]]


def records(turn: int, count: int) -> list[dict[str, Any]]:
    """What a payroll system sends: hours of many workers, and one in five material with an invoice."""
    found: list[dict[str, Any]] = []
    for number in range(count):
        told = {
            "organisation": COMPANIES[number % len(COMPANIES)],
            "line": LINES[number % len(LINES)],
            "day": f"2023-{1 + number % 5:02}-{1 + number % 28:02}",
        }
        name = f"{turn}-{number}"
        if number % 5:
            found.append(a_record(name, workerRef=f"worker-{name}", **told))
        else:
            piece = [{**evidence()[0], "sha256": f"{turn:032x}{number:032x}"}]
            found.append(material(name, evidence=piece, **told))
    return found


@dataclass(slots=True)
class Station:
    """A funding database with a region in it, and the topics of one sender."""

    settings: Settings
    database: Database
    books: Books

    @classmethod
    async def open(cls, place: Place, *, most: int = 4) -> "Station":
        settings = await place.settings("funding", PROJECT / "services" / "funding" / "migrations")
        await ensure_topics(settings, [*topics.TOPICS, *topics.of_sender(SENDER)])
        database = await Database.open(settings.database_url.get_secret_value(), name="bench", most=most)
        books = await Books(database).found(*COMPANIES, sender=SENDER, lines=LINES)
        return cls(settings, database, books)

    async def consumer(self) -> Consumer:
        """A member of a group, with everything assigned."""
        handler = Intake(self.database, Owner(), KEYS)
        made = Consumer(self.database, self.settings, subscription(handler))
        await made.start()
        async with asyncio.timeout(30):
            while not made._client().assignment():
                await made.run_once()
        return made

    async def send(self, found: Sequence[dict[str, Any]]) -> None:
        producer = AIOKafkaProducer(**connection(self.settings), acks="all")
        await producer.start()
        try:
            name = self.settings.topic_prefix + TOPIC
            sent = [await producer.send(name, json.dumps(each).encode(), key=b"any") for each in found]
            await asyncio.gather(*sent)
        finally:
            await producer.stop()

    async def settle(self) -> None:
        """Statistics as autovacuum keeps them in an installation that has run for a minute: it comes at any moment, and
        until it has come the plans are those of empty tables, which cost ten times as much."""
        connection = await asyncpg.connect(self.settings.owner_database_url.get_secret_value())
        try:
            await connection.execute("ANALYZE")
        finally:
            await connection.close()

    async def counted(self) -> tuple[int, int, int, int]:
        """Contributions, receipts, journal entries and facts of contributions: what must be alike on both sides."""
        async with self.database.transaction(self.books.id) as tx:
            row = await tx.fetchrow(
                "SELECT (SELECT count(*) FROM contributions) AS booked, (SELECT count(*) FROM receipts) AS receipts, "
                "(SELECT count(*) FROM journal_entries) AS entries, (SELECT count(*) FROM outbox) AS facts"
            )
        return (row["booked"], row["receipts"], row["entries"], row["facts"]) if row else (0, 0, 0, 0)

    async def balances(self) -> dict[str, tuple[int, int]]:
        return await self.books.balances()

    async def close(self) -> None:
        await self.database.close()


async def handled(consumer: Consumer, count: int) -> Work:
    """So many messages, from the first fetch to the offsets that say that they are done."""
    done = 0
    with timed() as clock:
        while done < count:
            done += await consumer.run_once()
    return Work(count, seconds=clock.seconds, cpu_seconds=clock.cpu_seconds)


def held_back(consumer: Consumer) -> None:
    """Fetches nothing in advance: the next round lets the partitions go again."""
    client = consumer._client()
    client.pause(*client.assignment())


async def fresh(station: Station, consumer: Consumer, turn: int, count: int = RECORDS) -> Work:
    """Ours on records that are new."""
    held_back(consumer)
    await station.send(records(turn, count))
    await station.settle()
    return await handled(consumer, count)


async def noted(station: Station, turns: int) -> list[list[Statement]]:
    """Every statement, in order, that our consumer sends the database in so many turns."""
    consumer = await station.consumer()
    connection = await station.database.pool.acquire()
    statements: list[Statement] = []
    connection.add_query_logger(lambda query: statements.append((query.query, query.args)))
    await station.database.pool.release(connection)
    found: list[list[Statement]] = []
    for turn in range(turns):
        await fresh(station, consumer, turn)
        found.append(list(statements))
        statements.clear()
    await consumer.close()
    return found


async def fed(station: Station, connection: Any, statements: Sequence[Statement]) -> Work:
    """The same statements with the same arguments, from memory."""
    await station.settle()
    with timed() as clock:
        for sql, arguments in statements:
            if arguments:
                await connection.fetch(sql, *arguments)
            else:
                await connection.execute(sql)
    return Work(RECORDS, seconds=clock.seconds, cpu_seconds=clock.cpu_seconds)


async def p11(place: Place, say: Any) -> Row:
    """The consumer against its own statements."""
    turns = 6
    scribe = await Station.open(place, most=1)
    script = await noted(scribe, turns)
    ours, theirs = await Station.open(place), await Station.open(place)
    consumer = await ours.consumer()
    connection = await asyncpg.connect(
        theirs.settings.database_url.get_secret_value(), server_settings={"timezone": "UTC"}
    )
    played, taken = itertools.count(), itertools.count()

    async def check() -> bool:
        done = await ours.counted()
        alike = done == await theirs.counted() and await ours.balances() == await theirs.balances()
        return alike and done[0] == turns * RECORDS

    try:
        return await compare(
            "P11",
            "the intake: read, validate, inbox, value, post, receipt",
            "its own statements, fed from memory",
            lambda: fresh(ours, consumer, next(taken)),
            lambda: fed(theirs, connection, script[next(played)]),
            unit="records/s",
            floor=0.6,
            goal=0.75,
            check=check,
            say=say,
        )
    finally:
        await consumer.close()
        await connection.close()
        for station in (scribe, ours, theirs):
            await station.close()


async def p12(place: Place, say: Any) -> Row:
    """The consumer against FastStream, which does the same with the same code, a message at a time."""
    ours, theirs = await Station.open(place), await Station.open(place)
    consumer = await ours.consumer()
    alone, together = itertools.count(), itertools.count()

    async def check() -> bool:
        mine, other = await ours.counted(), await theirs.counted()
        return mine[0] == 6 * RECORDS and other[0] == 6 * ALONE and mine[1] == mine[0] and other[1] == other[0]

    async with stranger.started("intake", theirs.settings, topic=TOPIC) as other:

        async def one_by_one() -> Work:
            turn = next(alone)
            await theirs.settle()
            await theirs.send(records(turn, ALONE))
            return await other.turn(ALONE)

        try:
            return await compare(
                "P12",
                "the intake: read, validate, inbox, value, post, receipt",
                "FastStream calling the same code, message by message",
                lambda: fresh(ours, consumer, next(together)),
                one_by_one,
                unit="records/s",
                floor=20,
                goal=40,
                check=check,
                say=say,
            )
        finally:
            await consumer.close()
            await ours.close()
            await theirs.close()


async def p13(place: Place, say: Any) -> Row:
    """What was handled and is delivered once more, against what is new."""
    station = await Station.open(place)
    consumer = await station.consumer()
    partition = TopicPartition(station.settings.topic_prefix + TOPIC, 0)
    taken = itertools.count()
    counts: list[tuple[int, int, int, int]] = []

    async def new() -> Work:
        return await fresh(station, consumer, next(taken))

    async def again() -> Work:
        client = consumer._client()
        before = await station.counted()
        held_back(consumer)
        client.seek(partition, await client.position(partition) - RECORDS)
        work = await handled(consumer, RECORDS)
        counts.append(before)
        return work if await station.counted() == before else Work(0, figure=0.0)

    async def check() -> bool:
        done = await station.counted()
        return done[0] == 6 * RECORDS == done[1] and len(counts) == 6

    try:
        return await compare(
            "P13",
            "all of it delivered once more: nothing happens",
            "the same records, new",
            again,
            new,
            unit="records/s",
            floor=1.0,
            goal=1.3,
            check=check,
            say=say,
        )
    finally:
        await consumer.close()
        await station.close()


async def p11_p12_p13(place: Place, only: set[str], say: Any) -> list[Row]:
    found: list[Row] = []
    if "P11" in only:
        found.append(await p11(place, say))
    if "P12" in only and stranger.here(say, "P12"):
        found.append(await p12(place, say))
    if "P13" in only:
        found.append(await p13(place, say))
    return found
