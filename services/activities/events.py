"""The facts that activities publishes: ids, codes, counts, minutes and days; no names, pupils only as a number."""

from datetime import UTC, date, datetime
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel

from runtime.event import Fact

SOURCE = "urn:speerpunt:activities"


class _ActivitiesFact(Fact):
    topic: ClassVar[str] = "activities.events"


class OfferPublished(_ActivitiesFact):
    """A company offers something. Full state, published again on every change; not `available` means taken back."""

    fact_type: ClassVar[str] = "nl.speerpunt.activities.offer-published.v1"

    offer_id: UUID
    code: str
    kind: str
    title: str
    company_id: UUID
    line: str
    subject: str
    levels: tuple[str, ...]
    language: str
    max_group: int
    minutes: int
    preparation_minutes: int
    price_cents: int
    available: bool


class RequestPublished(_ActivitiesFact):
    """A school asks for something. Full state, published again when it changes."""

    fact_type: ClassVar[str] = "nl.speerpunt.activities.request-published.v1"

    request_id: UUID
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
    state: str


class RankedCandidate(BaseModel):
    """One candidate in a ranking, with why it stands where it stands. Part of a fact, not one by itself."""

    model_config = Fact.model_config

    offer_id: UUID
    company_id: UUID
    score: int
    reasons: tuple[str, ...]


class CandidatesRanked(_ActivitiesFact):
    """The candidates for a request, best first. Empty when nobody fits."""

    fact_type: ClassVar[str] = "nl.speerpunt.activities.candidates-ranked.v1"

    request_id: UUID
    candidates: tuple[RankedCandidate, ...]


class ActivityHeld(_ActivitiesFact):
    """A candidate is softly held for a request until `until`; then the next candidate has its turn."""

    fact_type: ClassVar[str] = "nl.speerpunt.activities.activity-held.v1"

    activity_id: UUID
    code: str
    request_id: UUID
    offer_id: UUID
    school_id: UUID
    company_id: UUID
    starts_at: datetime
    ends_at: datetime
    until: datetime


class ActivityBooked(_ActivitiesFact):
    """An activity will take place. Full state, published again when it is moved."""

    fact_type: ClassVar[str] = "nl.speerpunt.activities.activity-booked.v1"

    activity_id: UUID
    code: str
    kind: str
    title: str
    line: str
    school_id: UUID
    company_id: UUID
    starts_at: datetime
    ends_at: datetime
    seats: int
    external_ref: str | None = None


class ActivityCancelled(_ActivitiesFact):
    """An activity, held or booked, will not take place; why is a code of the closed list and, if given, a sentence."""

    fact_type: ClassVar[str] = "nl.speerpunt.activities.activity-cancelled.v1"

    activity_id: UUID
    code: str
    school_id: UUID
    company_id: UUID
    reason: str
    starts_at: datetime


class ActivityCompleted(_ActivitiesFact):
    """An activity took place, says whoever reports it; the school has yet to confirm."""

    fact_type: ClassVar[str] = "nl.speerpunt.activities.activity-completed.v1"

    activity_id: UUID
    code: str
    kind: str
    line: str
    day: date
    school_id: UUID
    company_id: UUID
    workers: int
    minutes_each: int
    pupils: int


class AttendanceConfirmed(_ActivitiesFact):
    """The school confirmed who came. `minutes` = `workers` times `minutes_each`, which holds the agreed preparation.

    `code` is what a company's own system calls `activityRef`; `day` is the day in the consortium's zone.
    """

    fact_type: ClassVar[str] = "nl.speerpunt.activities.attendance-confirmed.v1"

    activity_id: UUID
    code: str
    kind: str
    line: str
    day: date
    school_id: UUID
    company_id: UUID
    workers: int
    minutes_each: int
    minutes: int
    pupils: int


_OFFER = UUID("0d0c8f5e-5a4e-5f60-8a43-000000000001")
_REQUEST = UUID("0d0c8f5e-5a4e-5f60-8a43-000000000002")
_ACTIVITY = UUID("0d0c8f5e-5a4e-5f60-8a43-000000000003")
_SCHOOL = UUID("0d0c8f5e-5a4e-5f60-8a43-000000000004")
_COMPANY = UUID("0d0c8f5e-5a4e-5f60-8a43-000000000005")
_STARTS = datetime(2023, 5, 2, 8, 30, tzinfo=UTC)
_ENDS = datetime(2023, 5, 2, 10, 10, tzinfo=UTC)

SAMPLES: tuple[Fact, ...] = (
    OfferPublished(
        offer_id=_OFFER,
        code="robotarm-op-school",
        kind="guest-lesson",
        title="Een robotarm in de klas",
        company_id=_COMPANY,
        line="robotisering",
        subject="robotica",
        levels=("vmbo-b", "vmbo-k"),
        language="nl",
        max_group=28,
        minutes=100,
        preparation_minutes=35,
        price_cents=0,
        available=True,
    ),
    RequestPublished(
        request_id=_REQUEST,
        code="het-element-3k",
        kind="guest-lesson",
        school_id=_SCHOOL,
        line="robotisering",
        subject="robotica",
        level="vmbo-k",
        group_size=24,
        language="nl",
        from_day=date(2023, 5, 1),
        until_day=date(2023, 5, 31),
        state="open",
    ),
    CandidatesRanked(
        request_id=_REQUEST,
        candidates=(
            RankedCandidate(
                offer_id=_OFFER,
                company_id=_COMPANY,
                score=95,
                reasons=("The subject is exactly what was asked: robotica.", "24 pupils fit a group of at most 28."),
            ),
        ),
    ),
    ActivityHeld(
        activity_id=_ACTIVITY,
        code="het-element-3k-1",
        request_id=_REQUEST,
        offer_id=_OFFER,
        school_id=_SCHOOL,
        company_id=_COMPANY,
        starts_at=_STARTS,
        ends_at=_ENDS,
        until=datetime(2023, 4, 20, 15, 0, tzinfo=UTC),
    ),
    ActivityBooked(
        activity_id=_ACTIVITY,
        code="het-element-3k-1",
        kind="guest-lesson",
        title="Een robotarm in de klas",
        line="robotisering",
        school_id=_SCHOOL,
        company_id=_COMPANY,
        starts_at=_STARTS,
        ends_at=_ENDS,
        seats=28,
        external_ref="platform-8812",
    ),
    ActivityCancelled(
        activity_id=_ACTIVITY,
        code="het-element-3k-1",
        school_id=_SCHOOL,
        company_id=_COMPANY,
        reason="illness",
        starts_at=_STARTS,
    ),
    ActivityCompleted(
        activity_id=_ACTIVITY,
        code="het-element-3k-1",
        kind="guest-lesson",
        line="robotisering",
        day=date(2023, 5, 2),
        school_id=_SCHOOL,
        company_id=_COMPANY,
        workers=2,
        minutes_each=135,
        pupils=23,
    ),
    AttendanceConfirmed(
        activity_id=_ACTIVITY,
        code="het-element-3k-1",
        kind="guest-lesson",
        line="robotisering",
        day=date(2023, 5, 2),
        school_id=_SCHOOL,
        company_id=_COMPANY,
        workers=2,
        minutes_each=135,
        minutes=270,
        pupils=23,
    ),
)
