"""The relay of faststream-outbox, tuned as its documentation says for throughput with idempotent handlers."""

import logging
from typing import Any

from faststream.kafka import KafkaResponse
from faststream_outbox import OutboxBroker, make_outbox_table
from faststream_outbox.annotations import OutboxMessage
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import create_async_engine

from bench.strangers.__main__ import Turns, kafka

WORKERS = 16
FETCHED = 500
FLUSHED = 100


async def run(given: dict[str, Any], turns: Turns) -> None:
    """Relays from its own table, `stranger`, to the topic. The order of an aggregate is not kept by many workers."""
    engine = create_async_engine(given["database"], pool_size=WORKERS + 4)
    metadata = MetaData()
    table = make_outbox_table(metadata, table_name="stranger")
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    log = logging.getLogger("stranger")
    broker_outbox = OutboxBroker(engine, outbox_table=table, logger=log)
    broker_kafka = kafka(
        given["kafka"],
        acks="all",
        enable_idempotence=True,
        logger=log,
    )
    publisher = broker_kafka.publisher(given["prefix"] + given["topic"])

    @publisher  # type: ignore[untyped-decorator]
    @broker_outbox.subscriber(  # type: ignore[untyped-decorator]
        "bench",
        max_workers=WORKERS,
        fetch_batch_size=FETCHED,
        terminal_flush_batch_size=FLUSHED,
        min_fetch_interval=0.01,
        max_fetch_interval=0.1,
    )
    async def relay(body: bytes, message: OutboxMessage) -> KafkaResponse:
        turns.begin()
        turns.end()
        return KafkaResponse(message.body, headers=message.headers, key=message.headers["key"].encode())

    await broker_kafka.start()
    await broker_outbox.start()
    await turns.serve()
    await broker_outbox.stop()
    await broker_kafka.stop()
    await engine.dispose()
