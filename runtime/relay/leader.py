"""The leader's loop: reads a page, sends it, and forgets what Kafka has; the next page is read meanwhile."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer

from runtime import counts, failpoints, kafka, telemetry
from runtime.postgres import Database
from runtime.queries import Statement
from runtime.relay.floor import Floor
from runtime.relay.page import Lane, Page, Places, Row, pack
from runtime.relay.watching import Q
from runtime.settings import Settings
from runtime.wake import CHANNEL

log = structlog.get_logger(__name__)

MOST_ROWS = 4_000
MOST_BYTES = 8 * 1024 * 1024
READ_AHEAD_FROM = 100
PAGES_A_ROUND = 16
POLL_SECONDS = 1.0
DRAIN_SECONDS = 3.0
FLOOR_ROWS = 10_000


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
        self._second: Any = None
        self._producer: AIOKafkaProducer | None = None
        self._woken = asyncio.Event()
        self._floor = Floor()
        self._published_since_floor = 0
        self._places = Places()
        self._ending = False
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
                self._ending = True
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
        connection = await self._connect("leader")
        try:
            if not await Q.lead.value(connection):
                await connection.close()
                return False
            self._second = await self._connect("deletes")
        except BaseException:
            connection.terminate()
            raise
        self._connection = connection
        self._floor = Floor()
        self._aside = {row["topic"] for row in await Q.topics_aside.rows(connection)}
        await connection.add_listener(CHANNEL, lambda *_: self._woken.set())
        log.info("relay-leads", relay=self._name)
        return True

    async def close(self) -> None:
        """Gives up the lead and the producer."""
        connections = (self._second, self._connection)
        self._second = self._connection = None
        await self._drop_producer()
        for connection in connections:
            if connection is not None:
                with contextlib.suppress(Exception):
                    await connection.close(timeout=5)

    async def _connect(self, what_for: str) -> Any:
        """A connection of the relay's own: the pool resets its connections, and lends them to others first."""
        return await asyncpg.connect(
            self._settings.database_url.get_secret_value(),
            command_timeout=30,
            server_settings={
                "application_name": f"{self._name}-{what_for}",
                "timezone": "UTC",
                # A plan for these very numbers looks them up in a hash; the generic one compares each row with each.
                "plan_cache_mode": "force_custom_plan",
            },
        )

    async def run_once(self) -> int:
        """Publishes what waits, at most some pages of it; how many facts. The caller leads.

        While a page is being sent, the one before is deleted (on another connection) and the next one is read: all
        that is visible above the floor, but for what is on its way. It is sent once the page before has been
        acknowledged whole, so that what fails keeps back all behind it. Raises what went wrong, with nothing lost.
        """
        await self._publish_aside()
        page = await self._read(())
        if page is None:
            await self._rise()
            return 0
        acknowledged: Page | None = None
        published = 0
        for pages_left in reversed(range(PAGES_A_ROUND)):
            sending = asyncio.create_task(self._send(page))
            forgetting = asyncio.create_task(self._forget(acknowledged))
            try:
                more = pages_left and not self._ending and len(page.numbers) >= READ_AHEAD_FROM
                ahead = await self._read([*page.numbers, *_numbers(acknowledged)]) if more else None
                await forgetting
                if self._published_since_floor >= FLOOR_ROWS:
                    await self._rise()
                sent, error = await sending
            except BaseException:
                await _cancelled(sending, forgetting)
                raise
            published += len(sent)
            acknowledged = Page(sent, page.lanes, page.at_ms)
            if error is not None or ahead is None:
                break
            page = ahead
        await self._forget(acknowledged)
        if error is not None:
            await self._drop_producer()
            raise error
        return published

    async def _read(self, on_their_way: Sequence[int]) -> Page | None:
        """The next page but for these rows, packed; None when nothing waits. Sets aside what has no topic."""
        while rows := await Q.unpublished.rows(
            self._connection, self._floor.safe, MOST_ROWS, MOST_BYTES, list(on_their_way)
        ):
            unknown = await self._unknown_topics({row["topic"] for row in rows})
            if away := [row for row in rows if row["topic"] in unknown]:
                await self._set_aside(away)
                rows = [row for row in rows if row["topic"] not in unknown]
            if rows:
                return pack(rows, self._places, await self._client(), _now_ms())
        return None

    async def _forget(self, sent: Page | None, statement: Statement = Q.delete) -> None:
        """Takes what Kafka has out of the outbox, and remembers that it was published."""
        if sent is None or not sent.numbers:
            return
        slot = random.randrange(counts.SLOTS)  # noqa: S311
        await statement.execute(self._second, list(sent.numbers), sent.at_ms, slot)
        telemetry.published.add(len(sent.numbers))
        self._published_since_floor += len(sent.numbers)

    async def _rise(self) -> None:
        if await self._floor.rise(self._connection):
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
        missing = topics - self._places.partitions.keys()
        if missing:
            await self._load_topics()
        return {topic for topic in topics if topic not in self._places.partitions or topic in self._aside}

    async def _load_topics(self) -> None:
        producer = await self._client()
        metadata = await producer.client.fetch_all_metadata()
        prefix = self._settings.topic_prefix
        for topic in metadata.topics():
            partitions = metadata.partitions_for_topic(topic)
            if topic.startswith(prefix) and partitions:
                self._places.partitions[topic.removeprefix(prefix)] = len(partitions)

    async def _set_aside(self, rows: Sequence[Row]) -> None:
        await Q.set_aside.execute(self._connection, [row["seq"] for row in rows])
        topics = {row["topic"] for row in rows}
        log.error("facts-set-aside", relay=self._name, topics=sorted(topics), facts=len(rows))
        self._aside |= topics

    async def _publish_aside(self) -> None:
        """Publishes what was set aside for topics that exist by now, before anything newer for them."""
        if not self._aside or time.monotonic() - self._aside_looked_at < POLL_SECONDS:
            return
        self._aside_looked_at = time.monotonic()
        if self._aside - self._places.partitions.keys():
            await self._load_topics()
        for topic in sorted(self._aside & self._places.partitions.keys()):
            while rows := await Q.aside.rows(self._connection, topic, MOST_ROWS):
                page = pack(rows, self._places, await self._client(), _now_ms())
                sent, error = await self._send(page)
                await self._forget(Page(sent, page.lanes, page.at_ms), Q.delete_aside)
                if error is not None:
                    await self._drop_producer()
                    raise error
            self._aside.discard(topic)
            log.info("facts-no-longer-aside", relay=self._name, topic=topic)

    async def _send(self, page: Page) -> tuple[list[int], Exception | None]:
        """Sends a page; the numbers of what Kafka has, and what kept the others back."""
        failpoints.hit("relay.before-send")
        producer = await self._client()
        outcomes = await asyncio.gather(*(self._send_lane(producer, lane) for lane in page.lanes))
        failpoints.hit("relay.after-ack")
        sent = [number for numbers, _ in outcomes for number in numbers]
        return sent, next((error for _, error in outcomes if error is not None), None)

    async def _send_lane(self, producer: AIOKafkaProducer, lane: Lane) -> tuple[list[int], Exception | None]:
        """Sends to one partition, batch after batch; a batch that fails keeps back all behind it."""
        sent: list[int] = []
        topic, partition = lane.place
        try:
            for batch, numbers in lane.batches:
                acknowledged = await producer.send_batch(
                    batch, self._settings.topic_prefix + topic, partition=partition
                )
                failpoints.hit("relay.after-send")
                await acknowledged
                sent += numbers
        except Exception as error:
            return sent, error
        return sent, None


def _numbers(page: Page | None) -> Sequence[int]:
    return page.numbers if page is not None else ()


async def _cancelled(*tasks: "asyncio.Task[Any]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def _now_ms() -> int:
    """What Kafka and the list of what was published are both told, so that a journey's times agree."""
    return time.time_ns() // 1_000_000
