"""A subsidy scheme as data, on two clocks: from which day a rule holds, and from which day anybody could know it.

Sterk Techniekonderwijs asked 10% co-financing, until in July 2022 it became 7.5% for the whole period from January
2020. Both stay on record: what was asked of a contribution depends on its day and on when one asks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from runtime.problems import Kind, Problem
from services.funding.events import SchemeRuleRecorded


class Base(StrEnum):
    """Of what the co-financing percentage is taken."""

    OF_SUBSIDY = "of-subsidy"
    OF_TOTAL = "of-total"


@dataclass(frozen=True, slots=True)
class Cofinancing:
    """The share that partners must bring in. `base` is None as long as nobody decided which reading holds."""

    basis_points: int
    base: Base | None = None


@dataclass(frozen=True, slots=True)
class EligibleKinds:
    """The kinds of contribution that count."""

    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rate:
    """What an hour of `kind` is worth: the region's own choice, with its reason."""

    kind: str
    cents_per_hour: int


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that counts of one kind: per worker and day in minutes, or in cents per contribution."""

    kind: str
    minutes_per_day: int | None = None
    cents: int | None = None


@dataclass(frozen=True, slots=True)
class Supervision:
    """The share of pupils' presence that counts as supervision by the company: 5 pupils x 3 h x 25% = 3 h 45."""

    basis_points: int


@dataclass(frozen=True, slots=True)
class SupplementLimit:
    """The most by which a grant may be supplemented, of the first award."""

    basis_points: int


@dataclass(frozen=True, slots=True)
class Deadline:
    """Until when something can be handed in."""

    what: str
    day: date


Terms = Cofinancing | EligibleKinds | Rate | Cap | Supervision | SupplementLimit | Deadline
T = TypeVar("T", bound=Terms)

ABOUT: Mapping[str, type[Terms]] = {
    "cofinancing": Cofinancing,
    "eligible-kinds": EligibleKinds,
    "rate": Rate,
    "cap": Cap,
    "supervision": Supervision,
    "supplement-limit": SupplementLimit,
    "deadline": Deadline,
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it says, for which days it holds, since when it is known, and who says so.

    `flagged` marks a rule that rests on one party's word and not on the regulation.
    """

    code: str
    terms: Terms
    valid_from: date
    known_from: date
    source: str
    valid_until: date | None = None
    reason: str = ""
    flagged: bool = False

    @property
    def about(self) -> str:
        return next(name for name, terms in ABOUT.items() if isinstance(self.terms, terms))

    def holds(self, day: date, known_at: date) -> bool:
        return (
            self.known_from <= known_at
            and self.valid_from <= day
            and (self.valid_until is None or day <= self.valid_until)
        )


def rule_on(rules: Iterable[Rule], day: date, known_at: date) -> Rule | None:
    """The rule that holds on `day`, as far as known at `known_at`: the latest known, then the latest valid.

    Pass the rules about one thing (`about`). None when there is none.
    """
    held = [rule for rule in rules if rule.holds(day, known_at)]
    return max(held, key=lambda rule: (rule.known_from, rule.valid_from, rule.code), default=None)


def about(rules: Iterable[Rule], terms: type[T], kind: str | None = None) -> tuple[Rule, ...]:
    """The rules about one thing, for one kind of contribution when `kind` is given."""
    return tuple(
        rule
        for rule in rules
        if isinstance(rule.terms, terms) and (kind is None or getattr(rule.terms, "kind", None) == kind)
    )


def terms_on(rules: Iterable[Rule], terms: type[T], day: date, known_at: date, kind: str | None = None) -> T | None:
    """What the rule about one thing says on `day`, as far as known at `known_at`."""
    rule = rule_on(about(rules, terms, kind), day, known_at)
    return rule.terms if rule is not None and isinstance(rule.terms, terms) else None


def required_cents(grant_cents: int, asked: Cofinancing) -> Mapping[Base, int]:
    """The co-financing that a grant asks, in cents rounded half up: under both readings while the base is undecided.

    Of the subsidy: 10% of EUR 10,000,000 is 1,000,000. Of the total of subsidy and co-financing: 1,111,111.11.
    """
    share = asked.basis_points
    readings = {
        Base.OF_SUBSIDY: _half_up(grant_cents * share, 10_000),
        Base.OF_TOTAL: _half_up(grant_cents * share, 10_000 - share),
    }
    return readings if asked.base is None else {asked.base: readings[asked.base]}


def hours_cents(minutes: int, cents_per_hour: int) -> int:
    """What worked minutes are worth, in cents rounded half up."""
    return _half_up(minutes * cents_per_hour, 60)


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


class RuleRewritten(Problem, kind=Kind.CONFLICT):
    """Rule '{rule}' is already on record with other terms, and what was known is not rewritten. Record the new terms
    under another code, known from the day on which they were announced."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """A scheme with every rule ever recorded, oldest knowledge first."""

    id: UUID
    code: str
    title: str
    rules: tuple[Rule, ...] = ()
    version: int = 0

    def describe(self, title: str, rules: Iterable[Rule]) -> tuple["Scheme", tuple[SchemeRuleRecorded, ...]]:
        """The scheme with these rules added; a fact for each new one. Rules that it has already are left alone.

        Raises RuleRewritten when a rule of the same code says something else.
        """
        known = {rule.code: rule for rule in self.rules}
        added: list[Rule] = []
        for rule in rules:
            before = known.setdefault(rule.code, rule)
            if before is rule:
                added.append(rule)
            elif before != rule:
                raise RuleRewritten(rule=rule.code)
        facts = tuple(
            SchemeRuleRecorded(
                scheme_id=self.id,
                scheme=self.code,
                rule=rule.code,
                about=rule.about,
                valid_from=rule.valid_from,
                valid_until=rule.valid_until,
                known_from=rule.known_from,
                flagged=rule.flagged,
            )
            for rule in added
        )
        ordered = tuple(sorted((*self.rules, *added), key=lambda rule: (rule.known_from, rule.valid_from, rule.code)))
        return replace(self, title=title, rules=ordered, version=self.version + len(facts)), facts
