"""Dead letters: our own failures, kept as they came; and the messages of the same key, parked until that is settled."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from runtime import counts, inbox, masking
from runtime.consumer.outcomes import Dead, Retry, classify, give_up
from runtime.consumer.subscription import NOBODY, Subscription, Typed
from runtime.event import Context, Received, receive
from runtime.ids import new_id
from runtime.postgres import Database, Tx
from runtime.problems import Kind, NotFound, Problem
from runtime.queries import Queries

Q = Queries(__file__, "../sql/dead_letters.sql")


class ReplayFailed(Problem, kind=Kind.CONFLICT):
    """It failed again ({code}): {reason} Mend the cause first, or discard it."""


class ReplayLater(Problem, kind=Kind.UNAVAILABLE):
    """It cannot be handled right now ({cause}). Replay it again in a moment."""


def owner(subscription: Subscription, event: Received) -> UUID:
    """Whose this message is; NOBODY when it does not say, or names several."""
    found = list(subscription.consortia([event]))
    return found[0] if len(found) == 1 else NOBODY


async def park(tx: Tx, subscription: Subscription, events: Sequence[Received]) -> list[Received]:
    """Parks the messages whose key has a dead letter in front; the others, to be handled."""
    keyed = {(event.topic, event.key) for event in events if event.key is not None}
    if not keyed:
        return list(events)
    blocked = {
        (row["topic"], row["key"])
        for row in await Q.lock_blocked.rows(
            tx, subscription.name, [topic for topic, _ in keyed], [key for _, key in keyed]
        )
    }
    if not blocked:
        return list(events)
    behind = [event for event in events if (event.topic, event.key) in blocked]
    buried = {row["record"] for row in await Q.buried.rows(tx, subscription.name, [event.record for event in behind])}
    waiting = [event for event in behind if event.record not in buried]
    for consortium_id in sorted({owner(subscription, event) for event in waiting}):
        await Q.note_consortium.execute(tx, consortium_id)
    await Q.park.each(tx, [_parked(owner(subscription, event), subscription.name, event) for event in waiting])
    return [event for event in events if (event.topic, event.key) not in blocked]


async def bury(tx: Tx, subscription: Subscription, event: Received, dead: Dead) -> None:
    """Makes a message a dead letter, and blocks its key."""
    dead_letter_id = new_id()
    consortium_id = owner(subscription, event)
    await Q.note_consortium.execute(tx, consortium_id)
    names, values = _headers(event)
    new = await Q.bury.execute(
        tx,
        consortium_id,
        dead_letter_id,
        subscription.name,
        event.record,
        event.topic,
        event.partition,
        event.offset,
        event.timestamp,
        event.key,
        event.value,
        names,
        values,
        event.id,
        event.source,
        event.type,
        dead.code,
        dead.reason,
        list(dead.stack),
    )
    if not new:
        return
    if event.key is not None:
        await Q.block.execute(tx, subscription.name, event.topic, event.key, consortium_id, dead_letter_id)
    if not subscription.raw:
        await inbox.mark_dead(tx, subscription.name, event)
    await counts.add(tx, subscription.name, dead=1)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What an operator is shown of a dead letter in a list: never its content. `closed_by` is issuer and subject."""

    dead_letter_id: UUID
    consumer: str
    record: str
    code: str
    reason: str
    at: datetime
    state: str
    parked_behind: int
    type: str
    closed_by: str | None = None
    closed_because: str | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """One dead letter with its payload, masked: see `runtime.masking`."""

    letter: DeadLetter
    envelope: dict[str, str]
    payload: str
    payload_bytes: int
    stack: tuple[str, ...]


async def consortia(db: Database) -> frozenset[UUID]:
    """Whose dead letters there are: the set of an operator's transaction."""
    return frozenset({NOBODY} | {row["consortium_id"] for row in await Q.consortia.rows(db.pool)})


async def waiting(db: Database, *, limit: int = 100, after: UUID | None = None) -> list[DeadLetter]:
    """A page of the dead letters that wait, oldest first, after the last of the page before."""
    async with db.transaction(await consortia(db)) as tx:
        return [DeadLetter(**row) for row in await Q.list_waiting.rows(tx, after, limit)]


async def settled(db: Database, *, limit: int = 100) -> list[DeadLetter]:
    """What was replayed or discarded, the last first."""
    async with db.transaction(await consortia(db)) as tx:
        return [DeadLetter(**row) for row in await Q.list_settled.rows(tx, limit)]


async def opened(db: Database, subscriptions: Collection[Subscription], dead_letter_id: UUID) -> Opened:
    """One dead letter as an operator may see it. Raises NotFound.

    Of a consumer that this service does not have any more no field is declared: all of it is masked.
    """
    async with db.transaction(await consortia(db)) as tx:
        row = await Q.letter.row(tx, dead_letter_id)
        if row is None:
            raise NotFound(what="dead letter")
        behind = await Q.parked_behind.value(tx, row["consumer"], row["topic"], row["key"])
    subscription = next((one for one in subscriptions if one.name == row["consumer"]), None)
    event = _received(row, raw=subscription is not None and subscription.raw)
    handler = subscription.handler if subscription is not None else None
    model = handler.model_of(event.type) if isinstance(handler, Typed) else None
    shown = {name: row[name] for name in DeadLetter.__dataclass_fields__ if name != "parked_behind"}
    return Opened(
        DeadLetter(**shown, parked_behind=behind),
        masking.envelope(event),
        masking.payload(event, model),
        len(event.value or b""),
        tuple(row["stack"]),
    )


async def depth(db: Database) -> tuple[int, int]:
    """How many dead letters wait, and how many messages are parked behind them."""
    async with db.transaction(await consortia(db)) as tx:
        row = await Q.waiting.row(tx)
        return (row["dead_letters"], row["parked"]) if row else (0, 0)


async def replay(
    db: Database, subscriptions: Collection[Subscription], dead_letter_id: UUID, by: str | None = None
) -> int:
    """Handles a dead letter again, then what was parked behind it, in order; how many were handled. `by` is kept.

    When a parked one fails it becomes the dead letter and the rest stays parked behind it. Raises NotFound,
    ReplayFailed (nothing changed) and ReplayLater (what was handled stays handled; replay again).
    """
    subscription, event, tenants, state = await _find(db, subscriptions, dead_letter_id)
    handled = 0
    if state == "waiting":
        try:
            handled = await _handle_letter(db, subscription, event, tenants, dead_letter_id, by)
        except Exception as error:
            raise _refusal(error) from error
    return handled + await _release(db, subscription, event, tenants, dead_letter_id)


async def discard(
    db: Database,
    subscriptions: Collection[Subscription],
    dead_letter_id: UUID,
    because: str,
    by: str | None = None,
) -> int:
    """Gives a dead letter up, then handles what was parked behind it; how many were handled. `by` and `because` are
    kept. Raises as replay."""
    subscription, event, tenants, _ = await _find(db, subscriptions, dead_letter_id)
    async with db.transaction(tenants) as tx:
        if event.key is not None:
            await Q.lock_key.value(tx, subscription.name, event.topic, event.key)
        await Q.close.execute(tx, dead_letter_id, "discarded", because, by)
    return await _release(db, subscription, event, tenants, dead_letter_id)


async def _find(
    db: Database, subscriptions: Collection[Subscription], dead_letter_id: UUID
) -> tuple[Subscription, Received, frozenset[UUID], str]:
    tenants = await consortia(db)
    async with db.transaction(tenants) as tx:
        row = await Q.letter.row(tx, dead_letter_id)
    subscription = next((one for one in subscriptions if row and one.name == row["consumer"]), None)
    if row is None or subscription is None:
        raise NotFound(what="dead letter")
    return subscription, _received(row, raw=subscription.raw), tenants, row["state"]


async def _handle_letter(
    db: Database,
    subscription: Subscription,
    event: Received,
    tenants: frozenset[UUID],
    dead_letter_id: UUID,
    by: str | None,
) -> int:
    await subscription.handler.prepare([event])
    async with db.transaction(tenants | set(subscription.consortia([event])), Context(actor=subscription.name)) as tx:
        if event.key is not None:
            await Q.lock_key.value(tx, subscription.name, event.topic, event.key)
        if await Q.lock_letter.value(tx, dead_letter_id) != "waiting":
            return 0
        await subscription.handler.handle(tx, [event])
        if not subscription.raw:
            await inbox.mark_done(tx, subscription.name, event)
        await Q.close.execute(tx, dead_letter_id, "replayed", None, by)
        await counts.add(tx, subscription.name, consumed=1)
    return 1


async def _release(
    db: Database, subscription: Subscription, front: Received, tenants: frozenset[UUID], dead_letter_id: UUID
) -> int:
    """Handles what is parked behind a settled dead letter until none is left, then unblocks the key."""
    handled = 0
    while front.key is not None:
        async with db.transaction(tenants) as tx:
            row = await Q.next_parked.row(tx, subscription.name, front.topic, front.key)
        event = _received(row, raw=subscription.raw) if row else None
        if event is not None:
            try:
                await subscription.handler.prepare([event])
            except Exception as error:
                raise _refusal(error) from error
        found = subscription.consortia([event]) if event is not None else ()
        try:
            async with db.transaction(tenants | set(found), Context(actor=subscription.name)) as tx:
                if await Q.lock_key.value(tx, subscription.name, front.topic, front.key) != dead_letter_id:
                    return handled
                first = await Q.next_parked.row(tx, subscription.name, front.topic, front.key)
                if first is None:
                    await Q.unblock.execute(tx, subscription.name, front.topic, front.key)
                    return handled
                if event is None or first["record"] != event.record:
                    continue
                await Q.unpark.execute(tx, subscription.name, event.record)
                fresh = [event] if subscription.raw else await inbox.claim(tx, subscription.name, [event])
                if fresh:
                    await subscription.handler.handle(tx, fresh)
                    await counts.add(tx, subscription.name, consumed=1)
            handled += 1
        except Exception as error:
            outcome = classify(error)
            if event is None or (isinstance(outcome, Retry) and not outcome.capped):
                raise _refusal(error) from error
            async with db.transaction(tenants | set(found)) as tx:
                await Q.lock_key.value(tx, subscription.name, front.topic, front.key)
                await Q.unpark.execute(tx, subscription.name, event.record)
                await bury(tx, subscription, event, outcome if isinstance(outcome, Dead) else give_up(error))
            return handled
    return handled


def _refusal(error: Exception) -> Problem:
    match classify(error):
        case Retry(cause=cause, capped=False):
            return ReplayLater(cause=cause)
        case Dead(code=code, reason=reason):
            return ReplayFailed(code=code, reason=reason)
        case _:
            dead = give_up(error)
            return ReplayFailed(code=dead.code, reason=dead.reason)


def _headers(event: Received) -> tuple[list[str], list[bytes]]:
    names = [name.replace("\0", "\ufffd") for name in event.headers]
    return names, list(event.headers.values())


def _parked(consortium_id: UUID, consumer: str, event: Received) -> tuple[Any, ...]:
    return (
        consortium_id,
        consumer,
        event.record,
        event.topic,
        event.partition,
        event.offset,
        event.timestamp,
        event.key,
        event.value,
        *_headers(event),
    )


def _received(row: Any, *, raw: bool) -> Received:
    return receive(
        row["topic"],
        row["partition"],
        row["offset"],
        round(row["published_at"].timestamp() * 1000),
        row["key"],
        row["value"],
        list(zip(row["header_names"], row["header_values"], strict=True)),
        raw=raw,
    )
