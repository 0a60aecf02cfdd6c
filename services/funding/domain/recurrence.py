"""Days that come back: every so many weeks or months from a first day on."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Literal

from runtime.problems import Kind, Problem

Every = Literal["week", "month", "quarter", "year"]
MOST = 200
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


class SeriesInverted(Problem, kind=Kind.INVALID):
    """A series' last day comes on or after its first ({first})."""


class SeriesTooLong(Problem, kind=Kind.INVALID):
    """This series would have more than {most} dates. Let it end earlier, or come back less often."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Every `interval` weeks, months, quarters or years from the first day up to and including the last.

    Months are counted from the first day itself, and a day that a month does not have is its last day: 31 January,
    28 February, 31 March. Deadlines are written so, and a month is never left out.
    """

    first: date
    last: date
    every: Every
    interval: int = 1

    def days(self) -> tuple[date, ...]:
        """The days in order. Raises SeriesInverted and SeriesTooLong."""
        if self.last < self.first:
            raise SeriesInverted(first=self.first)
        found: list[date] = []
        for day in self._days():
            if day > self.last:
                return tuple(found)
            if len(found) == MOST:
                raise SeriesTooLong(most=MOST)
            found.append(day)
        return tuple(found)

    def _days(self) -> Iterator[date]:
        for number in count():
            if self.every == "week":
                step = timedelta(weeks=number * self.interval)
                if self.first > date.max - step:
                    return
                yield self.first + step
                continue
            months = self.first.month - 1 + number * self.interval * _MONTHS[self.every]
            year, month = self.first.year + months // 12, months % 12 + 1
            if year > date.max.year:
                return
            yield date(year, month, min(self.first.day, monthrange(year, month)[1]))
