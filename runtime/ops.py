"""What an operator asks of a service's events, and does to them: counts, lag, dead letters, pause and resume."""

import asyncio
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from runtime import counts, inbox, kafka, relay
from runtime.consumer import dead_letters
from runtime.consumer.dead_letters import DeadLetter, Opened, discard, opened, replay, settled, waiting
from runtime.consumer.subscription import Subscription
from runtime.postgres import Database
from runtime.settings import Settings

COORDINATOR_SECONDS = 5.0

__all__ = [
    "DeadLetter",
    "Lag",
    "Opened",
    "Step",
    "Summary",
    "discard",
    "follow",
    "lag",
    "opened",
    "pause",
    "replay",
    "resume",
    "settled",
    "summary",
    "waiting",
]


@dataclass(frozen=True, slots=True)
class Summary:
    """A service's events in numbers; the counts are over all restarts."""

    outbox: relay.Depth
    published: int
    consumed: int
    dead: int
    refused: int
    dead_letters_waiting: int
    parked: int
    by_consumer: dict[str, dict[str, int]]


async def summary(db: Database) -> Summary:
    """The numbers of this service."""
    totals = await counts.totals(db.pool)
    letters, parked = await dead_letters.depth(db)

    def total(counter: str) -> int:
        return sum(counters.get(counter, 0) for counters in totals.values())

    return Summary(
        outbox=await relay.depth(db.pool),
        published=total("published"),
        consumed=total("consumed"),
        dead=total("dead"),
        refused=total("refused"),
        dead_letters_waiting=letters,
        parked=parked,
        by_consumer=totals,
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a journey at this service: received by `consumer`, or published on `topic`, at `at`."""

    at: datetime
    type: str
    event_id: str
    trace_id: str | None
    occurred_at: datetime | None
    published_at: datetime
    consumer: str = ""
    topic: str = ""

    @property
    def handled_at(self) -> datetime | None:
        """When what was received had its effect."""
        return self.at if self.consumer else None


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a consumer is behind on one partition. `committed` is where it began when it never committed."""

    consumer: str
    topic: str
    partition: int
    committed: int
    end: int
    paused: bool

    @property
    def behind(self) -> int:
        """Messages that it has not handled."""
        return max(0, self.end - self.committed)


async def lag(db: Database, settings: Settings, subscriptions: Collection[Subscription]) -> list[Lag]:
    """How far each consumer is behind, by partition, whichever replica has it; topics without the prefix."""
    found: list[Lag] = []
    client = AIOKafkaConsumer(**kafka.connection(settings), enable_auto_commit=False)
    admin = kafka.admin(settings)
    await client.start()
    try:
        await admin.start()
        known = await _partitions(admin)
        read = {each.name: [one for one in known if _reads(settings, each, one)] for each in subscriptions}
        every = {one for partitions in read.values() for one in partitions}
        kafka.know(client, every)
        begin, end = await client.beginning_offsets(every), await client.end_offsets(every)
        for subscription in subscriptions:
            partitions = read[subscription.name]
            group = settings.topic_prefix + subscription.group_id
            committed = await _committed(admin, group)
            rows = await dead_letters.Q.pauses.rows(db.pool, subscription.name)
            pauses = {(row["topic"], row["partition"]) for row in rows}
            for partition in partitions:
                topic = partition.topic.removeprefix(settings.topic_prefix)
                reached = committed[partition].offset if partition in committed else -1
                found.append(
                    Lag(
                        consumer=subscription.name,
                        topic=topic,
                        partition=partition.partition,
                        committed=max(reached, begin[partition]),
                        end=end[partition],
                        paused=("", -1) in pauses or (topic, partition.partition) in pauses,
                    )
                )
    finally:
        await client.stop()
        await admin.close()
    return found


async def _committed(admin: AIOKafkaAdminClient, group: str) -> dict[TopicPartition, Any]:
    """What a group has committed. A fresh cluster only makes its coordinator when first asked, so it is asked again."""
    until = time.monotonic() + COORDINATOR_SECONDS
    while True:
        try:
            found: dict[TopicPartition, Any] = await admin.list_consumer_group_offsets(group)
            return found
        except KafkaError as error:
            if not error.retriable or time.monotonic() > until:
                raise
            await asyncio.sleep(0.1)


async def _partitions(admin: AIOKafkaAdminClient) -> list[TopicPartition]:
    """Every partition there is, in order."""
    described = await admin.describe_topics()
    found = [TopicPartition(topic["topic"], one["partition"]) for topic in described for one in topic["partitions"]]
    return sorted(found)


def _reads(settings: Settings, subscription: Subscription, partition: TopicPartition) -> bool:
    return kafka.reads(settings, subscription.topics, subscription.pattern, partition.topic)


async def pause(db: Database, consumer: str, because: str = "an operator asked") -> None:
    """Holds a consumer on every replica, within a second or so, until it is resumed."""
    await dead_letters.Q.pause.execute(db.pool, consumer, "", -1, because)


async def resume(db: Database, consumer: str) -> None:
    """Lets a consumer go on, partitions that a flood of dead letters paused included."""
    await dead_letters.Q.resume.execute(db.pool, consumer)


async def follow(db: Database, correlation_id: UUID) -> list[Step]:
    """What this service received and published under one correlation id, in the order in which it did."""
    received = [
        Step(one.handled_at, one.type, one.event_id, one.trace_id, one.occurred_at, one.published_at, one.consumer)
        for one in await inbox.follow(db.pool, correlation_id)
    ]
    published = [
        Step(one.published_at, one.type, one.event_id, one.trace_id, one.occurred_at, one.published_at, topic=one.topic)
        for one in await relay.follow(db.pool, correlation_id)
    ]
    return sorted([*received, *published], key=lambda step: step.at)
