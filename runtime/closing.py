"""Closed regions: read, exported and accounted for, but changed by nobody until an operator opens them again.

Partners closes a region and tells the others, and each service refuses the commands of it from the moment that it has
heard so: in the message that begins the transaction of a command, at no cost of a round trip. Whoever closes waits for
the commands that are under way, so none is added to a closed region afterwards. Facts from before still have their
effect.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from runtime.consumer import Router
from runtime.event import Received
from runtime.masking import Personal
from runtime.postgres import Tx
from runtime.queries import Executor, Queries

Q = Queries(__file__, "sql/closing.sql")


@dataclass(frozen=True, slots=True)
class Closure:
    """Whether a region is closed, since when that is so, and why it was closed or opened again."""

    consortium_id: UUID
    closed: bool
    reason: str
    since: datetime
    seq: int


class Told(BaseModel):
    """What a service uses of the fact that a region was closed, or opened again."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    reason: Annotated[str, Personal()]
    since: datetime


async def hold(tx: Tx) -> None:
    """Waits for the commands of the region that are under way, and lets no new one begin before this is committed."""
    await Q.hold.value(tx, tx.consortium_id)


async def keep(tx: Tx, closure: Closure, by: str | None = None) -> None:
    """Keeps a closure, unless a later one is known. `by` is the operator, where one came."""
    await Q.keep.execute(tx, closure.consortium_id, closure.closed, closure.reason, closure.since, by, closure.seq)


async def closure_of(tx: Tx) -> Closure | None:
    """Whether the region of this transaction is closed; None when it never was."""
    row = await Q.closure.row(tx, tx.consortium_id)
    return Closure(tx.consortium_id, row["closed"], row["reason"], row["since"], row["seq"]) if row else None


async def closed(executor: Executor) -> list[Closure]:
    """The regions of the installation that are closed now, as far as this service has heard."""
    rows = await Q.closed.rows(executor)
    return [Closure(row["consortium_id"], True, row["reason"], row["since"], row["seq"]) for row in rows]


async def closed_ids(executor: Executor) -> frozenset[UUID]:
    """The same, by id: for what a service does by itself, which waits in a closed region."""
    return frozenset(each.consortium_id for each in await closed(executor))


async def closed_among(tx: Tx, regions: Collection[UUID]) -> frozenset[UUID]:
    """Which of these are closed; none of the others is before this transaction ends."""
    return frozenset(row["consortium_id"] for row in await Q.closed_among.rows(tx, list(regions)))


async def _close(tx: Tx, event: Received, told: Told) -> None:
    await hold(tx)
    await keep(tx, Closure(tx.consortium_id, True, told.reason, told.since, event.sequence or 0))


async def _reopen(tx: Tx, event: Received, told: Told) -> None:
    await hold(tx)
    await keep(tx, Closure(tx.consortium_id, False, told.reason, told.since, event.sequence or 0))


def listen(router: Router) -> None:
    """Has a service hear of partners which regions are closed."""
    router.on("nl.speerpunt.partners.consortium-closed.v1", Told, _close)
    router.on("nl.speerpunt.partners.consortium-reopened.v1", Told, _reopen)
