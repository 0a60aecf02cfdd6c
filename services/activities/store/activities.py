"""Activities, seats, sign-ups, occupations and budget steps as rows; what a constraint refuses becomes a sentence."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from asyncpg import ExclusionViolationError, Record, UniqueViolationError

from runtime.postgres import Tx
from runtime.problems import Problem
from services.activities.domain.activities import OCCUPYING, Activity, Attendance, Party, Reason, State
from services.activities.store import Q


class DoubleBooked(Problem):
    """The company's slot, the room or a person is taken at that time; what is only held counts too. Choose another."""


class CodeTaken(Problem):
    """There is an activity with this code, this outside reference or for this request already."""


class SeatsTaken(Problem):
    """{taken} seats are taken already; it cannot have only {seats}."""


@dataclass(frozen=True, slots=True)
class Seated:
    """An activity and how many of its seats are taken."""

    activity: Activity
    taken: int


@dataclass(frozen=True, slots=True)
class Booking:
    """A class's sign-up for an activity."""

    id: UUID
    activity_id: UUID
    activity_code: str
    code: str
    school_id: UUID
    pupils: int
    state: str
    booked_at: datetime


@dataclass(frozen=True, slots=True)
class BudgetStep:
    """Something to be said to funding about one activity."""

    activity_id: UUID
    code: str
    step: str
    attempts: int
    line: str
    cents: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How many activities of one line are in one state, with what was confirmed."""

    line: str
    state: str
    activities: int
    minutes: int
    pupils: int


@contextmanager
def _said_by_the_database() -> Iterator[None]:
    try:
        yield
    except ExclusionViolationError as error:
        raise DoubleBooked from error
    except UniqueViolationError as error:
        raise CodeTaken from error


async def activity_by_code(tx: Tx, code: str, *, lock: bool = False) -> Seated | None:
    row = await (Q.lock_activity if lock else Q.activity_by_code).row(tx, tx.consortium_id, code)
    return None if row is None else _seated(row)


async def activity_by_code_for_sign_up(tx: Tx, code: str) -> Seated | None:
    """The activity, kept from changing until the transaction ends; other sign-ups may go on."""
    row = await Q.share_activity.row(tx, tx.consortium_id, code)
    return None if row is None else _seated(row)


async def lock_for_sign_ups(tx: Tx, codes: Collection[str]) -> dict[str, Seated]:
    """The activities with these codes, and their seats kept from being taken until the transaction ends."""
    rows = await Q.lock_for_sign_ups.rows(tx, tx.consortium_id, list(codes))
    return {row["code"]: _seated(row) for row in rows}


async def activity_by_id(tx: Tx, activity_id: UUID, *, lock: bool = False) -> Seated | None:
    row = await (Q.lock_activity_by_id if lock else Q.activity_by_id).row(tx, tx.consortium_id, activity_id)
    return None if row is None else _seated(row)


async def await_turn(tx: Tx, name: str) -> None:
    """Waits until nobody else puts what goes by this name: whoever comes second finds what the first one made."""
    await Q.await_turn.value(tx, tx.consortium_id, name)


async def lock_imported(tx: Tx, external_ref: str) -> Seated | None:
    row = await Q.lock_imported.row(tx, tx.consortium_id, external_ref)
    return None if row is None else _seated(row)


async def list_activities(
    tx: Tx,
    after: tuple[datetime, UUID],
    limit: int,
    *,
    state: str | None = None,
    organisation_id: UUID | None = None,
    line: str | None = None,
    before: datetime | None = None,
) -> list[Seated]:
    rows = await Q.list_activities.rows(tx, tx.consortium_id, *after, limit, state, organisation_id, line, before)
    return [_seated(row) for row in rows]


async def upcoming(tx: Tx, since: datetime, limit: int) -> list[Seated]:
    return [_seated(row) for row in await Q.upcoming_activities.rows(tx, tx.consortium_id, since, limit)]


async def add_activity(tx: Tx, activity: Activity, facts: int) -> Activity:
    """Adds the activity with its seats, and takes what it occupies. Refused when something of it is taken."""
    counted = activity.attendance
    with _said_by_the_database():
        version = await Q.add_activity.value(
            tx,
            tx.consortium_id,
            activity.id,
            activity.code,
            activity.kind,
            activity.title,
            activity.line,
            activity.school_id,
            activity.company_id,
            activity.starts_at,
            activity.ends_at,
            activity.state.value,
            activity.price_cents,
            activity.preparation_minutes,
            activity.request_id,
            activity.offer_id,
            activity.room,
            list(activity.teachers),
            activity.external_ref,
            activity.held_until,
            activity.held_by and activity.held_by.value,
            activity.reason and activity.reason.value,
            counted and counted.workers,
            counted and counted.minutes_each,
            counted and counted.pupils,
            activity.reported_by,
            activity.confirmed_at,
            facts,
        )
        await Q.add_slot.execute(tx, tx.consortium_id, activity.id, activity.seats)
        await _occupy(tx, activity)
    return replace(activity, version=version)


async def change_activity(tx: Tx, before: Activity, after: Activity, facts: int) -> Activity:
    """Saves what a verb made of the activity; frees or moves what it occupies."""
    counted = after.attendance
    version = await Q.change_activity.value(
        tx,
        tx.consortium_id,
        after.id,
        after.kind,
        after.title,
        after.line,
        after.school_id,
        after.company_id,
        after.starts_at,
        after.ends_at,
        after.state.value,
        after.preparation_minutes,
        after.room,
        list(after.teachers),
        after.held_until,
        after.reason and after.reason.value,
        counted and counted.workers,
        counted and counted.minutes_each,
        counted and counted.pupils,
        after.reported_by,
        after.confirmed_at,
        facts,
    )
    if after.seats != before.seats and await Q.change_seats.value(tx, tx.consortium_id, after.id, after.seats) is None:
        left = await seats_left(tx, after.id)
        raise SeatsTaken(taken=before.seats - left, seats=after.seats)
    moved = (before.starts_at, before.ends_at, before.resources) != (after.starts_at, after.ends_at, after.resources)
    if moved or after.state not in OCCUPYING:
        await Q.vacate.execute(tx, tx.consortium_id, after.id)
    if moved and after.state in OCCUPYING:
        with _said_by_the_database():
            await _occupy(tx, after)
    return replace(after, version=version)


async def _occupy(tx: Tx, activity: Activity) -> None:
    if activity.state in OCCUPYING and activity.resources:
        await Q.occupy.execute(
            tx, tx.consortium_id, activity.id, activity.starts_at, activity.ends_at, list(activity.resources)
        )


async def take_seats(tx: Tx, activity_id: UUID, pupils: int) -> int | None:
    """Takes seats; how many are left after it, or None when there were too few."""
    left: int | None = await Q.take_seats.value(tx, tx.consortium_id, activity_id, pupils)
    return left


async def give_back_seats(tx: Tx, activity_id: UUID, pupils: int) -> None:
    await Q.give_back_seats.execute(tx, tx.consortium_id, activity_id, pupils)


async def seats_left(tx: Tx, activity_id: UUID) -> int:
    left: int = await Q.seats_left.value(tx, tx.consortium_id, activity_id)
    return left


async def add_booking(tx: Tx, booking: Booking) -> None:
    with _said_by_the_database():
        await Q.add_booking.execute(
            tx,
            tx.consortium_id,
            booking.id,
            booking.activity_id,
            booking.code,
            booking.school_id,
            booking.pupils,
            booking.booked_at,
        )


async def add_bookings(tx: Tx, bookings: Sequence[Booking]) -> frozenset[UUID]:
    """Adds sign-ups and takes their seats, which the caller holds and has counted; the ids of those that were added.

    Left out is who signed up before.
    """
    if not bookings:
        return frozenset()
    rows = ((b.id, b.activity_id, b.code, b.school_id, b.pupils, b.booked_at) for b in bookings)
    columns = (list(column) for column in zip(*rows, strict=True))
    return frozenset(row["booking_id"] for row in await Q.add_bookings.rows(tx, tx.consortium_id, *columns))


async def booking_by_id(tx: Tx, booking_id: UUID, *, lock: bool = False) -> Booking | None:
    row = await (Q.lock_booking if lock else Q.booking_by_id).row(tx, tx.consortium_id, booking_id)
    return None if row is None else _booking(row)


async def lock_booking_of(tx: Tx, activity_id: UUID, code: str) -> Booking | None:
    row = await Q.lock_booking_of.row(tx, tx.consortium_id, activity_id, code)
    return None if row is None else _booking(row)


async def change_booking(tx: Tx, booking: Booking) -> None:
    await Q.change_booking.execute(tx, tx.consortium_id, booking.id, booking.pupils, booking.state)


async def cancel_bookings(tx: Tx, activity_id: UUID) -> None:
    """Ends every sign-up of an activity that will not take place, and frees its seats."""
    await Q.cancel_bookings.execute(tx, tx.consortium_id, activity_id)
    await Q.empty_slot.execute(tx, tx.consortium_id, activity_id)


async def list_bookings(
    tx: Tx, after: UUID, limit: int, activity_code: str | None, school_id: UUID | None
) -> list[Booking]:
    rows = await Q.list_bookings.rows(tx, tx.consortium_id, after, limit, activity_code, school_id)
    return [_booking(row) for row in rows]


async def expired_holds(tx: Tx, at: datetime, limit: int) -> list[UUID]:
    return [row["activity_id"] for row in await Q.expired_holds.rows(tx, tx.consortium_id, at, limit)]


async def plan_budget_step(tx: Tx, activity_id: UUID, step: str, due_at: datetime) -> None:
    """What is to be said to funding next; a lease that still runs is waited for."""
    await Q.plan_budget_step.execute(tx, tx.consortium_id, activity_id, step, due_at)


async def lease_budget_steps(tx: Tx, at: datetime, until: datetime, limit: int) -> list[BudgetStep]:
    """The steps that are due, kept off others until the lease ends."""
    return [
        BudgetStep(row["activity_id"], row["code"], row["step"], row["attempts"], row["line"], row["price_cents"])
        for row in await Q.lease_budget_steps.rows(tx, tx.consortium_id, at, until, limit)
    ]


async def settle_budget_step(tx: Tx, done: BudgetStep, following: str, due_at: datetime) -> bool:
    """Whether the step was still the one to be done; then the following one is planned."""
    touched = await Q.settle_budget_step.execute(tx, tx.consortium_id, done.activity_id, done.step, following, due_at)
    return touched == 1


async def postpone_budget_step(tx: Tx, step: BudgetStep, due_at: datetime, cause: str) -> None:
    await Q.postpone_budget_step.execute(tx, tx.consortium_id, step.activity_id, step.step, due_at, cause)


async def budget_step(tx: Tx, activity_id: UUID) -> str | None:
    """The step that is next for an activity; None when it never cost anything."""
    row = await Q.budget_step.row(tx, tx.consortium_id, activity_id)
    return None if row is None else str(row["step"])


async def statistics(tx: Tx, since: datetime | None, before: datetime | None) -> list[Tally]:
    return [
        Tally(row["line"], row["state"], row["activities"], row["minutes"], row["pupils"])
        for row in await Q.statistics.rows(tx, tx.consortium_id, since, before)
    ]


def _seated(row: Record) -> Seated:
    attendance = None
    if row["workers"] is not None:
        attendance = Attendance(row["workers"], row["minutes_each"], row["pupils"])
    return Seated(
        Activity(
            id=row["activity_id"],
            code=row["code"],
            kind=row["kind"],
            title=row["title"],
            line=row["line"],
            school_id=row["school_id"],
            company_id=row["company_id"],
            starts_at=row["starts_at"],
            ends_at=row["ends_at"],
            seats=row["seats"],
            state=State(row["state"]),
            price_cents=row["price_cents"],
            preparation_minutes=row["preparation_minutes"],
            request_id=row["request_id"],
            offer_id=row["offer_id"],
            room=row["room"],
            teachers=tuple(row["teachers"]),
            external_ref=row["external_ref"],
            held_until=row["held_until"],
            held_by=Party(row["held_by"]) if row["held_by"] else None,
            reason=Reason(row["reason"]) if row["reason"] else None,
            attendance=attendance,
            reported_by=row["reported_by"],
            confirmed_at=row["confirmed_at"],
            version=row["version"],
        ),
        row["taken"],
    )


def _booking(row: Record) -> Booking:
    return Booking(
        row["booking_id"],
        row["activity_id"],
        row["activity_code"],
        row["code"],
        row["school_id"],
        row["pupils"],
        row["state"],
        row["booked_at"],
    )
