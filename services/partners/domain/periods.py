"""Stretches of days, the last day included; without a last day they go on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from runtime.problems import Kind, Problem


class PeriodBackwards(Problem, kind=Kind.INVALID):
    """It ends ({last_day}) before it starts ({first_day}). Swap the two days, or mend one."""


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day up to and including the last. Raises PeriodBackwards."""

    first: date
    last: date | None = None

    def __post_init__(self) -> None:
        if self.last is not None and self.last < self.first:
            raise PeriodBackwards(first_day=self.first, last_day=self.last)

    def covers(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)

    def overlap(self, other: "Period") -> "Period | None":
        """The days that both have, or None when there are none."""
        first = max(self.first, other.first)
        last = min((each for each in (self.last, other.last) if each is not None), default=None)
        return None if last is not None and last < first else Period(first, last)


def merged(periods: Iterable[Period]) -> tuple[Period, ...]:
    """The same days in as few periods as possible, in order: periods that overlap or touch become one."""
    found: list[Period] = []
    for each in sorted(periods, key=lambda period: (period.first, period.last or date.max)):
        before = found[-1] if found else None
        if before is None or (before.last is not None and each.first.toordinal() > before.last.toordinal() + 1):
            found.append(each)
        elif before.last is not None:
            last = None if each.last is None else max(before.last, each.last)
            found[-1] = Period(before.first, last)
    return tuple(found)
