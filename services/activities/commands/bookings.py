"""Sign-ups of classes for the seats of an activity. One statement counts the seats, so rivals never overfill it.

Signing up is the hot command of this service: classes come all at once when a day is opened, so it has a form for many.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from runtime.postgres import Tx
from runtime.problems import NotFound, Problem
from runtime.together import Done, Together
from services.activities.domain.activities import Activity, Speaker, State
from services.activities.domain.catalogue import NotASchool
from services.activities.events import SOURCE
from services.activities.store import activities, copies
from services.activities.store.activities import Booking


class SlotFull(Problem):
    """This activity has {left} of {seats} seats left; {asked} were asked for."""


class NotOpenForSignUp(Problem):
    """This activity is {state}; classes sign up for what is booked and has not begun."""


class SignUpOver(Problem):
    """This sign-up was cancelled already."""


@dataclass(frozen=True, slots=True)
class SignUp:
    """A class that wants seats; `code` is the class's, once per activity."""

    booking_id: UUID
    activity_code: str
    school_id: UUID
    code: str
    pupils: int
    speaker: Speaker


async def sign_up(tx: Tx, asked: SignUp, at: datetime) -> Booking:
    """Signs a class up for an activity. A school its own, the office all."""
    school = await copies.organisation(tx, asked.school_id)
    activity = _open(asked, school, await activities.activity_by_code_for_sign_up(tx, asked.activity_code), at)
    await _take(tx, activity, asked.pupils)
    booking = _booking(asked, activity, at)
    await activities.add_booking(tx, booking)
    return booking


async def sign_up_many(tx: Tx, asked: Sequence[SignUp], at: datetime) -> Sequence[Done[Booking] | None]:
    """Signs classes up in their order, by the same rules; what is refused is left out. The seats are held meanwhile."""
    schools = await copies.organisations(tx, {each.school_id for each in asked})
    seated = await activities.lock_for_sign_ups(tx, {each.activity_code for each in asked})
    left = {each.activity.id: each.activity.seats - each.taken for each in seated.values()}
    planned: list[Booking | None] = []
    for each in asked:
        try:
            activity = _open(each, schools.get(each.school_id), seated.get(each.activity_code), at)
        except Problem:
            planned.append(None)
            continue
        fits = each.pupils <= left[activity.id]
        left[activity.id] -= each.pupils if fits else 0
        planned.append(_booking(each, activity, at) if fits else None)
    added = await activities.add_bookings(tx, [booking for booking in planned if booking is not None])
    return [Done(booking) if booking is not None and booking.id in added else None for booking in planned]


SIGN_UP = Together(sign_up, sign_up_many, SOURCE)


def _open(
    asked: SignUp, school: copies.Organisation | None, seated: activities.Seated | None, at: datetime
) -> Activity:
    """The activity, if this class may sign up for it now."""
    asked.speaker.on_behalf_of("sign up for", school_id=asked.school_id)
    if school is None or not school.is_school:
        raise NotASchool(field="schoolId")
    if seated is None:
        raise NotFound(what="activity")
    activity = seated.activity
    if activity.state is not State.BOOKED or at >= activity.starts_at:
        state = "under way or over" if activity.state is State.BOOKED else activity.state.value
        raise NotOpenForSignUp(state=state)
    return activity


def _booking(asked: SignUp, activity: Activity, at: datetime) -> Booking:
    return Booking(
        asked.booking_id, activity.id, activity.code, asked.code, asked.school_id, asked.pupils, "booked", at
    )


async def cancel_sign_up(tx: Tx, booking_id: UUID, speaker: Speaker) -> Booking:
    """Takes a class off an activity and gives its seats back."""
    booking = await activities.booking_by_id(tx, booking_id, lock=True)
    if booking is None:
        raise NotFound(what="booking")
    speaker.on_behalf_of("cancel", school_id=booking.school_id)
    if booking.state != "booked":
        raise SignUpOver
    ended = replace(booking, state="cancelled")
    await activities.change_booking(tx, ended)
    await activities.give_back_seats(tx, booking.activity_id, booking.pupils)
    return ended


async def put_sign_up(tx: Tx, activity: Activity, booking_id: UUID, pupils: int, at: datetime) -> bool:
    """Signs up the activity's own school with so many pupils, or changes how many; whether that changed anything."""
    known = await activities.lock_booking_of(tx, activity.id, activity.code)
    if known is None:
        await _take(tx, activity, pupils)
        await activities.add_booking(
            tx,
            Booking(booking_id, activity.id, activity.code, activity.code, activity.school_id, pupils, "booked", at),
        )
        return True
    if known.state != "booked" or known.pupils == pupils:
        return False
    await activities.give_back_seats(tx, activity.id, known.pupils)
    await _take(tx, activity, pupils)
    await activities.change_booking(tx, replace(known, pupils=pupils))
    return True


async def _take(tx: Tx, activity: Activity, pupils: int) -> None:
    if await activities.take_seats(tx, activity.id, pupils) is None:
        left = await activities.seats_left(tx, activity.id)
        raise SlotFull(left=left, seats=activity.seats, asked=pupils)
