"""The same contributions under another percentage, base or rate. Nothing here touches the books."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from runtime.problems import Kind, Problem
from services.funding.domain.scheme import (
    Base,
    Cofinancing,
    Rule,
    cofinancing_on,
    countable_cents,
    required_cents,
)


class NothingToCompare(Problem, kind=Kind.CONFLICT):
    """Scheme '{scheme}' asks no co-financing that holds on {day}, or there is no grant under it. Record the rule, or
    give grantCents."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """What would be otherwise; what is left out stays as it is. Rates are cents an hour per kind."""

    basis_points: int | None = None
    base: Base | None = None
    rates: Mapping[str, int] = field(default_factory=dict)

    def of(self, asked: Cofinancing) -> Cofinancing:
        """The co-financing as this would have it."""
        changed = asked if self.basis_points is None else replace(asked, basis_points=self.basis_points)
        return changed if self.base is None else replace(changed, base=self.base)


@dataclass(frozen=True, slots=True)
class Brought:
    """Contributions of one kind, counted in the database: as booked, and as the other rate would value them."""

    kind: str
    realised: bool
    count: int
    minutes: int
    cents: int
    other_cents: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reading of the base requires. `reached_basis_points` is rounded down: 9,999 is not yet there."""

    base: Base
    required_cents: int
    shortfall_cents: int
    reached_basis_points: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the co-financing stands under one set of rules. Only what is realised and counts is held against it."""

    basis_points: int
    realised_cents: int
    realised_minutes: int
    counted_cents: int
    declared_cents: int
    readings: tuple[Reading, ...]


def standing(
    brought: Iterable[Brought],
    rules: Iterable[Rule],
    asked: Cofinancing,
    grant_cents: int,
    day: date,
    known_at: date,
    *,
    other: bool = False,
    costs_cents: int | None = None,
) -> Standing:
    """Where these contributions stand against what `asked` requires of a grant; `other` takes the other rate."""
    all_of, known = tuple(brought), tuple(rules)

    def value(each: Brought) -> int:
        return each.other_cents if other else each.cents

    realised = {each.kind: 0 for each in all_of}
    for each in all_of:
        if each.realised:
            realised[each.kind] += value(each)
    counted = countable_cents(realised, known, day, known_at)
    return Standing(
        asked.basis_points,
        sum(realised.values()),
        sum(each.minutes for each in all_of if each.realised),
        counted,
        sum(value(each) for each in all_of if not each.realised),
        tuple(
            Reading(base, cents, max(0, cents - counted), counted * 10_000 // cents if cents else 10_000)
            for base, cents in required_cents(grant_cents, asked, costs_cents).items()
        ),
    )


def asked_of(scheme: str, rules: Iterable[Rule], day: date, known_at: date, grant_cents: int) -> Cofinancing:
    """The co-financing that a comparison starts from. Raises NothingToCompare."""
    asked = cofinancing_on(rules, day, known_at)
    if asked is None or not grant_cents:
        raise NothingToCompare(scheme=scheme, day=day)
    return asked
