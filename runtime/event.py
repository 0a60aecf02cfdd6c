"""Facts and the envelope they travel in: CloudEvents 1.0, binary mode on Kafka."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Fact(BaseModel):
    """Something that happened, in the past tense, with all that a listener needs to act without calling back.

    JSON is camelCase; a missing value is left out. A subclass names its type and topic:
    `fact_type = "nl.speerpunt.partners.organisation-registered.v1"`, `topic = "partners.events"`. Ids only, no personal data.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True
    )

    fact_type: ClassVar[str] = ""
    topic: ClassVar[str] = ""

    def to_json(self) -> bytes:
        """The event's data, as published."""
        return self.model_dump_json(by_alias=True, exclude_none=True).encode()


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to one aggregate in this transaction: its facts, and the version it has after the last of them.

    The version comes from the aggregate's own `UPDATE ... SET version = version + <number of facts> RETURNING version`,
    so that order per aggregate is a data dependency. `topic` and `key` are only given for messages that are not
    this service's own events (receipts).
    """

    kind: str
    aggregate_id: UUID
    version: int
    facts: tuple[Fact, ...]
    topic: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What a transaction was caused by, handed on to every event it appends.

    `actor` is a person's id or a service's name, never a name or an address.
    """

    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    traceparent: str | None = None
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """One message as read from Kafka, its envelope parsed.

    `data` is the parsed JSON object for an event of ours. At the intake nothing can be assumed of a message, so there
    `data` is None and the door works from `value` and `headers`. `topic` is without the installation's prefix.
    """

    topic: str
    partition: int
    offset: int
    timestamp: datetime
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes]
    id: str = ""
    type: str = ""
    source: str = ""
    subject: str = ""
    time: datetime | None = None
    consortium_id: UUID | None = None
    sequence: int | None = None
    correlation_id: UUID | None = None
    traceparent: str | None = None
    data: dict[str, Any] | None = field(default=None)

    @property
    def record(self) -> str:
        """Topic, partition and offset: the one name a message has even when its content is garbage."""
        return f"{self.topic}-{self.partition}-{self.offset}"
