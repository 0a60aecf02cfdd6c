"""An activity from the soft hold to the school's confirmation. Every verb returns the new state and the facts.

held -> waiting-for-budget -> booked -> completed -> confirmed
  \\-> lapsed        \\-> cancelled <-/
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from runtime.event import Fact
from runtime.problems import Kind, Problem, SamePerson
from services.activities.domain.calendar import local_day
from services.activities.events import (
    ActivityBooked,
    ActivityCancelled,
    ActivityCompleted,
    ActivityHeld,
    AttendanceConfirmed,
)

MOST_MINUTES_EACH = 16 * 60
"""More than this for one worker on one day is not a working day (funding refuses it as `implausible-hours`)."""


class State(StrEnum):
    """Where an activity stands."""

    HELD = "held"
    WAITING_FOR_BUDGET = "waiting-for-budget"
    BOOKED = "booked"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"


OCCUPYING: frozenset[State] = frozenset(State) - {State.CANCELLED, State.LAPSED}
"""In these states an activity keeps its people, rooms and seats; pending ones included."""


class Reason(StrEnum):
    """Why an activity does not take place: a closed list, so that it can be counted and told in three languages."""

    ILLNESS = "illness"
    SCHOOL_CANNOT = "school-cannot"
    COMPANY_CANNOT = "company-cannot"
    TOO_FEW_SIGN_UPS = "too-few-sign-ups"
    TRANSPORT = "transport"
    WEATHER = "weather"
    DECLINED = "declined"
    HOLD_EXPIRED = "hold-expired"
    NO_BUDGET = "no-budget"
    ELSEWHERE = "cancelled-elsewhere"
    OTHER = "other"


class Party(StrEnum):
    """On whose behalf somebody acts."""

    SCHOOL = "school"
    COMPANY = "company"
    OFFICE = "office"


class WrongState(Problem):
    """This activity is {state}; only one that is {allowed} can be {verb}."""


class HoldExpired(Problem):
    """The hold ended at {until}; the next candidate has its turn."""


class OwnHold(Problem, kind=Kind.FORBIDDEN):
    """The {party} proposed this itself; the other side accepts it, or the programme office."""


class CancellationTooLate(Problem):
    """It starts in less than {hours} hours, so the {party} can no longer cancel it here. Phone the programme office."""


class NotBegun(Problem):
    """This activity starts at {starts_at}; what has not begun cannot be reported as done."""


class ImplausibleMinutes(Problem, kind=Kind.INVALID):
    """{minutes} minutes for each worker, preparation included, is more than a day's work ({most} at most)."""


class TooManyPupils(Problem, kind=Kind.INVALID):
    """{pupils} pupils were reported, but it has {seats} seats."""


class CompanyCannotConfirm(Problem, kind=Kind.FORBIDDEN):
    """The school confirms what a company did; a company cannot confirm its own activity."""


class ConfirmedOtherwise(Problem):
    """This activity was already confirmed with {workers} workers, {minutes_each} minutes each and {pupils} pupils."""


class SchoolCannotHost(Problem, kind=Kind.INVALID):
    """School and company are the same organisation; an activity has two sides."""


class EndsBeforeStart(Problem, kind=Kind.INVALID):
    """An activity ends after it starts, and on the same day or the next: at most 24 hours."""


class NotYours(Problem, kind=Kind.FORBIDDEN):
    """You may not {verb} this: it belongs to organisations that you do not speak for. Ask them or the office."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody who acts, and for which organisations; `parties` are the sides that their roles let them speak for."""

    parties: frozenset[Party]
    organisations: frozenset[UUID]
    person: UUID | None = None

    def on_behalf_of(self, verb: str, *, school_id: UUID | None = None, company_id: UUID | None = None) -> Party:
        """The side they speak for here; the office before all others. Refused when they speak for neither."""
        if Party.OFFICE in self.parties:
            return Party.OFFICE
        if Party.SCHOOL in self.parties and school_id in self.organisations:
            return Party.SCHOOL
        if Party.COMPANY in self.parties and company_id in self.organisations:
            return Party.COMPANY
        raise NotYours(verb=verb)


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who came, as heads and minutes. `minutes_each` is the time at the activity, without the preparation."""

    workers: int
    minutes_each: int
    pupils: int


@dataclass(frozen=True, slots=True)
class Activity:
    """One guest lesson, visit or other session between a school and a company."""

    id: UUID
    code: str
    kind: str
    title: str
    line: str
    school_id: UUID
    company_id: UUID
    starts_at: datetime
    ends_at: datetime
    seats: int
    state: State
    price_cents: int = 0
    preparation_minutes: int = 0
    request_id: UUID | None = None
    offer_id: UUID | None = None
    room: str | None = None
    teachers: tuple[UUID, ...] = ()
    """The people who give it, by person id."""
    external_ref: str | None = None
    held_until: datetime | None = None
    held_by: Party | None = None
    reason: Reason | None = None
    attendance: Attendance | None = None
    reported_by: UUID | None = None
    confirmed_at: datetime | None = None
    version: int = 0

    @property
    def resources(self) -> tuple[str, ...]:
        """What it occupies and what nothing else may occupy meanwhile: the company's slot, the room, the people."""
        taken = [] if self.offer_id is None else [f"offer:{self.offer_id}"]
        if self.room is not None:
            taken.append(f"room:{self.room}")
        return (*taken, *(f"person:{teacher}" for teacher in sorted(self.teachers, key=str)))

    def held(self) -> tuple["Activity", tuple[Fact, ...]]:
        """A new soft hold, and its fact."""
        if self.state is not State.HELD or not (self.request_id and self.offer_id and self.held_until):
            raise ValueError("a hold has a request, an offer and an end")
        return self, (
            ActivityHeld(
                activity_id=self.id,
                code=self.code,
                request_id=self.request_id,
                offer_id=self.offer_id,
                school_id=self.school_id,
                company_id=self.company_id,
                starts_at=self.starts_at,
                ends_at=self.ends_at,
                until=self.held_until,
            ),
        )

    def accept(self, by: Party, at: datetime) -> tuple["Activity", tuple[Fact, ...]]:
        """Booked, or waiting for its budget when it costs something. The side that proposed it cannot accept it too."""
        self._must_be("accepted", State.HELD)
        if self.held_until is not None and at >= self.held_until:
            raise HoldExpired(until=self.held_until.isoformat())
        if by is self.held_by and by is not Party.OFFICE:
            raise OwnHold(party=by.value)
        if self.price_cents > 0:
            return replace(self, state=State.WAITING_FOR_BUDGET, held_until=None), ()
        return self._booked()

    def open(self) -> tuple["Activity", tuple[Fact, ...]]:
        """A new activity without a hold: planned by the office, opened by a company, or signed up for elsewhere."""
        if self.school_id == self.company_id:
            raise SchoolCannotHost
        if not timedelta() < self.ends_at - self.starts_at <= timedelta(hours=24):
            raise EndsBeforeStart
        if self.price_cents > 0:
            return replace(self, state=State.WAITING_FOR_BUDGET), ()
        return self._booked()

    def budget_granted(self) -> tuple["Activity", tuple[Fact, ...]]:
        """Booked: its money was set aside."""
        self._must_be("booked", State.WAITING_FOR_BUDGET)
        return self._booked()

    def moved(self, wanted: "Activity") -> tuple["Activity", tuple[Fact, ...]]:
        """The same activity at another time, in another room or with another title; no facts when nothing differs."""
        kept = replace(
            self,
            title=wanted.title,
            starts_at=wanted.starts_at,
            ends_at=wanted.ends_at,
            seats=wanted.seats,
            room=wanted.room,
            teachers=wanted.teachers,
            kind=wanted.kind,
            line=wanted.line,
            school_id=wanted.school_id,
            company_id=wanted.company_id,
            preparation_minutes=wanted.preparation_minutes,
        )
        if kept == self:
            return self, ()
        self._must_be("changed", State.BOOKED)
        return kept.open() if kept.price_cents == 0 else kept._booked()

    def lapse(self, at: datetime) -> tuple["Activity", tuple[Fact, ...]]:
        """Nobody answered in time. No facts and no change before the hold's end."""
        if self.state is not State.HELD or self.held_until is None or at < self.held_until:
            return self, ()
        return self._ended(State.LAPSED, Reason.HOLD_EXPIRED)

    def cancel(self, reason: Reason, by: Party, at: datetime, limit_hours: int) -> tuple["Activity", tuple[Fact, ...]]:
        """Cancelled, with a reason. School and company can until so many hours before the start, the office always."""
        self._must_be("cancelled", State.HELD, State.WAITING_FOR_BUDGET, State.BOOKED)
        if by is not Party.OFFICE and self.state is State.BOOKED and at > self.starts_at - timedelta(hours=limit_hours):
            raise CancellationTooLate(hours=limit_hours, party=by.value)
        return self._ended(State.CANCELLED, reason)

    def complete(
        self, attendance: Attendance, person: UUID, at: datetime, zone: ZoneInfo
    ) -> tuple["Activity", tuple[Fact, ...]]:
        """Reported as done, with heads and minutes, by `person`. Reporting the same again gives no facts."""
        if self.state in (State.COMPLETED, State.CONFIRMED) and attendance == self.attendance:
            return self, ()
        self._must_be("completed", State.BOOKED)
        if at < self.starts_at:
            raise NotBegun(starts_at=self.starts_at.isoformat())
        self._check(attendance)
        done = replace(self, state=State.COMPLETED, attendance=attendance, reported_by=person)
        return done, (
            ActivityCompleted(
                activity_id=self.id,
                code=self.code,
                kind=self.kind,
                line=self.line,
                day=done.day(zone),
                school_id=self.school_id,
                company_id=self.company_id,
                workers=attendance.workers,
                minutes_each=attendance.minutes_each + self.preparation_minutes,
                pupils=attendance.pupils,
            ),
        )

    def confirm(
        self,
        attendance: Attendance | None,
        organisations: Collection[UUID],
        by: Party,
        person: UUID,
        at: datetime,
        zone: ZoneInfo,
    ) -> tuple["Activity", tuple[Fact, ...]]:
        """Confirmed by the school, corrected where it counted otherwise. Confirming the same again gives no facts.

        `organisations` are those that the confirmer speaks for: the company cannot be among them. `person`
        is another one than who reported it.
        """
        if self.company_id in organisations or by is Party.COMPANY:
            raise CompanyCannotConfirm
        counted = attendance or self.attendance
        if self.state is State.CONFIRMED and self.attendance is not None:
            if counted != self.attendance:
                known = self.attendance
                raise ConfirmedOtherwise(workers=known.workers, minutes_each=known.minutes_each, pupils=known.pupils)
            return self, ()
        self._must_be("confirmed", State.COMPLETED)
        if person == self.reported_by:
            raise SamePerson(what="Confirming attendance", do="confirm it")
        if counted is None:
            raise ValueError("what was completed has its attendance")
        self._check(counted)
        minutes_each = counted.minutes_each + self.preparation_minutes
        done = replace(self, state=State.CONFIRMED, attendance=counted, confirmed_at=at)
        return done, (
            AttendanceConfirmed(
                activity_id=self.id,
                code=self.code,
                kind=self.kind,
                line=self.line,
                day=done.day(zone),
                school_id=self.school_id,
                company_id=self.company_id,
                workers=counted.workers,
                minutes_each=minutes_each,
                minutes=counted.workers * minutes_each,
                pupils=counted.pupils,
            ),
        )

    def day(self, zone: ZoneInfo) -> date:
        """The day on which it takes place, where the consortium is."""
        return local_day(self.starts_at, zone)

    def _check(self, attendance: Attendance) -> None:
        minutes = attendance.minutes_each + self.preparation_minutes
        if minutes > MOST_MINUTES_EACH:
            raise ImplausibleMinutes(minutes=minutes, most=MOST_MINUTES_EACH)
        if attendance.pupils > self.seats:
            raise TooManyPupils(pupils=attendance.pupils, seats=self.seats)

    def _booked(self) -> tuple["Activity", tuple[Fact, ...]]:
        booked = replace(self, state=State.BOOKED, held_until=None)
        return booked, (
            ActivityBooked(
                activity_id=self.id,
                code=self.code,
                kind=self.kind,
                title=self.title,
                line=self.line,
                school_id=self.school_id,
                company_id=self.company_id,
                starts_at=self.starts_at,
                ends_at=self.ends_at,
                seats=self.seats,
                external_ref=self.external_ref,
            ),
        )

    def _ended(self, state: State, reason: Reason) -> tuple["Activity", tuple[Fact, ...]]:
        return replace(self, state=state, reason=reason, held_until=None), (
            ActivityCancelled(
                activity_id=self.id,
                code=self.code,
                school_id=self.school_id,
                company_id=self.company_id,
                reason=reason.value,
                starts_at=self.starts_at,
            ),
        )

    def _must_be(self, verb: str, *allowed: State) -> None:
        if self.state not in allowed:
            raise WrongState(state=self.state.value, allowed=" or ".join(state.value for state in allowed), verb=verb)
