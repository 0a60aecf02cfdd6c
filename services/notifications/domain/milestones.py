"""Milestones: what stands in a region's planning. Planned, moved and cancelled are each told once."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from runtime.event import Fact
from runtime.problems import Kind, Problem
from services.notifications.events import MilestoneCancelled, MilestoneMoved, MilestonePlanned

MOST_REMINDERS = 10
LONGEST_AHEAD_DAYS = 366

_AUDIENCE = re.compile(
    r"everyone|parties|members|lead-partner|office|companies|schools|(organisation|person|group|agreement):[0-9a-f-]{36}"
)


class UnknownAudience(Problem, kind=Kind.INVALID):
    """There is no such audience. Use everyone, parties, members, lead-partner, office, companies, schools, or
    organisation:, person:, group: or agreement: with a code."""


class EndsBeforeItStarts(Problem, kind=Kind.INVALID):
    """It ends ({ends}) before it starts ({starts}). Swap the two times, or mend one."""


class EndWithoutStart(Problem, kind=Kind.INVALID):
    """It has a time at which it ends and none at which it starts. Add startsAt."""


class ReasonWithoutCancelling(Problem, kind=Kind.INVALID):
    """A reason belongs to a milestone that is cancelled. Say cancelled as well, or leave the reason out."""


class CancelledWithoutReason(Problem, kind=Kind.INVALID):
    """Everybody who was told of it is told that it is cancelled, and why. Give a reason."""


class UnfitReminders(Problem, kind=Kind.INVALID):
    """Reminders are at most {most}, each between 0 and {ahead} whole days before the day, and no day twice."""


class MilestoneKind(StrEnum):
    """What a milestone is: something due, something one goes to, or something that happens."""

    DEADLINE = "deadline"
    SESSION = "session"
    ANNOUNCEMENT = "announcement"


class Said(StrEnum):
    """What there is to tell about a milestone."""

    PLANNED = "planned"
    MOVED = "moved"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Milestone:
    """One entry of the planning. Times are local to the region's zone.

    `said` is what was last to be told of it, since `said_version`; `from_day` the day it stood on before it was moved.
    """

    id: UUID
    code: str
    title: str
    kind: MilestoneKind
    day: date
    audience: str
    starts_at: time | None = None
    ends_at: time | None = None
    place: str | None = None
    text: str | None = None
    remind_days_before: tuple[int, ...] = ()
    cancelled: bool = False
    reason: str | None = None
    from_day: date | None = None
    said: Said = Said.PLANNED
    said_version: int = 0
    version: int = 0

    def checked(self) -> "Milestone":
        """The same, its reminders the longest ahead first. Raises the rule that it breaks."""
        if not _AUDIENCE.fullmatch(self.audience):
            raise UnknownAudience
        if self.ends_at is not None and self.starts_at is None:
            raise EndWithoutStart
        if self.starts_at is not None and self.ends_at is not None and self.ends_at <= self.starts_at:
            raise EndsBeforeItStarts(ends=f"{self.ends_at:%H:%M}", starts=f"{self.starts_at:%H:%M}")
        if self.reason is not None and not self.cancelled:
            raise ReasonWithoutCancelling
        if self.cancelled and not (self.reason or "").strip():
            raise CancelledWithoutReason
        days = self.remind_days_before
        within = all(0 <= each <= LONGEST_AHEAD_DAYS for each in days)
        if len(days) > MOST_REMINDERS or len(set(days)) < len(days) or not within:
            raise UnfitReminders(most=MOST_REMINDERS, ahead=LONGEST_AHEAD_DAYS)
        return replace(self, remind_days_before=tuple(sorted(days, reverse=True)))

    def ends(self, zone: ZoneInfo) -> datetime:
        """The instant from which it is past: its end, else its start, else the end of its day."""
        if hour := self.ends_at or self.starts_at:
            return datetime.combine(self.day, hour, zone).astimezone(UTC)
        return datetime.combine(self.day + timedelta(days=1), time(), zone).astimezone(UTC)

    def planned(self) -> tuple["Milestone", Fact, Said]:
        """It stands in the planning for the first time, or no longer cancelled."""
        if self.cancelled:
            return self._saying(Said.CANCELLED), self._cancelled_fact(), Said.CANCELLED
        return self._saying(Said.PLANNED), self._planned_fact(), Said.PLANNED

    def become(self, wanted: "Milestone") -> tuple["Milestone", Fact | None, Said | None]:
        """What putting `wanted` makes of it: the new state, its fact, and what is to be told if anything.

        Another title, text, audience or reminders are published and not told; the same again is neither.
        """
        new = replace(
            wanted, from_day=self.from_day, said=self.said, said_version=self.said_version, version=self.version
        )
        if new == self:
            return self, None, None
        if new.cancelled != self.cancelled:
            return replace(new, from_day=None).planned()
        if not new.cancelled and new._where_and_when != self._where_and_when:
            moved = replace(new, from_day=self.day)
            return moved._saying(Said.MOVED), moved._moved_fact(self.day), Said.MOVED
        new = replace(new, version=self.version + 1)
        return new, new._cancelled_fact() if new.cancelled else new._planned_fact(), None

    @property
    def _where_and_when(self) -> tuple[object, ...]:
        return self.day, self.starts_at, self.ends_at, self.place

    def _saying(self, said: Said) -> "Milestone":
        return replace(self, said=said, version=self.version + 1, said_version=self.version + 1)

    def _planned_fact(self) -> MilestonePlanned:
        return MilestonePlanned(
            milestone_id=self.id,
            code=self.code,
            title=self.title,
            kind=self.kind.value,
            day=self.day,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            audience=self.audience,
        )

    def _moved_fact(self, from_day: date) -> MilestoneMoved:
        return MilestoneMoved(
            milestone_id=self.id,
            code=self.code,
            title=self.title,
            kind=self.kind.value,
            from_day=from_day,
            day=self.day,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            audience=self.audience,
        )

    def _cancelled_fact(self) -> MilestoneCancelled:
        return MilestoneCancelled(
            milestone_id=self.id,
            code=self.code,
            title=self.title,
            kind=self.kind.value,
            day=self.day,
            audience=self.audience,
        )
