"""Committing money of a line to an organisation, and giving back what nobody claims: by hand, or on its last day."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from runtime import ids, outbox
from runtime.event import Change, Fact
from runtime.postgres import Tx
from runtime.problems import Kind, NotFound, Problem
from services.funding.commands import reservations
from services.funding.commands.days import local_day
from services.funding.commands.ledger import post
from services.funding.domain import ledger
from services.funding.domain.ledger import JournalEntry, transfer
from services.funding.domain.reservation import Reservation, ReservationReused, Terms
from services.funding.events import SOURCE
from services.funding.store import reservations as store

Result = Literal["created", "unchanged"]


class ExpiresInPast(Problem, kind=Kind.INVALID):
    """The last day of a commitment is today or later; {day} is over."""


async def put_commitment(
    tx: Tx, code: str, line: str, cents: int, purpose: str, to: Terms, *, at: datetime
) -> tuple[Reservation, Result]:
    """Commits money of a line under a code, and books it today. Again: unchanged.

    Raises NoSuchLine, NotABudget, BudgetExceeded, ExpiresInPast, and ReservationReused when the code is on record for
    something else.
    """
    commitment_id = ids.coded_id(tx.consortium_id, "commitment", code)
    made = await store.lock(tx, commitment_id)
    if made is None:
        day = await local_day(tx, at)
        if to.expires_on is not None and to.expires_on < day:
            raise ExpiresInPast(day=to.expires_on)
        made = await reservations.reserve(tx, commitment_id, line, cents, purpose, at=at)
        if made.state == "reserved":
            await store.commit_to(tx, Reservation(commitment_id, line, cents, purpose, "reserved", terms=to))
            return await reservations.confirm(tx, commitment_id, day=day, at=at), "created"
    if (made.line, made.cents, made.purpose, made.terms) != (line, cents, purpose, to):
        raise ReservationReused()
    return made, "unchanged"


async def decommit(tx: Tx, commitment_id: UUID, cents: int, reason: str, *, at: datetime) -> Reservation:
    """Gives a part of a commitment back to its line. Raises NotFound, NotCommitted, CommitmentEnded and
    CommitmentExceeded."""
    before = await locked(tx, commitment_id)
    after, facts = before.reduce(cents)
    await keep(tx, before, after, facts, reason, at=at)
    return after


async def expire(tx: Tx, commitment_id: UUID, *, at: datetime) -> bool:
    """Ends a commitment whose last day is over in the region; whether it did. Repeated, or by two at once: once."""
    before = await store.lock(tx, commitment_id)
    if before is None or before.expired or before.terms.expires_on is None:
        return False
    if await local_day(tx, at) <= before.terms.expires_on:
        return False
    after, facts = before.expire()
    await keep(tx, before, after, facts, f"expired on {before.terms.expires_on}", at=at)
    await store.forget_expiry(tx, commitment_id)
    return True


async def keep(
    tx: Tx, before: Reservation, after: Reservation, facts: tuple[Fact, ...], reason: str, *, at: datetime
) -> None:
    """Keeps what is claimed and given back of a commitment, and books today what was given back."""
    await store.save_claimed(tx, after, at)
    back = after.decommitted_cents - before.decommitted_cents
    if after.line is None or not back:
        return
    await store.move_budget(tx, after.line, committed_cents=-back)
    entry = JournalEntry(
        ids.coded_id(after.id, "entry", f"reduced/{after.version}"),
        "commitment-reduced",
        await local_day(tx, at),
        transfer(ledger.committed(after.line), ledger.line(after.line), back),
        reason,
        "reservation",
        after.id,
    )
    await post(tx, [entry], at=at)
    await outbox.append(tx, Change("reservation", after.id, after.version, facts), source=SOURCE, at=at)


async def locked(tx: Tx, commitment_id: UUID) -> Reservation:
    """A commitment, locked. Raises NotFound."""
    found = await store.lock(tx, commitment_id)
    if found is None:
        raise NotFound(what="commitment with this id")
    return found
