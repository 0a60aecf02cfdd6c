"""What crosses the HTTP door of activities."""

from datetime import date, datetime, time
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from runtime.http import ApiModel
from services.activities.domain.activities import Activity, Reason
from services.activities.domain.calendar import OFFICE_HOURS, Window
from services.activities.domain.catalogue import ActivityKind, Behaviour, Offer, Request, Side
from services.activities.domain.matching import Candidate, Ranking
from services.activities.store.activities import Booking, Seated

CODE = r"^[a-z0-9][a-z0-9.-]{0,79}$"
ShortText = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")]
CodeText = Annotated[str, Field(pattern=CODE)]
Heads = Annotated[int, Field(ge=1, le=10_000)]
Minutes = Annotated[int, Field(ge=1, le=1440)]
Language = Annotated[str, Field(pattern="^[a-z]{2}$")]


class WindowModel(ApiModel):
    """A stretch of one weekday (Monday is 1) in local time."""

    weekday: int = Field(ge=1, le=7)
    opens: time
    closes: time

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.closes <= self.opens:
            raise ValueError("a window closes after it opens")
        return self


class KindBody(ApiModel):
    """A kind of activity. `place` says who travels; `cancelHours` until when school and company may cancel."""

    title: ShortText
    behaviour: Behaviour = Behaviour.SESSION
    place: Side = Side.SCHOOL
    cancel_hours: int = Field(24, ge=0, le=720)

    def kind(self, code: str) -> ActivityKind:
        return ActivityKind(code, self.title, self.behaviour, self.place, self.cancel_hours)


class KindView(KindBody):
    """A kind of activity of this region."""

    code: str

    @classmethod
    def of(cls, kind: ActivityKind) -> "KindView":
        return cls(
            code=kind.code,
            title=kind.title,
            behaviour=kind.behaviour,
            place=kind.place,
            cancel_hours=kind.cancel_hours,
        )


class OfferBody(ApiModel):
    """What a company offers. Without windows: working days from 8:30 to 16:30."""

    kind: CodeText
    title: ShortText
    company_id: UUID
    line: CodeText
    subject: ShortText
    levels: list[ShortText] = Field(min_length=1, max_length=20)
    language: Language = "nl"
    min_group: Heads = 1
    max_group: Heads
    minutes: Minutes
    preparation_minutes: int = Field(0, ge=0, le=480)
    workers: int = Field(1, ge=1, le=100)
    price_cents: int = Field(0, ge=0, le=100_000_000)
    municipality: ShortText | None = None
    max_travel_minutes: int | None = Field(None, ge=1, le=600)
    windows: list[WindowModel] | None = Field(None, max_length=50)
    from_day: date | None = None
    until_day: date | None = None
    available: bool = True

    @model_validator(mode="after")
    def _group_in_order(self) -> Self:
        if self.max_group < self.min_group:
            raise ValueError("maxGroup is at least minGroup")
        return self

    def offer(self, offer_id: UUID, code: str) -> Offer:
        fields = self.model_dump(by_alias=False, exclude={"levels", "windows"})
        return Offer(id=offer_id, code=code, levels=tuple(self.levels), windows=_windows(self.windows), **fields)


class OfferView(OfferBody):
    """An offer as it is known."""

    id: UUID
    code: str
    version: int

    @classmethod
    def of(cls, offer: Offer) -> "OfferView":
        fields = {name: getattr(offer, name) for name in cls.model_fields if name not in ("levels", "windows")}
        return cls(levels=list(offer.levels), windows=_window_models(offer.windows), **fields)


class RequestBody(ApiModel):
    """What a school asks for; `windows` are its bell times, `closed` its holidays within the period."""

    kind: CodeText
    school_id: UUID
    line: CodeText
    subject: ShortText
    level: ShortText
    group_size: Heads
    language: Language = "nl"
    from_day: date
    until_day: date
    minutes: Minutes = 50
    municipality: ShortText | None = None
    windows: list[WindowModel] | None = Field(None, max_length=50)
    closed: list[date] = Field(default=[], max_length=366)

    @model_validator(mode="after")
    def _at_most_a_year(self) -> Self:
        if (self.until_day - self.from_day).days > 366:
            raise ValueError("the period is a year at most")
        return self


class RequestPut(RequestBody):
    """A request to be opened, changed or withdrawn."""

    withdrawn: bool = False

    def fields(self) -> dict[str, object]:
        """What a request of the domain is made of."""
        fields = self.model_dump(by_alias=False, exclude={"windows", "closed", "withdrawn"})
        return {**fields, "windows": _windows(self.windows), "closed": tuple(sorted(set(self.closed)))}


class RequestView(RequestBody):
    """A request as it stands. `state`: open, held, planned or withdrawn."""

    id: UUID
    code: str
    state: str
    attempts: int
    version: int

    @classmethod
    def of(cls, request: Request) -> "RequestView":
        special = ("windows", "closed", "state")
        fields = {name: getattr(request, name) for name in cls.model_fields if name not in special}
        return cls(
            windows=_window_models(request.windows), closed=list(request.closed), state=request.state.value, **fields
        )


class CandidateView(ApiModel):
    """A candidate: its place, its points out of 100, and why."""

    rank: int
    offer_code: str
    company_id: UUID
    title: str
    score: int
    starts_at: datetime
    travel_minutes: int | None
    reasons: list[str]

    @classmethod
    def of(cls, rank: int, candidate: Candidate) -> "CandidateView":
        return cls(
            rank=rank,
            offer_code=candidate.offer.code,
            company_id=candidate.offer.company_id,
            title=candidate.offer.title,
            score=candidate.score,
            starts_at=candidate.starts_at,
            travel_minutes=candidate.travel_minutes,
            reasons=list(candidate.reasons),
        )


class MisfitView(ApiModel):
    """An offer of the same kind that does not suit, and why not."""

    offer_code: str
    company_id: UUID
    reason: str


class RankingView(ApiModel):
    """Who suits a request, best first, and who does not. Ties: shorter journey, fewer activities, offer code."""

    request_code: str
    candidates: list[CandidateView]
    misfits: list[MisfitView]

    @classmethod
    def of(cls, request: Request, ranking: Ranking) -> "RankingView":
        return cls(
            request_code=request.code,
            candidates=[CandidateView.of(rank, one) for rank, one in enumerate(ranking.candidates, 1)],
            misfits=[
                MisfitView(offer_code=one.offer.code, company_id=one.offer.company_id, reason=one.reason)
                for one in ranking.misfits
            ],
        )


class HoldBody(ApiModel):
    """What is to be held; without anything: the best candidate at the first moment that suits both."""

    offer_code: CodeText | None = None
    activity_code: CodeText | None = None
    starts_at: AwareDatetime | None = None
    room: ShortText | None = None
    teachers: list[UUID] = Field(default=[], max_length=20)


class ActivityBody(ApiModel):
    """An activity that is planned without a request; `pupils` signs the school up at once."""

    kind: CodeText
    title: ShortText
    line: CodeText
    school_id: UUID
    company_id: UUID
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    seats: Heads
    pupils: Heads | None = None
    preparation_minutes: int = Field(0, ge=0, le=480)
    price_cents: int = Field(0, ge=0, le=100_000_000)
    room: ShortText | None = None
    teachers: list[UUID] = Field(default=[], max_length=20)


class ImportBody(ActivityBody):
    """A sign-up on an outside platform. `code` becomes the activity's; it is made of the reference when left out."""

    code: CodeText | None = None
    cancelled: bool = False


class AttendanceBody(ApiModel):
    """Who came: workers of the company, minutes of each (without preparation), pupils as a number."""

    workers: int = Field(ge=1, le=1000)
    minutes_each: Minutes
    pupils: int = Field(ge=0, le=10_000)


class CancellationBody(ApiModel):
    """Why an activity is cancelled."""

    reason: Reason


class ActivityView(ApiModel):
    """An activity as it stands."""

    id: UUID
    code: str
    kind: str
    title: str
    line: str
    school_id: UUID
    company_id: UUID
    starts_at: datetime
    ends_at: datetime
    state: str
    seats: int
    price_cents: int
    preparation_minutes: int
    request_id: UUID | None
    offer_id: UUID | None
    external_ref: str | None
    room: str | None
    held_until: datetime | None
    reason: str | None
    attendance: AttendanceBody | None
    confirmed_at: datetime | None
    version: int
    seats_taken: int | None = None

    @classmethod
    def of(cls, activity: Activity) -> "ActivityView":
        special = ("state", "reason", "attendance", "seats_taken")
        fields = {name: getattr(activity, name) for name in cls.model_fields if name not in special}
        counted = activity.attendance
        return cls(
            state=activity.state.value,
            reason=activity.reason and activity.reason.value,
            attendance=counted
            and AttendanceBody(workers=counted.workers, minutes_each=counted.minutes_each, pupils=counted.pupils),
            **fields,
        )

    @classmethod
    def seated(cls, seated: Seated) -> "ActivityView":
        return cls.of(seated.activity).model_copy(update={"seats_taken": seated.taken})


class BookingBody(ApiModel):
    """A class that signs up: `code` names the class within the activity, never a pupil."""

    activity_code: CodeText
    school_id: UUID
    code: CodeText
    pupils: Heads


class BookingView(ApiModel):
    """A sign-up. `state`: booked or cancelled."""

    id: UUID
    activity_code: str
    school_id: UUID
    code: str
    pupils: int
    state: str
    booked_at: datetime

    @classmethod
    def of(cls, booking: Booking) -> "BookingView":
        return cls(**{name: getattr(booking, name) for name in cls.model_fields})


class LineStatistics(ApiModel):
    """The activities of one line."""

    line: str
    booked: int
    completed: int
    confirmed: int
    minutes: int


class Statistics(ApiModel):
    """Activities of a period. Each number holds the ones after it: what is confirmed was completed, and booked before.

    `minutes`, `hours` and `pupils` are of what schools confirmed; `states` counts every activity once.
    """

    booked: int
    completed: int
    confirmed: int
    minutes: int
    hours: float
    pupils: int
    states: dict[str, int]
    lines: list[LineStatistics]


def _windows(models: list[WindowModel] | None) -> tuple[Window, ...]:
    if models is None:
        return OFFICE_HOURS
    return tuple(sorted({Window(model.weekday, model.opens, model.closes) for model in models}))


def _window_models(windows: tuple[Window, ...]) -> list[WindowModel]:
    return [WindowModel(weekday=window.weekday, opens=window.opens, closes=window.closes) for window in windows]
