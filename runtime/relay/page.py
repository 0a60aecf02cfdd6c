"""A page of the outbox, packed: a lane per partition, each with its batches in the order of `seq`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.partitioner import murmur2
from aiokafka.producer.message_accumulator import BatchBuilder
from opentelemetry.trace import SpanKind

from runtime import telemetry
from runtime.event import headers

KEYS_REMEMBERED = 100_000

Row = Any
"""Number, topic, key, data and traceparent, and then the envelope."""
Place = tuple[str, int]
"""A topic, without the installation's prefix, and a partition."""


@dataclass(slots=True)
class Lane:
    """What goes to one partition: batches, and the numbers of the rows in each."""

    place: Place
    batches: list[tuple[BatchBuilder, list[int]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows that are on their way together, said to be published at the same time."""

    numbers: Sequence[int]
    lanes: Sequence[Lane]
    at_ms: int


class Places:
    """Which topics there are, and where a key goes: as Kafka's own partitioner has it, remembered per key."""

    def __init__(self) -> None:
        self.partitions: dict[str, int] = {}
        self._of: dict[tuple[str, bytes], Place] = {}

    def of(self, topic: str, key: bytes) -> Place:
        """The place of a key, the same for good: topics never get more partitions."""
        found = self._of.get((topic, key))
        if found is None:
            if len(self._of) >= KEYS_REMEMBERED:
                self._of.clear()
            found = self._of[topic, key] = (topic, (murmur2(key) & 0x7FFFFFFF) % self.partitions[topic])
        return found


def pack(rows: Iterable[Row], places: Places, producer: AIOKafkaProducer, at_ms: int) -> Page:
    """These rows as batches. Raises MessageSizeTooLargeError for a row that fits in none."""
    lanes: dict[Place, Lane] = {}
    numbers: list[int] = []
    for row in rows:
        number, topic, key, data, traceparent, *envelope = row
        place = places.of(topic, key)
        lane = lanes.get(place)
        if lane is None:
            lane = lanes[place] = Lane(place, [(producer.create_batch(), [])])
        if traceparent and traceparent.endswith("-01"):
            told = _traced(topic, envelope, traceparent)
        else:
            told = headers(envelope, traceparent)
        batch, inside = lane.batches[-1]
        if batch.append(key=key, value=data, timestamp=at_ms, headers=told) is None:
            batch, inside = producer.create_batch(), []
            if batch.append(key=key, value=data, timestamp=at_ms, headers=told) is None:
                raise MessageSizeTooLargeError(f"fact {row['id'].decode()} does not fit in a batch")
            lane.batches.append((batch, inside))
        inside.append(number)
        numbers.append(number)
    for lane in lanes.values():
        for batch, _ in lane.batches:
            batch.close()
    return Page(numbers, list(lanes.values()), at_ms)


def _traced(topic: str, envelope: Sequence[bytes], traceparent: str) -> list[tuple[str, bytes]]:
    """The headers, with a span of its own for what is being traced: the consumer's span is its child."""
    attributes = {"messaging.message.id": envelope[0].decode()}
    with telemetry.span(f"send {topic}", kind=SpanKind.PRODUCER, parent_traceparent=traceparent, attributes=attributes):
        return headers(envelope, telemetry.current_traceparent() or traceparent)
