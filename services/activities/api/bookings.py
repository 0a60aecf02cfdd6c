"""Sign-ups over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from runtime import ids
from runtime.http import Call, Others, Page, PageQuery, hot, may
from runtime.problems import NotFound
from services.activities.api.models import BookingBody, BookingView
from services.activities.api.speaking import READ, READERS, WRITE, cursor_id, speaker_of
from services.activities.commands import bookings as commands
from services.activities.store import activities as store

router = APIRouter(prefix="/v1")


@router.get("/bookings")
async def list_bookings(
    call: Annotated[Call, may(*READERS, scope=READ, others=Others.SHOWN)],
    paging: Annotated[PageQuery, Depends()],
    activity_code: Annotated[str | None, Query(alias="activityCode", pattern=r"^[a-z0-9][a-z0-9.-]{0,79}$")] = None,
    school_id: Annotated[UUID | None, Query(alias="schoolId")] = None,
) -> Page[BookingView]:
    """Sign-ups, the oldest first."""
    after = cursor_id(paging.after[0]) if paging.after else UUID(int=0)
    rows = await call.read(lambda tx: store.list_bookings(tx, after, paging.limit + 1, activity_code, school_id))
    return paging.page(rows, BookingView.of, lambda booking: [booking.id])


@router.get("/bookings/{bookingId}")
async def get_booking(
    booking_id: Annotated[UUID, Path(alias="bookingId")],
    call: Annotated[Call, may(*READERS, scope=READ, others=Others.SHOWN)],
) -> BookingView:
    """One sign-up."""
    booking = await call.read(lambda tx: store.booking_by_id(tx, booking_id))
    if booking is None:
        raise NotFound(what="booking")
    return BookingView.of(booking)


@router.post("/bookings", status_code=201, response_model=BookingView)
@hot
async def sign_up(
    body: BookingBody, call: Annotated[Call, may("office", "school", scope=WRITE, others=Others.REFUSED)]
) -> Response:
    """Signs a class up, when there are seats left."""
    speaker = await speaker_of(call)
    return await call.run_together(
        commands.SIGN_UP,
        commands.SignUp(ids.new_id(), body.activity_code, body.school_id, body.code, body.pupils, speaker),
        BookingView.of,
        status=201,
        location=lambda booking: f"/v1/bookings/{booking.id}",
    )


@router.post("/bookings/{bookingId}/cancellation", response_model=BookingView)
async def cancel_sign_up(
    booking_id: Annotated[UUID, Path(alias="bookingId")],
    call: Annotated[Call, may("office", "school", scope=WRITE, others=Others.REFUSED)],
) -> Response:
    """Takes a class off an activity; its seats are free again."""
    speaker = await speaker_of(call)
    return await call.run(lambda tx: commands.cancel_sign_up(tx, booking_id, speaker), BookingView.of)
