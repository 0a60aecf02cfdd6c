"""A company's system: it writes its intake topic and reads its receipts."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from runtime.consumer import Consumer
from runtime.kafka import connection, ensure_topics
from runtime.postgres import Database
from runtime.relay import Relay
from runtime.settings import Settings
from runtime.wake import Wake
from services.funding import topics
from services.funding.handlers.intake import Intake, subscription
from tests.support.funding_intake import KEYS, Owner
from tests.support.servers import KafkaForTest, ServiceDatabase

Message = tuple[bytes | None, list[tuple[str, bytes]]]


def settings_for(made: ServiceDatabase, kafka: KafkaForTest) -> Settings:
    """Of a process that takes in."""
    return Settings(
        database_url=made.app_url,
        **kafka.settings,
        group_session_timeout_ms=1_500,
    )


def bare(record: dict[str, Any]) -> Message:
    """A record as a bare JSON object."""
    return json.dumps(record).encode(), []


@dataclass
class CompanySystem:
    """One sender with its two topics."""

    code: str
    settings: Settings

    async def open(self) -> "CompanySystem":
        await ensure_topics(self.settings, [*topics.TOPICS, *topics.of_sender(self.code)])
        return self

    async def publish(self, messages: Iterable[Message]) -> None:
        """Sends these in order, key and all as a simple producer does."""
        producer = AIOKafkaProducer(**connection(self.settings))
        await producer.start()
        try:
            topic = f"{self.settings.topic_prefix}intake.contributions.{self.code}"
            sent = [await producer.send(topic, value, key=b"any", headers=headers) for value, headers in messages]
            await asyncio.gather(*sent)
        finally:
            await producer.stop()

    async def receipts(self, wanted: int, deadline_seconds: float = 40) -> list[dict[str, Any]]:
        """The first receipts on its topic, in order, once there are as many; fails with what came otherwise."""
        consumer = AIOKafkaConsumer(
            f"{self.settings.topic_prefix}receipts.contributions.{self.code}",
            **connection(self.settings),
            auto_offset_reset="earliest",
        )
        await consumer.start()
        found: list[dict[str, Any]] = []
        try:
            async with asyncio.timeout(deadline_seconds):
                while len(found) < wanted:
                    message = await consumer.getone()
                    body = {**json.loads(message.value), "key": (message.key or b"").decode(), "at": message.timestamp}
                    found.append(body)
        except TimeoutError:
            raise AssertionError(f"{len(found)} of {wanted} receipts came: {found[-3:]}") from None
        finally:
            await consumer.stop()
        return found


@asynccontextmanager
async def taking_in(
    database: Database, settings: Settings, *, owner: Owner | None = None, replicas: int = 1
) -> AsyncIterator[Sequence[Consumer]]:
    """Consumers of the intake and one relay, for as long as this is open."""
    stop = asyncio.Event()
    handler = Intake(database, owner or Owner(), KEYS)
    consumers = [Consumer(database, settings, subscription(handler)) for _ in range(replicas)]
    wake = Wake(settings.database_url.get_secret_value())
    database.after_commit = wake
    loops = [wake.run, Relay(database, settings).run, *(each.run for each in consumers)]
    running = [asyncio.create_task(loop(stop)) for loop in loops]
    try:
        yield consumers
    finally:
        stop.set()
        done, pending = await asyncio.wait(running, timeout=15)
        for each in pending:
            each.cancel()
        for each in done:
            each.result()
