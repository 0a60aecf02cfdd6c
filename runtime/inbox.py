"""The inbox: a message delivered twice has its effect once, because claiming it is part of the effect's transaction."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from runtime.event import Received
from runtime.postgres import Tx
from runtime.queries import Executor, Queries

Q = Queries(__file__, "sql/inbox.sql")


def event_key(event: Received) -> str:
    """What the inbox calls this message: its id, or its place in the topic when it has none."""
    return event.id if event.id and len(event.id) <= 255 else f"record:{event.record}"


async def claim(tx: Tx, consumer: str, events: Sequence[Received]) -> list[Received]:
    """Claims these events of ours for a consumer; those that were not handled before, in the given order."""
    if not events:
        return []
    rows = await Q.claim.rows(
        tx,
        consumer,
        [event.source for event in events],
        [event_key(event) for event in events],
        [event.record for event in events],
        [event.type for event in events],
        [event.correlation_id for event in events],
        [event.trace_id for event in events],
        [event.time for event in events],
        [event.timestamp for event in events],
        [None] * len(events),
    )
    return [events[row["place"]] for row in rows]


@dataclass(frozen=True, slots=True)
class Claim:
    """A message of an outsider, to be claimed. `source` comes from the topic, never from the message.

    `record` names the delivery: topic-partition-offset, or something as unique for what came over HTTP.
    """

    source: str
    id: str
    record: str
    published_at: datetime
    body_hash: bytes
    type: str = ""
    occurred_at: datetime | None = None
    correlation_id: UUID | None = None
    trace_id: str | None = None

    @classmethod
    def of(cls, event: Received, *, id: str, content: Any, type: str = "") -> "Claim":
        """The claim of a message from Kafka with the id and content that were found in it; `id` may be empty."""
        return cls(
            source=f"urn:kafka:{event.topic}",
            id=id or f"record:{event.record}",
            record=event.record,
            published_at=event.timestamp,
            body_hash=content_hash(content),
            type=type or event.type,
            occurred_at=event.time,
            correlation_id=event.correlation_id,
            trace_id=event.trace_id,
        )


@dataclass(frozen=True, slots=True)
class Fresh:
    """Not seen before: handle it."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The sender sent the same id with the same content before, as `first_record`."""

    first_record: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """The sender sent this id before, as `first_record`, with other content."""

    first_record: str


@dataclass(frozen=True, slots=True)
class Repeated:
    """This very delivery was handled before, and Kafka was not told: do nothing, say nothing."""


Verdict = Fresh | Duplicate | Conflict | Repeated


def content_hash(content: Any) -> bytes:
    """A hash of bytes, or of a JSON value regardless of the order of its fields and of white space."""
    if not isinstance(content, bytes | bytearray):
        content = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(content).digest()


async def claim_intake(tx: Tx, consumer: str, claims: Sequence[Claim]) -> list[Verdict]:
    """Claims messages of outsiders; a verdict for each, in the given order."""
    if not claims:
        return []
    fresh = await _claim(tx, consumer, [(claim, claim.id) for claim in claims])
    seen = [place for place in range(len(claims)) if place not in fresh]
    verdicts: list[Verdict] = [Fresh()] * len(claims)
    if not seen:
        return verdicts
    rows = await Q.first_deliveries.rows(
        tx, consumer, [claims[place].id for place in seen], [claims[place].source for place in seen]
    )
    first = {(row["source"], row["event_id"]): row for row in rows}
    again = [place for place in seen if not _same(claims[place], first[claims[place].source, claims[place].id])]
    told = await _claim(tx, consumer, [(claims[place], _delivery(claims[place])) for place in again])
    answered_now = {again[index] for index in told}
    for place in seen:
        claim = claims[place]
        row = first[claim.source, claim.id]
        if place not in answered_now:
            verdicts[place] = Repeated()
        elif row["body_hash"] == claim.body_hash:
            verdicts[place] = Duplicate(row["record"])
        else:
            verdicts[place] = Conflict(row["record"])
    return verdicts


def _same(claim: Claim, row: Any) -> bool:
    return (claim.record, claim.published_at) == (row["record"], row["published_at"])


def _delivery(claim: Claim) -> str:
    """The name under which a delivery that only repeats an earlier one is itself remembered as answered."""
    return f"delivery:{claim.record}@{claim.published_at.timestamp():.3f}"


async def _claim(tx: Tx, consumer: str, claims: Sequence[tuple[Claim, str]]) -> set[int]:
    if not claims:
        return set()
    rows = await Q.claim.rows(
        tx,
        consumer,
        [claim.source for claim, _ in claims],
        [name for _, name in claims],
        [claim.record for claim, _ in claims],
        [claim.type for claim, _ in claims],
        [claim.correlation_id for claim, _ in claims],
        [claim.trace_id for claim, _ in claims],
        [claim.occurred_at for claim, _ in claims],
        [claim.published_at for claim, _ in claims],
        [claim.body_hash for claim, _ in claims],
    )
    return {row["place"] for row in rows}


async def mark_dead(tx: Tx, consumer: str, event: Received) -> None:
    """Remembers that this event became a dead letter."""
    await Q.mark_dead.execute(
        tx,
        event_key(event),
        consumer,
        event.source,
        event.record,
        event.type,
        event.correlation_id,
        event.trace_id,
        event.time,
        event.timestamp,
    )


async def mark_done(tx: Tx, consumer: str, event: Received) -> None:
    """A dead letter was handled after all."""
    await Q.mark_done.execute(tx, event_key(event), consumer, event.source)


async def is_handled(executor: Executor, event_id: UUID) -> bool:
    """Whether this event had its effect in this service: what `Wait-For` waits for."""
    return bool(await Q.is_handled.value(executor, str(event_id)))


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a journey, as this service received it."""

    consumer: str
    type: str
    event_id: str
    trace_id: str | None
    occurred_at: datetime | None
    published_at: datetime
    handled_at: datetime


async def follow(executor: Executor, correlation_id: UUID) -> list[Step]:
    """What this service received under one correlation id, in the order in which it handled it."""
    return [Step(**row) for row in await Q.follow.rows(executor, correlation_id)]
