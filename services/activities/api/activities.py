"""Activities over HTTP: planned, accepted, cancelled, reported as done, confirmed, counted."""

import hashlib
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime
from starlette.responses import Response

from runtime import ids
from runtime.http import Call, Others, Page, PageQuery, Upserted, may
from runtime.http.paging import CursorUnreadable
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.activities.api.models import (
    ActivityBody,
    ActivityView,
    AttendanceBody,
    CancellationBody,
    ImportBody,
    LineStatistics,
    Statistics,
)
from services.activities.api.speaking import READ, READERS, WRITE, Code, LineQuery, cursor_id, speaker_of
from services.activities.commands import Result
from services.activities.commands import activities as commands
from services.activities.domain.activities import Activity, Attendance, State
from services.activities.store import activities as store
from services.activities.store.activities import Tally

router = APIRouter(prefix="/v1")
Reader = Annotated[Call, may(*READERS, scope=READ, others=Others.SHOWN)]
Anyone = Annotated[Call, may("office", "school", "company", scope=WRITE, others=Others.REFUSED)]
_FIRST = (datetime(1, 1, 1, tzinfo=UTC), UUID(int=0))


@router.get("/activities")
async def list_activities(
    call: Reader,
    paging: Annotated[PageQuery, Depends()],
    state: State | None = None,
    organisation_id: Annotated[UUID | None, Query(alias="organisationId")] = None,
    line: LineQuery = None,
) -> Page[ActivityView]:
    """Activities by start."""
    after = _cursor(paging.after) if paging.after else _FIRST
    wanted = state.value if state else None
    rows = await call.read(
        lambda tx: store.list_activities(
            tx, after, paging.limit + 1, state=wanted, organisation_id=organisation_id, line=line
        )
    )
    return paging.page(rows, ActivityView.seated, lambda row: [row.activity.starts_at.isoformat(), row.activity.id])


@router.get("/activities/statistics")
async def get_statistics(
    call: Reader,
    since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    before: Annotated[AwareDatetime | None, Query(alias="until")] = None,
) -> Statistics:
    """How many activities were booked, completed and confirmed, and how many hours schools confirmed."""
    return summed(await call.read(lambda tx: store.statistics(tx, since, before)))


@router.get("/activities/{code}")
async def get_activity(code: Code, call: Reader) -> ActivityView:
    """One activity."""
    seated = await call.read(lambda tx: store.activity_by_code(tx, code))
    if seated is None:
        raise NotFound(what="activity")
    return ActivityView.seated(seated)


@router.put("/activities/{code}", response_model=ActivityView)
async def put_activity(
    code: Code, body: ActivityBody, call: Annotated[Call, may("office", "company", scope=WRITE, others=Others.REFUSED)]
) -> Response:
    """Plans an activity without a request, or moves it; the same again changes nothing."""
    speaker = await speaker_of(call)
    plan = commands.Plan(_activity(call, code, body), ids.new_id(), body.pupils)
    return await _upsert(call, lambda tx: commands.put(tx, plan, speaker, call.at))


@router.put("/imports/{externalRef}", response_model=ActivityView)
async def import_sign_up(
    external_ref: Annotated[str, Path(pattern=r"^[\x21-\x7e]{1,100}$", alias="externalRef")],
    body: ImportBody,
    call: Annotated[Call, may("office", "sender", scope=WRITE, others=Others.REFUSED)],
) -> Response:
    """Takes over a sign-up from an outside platform by its reference there; the same again changes nothing."""
    activity = _activity(call, body.code or imported_code(external_ref), body, external_ref)
    plan = commands.Plan(activity, ids.new_id(), body.pupils, body.cancelled)
    speaker = await speaker_of(call)
    return await _upsert(call, lambda tx: commands.import_sign_up(tx, plan, speaker, call.at))


@router.post("/activities/{code}/acceptance", response_model=ActivityView)
async def accept(code: Code, call: Anyone) -> Response:
    """The other side accepts what is held: booked, or waiting for its budget when it costs something."""
    speaker = await speaker_of(call)
    return await _verb(call, lambda tx: commands.accept(tx, code, speaker, call.at))


@router.post("/activities/{code}/cancellation", response_model=ActivityView)
async def cancel(code: Code, body: CancellationBody, call: Anyone) -> Response:
    """Cancels with a reason; a company that declines a hold gives the next candidate its turn."""
    speaker, booking_id = await speaker_of(call), ids.new_id()
    return await _verb(call, lambda tx: commands.cancel(tx, code, body.reason, speaker, call.at, booking_id))


@router.post("/activities/{code}/completion", response_model=ActivityView)
async def complete(code: Code, body: AttendanceBody, call: Anyone) -> Response:
    """Reports an activity as done, with heads and minutes."""
    speaker = await speaker_of(call, named=True)
    return await _verb(call, lambda tx: commands.complete(tx, code, _attendance(body), speaker, call.at))


@router.post("/activities/{code}/confirmation", response_model=ActivityView)
async def confirm(
    code: Code,
    call: Annotated[Call, may("office", "school", scope=WRITE, others=Others.REFUSED)],
    body: AttendanceBody | None = None,
) -> Response:
    """The school confirms who came, corrected where it counted otherwise. Funding books the hours from it, once."""
    speaker = await speaker_of(call, named=True)
    counted = None if body is None else _attendance(body)
    return await _verb(call, lambda tx: commands.confirm(tx, code, counted, speaker, call.at))


def imported_code(external_ref: str) -> str:
    """The code of an activity from an outside platform: its reference when that reads as one, else a digest of it."""
    if re.fullmatch(r"[a-z0-9.-]{1,60}", external_ref):
        return f"import-{external_ref}"
    return f"import-{hashlib.sha256(external_ref.encode()).hexdigest()[:24]}"


def summed(tallies: Sequence[Tally]) -> Statistics:
    """The tallies of lines and states, added up."""
    lines: dict[str, LineStatistics] = {}
    states: dict[str, int] = {state.value: 0 for state in State}
    for tally in tallies:
        states[tally.state] += tally.activities
        known = lines.get(tally.line) or LineStatistics(line=tally.line, booked=0, completed=0, confirmed=0, minutes=0)
        booked = tally.state in (State.BOOKED, State.COMPLETED, State.CONFIRMED)
        completed = tally.state in (State.COMPLETED, State.CONFIRMED)
        lines[tally.line] = LineStatistics(
            line=tally.line,
            booked=known.booked + tally.activities * booked,
            completed=known.completed + tally.activities * completed,
            confirmed=known.confirmed + tally.activities * (tally.state == State.CONFIRMED),
            minutes=known.minutes + tally.minutes,
        )
    minutes = sum(line.minutes for line in lines.values())
    return Statistics(
        booked=sum(line.booked for line in lines.values()),
        completed=sum(line.completed for line in lines.values()),
        confirmed=states[State.CONFIRMED],
        minutes=minutes,
        hours=round(minutes / 60, 2),
        pupils=sum(tally.pupils for tally in tallies),
        states=states,
        lines=list(lines.values()),
    )


async def _upsert(call: Call, put: Callable[[Tx], Awaitable[tuple[Activity, Result]]]) -> Response:
    async def command(tx: Tx) -> Upserted[Activity]:
        activity, result = await put(tx)
        return Upserted(activity, result.value)

    return await call.run(
        command,
        lambda done: ActivityView.of(done.thing),
        location=lambda done: f"/v1/activities/{done.thing.code}",
        version=lambda done: done.thing.version,
    )


async def _verb(call: Call, command: Callable[[Tx], Awaitable[Activity]]) -> Response:
    return await call.run(command, ActivityView.of, version=lambda activity: activity.version)


def _cursor(parts: list[str]) -> tuple[datetime, UUID]:
    try:
        starts_at, activity_id = parts
        return datetime.fromisoformat(starts_at), cursor_id(activity_id)
    except ValueError:
        raise CursorUnreadable from None


def _attendance(body: AttendanceBody) -> Attendance:
    return Attendance(body.workers, body.minutes_each, body.pupils)


def _activity(call: Call, code: str, body: ActivityBody, external_ref: str | None = None) -> Activity:
    return Activity(
        id=ids.coded_id(call.consortium_id, "activity", code),
        code=code,
        kind=body.kind,
        title=body.title,
        line=body.line,
        school_id=body.school_id,
        company_id=body.company_id,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        seats=body.seats,
        state=State.BOOKED,
        price_cents=body.price_cents,
        preparation_minutes=body.preparation_minutes,
        room=body.room,
        teachers=tuple(body.teachers),
        external_ref=external_ref,
    )
