"""What is booked and what became of each line, while it is being reckoned; and how money comes of time."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from cli.region import Region

CENTS_PER_HOUR, SUPERVISION_BASIS_POINTS = 5_000, 2_500


@dataclass(slots=True)
class Booking:
    """A record that counts, and what it is worth. `verified` is found right by rule; others wait for a person."""

    organisation: str
    line: str
    day: date
    kind: str
    worker: str
    minutes: int
    cents: int
    verified: bool
    evidence: tuple[str, ...]
    gone: str = ""
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one line: booked, held, duplicate or refused; `code` says why; `naive_cents` what was sent."""

    sender: str
    id: str
    outcome: str
    code: str
    naive_cents: int


@dataclass(slots=True)
class Reckoning:
    """All outcomes, and what is booked."""

    region: Region
    outcomes: list[Outcome] = field(default_factory=list)
    bookings: dict[tuple[str, str], Booking] = field(default_factory=dict)
    seen: dict[tuple[str, str], str] = field(default_factory=dict)
    worked: Counter[tuple[str, str, str, date]] = field(default_factory=Counter)
    claimed: dict[str, tuple[str, str]] = field(default_factory=dict)
    closed_until: date | None = None


def half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def hours_cents(minutes: int) -> int:
    return half_up(minutes * CENTS_PER_HOUR, 60)


def supervision(pupils: int, minutes_each: int) -> int:
    return half_up(pupils * minutes_each * SUPERVISION_BASIS_POINTS, 10_000)
