"""Plan versus realised: what was applied for per line and calendar year, against what the books hold of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from services.funding.domain import ledger
from services.funding.domain.application import Application
from services.funding.domain.ledger import UNALLOCATED_LINE
from services.funding.domain.progress import Movement

_PLANNED = {
    "subsidy": "planned_subsidy_cents",
    "cofinancing": "planned_cofinancing_cents",
    "own": "planned_own_cents",
}


@dataclass(frozen=True, slots=True)
class Amounts:
    """What was planned and what became of it, in cents and in minutes.

    The subsidy is realised by claims that were approved, paid or not; co-financing by contributions that were accepted.
    Own means are planned and not in the books. `committed_change_cents` is by how much what is committed and not yet
    claimed grew.
    """

    planned_subsidy_cents: int = 0
    realised_subsidy_cents: int = 0
    committed_change_cents: int = 0
    planned_cofinancing_cents: int = 0
    realised_cofinancing_cents: int = 0
    waiting_cofinancing_cents: int = 0
    realised_minutes: int = 0
    waiting_minutes: int = 0
    planned_own_cents: int = 0

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    @property
    def subsidy_difference_cents(self) -> int:
        """Planned less realised."""
        return self.planned_subsidy_cents - self.realised_subsidy_cents

    @property
    def cofinancing_difference_cents(self) -> int:
        """Planned less realised."""
        return self.planned_cofinancing_cents - self.realised_cofinancing_cents


@dataclass(frozen=True, slots=True)
class LineYear:
    """One line in one calendar year. `kind` is `former` when no programme has the line now."""

    line: str
    kind: str
    title: str
    year: int
    amounts: Amounts


def compared(
    plans: Iterable[Application], movements: Iterable[Movement], lines: Mapping[str, tuple[str, str]]
) -> list[LineYear]:
    """Every line and calendar year that was planned for or booked on, in order of line and year.

    `lines` is code -> (kind, title) of the programme. Movements are those of sealed entries, on their day.
    """
    cells: dict[tuple[str, int], Amounts] = {}

    def add(line: str, year: int, amounts: Amounts) -> None:
        cells[line, year] = cells.get((line, year), Amounts()) + amounts

    for plan in plans:
        for item in plan.items:
            add(item.line, item.year, Amounts(**{_PLANNED[item.paid_from]: item.cents}))
    for moved in movements:
        line, amounts = _of(moved)
        if line and line != UNALLOCATED_LINE:
            add(line, moved.year, amounts)
    return [
        LineYear(line, *lines.get(line, ("former", line)), year, cells[line, year])
        for line, year in sorted(cells)
        if cells[line, year] != Amounts()
    ]


def _of(moved: Movement) -> tuple[str, Amounts]:
    """The line that an account is of, and what its movement means."""
    account, cents, minutes = moved.account, moved.cents, moved.minutes
    for prefix, amounts in (
        (ledger.claimed("x")[:-1], Amounts(realised_subsidy_cents=-cents)),
        (ledger.paid("x")[:-1], Amounts(realised_subsidy_cents=-cents)),
        (ledger.committed("x")[:-1], Amounts(committed_change_cents=-cents)),
        (ledger.ACCEPTED, Amounts(realised_cofinancing_cents=cents, realised_minutes=minutes)),
        (ledger.VERIFIED, Amounts(waiting_cofinancing_cents=cents, waiting_minutes=minutes)),
        (ledger.DECLARED, Amounts(waiting_cofinancing_cents=cents, waiting_minutes=minutes)),
    ):
        if account.startswith(prefix):
            return account.removeprefix(prefix), amounts
    return "", Amounts()


def total(rows: Iterable[LineYear]) -> Amounts:
    """What these rows come to together."""
    return sum((row.amounts for row in rows), Amounts())


def totals(rows: Sequence[LineYear], by: str) -> dict[Any, Amounts]:
    """What the rows come to by line, kind or year, in order of that."""
    found: dict[Any, Amounts] = {}
    for row in rows:
        key = getattr(row, by)
        found[key] = found.get(key, Amounts()) + row.amounts
    return dict(sorted(found.items()))
