"""The companies' own systems: they publish records, and read from their receipts what became of them."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from cli.demo.stage import DemoFailed
from cli.report.naive import Sent
from deploy.kafka.login import Login
from runtime import ids

INTAKE, RECEIPTS = "intake.contributions.", "receipts.contributions."
GROUP = "funding.intake"
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Published:
    """A record that the broker took, at the broker's time in milliseconds. `correlation` follows it everywhere."""

    sender: str
    record: str
    body: bytes
    at_ms: int
    correlation: UUID
    trace: str

    @property
    def sent(self) -> Sent:
        return Sent(self.sender, self.record, self.body)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as its sender reads it, at the broker's time in milliseconds."""

    sender: str
    record: str
    outcome: str
    at_ms: int
    says: dict[str, Any]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(reason["code"] for reason in self.says.get("reasons", ()))

    @property
    def answers(self) -> bool:
        """Whether it says what became of the record, and not that another record changed it later."""
        return "settledBy" not in self.says

    def sentence(self, language: str) -> str:
        """Why, in this language if there is one, else in English."""
        told = [reason["message"] for reason in self.says.get("reasons", ())]
        return " ".join(each.get(language) or each["en"] for each in told)


@dataclass(slots=True)
class Systems:
    """The systems of all senders of a region, each on connections to Kafka of its own, as its own user."""

    logins: Mapping[str, Login]
    administrator: Login
    """Who may ask how far funding has read."""
    published: list[Published] = field(default_factory=list)
    receipts: dict[str, list[Receipt]] = field(default_factory=dict)
    repeated: int = 0
    """Receipts that Kafka delivered again: the same event by its id, which a reader passes over."""
    _seen: set[bytes] = field(default_factory=set)
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)
    _producers: dict[str, AIOKafkaProducer] = field(default_factory=dict)
    _consumers: list[AIOKafkaConsumer] = field(default_factory=list)
    _reading: list[asyncio.Task[None]] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        await asyncio.gather(*(self._connect(code, login) for code, login in self.logins.items()))
        return self

    async def _connect(self, code: str, login: Login) -> None:
        producer = AIOKafkaProducer(**login.client(), acks="all", enable_idempotence=True)
        await producer.start()
        self._producers[code] = producer
        consumer = AIOKafkaConsumer(**login.client(), enable_auto_commit=False, fetch_max_wait_ms=50)
        await consumer.start()
        self._consumers.append(consumer)
        topic = TopicPartition(RECEIPTS + code, 0)
        consumer.assign([topic])
        await consumer.seek_to_beginning(topic)
        self._reading.append(asyncio.create_task(self._read(consumer)))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for reading in self._reading:
            reading.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)
        await asyncio.gather(*(client.stop() for client in (*self._consumers, *self._producers.values())))

    async def publish(self, records: Iterable[tuple[str, bytes]]) -> list[Published]:
        """Publishes (sender, body) pairs in this order; returns when the broker has them all."""
        done: list[Published] = []
        waiting: list[tuple[str, bytes, UUID, str, Any]] = []

        async def settle() -> None:
            for sender, body, correlation, trace, taken in waiting:
                at = await taken
                name = f"{at.topic}-{at.partition}-{at.offset}"
                done.append(Published(sender, name, body, at.timestamp, correlation, trace))
            waiting.clear()

        for sender, body in records:
            correlation, trace = ids.new_id(), ids.new_id().hex
            headers = [
                ("ce_correlationid", str(correlation).encode()),
                ("ce_traceparent", f"00-{trace}-{ids.new_id().hex[-16:]}-01".encode()),
            ]
            taken = await self._producers[sender].send(INTAKE + sender, body, headers=headers)
            waiting.append((sender, body, correlation, trace, taken))
            if len(waiting) >= AT_ONCE:
                await settle()
        await settle()
        self.published += done
        return done

    def answer(self, record: str) -> Receipt | None:
        """The first receipt of a record: what became of it."""
        return next((each for each in self.receipts.get(record, ()) if each.answers), None)

    def answered(self, records: Iterable[Published]) -> int:
        """How many of these have an answer."""
        return sum(self.answer(each.record) is not None for each in records)

    def all_answered(self) -> bool:
        """Whether every record that was published has an answer."""
        return self.answered(self.published) == len(self.published)

    def answered_records(self) -> frozenset[str]:
        """The records that have an answer by now, also of those whose publishing is not settled yet."""
        return frozenset(name for name, receipts in self.receipts.items() if any(each.answers for each in receipts))

    async def wait(self, until: Callable[[], bool], within_seconds: float, what: str) -> None:
        """Waits for receipts to come in. Raises DemoFailed with what was waited for."""
        try:
            async with asyncio.timeout(within_seconds), self._arrived:
                await self._arrived.wait_for(until)
        except TimeoutError:
            got = self.answered(self.published)
            raise DemoFailed(
                f"After {within_seconds:.0f} s {what} still did not happen: {got} of {len(self.published)} records "
                "have a receipt."
            ) from None

    async def unread(self) -> int:
        """How many records wait in the intake topics, by what funding committed. Needs funding neither up nor down."""
        admin = AIOKafkaAdminClient(**self.administrator.client())
        await admin.start()
        try:
            committed = await admin.list_consumer_group_offsets(GROUP)
        finally:
            await admin.close()
        read = {partition.topic: found.offset for partition, found in committed.items()}
        sent: dict[str, int] = {}
        for each in self.published:
            sent[INTAKE + each.sender] = sent.get(INTAKE + each.sender, 0) + 1
        return sum(max(0, count - max(0, read.get(topic, 0))) for topic, count in sent.items())

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        async for message in consumer:
            says = json.loads(message.value)
            sender = message.topic.removeprefix(RECEIPTS)
            receipt = Receipt(sender, says["record"], says["outcome"], message.timestamp, says)
            event_id = dict(message.headers)["ce_id"]
            async with self._arrived:
                if event_id in self._seen:
                    self.repeated += 1
                    continue
                self._seen.add(event_id)
                self.receipts.setdefault(receipt.record, []).append(receipt)
                self._arrived.notify_all()
