"""A date in the reporting calendar: what is handed in by when, who is reminded, and what it was before it was moved.

planned -> completed | cancelled. A move keeps the day it stood on, with a reason and the day from which that is known.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from runtime.problems import Kind, Problem
from services.funding.domain.grant import Grant
from services.funding.domain.scheme import Deadline, Rule
from services.funding.events.reporting import (
    ReportingDateCancelled,
    ReportingDateCompleted,
    ReportingDateMoved,
    ReportingDatePlanned,
)

Origin = Literal["scheme", "series", "office"]
Tells = Literal["office", "lead-partner"]
State = Literal["planned", "completed", "cancelled"]
Change = ReportingDatePlanned | ReportingDateMoved | ReportingDateCancelled | ReportingDateCompleted

MOST_REMINDERS = 10
LONGEST_AHEAD_DAYS = 366
SCHEME_REMINDERS = (90, 30, 7)
"""How many days before a deadline of a scheme people are reminded, until the office says otherwise."""
SCHEME_TELLS: tuple[Tells, ...] = ("lead-partner", "office")


class MovedWithoutReason(Problem, kind=Kind.CONFLICT):
    """This date stands on {day}, and a day is not written over. Move it, with a reason."""


class DateIsThere(Problem, kind=Kind.CONFLICT):
    """This date stands on {day} already; there is nothing to move."""


class DateSettled(Problem, kind=Kind.CONFLICT):
    """This date is {state}, and that is not changed. Put another one under its own code."""


class CompletedInFuture(Problem, kind=Kind.INVALID):
    """It cannot have been handed in on {day}: in the region it is {today}."""


class ReportDaysInverted(Problem, kind=Kind.INVALID):
    """The days it is about end ({until}) before they begin ({first}). Swap the two, or give both."""


class UnfitReminders(Problem, kind=Kind.INVALID):
    """Reminders are at most {most}, each between 0 and {ahead} whole days before the day, and no day twice."""


@dataclass(frozen=True, slots=True)
class Move:
    """From which day to which, why, and since which day that is known. `rule` moved it, or a person did."""

    from_day: date
    to_day: date
    reason: str
    known_from: date
    moved_at: datetime
    rule: str | None = None
    moved_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class ReportingDate:
    """`from_` and `until` are the days that what is handed in is about. `known_from` is since when it was planned."""

    id: UUID
    code: str
    title: str
    origin: Origin
    day: date
    first_day: date
    known_from: date
    tells: tuple[Tells, ...]
    remind_days_before: tuple[int, ...]
    from_: date | None = None
    until: date | None = None
    grant_id: UUID | None = None
    grant: str | None = None
    series: str | None = None
    rule: str | None = None
    state: State = "planned"
    reason: str = ""
    completed_on: date | None = None
    report: str | None = None
    report_id: UUID | None = None
    moves: tuple[Move, ...] = ()
    version: int = 0

    def overdue(self, today: date) -> bool:
        return self.state == "planned" and self.day < today

    def day_known(self, known_on: date) -> date | None:
        """The day it stood on as far as known on a day; None when nobody knew of it yet."""
        if self.known_from > known_on:
            return None
        return next((move.to_day for move in reversed(self.moves) if move.known_from <= known_on), self.first_day)

    def plan(self, before: "ReportingDate | None") -> tuple["ReportingDate", tuple[Change, ...]]:
        """This date as it is put now, over what was there; without a fact when that says the same.

        Raises MovedWithoutReason, DateSettled, ReportDaysInverted and UnfitReminders.
        """
        if self.from_ is not None and self.until is not None and self.until < self.from_:
            raise ReportDaysInverted(first=self.from_, until=self.until)
        ahead = self.remind_days_before
        if (
            len(ahead) > MOST_REMINDERS
            or len(set(ahead)) < len(ahead)
            or not all(0 <= each <= LONGEST_AHEAD_DAYS for each in ahead)
        ):
            raise UnfitReminders(most=MOST_REMINDERS, ahead=LONGEST_AHEAD_DAYS)
        ordered = replace(
            self, remind_days_before=tuple(sorted(ahead, reverse=True)), tells=tuple(sorted(set(self.tells)))
        )
        if before is None:
            made = replace(ordered, version=1)
            return made, (made.planned(),)
        if before.day != ordered.day:
            raise MovedWithoutReason(day=before.day)
        says = ("title", "tells", "remind_days_before", "from_", "until", "grant_id", "grant")
        after = replace(before, **{name: getattr(ordered, name) for name in says})
        if after == before:
            return before, ()
        if before.state != "planned":
            raise DateSettled(state=before.state)
        after = replace(after, version=before.version + 1)
        return after, (after.planned(),)

    def move(
        self, day: date, reason: str, known_from: date, at: datetime, *, by: UUID | None = None, rule: str | None = None
    ) -> tuple["ReportingDate", tuple[Change, ...]]:
        """On another day from now on. Raises DateSettled and DateIsThere."""
        if self.state != "planned":
            raise DateSettled(state=self.state)
        if day == self.day:
            raise DateIsThere(day=day)
        moved = Move(self.day, day, reason, known_from, at, rule, by)
        after = replace(self, day=day, moves=(*self.moves, moved), version=self.version + 1)
        fact = ReportingDateMoved(**after._told(), from_day=self.day, reason=reason)
        return after, (fact,)

    def complete(
        self, on: date, today: date, report: tuple[str, UUID] | None
    ) -> tuple["ReportingDate", tuple[Change, ...]]:
        """Handed in, with the report when it is one of ours. Raises DateSettled and CompletedInFuture."""
        if self.state != "planned":
            raise DateSettled(state=self.state)
        if on > today:
            raise CompletedInFuture(day=on, today=today)
        code, report_id = report or (None, None)
        after = replace(
            self, state="completed", completed_on=on, report=code, report_id=report_id, version=self.version + 1
        )
        return after, (ReportingDateCompleted(**after._told(), completed_on=on, report_id=report_id),)

    def cancel(self, reason: str) -> tuple["ReportingDate", tuple[Change, ...]]:
        """Nothing has to be handed in after all. Raises DateSettled."""
        if self.state != "planned":
            raise DateSettled(state=self.state)
        after = replace(self, state="cancelled", reason=reason, version=self.version + 1)
        return after, (ReportingDateCancelled(**after._told(), reason=reason),)

    def planned(self) -> ReportingDatePlanned:
        return ReportingDatePlanned(**self._told())

    def _told(self) -> dict[str, object]:
        return {
            "reporting_date_id": self.id,
            "code": self.code,
            "title": self.title,
            "origin": self.origin,
            "day": self.day,
            "from_": self.from_,
            "until": self.until,
            "grant_id": self.grant_id,
            "tells": self.tells,
            "remind_days_before": self.remind_days_before,
        }


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline that a scheme sets for a grant: every rule about it that was known by a day, in order."""

    what: str
    rules: tuple[Rule, ...]


def due(grant: Grant, rules: Iterable[Rule], known_at: date) -> list[Due]:
    """The deadlines for a grant, as far as known at a day: a later rule about the same moves it."""
    found: dict[str, list[Rule]] = {}
    for rule in sorted(rules, key=lambda each: (each.known_from, each.valid_from, each.code)):
        if isinstance(rule.terms, Deadline) and rule.holds(grant.from_, known_at):
            found.setdefault(rule.terms.what, []).append(rule)
    return [Due(what, tuple(known)) for what, known in sorted(found.items())]


def derived(
    before: ReportingDate | None, date_id: UUID, code: str, grant: Grant, deadline: Due, at: datetime
) -> tuple[ReportingDate, tuple[Change, ...]]:
    """The date of a deadline after the rules that are known: made with its whole history, or moved by what came since.

    What the office did since is left alone until a rule that is new comes; what is completed or cancelled stays so.
    """
    if before is None:
        made = _set(deadline.rules[0], date_id, code, grant, deadline)
        for rule in deadline.rules[1:]:
            made = _applied(made, rule, at)[0]
        made = replace(made, version=1)
        return made, (made.planned(),)
    if before.origin != "scheme" or before.state != "planned":
        return before, ()
    codes = [rule.code for rule in deadline.rules]
    news = deadline.rules[codes.index(before.rule) + 1 :] if before.rule in codes else deadline.rules
    after = before
    facts: tuple[Change, ...] = ()
    for rule in news:
        after, told = _applied(after, rule, at)
        facts += told
    return after, facts


def _set(rule: Rule, date_id: UUID, code: str, grant: Grant, deadline: Due) -> ReportingDate:
    terms = rule.terms
    assert isinstance(terms, Deadline)
    return ReportingDate(
        date_id,
        code,
        f"{deadline.what} ({grant.code})",
        "scheme",
        terms.day,
        terms.day,
        rule.known_from,
        SCHEME_TELLS,
        SCHEME_REMINDERS,
        terms.from_,
        terms.until,
        grant.id,
        grant.code,
        rule=rule.code,
    )


def _applied(before: ReportingDate, rule: Rule, at: datetime) -> tuple[ReportingDate, tuple[Change, ...]]:
    terms = rule.terms
    assert isinstance(terms, Deadline)
    now = replace(before, rule=rule.code, from_=terms.from_, until=terms.until)
    if terms.day != before.day:
        return now.move(terms.day, rule.reason or rule.source, rule.known_from, at, rule=rule.code)
    after = replace(now, version=before.version + 1)
    return after, (after.planned(),)
