"""Kafka: how to connect, the producer and consumers with the defaults they need, and the topics that are declared."""

import asyncio
import re
import ssl
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import for_code

from runtime.settings import Settings

RELAY_BATCH_BYTES = 512 * 1024
ANY_LATER_MS = 2**63 - 1
"""Without it the broker refuses what is stamped over an hour ahead of its own clock: a service whose clock jumped
forward would publish nothing until its clock is right again. No order and no rule uses that stamp."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic that exists, and who may touch it. Raises ValueError when it does not say so.

    `max_bytes` bounds one message. What the relay writes comes in batches of many messages, and the broker's limit is
    on the batch; so for a topic that is not `relayed` (outsiders write it) the broker's limit is `max_bytes` itself,
    and is on what was sent as it unpacks: a few KB may otherwise become gigabytes at the reader.
    """

    name: str
    partitions: int
    retention_ms: int | None
    max_bytes: int
    timestamp_type: Literal["CreateTime", "LogAppendTime"]
    key: str
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    relayed: bool = True

    def __post_init__(self) -> None:
        if not (self.writers and self.readers):
            raise ValueError(f"{self.name}: declare who writes it and who reads it")

    def config(self) -> dict[str, str]:
        """The broker's settings for this topic."""
        batch = max(self.max_bytes, 2 * RELAY_BATCH_BYTES) if self.relayed else self.max_bytes
        return {
            "retention.ms": str(-1 if self.retention_ms is None else self.retention_ms),
            "retention.bytes": "-1",
            "max.message.bytes": str(batch),
            "message.timestamp.type": self.timestamp_type,
            "message.timestamp.after.max.ms": str(ANY_LATER_MS),
            **({} if self.relayed else {"compression.type": "uncompressed"}),
        }


def connection(settings: Settings) -> dict[str, Any]:
    """What every client of the cluster is given: where it is, and how to prove who we are."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap,
        "security_protocol": settings.kafka_security_protocol,
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": settings.kafka_username,
        "sasl_plain_password": settings.kafka_password.get_secret_value(),
    }
    if settings.kafka_security_protocol == "SASL_SSL":
        options["ssl_context"] = _tls(str(settings.kafka_ca_file) if settings.kafka_ca_file else None)
    return options


@lru_cache(maxsize=4)
def _tls(ca_file: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


def producer(settings: Settings, name: str) -> AIOKafkaProducer:
    """A producer that repeats nothing and keeps order per partition. The caller starts and stops it."""
    return AIOKafkaProducer(
        **connection(settings),
        client_id=name,
        acks="all",
        enable_idempotence=True,
        max_batch_size=RELAY_BATCH_BYTES,
        max_request_size=4 * RELAY_BATCH_BYTES,
        request_timeout_ms=10_000,
        metadata_max_age_ms=60_000,
    )


def consumer(settings: Settings, group: str, name: str) -> AIOKafkaConsumer:
    """A member of a group that commits only when told to, and starts at the beginning. Subscribe, start and stop it."""
    session = settings.group_session_timeout_ms
    return AIOKafkaConsumer(
        **connection(settings),
        client_id=name,
        group_id=settings.topic_prefix + group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        metadata_max_age_ms=2_000,
        session_timeout_ms=session,
        heartbeat_interval_ms=max(100, session // 5),
        max_poll_interval_ms=300_000,
        rebalance_timeout_ms=max(session, 10_000),
        fetch_max_wait_ms=500,
        max_partition_fetch_bytes=1_048_576,
    )


def admin(settings: Settings) -> AIOKafkaAdminClient:
    """A client that makes topics and asks after groups. The caller starts and closes it."""
    return AIOKafkaAdminClient(**connection(settings), request_timeout_ms=10_000)


def know(client: AIOKafkaConsumer, partitions: Collection[TopicPartition]) -> None:
    """Has a client that belongs to no topic yet ask after all of these at once, and read none of them.

    Of partitions that it does not know it learns one topic at a time, a tenth of a second each: with the topics of a
    hundred senders no question after their offsets was answered in time.
    """
    client.assign(list(partitions))
    client.pause(*partitions)


async def ensure_topics(settings: Settings, topics: Sequence[Topic]) -> list[str]:
    """Makes the declared topics that are missing, under this installation's prefix; the names it made, served by now.

    What exists is left as it is: partitions are for good, and settings are the administrator's.
    """
    client = admin(settings)
    await client.start()
    try:
        present = set(await client.list_topics())
        missing = [topic for topic in topics if settings.topic_prefix + topic.name not in present]
        if not missing:
            return []
        answer = await client.create_topics(
            [
                NewTopic(settings.topic_prefix + topic.name, topic.partitions, -1, {}, topic.config())
                for topic in missing
            ]
        )
        made: list[str] = []
        for name, code, *message in answer.topic_errors:
            if code == 0:
                made.append(name)
            elif code != 36:  # somebody else made it just now
                raise for_code(code)(f"{name}: {message}")
        async with asyncio.timeout(20):
            while not set(made) <= set(await client.list_topics()):  # noqa: ASYNC110 - the broker tells nobody
                await asyncio.sleep(0.02)
        return made
    finally:
        await client.close()


def full_pattern(settings: Settings, pattern: str) -> str:
    """A pattern of topics, under this installation's prefix and no other's."""
    return f"^{re.escape(settings.topic_prefix)}(?:{pattern})$"


def reads(settings: Settings, topics: Sequence[str], pattern: str | None, full_name: str) -> bool:
    """Whether a subscription to these topics, or this pattern, reads the topic with this full name."""
    if pattern:
        return re.match(full_pattern(settings, pattern), full_name) is not None
    return full_name in {settings.topic_prefix + topic for topic in topics}
