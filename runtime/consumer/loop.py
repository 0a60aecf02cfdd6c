"""The consumer's loop: one page, one transaction, then the offsets; and one by one when that fails. Meanwhile the next
page is read."""

import asyncio
import contextlib
import time
from collections import defaultdict, deque
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from runtime import counts, failpoints, inbox, kafka, telemetry
from runtime.consumer import dead_letters
from runtime.consumer.ahead import Ahead
from runtime.consumer.outcomes import Dead, Done, Outcome, Retry, classify, give_up
from runtime.consumer.subscription import NOBODY, Reader, Subscription
from runtime.event import Context, Received, receive
from runtime.postgres import Database
from runtime.settings import Settings

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.25
PAUSES_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 30.0
FLOOD_SECONDS = 60.0
JOIN_SECONDS = 60.0
LEAVE_SECONDS = 10.0
STANDSTILL_SECONDS = 10.0


class Standstill(KafkaError):  # type: ignore[misc]
    """There is something to read, and the client brings nothing: it is made anew."""


@dataclass(slots=True)
class _Held:
    """A partition that waits to try a message again."""

    until: float
    offset: int
    attempts: int
    cause: str


@dataclass(slots=True)
class Consumer:
    """One member of one consumer group. `run` it; replicas share the partitions."""

    db: Database
    settings: Settings
    subscription: Subscription
    _kafka: AIOKafkaConsumer | None = None
    _held: dict[TopicPartition, _Held] = field(default_factory=dict)
    _failures: dict[TopicPartition, tuple[int, int]] = field(default_factory=dict)
    _deaths: dict[TopicPartition, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _pauses: set[tuple[str, int]] = field(default_factory=set)
    _pauses_read: float = 0.0
    _busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    _looked_at: float = 0.0
    _waiting_at: dict[TopicPartition, int] = field(default_factory=dict)
    _ahead: Ahead = field(init=False)

    def __post_init__(self) -> None:
        self._ahead = Ahead(self._receive, self.subscription.most)

    @property
    def name(self) -> str:
        return self.subscription.name

    async def run(self, stop: asyncio.Event) -> None:
        """Handles messages until `stop`; ends its batch, commits and leaves the group. Reconnects when it must."""
        while not stop.is_set():
            try:
                async with asyncio.timeout(JOIN_SECONDS):
                    await _until(stop, self.start())
                while not stop.is_set():
                    await self.run_once()
            except Exception as error:  # whatever it is: a consumer that ended would take its process with it
                log.warning("consumer-reconnects", consumer=self.name, error=type(error).__name__)
                await _wait(stop, 1.0)
            finally:
                await self.close()

    async def start(self) -> None:
        """Joins the group."""
        failpoints.arm(self.settings)
        client = kafka.consumer(self.settings, self.subscription.group_id, self.name)
        listener = _Rebalance(self)
        if self.subscription.pattern:
            pattern = kafka.full_pattern(self.settings, self.subscription.pattern)
            client.subscribe(pattern=pattern, listener=listener)
        else:
            topics = [self.settings.topic_prefix + topic for topic in self.subscription.topics]
            client.subscribe(topics=topics, listener=listener)
        self._kafka = client
        self._looked_at, self._waiting_at = time.monotonic(), {}
        await client.start()

    async def close(self) -> None:
        """Leaves the group, so that another member takes over at once."""
        client, self._kafka = self._kafka, None
        self._ahead.drop_all()
        if client is not None:
            with contextlib.suppress(TimeoutError):  # one that is stuck is thrown out by the group itself
                await asyncio.wait_for(client.stop(), LEAVE_SECONDS)

    async def run_once(self) -> int:
        """Handles one page, that which was read ahead or what a fetch brings; how many messages that were."""
        client = self._client()
        await self._hold_and_release(client)
        batch = self._ahead.take()
        if not batch:
            fetched = await client.getmany(timeout_ms=int(POLL_SECONDS * 1000), max_records=self.subscription.most)
            batch = {partition: self._receive(partition, records) for partition, records in fetched.items()}
        if not batch:
            await self._look_for_standstill(client)
            return 0
        async with self._busy:
            next_page = asyncio.create_task(self._ahead.fetch(client))
            try:
                offsets = await self._handle(client, batch)
                failpoints.hit("consumer.before-offsets")
                await self._commit(client, offsets)
            except BaseException:
                next_page.cancel()
                await asyncio.gather(next_page, return_exceptions=True)
                raise
            await next_page
        return sum(map(len, batch.values()))

    async def _look_for_standstill(self, client: AIOKafkaConsumer) -> None:
        """Asks the broker, now and then while nothing comes, whether there is something after all.

        Raises Standstill when a partition is where it was at the look before, and has something to read: seen after a
        broker was killed, when the client went on waiting for an answer that nobody would give.
        """
        if time.monotonic() - self._looked_at < STANDSTILL_SECONDS:
            return
        self._looked_at = time.monotonic()
        before, self._waiting_at = self._waiting_at, {}
        reading = [partition for partition in client.assignment() if partition not in client.paused()]
        if not reading:
            return
        async with asyncio.timeout(STANDSTILL_SECONDS):
            ends = await client.end_offsets(reading)
            for partition in reading:
                if (position := await client.position(partition)) < ends[partition]:
                    self._waiting_at[partition] = position
        if stuck := [partition for partition, place in self._waiting_at.items() if before.get(partition) == place]:
            raise Standstill(f"{len(stuck)} partitions have messages that do not come")

    def _client(self) -> AIOKafkaConsumer:
        if self._kafka is None:
            raise RuntimeError("start the consumer first")
        return self._kafka

    def _receive(self, partition: TopicPartition, records: Iterable[Any]) -> list[Received]:
        topic = partition.topic.removeprefix(self.settings.topic_prefix)
        raw = self.subscription.raw
        found = [
            receive(topic, one.partition, one.offset, one.timestamp, one.key, one.value, one.headers, raw=raw)
            for one in records
        ]
        if isinstance(handler := self.subscription.handler, Reader):
            for event in found:
                with contextlib.suppress(Exception):  # said when it is handled, where a message can be buried
                    event.read = handler.read(event)
        return found

    async def _handle(
        self, client: AIOKafkaConsumer, batch: Mapping[TopicPartition, Sequence[Received]]
    ) -> dict[TopicPartition, int]:
        """Handles a batch; per partition the offset from which to go on."""
        events = [event for of_partition in batch.values() for event in of_partition]
        try:
            await self._in_one_transaction(events)
        except Exception as error:
            log.info("batch-one-by-one", consumer=self.name, messages=len(events), error=type(error).__name__)
        else:
            self._failures.clear()
            return {partition: of_partition[-1].offset + 1 for partition, of_partition in batch.items()}
        offsets: dict[TopicPartition, int] = {}
        for partition, of_partition in batch.items():
            for event in of_partition:
                outcome = await self._one(partition, event)
                if isinstance(outcome, Retry):
                    self._hold(client, partition, event, outcome)
                    break
                self._failures.pop(partition, None)
                offsets[partition] = event.offset + 1
        return offsets

    async def _in_one_transaction(self, events: Sequence[Received]) -> None:
        subscription = self.subscription
        await subscription.handler.prepare(events)
        tenants = {NOBODY, *subscription.consortia(events)}
        async with self.db.transaction(tenants, Context(actor=self.name)) as tx:
            events = await dead_letters.park(tx, subscription, events)
            here = len(events)
            if not subscription.raw:
                events = await inbox.claim(tx, self.name, events)
            if events:
                await subscription.handler.handle(tx, events)
                await counts.add(tx, self.name, consumed=len(events))
            failpoints.hit("consumer.before-commit")
        failpoints.hit("consumer.after-commit")
        telemetry.consumed.add(len(events), {"consumer": self.name})
        telemetry.duplicates.add(here - len(events), {"consumer": self.name})

    async def _one(self, partition: TopicPartition, event: Received) -> Outcome:
        try:
            await self._in_one_transaction([event])
        except Exception as error:
            match outcome := classify(error):
                case Retry(capped=True) if self._tries(partition, event) + 1 >= self.subscription.attempts:
                    return await self._bury(partition, event, give_up(error))
                case Dead():
                    return await self._bury(partition, event, outcome)
                case _:
                    return outcome
        return Done()

    async def _bury(self, partition: TopicPartition, event: Received, dead: Dead) -> Outcome:
        """The dead letter is written, or the message is tried again: it is never just passed over."""
        deaths = self._deaths[partition]
        deaths.append(now := time.monotonic())
        while deaths and deaths[0] < now - FLOOD_SECONDS:
            deaths.popleft()
        flooded = len(deaths) >= self.subscription.flood_limit
        try:
            async with self.db.transaction({NOBODY, *self.subscription.consortia([event])}) as tx:
                await dead_letters.bury(tx, self.subscription, event, dead)
                if flooded:
                    because = f"{len(deaths)} dead letters within a minute"
                    await dead_letters.Q.pause.execute(tx, self.name, event.topic, event.partition, because)
        except Exception as error:
            return Retry(1.0, type(error).__name__)
        telemetry.dead_letters.add(1, {"consumer": self.name, "code": dead.code})
        log.error(
            "dead-letter",
            consumer=self.name,
            record=event.record,
            code=dead.code,
            frames=dead.stack[-3:],
            trace_id=event.trace_id,
        )
        if flooded:
            deaths.clear()
            self._pauses_read = 0.0
            log.error("partition-paused", consumer=self.name, topic=event.topic, partition=event.partition)
        return dead

    def _tries(self, partition: TopicPartition, event: Received) -> int:
        offset, tries = self._failures.get(partition, (-1, 0))
        return tries if offset == event.offset else 0

    def _hold(self, client: AIOKafkaConsumer, partition: TopicPartition, event: Received, retry: Retry) -> None:
        """Comes back to this message later; other partitions go on."""
        tries = self._tries(partition, event) + 1
        self._failures[partition] = (event.offset, tries)
        wait = min(retry.after_seconds * 2 ** min(tries - 1, 10), LONGEST_RETRY_SECONDS)
        self._held[partition] = _Held(time.monotonic() + wait, event.offset, tries, retry.cause)
        log.info(
            "retry",
            consumer=self.name,
            record=event.record,
            cause=retry.cause,
            after_seconds=wait,
            tries=tries,
            trace_id=event.trace_id,
        )
        self._ahead.drop(partition)
        with contextlib.suppress(IllegalStateError):  # the partition went to another member meanwhile
            client.pause(partition)
            client.seek(partition, event.offset)

    async def _hold_and_release(self, client: AIOKafkaConsumer) -> None:
        now = time.monotonic()
        if now - self._pauses_read >= PAUSES_SECONDS:
            try:
                rows = await dead_letters.Q.pauses.rows(self.db.pool, self.name)
                self._pauses = {(row["topic"], row["partition"]) for row in rows}
                self._pauses_read = now
            except Exception as error:
                if not isinstance(classify(error), Retry):
                    raise
        self._held = {partition: held for partition, held in self._held.items() if held.until > now}
        prefix = self.settings.topic_prefix
        for partition in client.assignment():
            wanted = (
                partition in self._held
                or ("", -1) in self._pauses
                or (partition.topic.removeprefix(prefix), partition.partition) in self._pauses
            )
            with contextlib.suppress(IllegalStateError):
                if wanted != (partition in client.paused()):
                    (client.pause if wanted else client.resume)(partition)
                if wanted:
                    self._ahead.put_back(client, partition)

    async def _commit(self, client: AIOKafkaConsumer, offsets: dict[TopicPartition, int]) -> None:
        assigned = client.assignment()
        ours = {partition: offset for partition, offset in offsets.items() if partition in assigned}
        if not ours:
            return
        try:
            await client.commit(ours)
        except (CommitFailedError, IllegalStateError):
            log.info("batch-dropped", consumer=self.name, because="the partitions went to another member")
        except KafkaError as error:
            log.warning("offsets-not-committed", consumer=self.name, error=type(error).__name__)

    async def settle(self) -> None:
        """Waits until the batch in hand is done, so that the next owner of a partition need not repeat it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                async with self._busy:
                    pass

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """What was remembered of partitions that are no longer ours."""
        for partition in partitions:
            self._ahead.drop(partition)
            self._held.pop(partition, None)
            self._failures.pop(partition, None)
            self._deaths.pop(partition, None)


class _Rebalance(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        await self._consumer.settle()
        self._consumer.forget(revoked)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        log.info("assigned", consumer=self._consumer.name, partitions=len(list(assigned)))


async def _until(stop: asyncio.Event, joining: Coroutine[Any, Any, None]) -> None:
    """Joins, or gives up when it must stop: joining waits for topics that nobody has made yet."""
    work, stopping = asyncio.create_task(joining), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
    finally:
        work.cancel()
        stopping.cancel()


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
