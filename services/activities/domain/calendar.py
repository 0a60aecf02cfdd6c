"""Days and hours as a school and a company mean them: bell times, working days, and the first hour that suits both."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

HOLD_WORKING_DAYS = 5
"""How long a candidate may think before the next one has its turn."""


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A stretch of one weekday (Monday is 1), in local time of the consortium: bell times, or when a company can."""

    weekday: int
    opens: time
    closes: time

    @property
    def minutes(self) -> int:
        """How long it is."""
        return _minutes(self.closes) - _minutes(self.opens)

    def overlap(self, other: "Window") -> "Window | None":
        """What both have in common; None when that is nothing."""
        if self.weekday != other.weekday:
            return None
        opens, closes = max(self.opens, other.opens), min(self.closes, other.closes)
        return Window(self.weekday, opens, closes) if opens < closes else None


OFFICE_HOURS: tuple[Window, ...] = tuple(Window(day, time(8, 30), time(16, 30)) for day in range(1, 6))
"""What holds for whoever did not say when they can."""


def working_days_after(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The same local time, so many working days (Monday to Friday) later; UTC."""
    local = at.astimezone(zone)
    day, left = local.date(), days
    while left > 0:
        day += timedelta(days=1)
        left -= day.isoweekday() <= 5
    return datetime.combine(day, local.time(), zone).astimezone(UTC)


def common_windows(ours: Sequence[Window], theirs: Sequence[Window], minutes: int) -> tuple[Window, ...]:
    """The stretches of the week that suit both and are long enough, in order of the week."""
    shared = (one.overlap(other) for one in ours for other in theirs)
    return tuple(sorted({window for window in shared if window is not None and window.minutes >= minutes}))


def starts(
    windows: Sequence[Window], minutes: int, days: tuple[date, date], zone: ZoneInfo, closed: Iterable[date] = ()
) -> Iterator[datetime]:
    """The moments within the days (both included) at which so many minutes fit a window, soonest first; UTC.

    Within a window they follow each other, one session after another. `closed` days (holidays)
    are left out.
    """
    shut = frozenset(closed)
    day, last = days
    while day <= last:
        if day not in shut:
            for window in sorted(windows):
                if window.weekday == day.isoweekday():
                    for start in range(_minutes(window.opens), _minutes(window.closes) - minutes + 1, minutes):
                        yield datetime.combine(day, time(*divmod(start, 60)), zone).astimezone(UTC)
        day += timedelta(days=1)


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The day on which something falls where the consortium is."""
    return at.astimezone(zone).date()


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute
