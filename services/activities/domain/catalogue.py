"""What a region can ask for and offer: kinds as its own data over coded behaviours, offers and requests."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from difflib import get_close_matches
from enum import StrEnum
from uuid import UUID

from runtime.problems import Kind as Refusal
from runtime.problems import Problem
from services.activities.domain.calendar import OFFICE_HOURS, Window
from services.activities.events import OfferPublished, RequestPublished


class Behaviour(StrEnum):
    """What a kind of activity does. A region names its own kinds; each behaves as one of these."""

    SESSION = "session"


class Side(StrEnum):
    """Where an activity of a kind takes place, so who travels."""

    SCHOOL = "school"
    COMPANY = "company"


@dataclass(frozen=True, slots=True)
class ActivityKind:
    """A kind of activity in one region: `guest-lesson`, `company-visit`, or whatever it calls its own."""

    code: str
    title: str
    behaviour: Behaviour = Behaviour.SESSION
    place: Side = Side.SCHOOL
    cancel_hours: int = 24
    """Until how many hours before the start school and company may cancel by themselves."""


STANDARD_KINDS: tuple[ActivityKind, ...] = (
    ActivityKind("guest-lesson", "Gastles", place=Side.SCHOOL),
    ActivityKind("company-visit", "Bedrijfsbezoek", place=Side.COMPANY),
)
"""What every region starts with; it may rename them and add its own."""


class UnknownKind(Problem, kind=Refusal.INVALID):
    """This region has no activities of the kind {kind}; it has {known}. Use one of those, or add the kind first."""


class UnknownLine(Problem, kind=Refusal.INVALID):
    """There is no spearhead or location {line} in this region's programme. {suggestion}"""


class UnknownOrganisation(Problem, kind=Refusal.INVALID):
    """The organisation in {field} is not known in this region (yet). Register it with partners first."""


class NotASchool(Problem, kind=Refusal.INVALID):
    """The organisation in {field} is not a school; only schools ask for activities and confirm them."""


class ImpossiblePeriod(Problem, kind=Refusal.INVALID):
    """The period ends before it starts: {from_day} to {until_day}."""


class RequestNotOpen(Problem):
    """This request is {state}: no candidate can be held for it. Cancel what is planned, or make a new request."""


class RequestIsPlanned(Problem):
    """This request is {state}: it cannot be changed any more. Cancel its activity first."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a company offers to schools, and for whom it is meant."""

    id: UUID
    code: str
    kind: str
    title: str
    company_id: UUID
    line: str
    subject: str
    levels: tuple[str, ...]
    language: str
    min_group: int
    max_group: int
    minutes: int
    preparation_minutes: int = 0
    workers: int = 1
    price_cents: int = 0
    municipality: str | None = None
    """Where the company starts from; its own municipality when it did not say."""
    max_travel_minutes: int | None = None
    windows: tuple[Window, ...] = OFFICE_HOURS
    from_day: date | None = None
    until_day: date | None = None
    available: bool = True
    version: int = 0

    def published(self) -> OfferPublished:
        """The offer as a fact."""
        return OfferPublished(
            offer_id=self.id,
            code=self.code,
            kind=self.kind,
            title=self.title,
            company_id=self.company_id,
            line=self.line,
            subject=self.subject,
            levels=self.levels,
            language=self.language,
            max_group=self.max_group,
            minutes=self.minutes,
            preparation_minutes=self.preparation_minutes,
            price_cents=self.price_cents,
            available=self.available,
        )


class RequestState(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    HELD = "held"
    PLANNED = "planned"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Request:
    """What a school asks for, and when its bell times allow it."""

    id: UUID
    code: str
    kind: str
    school_id: UUID
    line: str
    subject: str
    level: str
    group_size: int
    language: str
    from_day: date
    until_day: date
    minutes: int
    municipality: str | None = None
    windows: tuple[Window, ...] = OFFICE_HOURS
    closed: tuple[date, ...] = ()
    """Days within the period on which the school is closed: its holidays."""
    state: RequestState = RequestState.OPEN
    attempts: int = 0
    """How many candidates were held for it so far."""
    version: int = 0

    def published(self) -> RequestPublished:
        """The request as a fact."""
        return RequestPublished(
            request_id=self.id,
            code=self.code,
            kind=self.kind,
            school_id=self.school_id,
            line=self.line,
            subject=self.subject,
            level=self.level,
            group_size=self.group_size,
            language=self.language,
            from_day=self.from_day,
            until_day=self.until_day,
            state=self.state.value,
        )

    def changed_to(self, wanted: "Request") -> "Request":
        """This request with what is wanted now. Refused once something is planned for it."""
        if wanted.state not in (RequestState.OPEN, RequestState.WITHDRAWN):
            raise ValueError("a request is opened or withdrawn from outside, nothing else")
        if self.state in (RequestState.HELD, RequestState.PLANNED):
            kept = replace(wanted, state=self.state, attempts=self.attempts, version=self.version)
            if kept != self:
                raise RequestIsPlanned(state=self.state.value)
            return self
        return replace(wanted, attempts=self.attempts, version=self.version)

    def held(self) -> "Request":
        """The request while a candidate thinks about it. Refused unless it is open."""
        if self.state is not RequestState.OPEN:
            raise RequestNotOpen(state=self.state.value)
        return replace(self, state=RequestState.HELD, attempts=self.attempts + 1)

    def planned(self) -> "Request":
        """The request with an activity booked for it."""
        return replace(self, state=RequestState.PLANNED)

    def reopened(self) -> "Request":
        """The request after what was held or planned for it fell through."""
        return replace(self, state=RequestState.OPEN)


def check_period(from_day: date | datetime, until_day: date | datetime) -> None:
    """Refuses a period that ends before it starts."""
    if until_day < from_day:
        raise ImpossiblePeriod(from_day=from_day.isoformat(), until_day=until_day.isoformat())


def check_kind(kinds: Sequence[ActivityKind], code: str) -> ActivityKind:
    """The kind with this code; refused when the region has none."""
    for kind in kinds:
        if kind.code == code:
            return kind
    raise UnknownKind(kind=repr(code), known=", ".join(kind.code for kind in kinds) or "none yet")


def check_line(lines: Collection[str], code: str) -> None:
    """Refuses a line that is not in the region's programme, naming the one that was probably meant."""
    if code in lines:
        return
    near = get_close_matches(code, sorted(lines), n=1)
    raise UnknownLine(
        line=repr(code), suggestion=f"Did you mean {near[0]!r}?" if near else "See the programme's lines."
    )
