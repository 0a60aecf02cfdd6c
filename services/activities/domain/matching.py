"""Which offers suit a request, in which order, and why: points out of 100, each with a sentence a person can check.

The order is total and depends on nothing but its input: score, then the shorter journey, then the company with fewer
activities so far, then the offer's code.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from services.activities.domain.calendar import common_windows, local_day, starts
from services.activities.domain.catalogue import Offer, Request, Side
from services.activities.domain.travel import Journey, Place, journey
from services.activities.events import CandidatesRanked, RankedCandidate

_SUBJECT, _SAME_LINE, _LEVEL, _GROUP, _LANGUAGE, _TRAVEL, _HOURS, _FAIR = 35, 18, 15, 10, 10, 15, 5, 10
_NO_TRAVEL_POINTS_FROM_MINUTES = 60
_UNKNOWN_JOURNEY_MINUTES = 10_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """An offer that suits a request. `starts_at` is the first moment that suits both."""

    offer: Offer
    score: int
    starts_at: datetime
    travel_minutes: int | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Misfit:
    """An offer of the same kind that does not suit a request, and the first reason why not."""

    offer: Offer
    reason: str


@dataclass(frozen=True, slots=True)
class Ranking:
    """The candidates, best first, and those of the same kind that fell out."""

    candidates: tuple[Candidate, ...]
    misfits: tuple[Misfit, ...]

    def fact(self, request_id: UUID) -> CandidatesRanked:
        """The ranking as a fact."""
        return CandidatesRanked(
            request_id=request_id,
            candidates=tuple(
                RankedCandidate(
                    offer_id=candidate.offer.id,
                    company_id=candidate.offer.company_id,
                    score=candidate.score,
                    reasons=candidate.reasons,
                )
                for candidate in self.candidates
            ),
        )


@dataclass(frozen=True, slots=True)
class Region:
    """What ranking needs to know of the region besides the request and the offers."""

    zone: ZoneInfo
    place: Side = Side.SCHOOL
    places: Mapping[str, Place] = field(default_factory=dict)
    company_activities: Mapping[UUID, int] = field(default_factory=dict)
    """How many activities every company has had or has planned."""
    together: Mapping[UUID, int] = field(default_factory=dict)
    """How many of those were with the school that asks."""
    taken: Mapping[UUID, Sequence[tuple[datetime, datetime]]] = field(default_factory=dict)
    """When each offer is given already, by offer."""


def rank(request: Request, offers: Iterable[Offer], region: Region, today: date) -> Ranking:
    """The offers for a request in their one order, whatever order they came in."""
    candidates: list[Candidate] = []
    misfits: list[Misfit] = []
    for offer in offers:
        if offer.kind != request.kind or not offer.available:
            continue
        outcome = _weigh(request, offer, region, today)
        if isinstance(outcome, Candidate):
            candidates.append(outcome)
        else:
            misfits.append(outcome)

    def order(candidate: Candidate) -> tuple[int, int, int, str]:
        minutes = _UNKNOWN_JOURNEY_MINUTES if candidate.travel_minutes is None else candidate.travel_minutes
        busy = region.company_activities.get(candidate.offer.company_id, 0)
        return -candidate.score, minutes, busy, candidate.offer.code

    return Ranking(tuple(sorted(candidates, key=order)), tuple(sorted(misfits, key=lambda misfit: misfit.offer.code)))


def _weigh(request: Request, offer: Offer, region: Region, today: date) -> Candidate | Misfit:
    trip = journey(region.places, offer.municipality, request.municipality)
    if why_not := _misfit(request, offer, trip):
        return Misfit(offer, why_not)
    starts_at = first_moment(request, offer, region, today)
    if starts_at is None:
        return Misfit(offer, "There is no hour in the period that suits the bell times of the school and the company.")
    points: list[tuple[int, str]] = [
        _subject(request, offer),
        (_LEVEL, f"It is meant for {request.level}."),
        _group(request, offer),
        (_LANGUAGE, f"It is given in the language asked for: {offer.language}."),
        _journey(trip, region.place),
        _hours(request, offer, starts_at, region.zone),
        _fairness(offer, region),
    ]
    minutes = None if trip is None else trip.minutes
    return Candidate(offer, sum(p for p, _ in points), starts_at, minutes, tuple(sentence for _, sentence in points))


def _misfit(request: Request, offer: Offer, trip: Journey | None) -> str | None:
    if offer.subject.casefold() != request.subject.casefold() and offer.line != request.line:
        return f"It is about {offer.subject} ({offer.line}), not about {request.subject} ({request.line})."
    if request.level not in offer.levels:
        return f"It is meant for {', '.join(offer.levels)}, not for {request.level}."
    if offer.language != request.language:
        return f"It is given in {offer.language}, not in {request.language}."
    if request.group_size > offer.max_group:
        return f"It takes {offer.max_group} pupils at most; the group has {request.group_size}."
    if request.group_size < offer.min_group:
        return f"It takes {offer.min_group} pupils at least; the group has {request.group_size}."
    if trip is not None and offer.max_travel_minutes is not None and trip.minutes > offer.max_travel_minutes:
        return f"The journey takes about {trip.minutes} minutes; {offer.max_travel_minutes} is the most."
    return None


def first_moment(request: Request, offer: Offer, region: Region, today: date) -> datetime | None:
    """The first moment in the period that suits both and at which the offer is still free; None when there is none.

    A period that lies behind us is taken as it is: history can be entered afterwards.
    """
    first = max(request.from_day, offer.from_day or request.from_day)
    last = min(request.until_day, offer.until_day or request.until_day)
    if first <= today < last:
        first = today + timedelta(days=1)
    minutes = session_minutes(request, offer)
    windows = common_windows(request.windows, offer.windows, minutes)
    taken = region.taken.get(offer.id, ())
    length = timedelta(minutes=minutes)
    for moment in starts(windows, minutes, (first, last), region.zone, request.closed):
        if not any(begin < moment + length and moment < end for begin, end in taken):
            return moment
    return None


def session_minutes(request: Request, offer: Offer) -> int:
    """How long the session lasts: as the school asked, but never less than the company needs."""
    return max(request.minutes, offer.minutes)


def _subject(request: Request, offer: Offer) -> tuple[int, str]:
    if offer.subject.casefold() == request.subject.casefold():
        return _SUBJECT, f"The subject is exactly what was asked: {offer.subject}."
    return _SAME_LINE, f"The subject is {offer.subject}, not {request.subject}, but it belongs to {offer.line} as well."


def _group(request: Request, offer: Offer) -> tuple[int, str]:
    points = round(_GROUP * request.group_size / offer.max_group)
    return points, f"{request.group_size} pupils fit a group of at most {offer.max_group}."


def _journey(trip: Journey | None, place: Side) -> tuple[int, str]:
    if trip is None:
        return 0, "The travel time is not known: a municipality is missing from the table."
    left = max(0, _NO_TRAVEL_POINTS_FROM_MINUTES - trip.minutes)
    who = "The company" if place is Side.SCHOOL else "The class"
    return round(_TRAVEL * left / _NO_TRAVEL_POINTS_FROM_MINUTES), (
        f"{who} travels about {trip.minutes} minutes ({trip.kilometres} km)."
    )


def _hours(request: Request, offer: Offer, starts_at: datetime, zone: ZoneInfo) -> tuple[int, str]:
    minutes = session_minutes(request, offer)
    weekdays = {window.weekday for window in common_windows(request.windows, offer.windows, minutes)}
    local = starts_at.astimezone(zone)
    count = len(weekdays)
    return min(_HOURS, count), (
        f"Both can on {count} {'day' if count == 1 else 'days'} of the week; "
        f"first on {local_day(starts_at, zone).isoformat()} at {local:%H:%M}."
    )


def _fairness(offer: Offer, region: Region) -> tuple[int, str]:
    together = region.together.get(offer.company_id, 0)
    busy = region.company_activities.get(offer.company_id, 0)
    points = max(0, _FAIR // 2 - together) + max(0, _FAIR - _FAIR // 2 - busy)
    had = "has not been with this school yet" if together == 0 else f"was with this school {together} times already"
    return points, f"The company {had} and has {busy} {'activity' if busy == 1 else 'activities'} in all."
