"""The outbox: facts are written in the transaction that made them true, and published from there in that order."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from runtime.event import Change
from runtime.ids import new_id
from runtime.postgres import Tx
from runtime.problems import Kind, Problem
from runtime.queries import Queries

Q = Queries(__file__, "sql/outbox.sql")

LARGEST_BYTES = 65_536


class FactTooLarge(Problem, kind=Kind.TOO_LARGE):
    """This {type} would be {size} bytes, and a fact is at most 65536: refer to large things by id instead."""


async def append(tx: Tx, *changes: Change, source: str, at: datetime) -> Sequence[UUID]:
    """Appends the facts of these changes, in this order; the ids they were given.

    Write state before calling this: the row's version comes from the aggregate's own update. `source` is the
    publishing service, as in `urn:speerpunt:partners`. Raises FactTooLarge, and asyncpg.UniqueViolationError when two
    writers claim the same version of an aggregate, which means one of them did not lock it. Raises OutboxFull when the
    relay is so far behind that there is no room.
    """
    tx.before_append()
    rows: list[tuple[object, ...]] = []
    ids: list[UUID] = []
    for change in changes:
        context = change.context or tx.context
        first = change.version - len(change.facts) + 1
        for version, fact in enumerate(change.facts, start=first):
            data = fact.to_json()
            if len(data) > LARGEST_BYTES:
                raise FactTooLarge(type=fact.fact_type, size=len(data))
            ids.append(event_id := new_id())
            rows.append(
                (
                    event_id,
                    change.topic or fact.topic,
                    change.key or str(change.aggregate_id),
                    change.kind,
                    change.aggregate_id,
                    version,
                    fact.fact_type,
                    context.correlation_id or event_id,
                    context.causation_id,
                    context.traceparent,
                    data,
                )
            )
    if rows:
        await Q.append.execute(tx, tx.consortium_id, source, at, *(list(column) for column in zip(*rows, strict=True)))
        tx.event_ids.extend(ids)
    return ids
