"""The reporting calendar over HTTP: dates that schemes set, that come back, that were moved, and the office's own."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import ConfigDict, Field, StringConstraints
from starlette.responses import Response

from runtime.http import ApiModel, Call, Upserted, may
from runtime.postgres import Tx
from services.funding.api.speaking import READ, READERS, WRITE, Code, CodeText
from services.funding.commands import calendar as commands
from services.funding.commands.days import local_day
from services.funding.domain.recurrence import Recurrence
from services.funding.domain.reporting_date import Move, ReportingDate
from services.funding.store import calendar as store
from services.funding.store.calendar import Series

router = APIRouter(prefix="/v1", tags=["reporting calendar"])
Reader = Annotated[Call, may(*READERS, scope=READ)]
Writer = Annotated[Call, may("office", scope=WRITE)]

Title = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Why = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
Tells = Annotated[
    tuple[Literal["office", "lead-partner"], ...], Field(min_length=1, description="Who is reminded and told")
]
Reminders = Annotated[tuple[int, ...], Field(max_length=10, description="So many days before the day, at nine there")]
SeriesCode = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$", description="Unique in the region")]


class DateBody(ApiModel):
    """A date of the office's own. On record already: another title or reminders, but never another day."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Jaarrekening naar de accountant",
                    "day": "2024-03-15",
                    "from": "2023-01-01",
                    "until": "2023-12-31",
                    "grant": "sto-2020",
                    "tells": ["office", "lead-partner"],
                    "remindDaysBefore": [30, 7],
                }
            ]
        }
    )

    title: Title
    day: date
    from_: Annotated[date | None, Field(alias="from", description="First day that it is about")] = None
    until: Annotated[date | None, Field(description="Last day that it is about")] = None
    grant: CodeText | None = None
    tells: Tells = ("office",)
    remind_days_before: Reminders = (14, 3)


class MoveBody(ApiModel):
    """To which day, and why. No names of people."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"day": "2024-04-01", "reason": "Uitstel van de accountant"}]}
    )

    day: date
    reason: Why


class CancellationBody(ApiModel):
    """Why nothing has to be handed in. No names of people."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "De subsidie is vastgesteld"}]})

    reason: Why


class CompletionBody(ApiModel):
    """On which day it was handed in, and which progress report that was."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"on": "2023-09-28", "report": "voortgang-2"}]})

    on: date
    report: CodeText | None = None


class MoveView(ApiModel):
    """From which day to which, why, and since when that is known: by a rule of the scheme, or by a person."""

    from_day: date
    to_day: date
    reason: str
    known_from: date
    moved_at: datetime
    rule: str | None
    moved_by: UUID | None

    @classmethod
    def of(cls, move: Move) -> "MoveView":
        return cls(**{name: getattr(move, name) for name in cls.model_fields})


class DateView(ApiModel):
    """A date of the calendar. `state` is overdue when its day is over and nothing was handed in."""

    id: UUID
    code: str
    title: str
    origin: Literal["scheme", "series", "office"]
    day: date
    first_day: date
    known_from: date
    from_: Annotated[date | None, Field(alias="from")]
    until: date | None
    grant: str | None
    series: str | None
    rule: str | None
    tells: tuple[str, ...]
    remind_days_before: tuple[int, ...]
    state: Literal["planned", "overdue", "completed", "cancelled"]
    reason: str
    completed_on: date | None
    report: str | None
    moves: tuple[MoveView, ...]
    version: int

    @classmethod
    def of(cls, found: ReportingDate, today: date, known_on: date | None = None) -> "DateView":
        names = [name for name in cls.model_fields if name not in ("state", "moves", "day")]
        return cls(
            **{name: getattr(found, name) for name in names},
            day=(found.day_known(known_on) if known_on else None) or found.day,
            state="overdue" if found.overdue(today) else found.state,
            moves=tuple(MoveView.of(move) for move in found.moves if known_on is None or move.known_from <= known_on),
        )


class SeriesBody(ApiModel):
    """Dates that come back. In a month that does not have the day it is the last one: 31 January, 28 February."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Kwartaaloverzicht naar de penvoerder",
                    "from": "2023-01-31",
                    "until": "2024-12-31",
                    "every": "quarter",
                    "tells": ["office"],
                    "remindDaysBefore": [7],
                }
            ]
        }
    )

    title: Title
    from_: Annotated[date, Field(alias="from", description="The first date")]
    until: Annotated[date, Field(description="No date after this one")]
    every: Literal["week", "month", "quarter", "year"]
    interval: Annotated[int, Field(ge=1, le=100, description="Every so many of them")] = 1
    grant: CodeText | None = None
    tells: Tells = ("office",)
    remind_days_before: Reminders = (14, 3)


class SeriesView(SeriesBody):
    code: str
    version: int

    @classmethod
    def of(cls, found: Series) -> "SeriesView":
        return cls.model_validate(
            {
                "code": found.code,
                "title": found.title,
                "from": found.when.first,
                "until": found.when.last,
                "every": found.when.every,
                "interval": found.when.interval,
                "grant": found.grant,
                "tells": found.tells,
                "remind_days_before": found.remind_days_before,
                "version": found.version,
            }
        )


@router.get("/reporting-dates")
async def list_dates(
    call: Reader,
    first: Annotated[date, Query(alias="from", description="From this day on")] = date.min,
    last: Annotated[date, Query(alias="until", description="Up to and including this day")] = date.max,
    state: Annotated[
        Literal["planned", "overdue", "completed", "cancelled"] | None, Query(description="Only those in this state")
    ] = None,
    known_on: Annotated[
        date | None, Query(alias="knownOn", description="The days as they were known on this day")
    ] = None,
) -> list[DateView]:
    """The calendar by day. As known on a day: what was not known yet is left out, and what was moved later stands where
    it stood."""

    async def query(tx: Tx) -> tuple[list[ReportingDate], date]:
        return await store.dates(tx), await local_day(tx, call.at)

    found, today = await call.read(query)
    known = [each for each in found if known_on is None or each.day_known(known_on) is not None]
    shown = [DateView.of(each, today, known_on) for each in known]
    return sorted(
        (each for each in shown if first <= each.day <= last and state in (None, each.state)),
        key=lambda each: (each.day, each.code),
    )


@router.get("/reporting-dates/{code}")
async def get_date(code: Code, call: Reader) -> DateView:
    """One date, with where it stood before each move and why."""

    async def query(tx: Tx) -> DateView:
        return DateView.of(await commands.find(tx, code), await local_day(tx, call.at))

    return await call.read(query)


@router.put("/reporting-dates/{code}", response_model=DateView)
async def put_date(code: Code, body: DateBody, call: Writer) -> Response:
    """Adds a date of the office's own, or says otherwise who is reminded. Another day needs a move, with a reason."""

    async def command(tx: Tx) -> Upserted[DateView]:
        made, result = await commands.put_date(
            tx,
            code,
            body.title,
            body.day,
            (body.from_, body.until),
            body.grant,
            body.tells,
            body.remind_days_before,
            at=call.at,
        )
        return Upserted(DateView.of(made, await local_day(tx, call.at)), result)

    return await call.run(command, lambda done: done.thing, version=lambda done: done.thing.version)


@router.post("/reporting-dates/{code}/moves", status_code=201, response_model=DateView)
async def move_date(code: Code, body: MoveBody, call: Writer) -> Response:
    """Moves a date. Where it stood is kept, with the reason."""
    by = await call.person()

    async def command(tx: Tx) -> DateView:
        moved = await commands.move(tx, code, body.day, body.reason, by=by, at=call.at)
        return DateView.of(moved, await local_day(tx, call.at))

    return await call.run(command, lambda done: done, status=201, version=lambda done: done.version)


@router.post("/reporting-dates/{code}/cancellation", response_model=DateView)
async def cancel_date(code: Code, body: CancellationBody, call: Writer) -> Response:
    """Takes a date off the calendar, with a reason: it stays to be read, and nobody is reminded any more."""

    async def command(tx: Tx) -> DateView:
        return DateView.of(await commands.cancel(tx, code, body.reason, at=call.at), await local_day(tx, call.at))

    return await call.run(command, lambda done: done, version=lambda done: done.version)


@router.post("/reporting-dates/{code}/completion", response_model=DateView)
async def complete_date(code: Code, body: CompletionBody, call: Writer) -> Response:
    """Says that it was handed in: nobody is reminded any more."""

    async def command(tx: Tx) -> DateView:
        done = await commands.complete(tx, code, body.on, body.report, at=call.at)
        return DateView.of(done, await local_day(tx, call.at))

    return await call.run(command, lambda done: done, version=lambda done: done.version)


@router.get("/reporting-series")
async def list_series(call: Reader) -> list[SeriesView]:
    """The series by code. Their dates are in the calendar, each with the code of its series."""
    return [SeriesView.of(each) for each in await call.read(store.series)]


@router.put("/reporting-series/{code}", response_model=SeriesView)
async def put_series(code: SeriesCode, body: SeriesBody, call: Writer) -> Response:
    """Plans dates that come back, `CODE-YYYY-MM-DD` each, 200 at most. What a change leaves out is cancelled from today
    on, unless it was moved, completed or cancelled by itself."""
    when = Recurrence(body.from_, body.until, body.every, body.interval)

    async def command(tx: Tx) -> Upserted[Series]:
        return Upserted(
            *await commands.put_series(
                tx, code, body.title, when, body.grant, body.tells, body.remind_days_before, at=call.at
            )
        )

    return await call.run(command, lambda done: SeriesView.of(done.thing), version=lambda done: done.thing.version)
