"""Reservations, as rows, and the gate that every one of them passes: its line's budget."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Database, Tx
from services.funding.domain.reservation import Reservation, Terms
from services.funding.store import Q


@dataclass(frozen=True, slots=True)
class Kept:
    """A reservation and when what happened to it."""

    reservation: Reservation
    reserved_by: str
    reserved_at: datetime
    confirmed_at: datetime | None
    released_at: datetime | None


async def insert(tx: Tx, reservation: Reservation, at: datetime) -> bool:
    """Adds a reservation; False when its id is on record."""
    rows = await Q.insert_reservation.execute(
        tx,
        tx.consortium_id,
        reservation.id,
        reservation.line,
        reservation.cents,
        reservation.purpose,
        reservation.state,
        tx.context.actor or "service:funding",
        at,
        at if reservation.state == "released" else None,
    )
    return rows == 1


async def lock(tx: Tx, reservation_id: UUID) -> Reservation | None:
    row = await Q.lock_reservation.row(tx, tx.consortium_id, reservation_id)
    return None if row is None else _reservation(row)


async def set_aside(tx: Tx, line: str, cents: int) -> int | None:
    """Sets cents of a line aside; what it has left after, or None when it does not have them."""
    left: int | None = await Q.set_aside.value(tx, tx.consortium_id, line, cents)
    return left


async def note_available(tx: Tx, reservation: Reservation) -> None:
    await Q.note_available.execute(tx, tx.consortium_id, reservation.id, reservation.available_cents)


async def move_budget(
    tx: Tx, line: str, *, reserved_cents: int = 0, committed_cents: int = 0, claimed_cents: int = 0
) -> None:
    await Q.move_budget.execute(tx, tx.consortium_id, line, reserved_cents, committed_cents, claimed_cents)


async def commit_to(tx: Tx, made: Reservation) -> None:
    """Keeps to whom it is committed, and until when."""
    terms = made.terms
    await Q.commit_to.execute(tx, tx.consortium_id, made.id, terms.code, terms.organisation_id, terms.expires_on)
    if terms.expires_on is not None:
        await Q.await_expiry.execute(tx, tx.consortium_id, made.id, terms.expires_on)


async def save_claimed(tx: Tx, after: Reservation, at: datetime) -> None:
    """Keeps what is claimed and given back of a commitment that the caller holds."""
    await Q.update_claimed.execute(
        tx,
        tx.consortium_id,
        after.id,
        after.claimed_cents,
        after.decommitted_cents,
        after.version,
        after.expired,
        at,
    )


async def forget_expiry(tx: Tx, reservation_id: UUID) -> None:
    await Q.forget_expiry.execute(tx, tx.consortium_id, reservation_id)


async def due(database: Database, day: date) -> list[tuple[UUID, UUID]]:
    """Region and id of the commitments whose last day lies before this one."""
    rows = await Q.commitments_due.rows(database.pool, day)
    return [(row["consortium_id"], row["reservation_id"]) for row in rows]


async def save(tx: Tx, reservation: Reservation, at: datetime) -> None:
    await Q.update_reservation.execute(tx, tx.consortium_id, reservation.id, reservation.state, reservation.version, at)


async def page(
    tx: Tx,
    line: str | None,
    state: str | None,
    after: UUID | None,
    limit: int,
    organisations: Collection[UUID] | None = None,
    only: UUID | None = None,
) -> list[Kept]:
    """Reservations in order of id, of one line, one state or some organisations when given, or only this one."""
    whose = None if organisations is None else list(organisations)
    rows = await Q.reservations.rows(tx, tx.consortium_id, line, state, after, limit, whose, only)
    return [
        Kept(_reservation(row), row["reserved_by"], row["reserved_at"], row["confirmed_at"], row["released_at"])
        for row in rows
    ]


def _reservation(row: Record) -> Reservation:
    return Reservation(
        row["reservation_id"],
        row["line"],
        row["cents"],
        row["purpose"],
        row["state"],
        row["available_cents"],
        row["version"],
        Terms(row["code"], row["organisation_id"], row["expires_on"]),
        row["claimed_cents"],
        row["decommitted_cents"],
        row["expired_at"] is not None,
    )
