"""The records on their way: published to Kafka as companies' systems would, and the receipts read back and counted."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bench.national.world import RegionMade
from deploy.kafka.login import Login

INTAKE, RECEIPTS = "intake.contributions.", "receipts.contributions."
TURN = 50
WAITING = 5_000
POLL_MS = 500
Progress = Callable[[str], None]


async def publish(login: Login, regions: Sequence[RegionMade], say: Progress) -> int:
    """Publishes every record, the regions in turns; how many the broker took."""
    producer = AIOKafkaProducer(**login.client(), acks="all", enable_idempotence=True, linger_ms=20)
    await producer.start()
    taken = 0
    waiting: list[asyncio.Future[object]] = []
    try:
        for topic, body in _in_turns(regions):
            waiting.append(await producer.send(topic, body))
            if len(waiting) == WAITING:
                taken += len(await asyncio.gather(*waiting))
                waiting.clear()
                say(f"{taken} records published")
        return taken + len(await asyncio.gather(*waiting))
    finally:
        await producer.stop()


def _in_turns(regions: Sequence[RegionMade]) -> Iterator[tuple[str, bytes]]:
    left = [(INTAKE + each.code, each.published()) for each in regions]
    while left:
        more: list[tuple[str, Iterator[bytes]]] = []
        for topic, records in left:
            some = list(islice(records, TURN))
            yield from ((topic, body) for body in some)
            if len(some) == TURN:
                more.append((topic, records))
        left = more


async def answers(login: Login, regions: Sequence[RegionMade]) -> dict[str, Counter[str]]:
    """The first receipt of every record by its outcome, for each region, from the receipts topics."""
    consumer = AIOKafkaConsumer(**login.client(), enable_auto_commit=False)
    await consumer.start()
    try:
        topics = {TopicPartition(RECEIPTS + each.code, 0): each.code for each in regions}
        consumer.assign(list(topics))
        await consumer.seek_to_beginning(*topics)
        until = await consumer.end_offsets(list(topics))
        found: dict[str, Counter[str]] = {each.code: Counter() for each in regions}
        seen: set[str] = set()
        while any([await consumer.position(each) < until[each] for each in topics]):
            for partition, messages in (await consumer.getmany(timeout_ms=POLL_MS, max_records=5_000)).items():
                for message in messages:
                    says = json.loads(message.value)
                    if "settledBy" not in says and says["record"] not in seen:
                        seen.add(says["record"])
                        found[topics[partition]][says["outcome"]] += 1
        return found
    finally:
        await consumer.stop()
