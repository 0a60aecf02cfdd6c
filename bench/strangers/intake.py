"""The intake with FastStream: the same code of funding, called for one message at a time, committed one by one."""

import logging
from datetime import UTC, datetime
from typing import Any

from faststream import AckPolicy
from faststream.kafka import KafkaMessage

from bench.strangers.__main__ import Turns, kafka
from runtime.event import receive
from runtime.postgres import Database
from services.funding.commands import intake
from services.funding.handlers.intake import arrival
from tests.support.funding_intake import KEYS


async def run(given: dict[str, Any], turns: Turns) -> None:
    """Subscribes to the sender's topic; offsets are committed after each message, as at-least-once asks for."""
    database = await Database.open(given["database"], name="stranger", most=2)
    broker = kafka(
        given["kafka"],
        logger=logging.getLogger("stranger"),
        log_level=logging.DEBUG,
    )

    @broker.subscriber(  # type: ignore[untyped-decorator]
        given["prefix"] + given["topic"],
        group_id=given["prefix"] + "stranger",
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR,
    )
    async def take(message: KafkaMessage) -> None:
        turns.begin()
        raw = message.raw_message
        event = receive(
            given["topic"], raw.partition, raw.offset, raw.timestamp, raw.key, raw.value, raw.headers, raw=True
        )
        arrived = [arrival(event)]
        at = datetime.now(UTC)
        async with database.transaction(intake.regions(arrived)) as tx:
            assert not await intake.questions(tx, arrived, KEYS, at=at)
        async with database.transaction(intake.regions(arrived)) as tx:
            await intake.take(tx, arrived, {}, KEYS, at=at)
        turns.end()

    await broker.start()
    await turns.serve()
    await broker.stop()
    await database.close()
