"""The rules of regions: what makes a consortium and its programme fit to be planned."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from runtime.problems import Kind, Problem
from services.partners.domain.periods import PeriodBackwards
from services.partners.domain.standing import Ground
from services.partners.events import (
    ConsortiumClosed,
    ConsortiumFounded,
    ConsortiumReopened,
    PlannedLocation,
    PlannedSpearhead,
    ProgrammePlanned,
)


class UnknownZone(Problem, kind=Kind.INVALID):
    """There is no such time zone. Name one as in the tz database, for instance Europe/Amsterdam."""


class RegionNotFounded(Problem, kind=Kind.CONFLICT):
    """This region was not founded yet, so its time zone and standing policy are not known. Put its consortium first."""


class LineTwice(Problem, kind=Kind.INVALID):
    """Two lines have the code {code}. Hours and money are booked by that code, so give one of them another."""


@dataclass(frozen=True, slots=True)
class Consortium:
    """A region: the tenant. Its days are counted in its own zone."""

    id: UUID
    code: str
    name: str
    zone: str
    currency: str
    language: str
    standing_policy: tuple[Ground, ...]
    version: int = 0

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise UnknownZone() from None

    def day(self, at: datetime) -> date:
        """The day it is in the region at an instant."""
        return at.astimezone(ZoneInfo(self.zone)).date()

    def founded(self) -> ConsortiumFounded:
        return ConsortiumFounded(
            code=self.code,
            name=self.name,
            zone=self.zone,
            currency=self.currency,
            language=self.language,
            standing_policy=tuple(self.standing_policy),
        )

    def closed(self, reason: str, since: datetime) -> ConsortiumClosed:
        return ConsortiumClosed(code=self.code, reason=reason, since=since)

    def reopened(self, reason: str, since: datetime) -> ConsortiumReopened:
        return ConsortiumReopened(code=self.code, reason=reason, since=since)


@dataclass(frozen=True, slots=True)
class Programme:
    """What a region does in a period, over spearheads and locations."""

    id: UUID
    code: str
    title: str
    first_day: date
    last_day: date
    spearheads: tuple[PlannedSpearhead, ...]
    locations: tuple[PlannedLocation, ...]
    version: int = 0

    def __post_init__(self) -> None:
        if self.last_day < self.first_day:
            raise PeriodBackwards(first_day=self.first_day, last_day=self.last_day)
        seen: set[str] = set()
        for code in [line.code for line in self.spearheads] + [line.code for line in self.locations]:
            if code in seen:
                raise LineTwice(code=code)
            seen.add(code)

    def planned(self) -> ProgrammePlanned:
        return ProgrammePlanned(
            programme_id=self.id,
            code=self.code,
            title=self.title,
            first_day=self.first_day,
            last_day=self.last_day,
            spearheads=self.spearheads,
            locations=self.locations,
        )
