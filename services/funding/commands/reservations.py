"""Spending a budget without overspending it: set aside, commit, give back. Every call may be repeated."""

from datetime import date, datetime
from uuid import UUID

from runtime import ids, outbox
from runtime.event import Change
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.commands.ledger import post
from services.funding.domain import ledger
from services.funding.domain.ledger import JournalEntry, transfer
from services.funding.domain.reservation import (
    Budget,
    BudgetExceeded,
    NoSuchLine,
    NotABudget,
    Reservation,
)
from services.funding.events import SOURCE
from services.funding.store import allocations as budgets
from services.funding.store import reservations as store


async def balance(tx: Tx, line: str) -> Budget:
    """What a line was given, has reserved, committed and left. Raises NoSuchLine."""
    kept = await budgets.budgets(tx, line)
    if not kept:
        raise NoSuchLine(line=line)
    return kept[0][1]


async def reserve(tx: Tx, reservation_id: UUID, line: str, cents: int, purpose: str, *, at: datetime) -> Reservation:
    """Sets money of a line aside. Repeated: the same answer, in the state the reservation is in now.

    Raises NoSuchLine, NotABudget, BudgetExceeded, and ReservationReused when the id is of another reservation.
    """
    kind = next((kind for kind, _ in await budgets.budgets(tx, line)), None)
    if kind is None:
        raise NoSuchLine(line=line)
    if kind == "unallocated" or cents < 1:
        raise NotABudget()
    asked = Reservation(reservation_id, line, cents, purpose, "reserved")
    if not await store.insert(tx, asked, at):
        return (await _locked(tx, reservation_id)).asked_again(line, cents, purpose)
    left = await store.set_aside(tx, line, cents)
    if left is None:
        raise BudgetExceeded(line=line, left=(await balance(tx, line)).available_cents, asked=cents)
    reserved = Reservation(reservation_id, line, cents, purpose, "reserved", left)
    await store.note_available(tx, reserved)
    return reserved


async def confirm(tx: Tx, reservation_id: UUID, *, day: date, at: datetime) -> Reservation:
    """Turns a reservation into a commitment, and books it on `day`. Raises NotFound and ReservationReleased."""
    before = await _locked(tx, reservation_id)
    after, facts = before.confirm()
    if after is before or after.line is None:
        return after
    await store.save(tx, after, at)
    await store.move_budget(tx, after.line, reserved_cents=-after.cents, committed_cents=after.cents)
    entry = JournalEntry(
        _entry_id(tx, after.id, "made"),
        "commitment-made",
        day,
        transfer(ledger.line(after.line), ledger.committed(after.line), after.cents),
        after.purpose or "commitment",
        "reservation",
        after.id,
    )
    await post(tx, [entry], at=at)
    await outbox.append(tx, Change("reservation", after.id, after.version, facts), source=SOURCE, at=at)
    return after


async def release(tx: Tx, reservation_id: UUID, *, day: date, at: datetime) -> Reservation:
    """Gives reserved or committed money back to its line.

    An id that never arrived is kept as released: when its Reserve comes in late, nothing is set aside for a caller
    that gave up long ago.
    """
    if await store.insert(tx, tombstone := Reservation(reservation_id, None, 0, "", "released"), at):
        return tombstone
    before = await _locked(tx, reservation_id)
    after, facts = before.release()
    if after is before or after.line is None:
        return after
    await store.save(tx, after, at)
    await store.forget_expiry(tx, after.id)
    if before.state == "reserved":
        await store.move_budget(tx, after.line, reserved_cents=-after.cents)
        return after
    if before.left_cents:
        await store.move_budget(tx, after.line, committed_cents=-before.left_cents)
        entry = JournalEntry(
            _entry_id(tx, after.id, "released"),
            "commitment-released",
            day,
            transfer(ledger.committed(after.line), ledger.line(after.line), before.left_cents),
            f"released: {after.purpose}",
            "reservation",
            after.id,
            reverses=None if before.decommitted_cents else _entry_id(tx, after.id, "made"),
        )
        await post(tx, [entry], at=at)
    await outbox.append(tx, Change("reservation", after.id, after.version, facts), source=SOURCE, at=at)
    return after


async def _locked(tx: Tx, reservation_id: UUID) -> Reservation:
    found = await store.lock(tx, reservation_id)
    if found is None:
        raise NotFound(what="reservation with this id")
    return found


def _entry_id(tx: Tx, reservation_id: UUID, step: str) -> UUID:
    return ids.coded_id(tx.consortium_id, "entry", f"commitment/{reservation_id}/{step}")
