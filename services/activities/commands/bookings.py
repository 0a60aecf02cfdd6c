"""Sign-ups of classes for the seats of an activity. One statement counts the seats, so rivals never overfill it."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from runtime.postgres import Tx
from runtime.problems import NotFound, Problem
from services.activities.domain.activities import Activity, Speaker, State
from services.activities.domain.catalogue import NotASchool
from services.activities.store import activities, copies
from services.activities.store.activities import Booking


class SlotFull(Problem):
    """This activity has {left} of {seats} seats left; {asked} were asked for."""


class NotOpenForSignUp(Problem):
    """This activity is {state}; classes sign up for what is booked and has not begun."""


class SignUpOver(Problem):
    """This sign-up was cancelled already."""


async def sign_up(
    tx: Tx,
    booking_id: UUID,
    activity_code: str,
    school_id: UUID,
    code: str,
    pupils: int,
    speaker: Speaker,
    at: datetime,
) -> Booking:
    """Signs a class up for an activity; `code` is the class's, once per activity. A school its own, the office all."""
    speaker.on_behalf_of("sign up for", school_id=school_id)
    school = await copies.organisation(tx, school_id)
    if school is None or not school.is_school:
        raise NotASchool(field="schoolId")
    seated = await activities.activity_by_code_for_sign_up(tx, activity_code)
    if seated is None:
        raise NotFound(what="activity")
    activity = seated.activity
    if activity.state is not State.BOOKED or at >= activity.starts_at:
        state = "under way or over" if activity.state is State.BOOKED else activity.state.value
        raise NotOpenForSignUp(state=state)
    await _take(tx, activity, pupils)
    booking = Booking(booking_id, activity.id, activity.code, code, school_id, pupils, "booked", at)
    await activities.add_booking(tx, booking)
    return booking


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
