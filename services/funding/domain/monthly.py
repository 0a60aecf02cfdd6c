"""The statement of a month: what an organisation's systems sent, what came of it, and what the books recorded for it.

The month is that of the region's own zone. What was recorded in it never changes afterwards: a correction stands in
the month in which it was made, so the statements of all months add up to the account of the organisation.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> "Month":
        """From YYYY-MM."""
        year, number = text.split("-")
        return cls(int(year), int(number))

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    def moments(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Its first moment in a zone, and that of the month after it."""
        after = (self.year + 1, 1) if self.number == 12 else (self.year, self.number + 1)
        return datetime(self.year, self.number, 1, tzinfo=zone), datetime(*after, 1, tzinfo=zone)


@dataclass(frozen=True, slots=True)
class Came:
    """So many records of which the same came: first outcome, state now, codes of the reasons."""

    organisation_id: UUID
    outcome: str
    state: str
    codes: tuple[str, ...]
    records: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded for a line and booked in a month (`period`, its first day); negative when it was taken back."""

    organisation_id: UUID
    period: date
    line: str
    taken_back: bool
    entries: int
    minutes: int
    cents: int


@dataclass(frozen=True, slots=True)
class MonthlyStatement:
    """The statement of one organisation."""

    organisation_id: UUID
    outcomes: Counter[str]
    states: Counter[str]
    reasons: Counter[tuple[str, str]]
    recorded: tuple[Recorded, ...]

    @classmethod
    def empty(cls, organisation_id: UUID) -> "MonthlyStatement":
        """Of a month in which nothing came in or was recorded."""
        return cls(organisation_id, Counter(), Counter(), Counter(), ())

    @property
    def sent(self) -> int:
        """Records, each counted once however often it was sent."""
        return self.outcomes.total()

    @property
    def minutes(self) -> int:
        return sum(each.minutes for each in self.recorded)

    @property
    def cents(self) -> int:
        return sum(each.cents for each in self.recorded)

    def rows(self) -> list[dict[str, Any]]:
        """As rows of a table: what was sent, what it is now, why not, and what was booked."""
        found = [_row("sent", what, records=count) for what, count in sorted(self.outcomes.items())]
        found += [
            _row("reason", what, reason=code, records=count) for (what, code), count in sorted(self.reasons.items())
        ]
        found += [_row("now", what, records=count) for what, count in sorted(self.states.items())]
        found += [
            _row(
                "booked",
                "taken-back" if each.taken_back else "booked",
                period=f"{each.period:%Y-%m}",
                line=each.line,
                records=each.entries,
                minutes=each.minutes,
                valueCents=each.cents,
            )
            for each in self.recorded
        ]
        return found


def _row(part: str, what: str, **told: Any) -> dict[str, Any]:
    blank = {"reason": "", "period": "", "line": "", "records": 0, "minutes": 0, "valueCents": 0}
    return {"part": part, "what": what, **blank, **told}


def statements(came: Iterable[Came], recorded: Iterable[Recorded]) -> list[MonthlyStatement]:
    """One for each organisation of which something came in or was recorded, by id."""
    found: dict[UUID, MonthlyStatement] = {}
    booked: dict[UUID, list[Recorded]] = {}
    for each in recorded:
        booked.setdefault(each.organisation_id, []).append(each)

    def of(organisation: UUID) -> MonthlyStatement:
        if organisation not in found:
            rows = tuple(booked.get(organisation, ()))
            found[organisation] = MonthlyStatement(organisation, Counter(), Counter(), Counter(), rows)
        return found[organisation]

    for one in came:
        made = of(one.organisation_id)
        made.outcomes[one.outcome] += one.records
        made.states[one.state] += one.records
        if one.outcome != "booked":
            made.reasons.update({(one.outcome, code): one.records for code in one.codes})
    for organisation in booked:
        of(organisation)
    return [found[each] for each in sorted(found)]
