"""Terms: thirds of a calendar year, in which people are needed and promised.

A term never crosses a year, since subsidies are planned and accounted for by calendar year, and each is about what a
Dutch school calls a trimester: 1 is January to April, 2 is May to August (with the summer holiday), 3 is September to
December. School year 2020-2021 is term 3 of 2020 and terms 1 and 2 of 2021. Why: docs/decisions/0040-terms.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

TERMS = (1, 2, 3)


@dataclass(frozen=True, slots=True, order=True)
class Term:
    """A third of a year: `number` is 1, 2 or 3."""

    year: int
    number: int

    @property
    def first(self) -> date:
        return date(self.year, 4 * self.number - 3, 1)

    @property
    def last(self) -> date:
        return self.next.first - timedelta(days=1)

    @property
    def next(self) -> "Term":
        return Term(self.year, self.number + 1) if self.number < len(TERMS) else Term(self.year + 1, 1)


def term_of(day: date) -> Term:
    """The term that a day is in."""
    return Term(day.year, (day.month + 3) // 4)


def terms(first: date, last: date) -> Iterator[Term]:
    """The terms that have a day of this period, in order."""
    term = term_of(first)
    while term.first <= last:
        yield term
        term = term.next


def part(whole: int, first: date, last: date, term: Term) -> int:
    """What of an amount that is spread evenly over a period falls in a term.

    Due by the term's last day less due before its first, each rounded down: the parts of all terms sum to the whole.
    """
    days = (last - first).days + 1

    def by(day: date) -> int:
        return whole * min(max((day - first).days + 1, 0), days) // days

    return by(term.last) - by(term.first - timedelta(days=1))
