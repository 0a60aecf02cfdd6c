"""What can be asked of a relay from outside: what waits, and what was published."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from runtime.queries import Executor, Queries

Q = Queries(__file__, "../sql/relay.sql")


@dataclass(frozen=True, slots=True)
class Depth:
    """What waits to be published."""

    waiting: int
    age_seconds: float
    aside: int


async def depth(executor: Executor) -> Depth:
    """How many facts wait, and for how long the oldest has."""
    row = await Q.depth.row(executor)
    return Depth(row["waiting"], row["age_seconds"], row["aside"]) if row else Depth(0, 0.0, 0)


@dataclass(frozen=True, slots=True)
class Sent:
    """One event of a journey, as this service published it."""

    topic: str
    type: str
    event_id: str
    trace_id: str | None
    occurred_at: datetime
    published_at: datetime


async def follow(executor: Executor, correlation_id: UUID) -> list[Sent]:
    """What this service published under one correlation id in the last 30 days, in that order."""
    return [Sent(**row) for row in await Q.follow.rows(executor, correlation_id)]
