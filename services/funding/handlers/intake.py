"""The intake: what companies' systems send over Kafka. Nothing in it is trusted, and nothing in it is a dead letter:
what a sender can mend is refused with a receipt."""

from collections.abc import Collection, Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from runtime import telemetry
from runtime.consumer import Subscription, processing
from runtime.event import Context, Received, unpack
from runtime.ids import new_id
from runtime.postgres import Database, Tx
from services.funding.commands import intake
from services.funding.commands.intake import CONSUMER, TOPIC, Arrival, Question
from services.funding.domain.fingerprints import Fingerprints
from services.funding.domain.intake import Record, read

PATTERN = r"intake\.contributions\.[a-z0-9-]+"


class Directory(Protocol):
    """Knows the standing of organisations for certain."""

    async def stand(
        self, questions: Collection[Question], pledged: Collection[Question] = ()
    ) -> Mapping[Question, bool]: ...


_answers: ContextVar[Mapping[Question, bool]] = ContextVar("answers")
"""What `prepare` found out, for `handle`, which the consumer calls next in the same task."""


class Intake:
    """A Handler: judges and books records in batches, and asks partners before it refuses for lack of standing."""

    def __init__(self, database: Database, directory: Directory, keys: Fingerprints) -> None:
        self._database = database
        self._directory = directory
        self._keys = keys

    @property
    def keys(self) -> Fingerprints:
        return self._keys

    def model_of(self, _event_type: str) -> type[Record]:
        """Whatever a message calls itself, at the intake it is read as a record."""
        return Record

    async def ask(self, arrivals: Sequence[Arrival]) -> Mapping[Question, bool]:
        """What partners say of the standings that these records need and the copy here lacks. Raises Unavailable, also
        when what they say is older than a pledge that is on record here."""
        async with self._database.transaction(intake.regions(arrivals)) as tx:
            questions = await intake.questions(tx, arrivals, self._keys, at=datetime.now(UTC))
            pledged = await intake.pledged(tx, questions) if questions else frozenset()
        return await self._directory.stand(questions, pledged) if questions else {}

    def read(self, event: Received) -> Arrival:
        """The record that a message is."""
        return arrival(event)

    async def prepare(self, events: Sequence[Received]) -> None:
        """Asks partners what the copy here cannot tell. Raises Unavailable when partners is away: then nothing is
        refused, and everything is tried again."""
        _answers.set(await self.ask(_arrivals(events)))

    async def handle(self, tx: Tx, events: Sequence[Received]) -> None:
        """Takes the records in."""
        await intake.take(tx, _arrivals(events), _answers.get({}), self._keys, at=datetime.now(UTC))


def arrival(event: Received) -> Arrival:
    """A message as a record of the sender whose topic it was on."""
    value = event.value or b""
    sent = read(value, unpack(event))
    cause = event.correlation_id or new_id()
    with processing(event):
        traceparent = telemetry.current_traceparent() or event.traceparent
    return Arrival(
        sender=event.topic.removeprefix(TOPIC),
        sent=sent,
        record=event.record,
        origin="intake",
        published_at=event.timestamp,
        context=Context(cause, None, traceparent),
        type=event.type[:255],
        occurred_at=event.time,
    )


def regions(events: Sequence[Received]) -> Collection[UUID]:
    """The regions that these records name themselves."""
    return intake.regions(_arrivals(events))


def _arrivals(events: Sequence[Received]) -> list[Arrival]:
    return [event.read if isinstance(event.read, Arrival) else arrival(event) for event in events]


def subscription(handler: Intake) -> Subscription:
    """All intake topics, those of senders to come included."""
    return Subscription(CONSUMER, handler, pattern=PATTERN, raw=True, consortia=regions)
