"""Where the co-financing stands on a day: by line, by partner, what it will come to, and whom to phone.

The rules are those of funding (its README, the position): a promise falls due in a straight line over its days, and
what has yet to fall due comes in as far as partners kept their word so far.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar
from uuid import UUID

WHOLE = 10_000
"""All of something, in hundredths of a percent."""

K = TypeVar("K", UUID, str)


@dataclass(frozen=True, slots=True)
class Cell:
    """What one organisation brought in and promised on one line. Cents and minutes; `last_day` of its contributions."""

    organisation_id: UUID
    line: str
    realised_cents: int = 0
    realised_minutes: int = 0
    declared_cents: int = 0
    declared_minutes: int = 0
    promised_cents: int = 0
    promised_minutes: int = 0
    due_cents: int = 0
    last_day: date | None = None

    @property
    def delivered_cents(self) -> int:
        """Accepted or still declared: for a partner's word both count."""
        return self.realised_cents + self.declared_cents

    def __add__(self, other: "Cell") -> "Cell":
        days = [day for day in (self.last_day, other.last_day) if day]
        return Cell(
            self.organisation_id,
            self.line,
            self.realised_cents + other.realised_cents,
            self.realised_minutes + other.realised_minutes,
            self.declared_cents + other.declared_cents,
            self.declared_minutes + other.declared_minutes,
            self.promised_cents + other.promised_cents,
            self.promised_minutes + other.promised_minutes,
            self.due_cents + other.due_cents,
            max(days, default=None),
        )

    @property
    def at_stake_cents(self) -> int:
        """What fell due and did not come."""
        return max(0, self.due_cents - self.delivered_cents)


@dataclass(frozen=True, slots=True)
class Reading:
    """The threshold under one reading of the base, in cents."""

    base: str
    required_cents: int

    def reached(self, cents: int) -> int:
        """How much of what is required that is, in hundredths of a percent, rounded down."""
        return cents * WHOLE // self.required_cents if self.required_cents else WHOLE

    def short(self, cents: int) -> int:
        """What is missing, in cents."""
        return max(0, self.required_cents - cents)


@dataclass(frozen=True, slots=True)
class Standing:
    """The co-financing of a region on a day."""

    cells: tuple[Cell, ...]
    readings: tuple[Reading, ...]
    total: Cell = field(init=False)

    def __post_init__(self) -> None:
        total = Cell(UUID(int=0), "")
        for cell in self.cells:
            total += cell
        object.__setattr__(self, "total", total)

    def by(self, key: Callable[[Cell], K]) -> dict[K, Cell]:
        """The cells added up per line, or per organisation."""
        found: dict[K, Cell] = {}
        for cell in self.cells:
            found[key(cell)] = found[key(cell)] + cell if key(cell) in found else cell
        return found

    @property
    def by_line(self) -> dict[str, Cell]:
        """Per line, the one with most delivered first."""
        return dict(
            sorted(self.by(lambda cell: cell.line).items(), key=lambda item: (-item[1].delivered_cents, item[0]))
        )

    @property
    def by_partner(self) -> dict[UUID, Cell]:
        """Per organisation, the one with most delivered first."""
        found = self.by(lambda cell: cell.organisation_id).items()
        return dict(sorted(found, key=lambda item: (-item[1].delivered_cents, str(item[0]))))

    @property
    def kept_basis_points(self) -> int:
        """How far partners keep their word, each by itself: of what fell due, the part that was delivered."""
        partners = self.by(lambda cell: cell.organisation_id).values()
        due = sum(each.due_cents for each in partners)
        return sum(min(each.due_cents, each.delivered_cents) for each in partners) * WHOLE // due if due else WHOLE

    @property
    def forecast_cents(self) -> int:
        """What it will come to: what came in, and what has yet to fall due as far as partners keep their word."""
        kept = self.kept_basis_points
        return sum(
            cell.delivered_cents
            + max(0, cell.promised_cents - max(cell.due_cents, cell.delivered_cents)) * kept // WHOLE
            for cell in self.cells
        )

    @property
    def strictest(self) -> Reading | None:
        """The reading that asks most."""
        return strictest_of(self.readings)

    def calls(self, most: int = 10) -> list[Cell]:
        """Who is furthest behind its word, most at stake first."""
        behind = [each for each in self.by(lambda cell: cell.organisation_id).values() if each.at_stake_cents]
        return sorted(behind, key=lambda each: (-each.at_stake_cents, each.delivered_cents, str(each.organisation_id)))[
            :most
        ]


@dataclass(frozen=True, slots=True)
class Sum:
    """What a standing comes to in cents, without its cells: for many regions side by side."""

    realised_cents: int
    forecast_cents: int
    readings: tuple[Reading, ...]

    @property
    def strictest(self) -> Reading | None:
        """The reading that asks most."""
        return strictest_of(self.readings)


def strictest_of(readings: Iterable[Reading]) -> Reading | None:
    """The reading that asks most; None when funding has told none."""
    return max(readings, key=lambda reading: reading.required_cents, default=None)


def readings_of(told: Iterable[dict[str, object]]) -> tuple[Reading, ...]:
    """The readings as funding told them."""
    return tuple(Reading(str(each["base"]), int(str(each["required_cents"]))) for each in told)
