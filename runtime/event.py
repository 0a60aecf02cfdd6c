"""Facts and the envelope they travel in: CloudEvents 1.0, binary mode on Kafka."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal, NoReturn, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Fact(BaseModel):
    """Something that happened, in the past tense, with all that a listener needs to act without calling back.

    JSON is camelCase; a missing value is left out. Ids only, no personal data. A subclass
    names its `fact_type` ("nl.speerpunt.partners.organisation-registered.v1") and its `topic` ("partners.events").
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
class Context:
    """What a transaction was caused by, handed on to every event it appends.

    `actor` is a person's id or a service's name, never a name or an address.
    """

    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    traceparent: str | None = None
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to one aggregate in this transaction: its facts, and the version it has after the last of them.

    The version comes from the aggregate's own `UPDATE ... SET version = version + <number of facts> RETURNING version`,
    so that order per aggregate is a data dependency. `topic` and `key` are only given for messages that are not
    this service's own events (receipts). `context` is given by a batch, where each change has a cause of its own.
    """

    kind: str
    aggregate_id: UUID
    version: int
    facts: tuple[Fact, ...]
    topic: str | None = None
    key: str | None = None
    context: Context | None = None


@dataclass(slots=True)
class Received:
    """One message as read from Kafka, its envelope parsed. Nobody changes it; `read` is what its handler made of it
    beforehand, if it is one that does.

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
    read: Any = field(default=None, compare=False, repr=False)

    @property
    def trace_id(self) -> str | None:
        """The trace this message belongs to."""
        return self.traceparent[3:35] if self.traceparent else None

    @property
    def record(self) -> str:
        """Topic, partition and offset: the one name a message has even when its content is garbage."""
        return f"{self.topic}-{self.partition}-{self.offset}"


_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


ENVELOPE = (
    "ce_id",
    "ce_type",
    "ce_source",
    "ce_subject",
    "ce_time",
    "ce_consortiumid",
    "ce_sequence",
    "ce_correlationid",
    "ce_causationid",
)
"""What is told of a fact beside its data, in the order in which the relay reads it."""
_ALWAYS = (("ce_specversion", b"1.0"), ("content-type", b"application/json"))


def headers(envelope: Sequence[bytes | None], traceparent: str | None) -> list[tuple[str, bytes]]:
    """The Kafka headers of a fact: CloudEvents 1.0, binary mode. `envelope` has the values of ENVELOPE, as bytes."""
    found = [*_ALWAYS, *zip(ENVELOPE, envelope, strict=True)]
    if None in envelope:
        found = [header for header in found if header[1] is not None]
    if traceparent:
        found.append(("ce_traceparent", traceparent.encode()))
    return cast(list[tuple[str, bytes]], found)


def receive(
    topic: str,
    partition: int,
    offset: int,
    timestamp_ms: int,
    key: bytes | None,
    value: bytes | None,
    headers: Sequence[tuple[str, bytes | None]],
    *,
    raw: bool = False,
) -> Received:
    """A message as it came, with as much of its envelope as can be read. Never raises: garbage gives empty fields."""
    found = {name: content for name, content in headers if content is not None}
    time = _instant(_text(found, "ce_time"))
    sequence = _text(found, "ce_sequence")
    traceparent = _text(found, "ce_traceparent") or _text(found, "traceparent")
    return Received(
        topic=topic,
        partition=partition,
        offset=offset,
        timestamp=datetime.fromtimestamp(max(timestamp_ms, 0) / 1000, UTC),
        key=key,
        value=value,
        headers=found,
        id=_text(found, "ce_id"),
        type=_text(found, "ce_type"),
        source=_text(found, "ce_source"),
        subject=_text(found, "ce_subject"),
        time=time,
        consortium_id=None if raw else _uuid(_text(found, "ce_consortiumid")),
        sequence=int(sequence) if sequence.isascii() and sequence.isdigit() and len(sequence) < 19 else None,
        correlation_id=_uuid(_text(found, "ce_correlationid")),
        traceparent=traceparent if _TRACEPARENT.fullmatch(traceparent) else None,
        data=None if raw else parse_object(value)[0],
    )


Mode = Literal["binary", "structured", "bare"]


@dataclass(frozen=True, slots=True)
class Content:
    """What an outside message says, whichever way it was packed. With a `fault` there is no `data`."""

    mode: Mode
    id: str
    type: str
    data: dict[str, Any] | None
    fault: str | None = None


def unpack(event: Received) -> Content:
    """Reads an outsider's message: CloudEvents in binary or structured mode, or a bare JSON object. Never raises.

    `id` is empty when the message has none; `fault` says in a few words why it cannot be read.
    """
    data, fault = parse_object(event.value)
    if event.id or event.type:
        return Content("binary", event.id, event.type, data, fault)
    if data is None:
        return Content("bare", "", "", None, fault)
    if "specversion" not in data:
        return Content("bare", _word(data.get("id")), "", data)
    inner = data.get("data")
    named = _word(data.get("id")), _word(data.get("type"))
    if not isinstance(inner, dict):
        return Content("structured", *named, None, "its data is not a JSON object")
    return Content("structured", *named, inner)


def parse_object(value: bytes | None) -> tuple[dict[str, Any] | None, str | None]:
    """The JSON object in these bytes, or a few words on why there is none. Never raises.

    Refuses what would break further on: NaN and Infinity, NUL and unpaired surrogates, which no database stores.
    """
    if not value:
        return None, "it is empty"
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return None, "it is not UTF-8"
    try:
        data = json.loads(text, parse_constant=_no_constant)
        if "\\u" in text:
            whole = json.dumps(data, ensure_ascii=False)
            whole.encode()
            if "\\u0000" in whole.replace("\\\\", ""):
                return None, "it has a NUL character"
    except UnicodeEncodeError:
        return None, "it has half a character"
    except (ValueError, RecursionError):
        return None, "it is not JSON"
    if not isinstance(data, dict):
        return None, "it is not a JSON object"
    return data, None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _word(value: object) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _text(headers: Mapping[str, bytes], name: str) -> str:
    return headers.get(name, b"").decode(errors="replace").replace("\0", "\ufffd")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found
