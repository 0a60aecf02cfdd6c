"""Which rule holds: a question of two dates, the day it is about and the day on which one asks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import TypeVar

from services.funding.domain.scheme.terms import (
    ABOUT,
    Activities,
    Base,
    Cap,
    Cofinancing,
    Deadline,
    DecidedBase,
    EligibleKinds,
    Participants,
    Rate,
    Terms,
    Verification,
)

T = TypeVar("T", bound=Terms)
WHOLE = 10_000
"""All of something, in basis points."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it says, for which days it holds, since when it is known, and who says so.

    `flagged` marks a rule that rests on one party's word and not on the regulation. `replaces` names a rule that this
    one takes the place of, where rules stand side by side (who takes part, which activities).
    """

    code: str
    terms: Terms
    valid_from: date
    known_from: date
    source: str
    valid_until: date | None = None
    reason: str = ""
    flagged: bool = False
    replaces: str | None = None

    @property
    def about(self) -> str:
        return next(name for name, terms in ABOUT.items() if isinstance(self.terms, terms))

    def holds(self, day: date, known_at: date) -> bool:
        return (
            self.known_from <= known_at
            and self.valid_from <= day
            and (self.valid_until is None or day <= self.valid_until)
        )

    @property
    def rival_of(self) -> tuple[str, str]:
        """Of the rules with the same key one holds at a time."""
        match self.terms:
            case Rate(kind):
                return self.about, kind
            case Cap(kind):
                return self.about, f"{kind}/{self.terms.what}"
            case Verification(kind):
                return self.about, kind
            case Deadline(what):
                return self.about, what
            case Participants() | Activities():
                return self.about, self.code
            case _:
                return self.about, ""


def rule_on(rules: Iterable[Rule], day: date, known_at: date) -> Rule | None:
    """The rule that holds on `day`, as far as known at `known_at`: the latest known, then the latest valid.

    Pass the rules about one thing (`about`). A rate of the region's own goes before one that is advised, also when the
    advice came later. None when there is none.
    """
    held = [rule for rule in rules if rule.holds(day, known_at)]
    return max(held, key=lambda rule: (not _advised(rule), rule.known_from, rule.valid_from, rule.code), default=None)


def _advised(rule: Rule) -> bool:
    return isinstance(rule.terms, Rate) and rule.terms.advice


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


def in_force(rules: Iterable[Rule], day: date, known_at: date) -> tuple[Rule, ...]:
    """Every rule that holds on `day` as far as known at `known_at`, rivals settled, in order of what they are about."""
    known = tuple(rules)
    replaced = {rule.replaces for rule in known if rule.replaces and rule.holds(day, known_at)}
    rivals: dict[tuple[str, str], list[Rule]] = {}
    for rule in known:
        if rule.code not in replaced:
            rivals.setdefault(rule.rival_of, []).append(rule)
    order = list(ABOUT)
    held = (rule_on(each, day, known_at) for each in rivals.values())
    return tuple(sorted((rule for rule in held if rule), key=lambda rule: (order.index(rule.about), rule.code)))


def cofinancing_on(rules: Iterable[Rule], day: date, known_at: date) -> Cofinancing | None:
    """The co-financing asked on `day`, with the base that the region decided on when the scheme leaves it open."""
    known = tuple(rules)
    asked = terms_on(known, Cofinancing, day, known_at)
    decided = terms_on(known, DecidedBase, day, known_at)
    if asked is None or asked.base is not None or decided is None or decided.base not in asked.readings:
        return asked
    return replace(asked, base=decided.base)


def required_cents(grant_cents: int, asked: Cofinancing, costs_cents: int | None = None) -> Mapping[Base, int]:
    """The co-financing that a grant asks, in cents rounded half up: under every reading while the base is undecided.

    Of the subsidy: 10% of EUR 10,000,000 is 1,000,000. Of the total of subsidy and co-financing: 1,111,111.11. Of the
    costs: of `costs_cents`, and as long as those are unknown, of the total, which is what is planned to be spent.
    """
    share = asked.basis_points
    of_total = half_up(grant_cents * share, 10_000 - share)
    readings = {
        Base.OF_SUBSIDY: half_up(grant_cents * share, 10_000),
        Base.OF_TOTAL: of_total,
        Base.OF_COSTS: of_total if costs_cents is None else half_up(costs_cents * share, 10_000),
    }
    return {base: readings[base] for base in asked.possible}


def countable_cents(by_kind: Mapping[str, int], rules: Iterable[Rule], day: date, known_at: date) -> int:
    """What of these amounts counts as co-financing: eligible kinds, none above its share of all that counts.

    Where a share binds, the total is smaller and other shares may bind too, so they are settled together. In cents,
    each kind rounded down, for a cap is never passed.
    """
    terms = [rule.terms for rule in in_force(rules, day, known_at)]
    eligible = {kind for each in terms if isinstance(each, EligibleKinds) for kind in each.kinds}
    amounts = {kind: cents for kind, cents in by_kind.items() if kind in eligible}
    shares = {
        each.kind: each.share_basis_points
        for each in terms
        if isinstance(each, Cap) and each.share_basis_points is not None and each.share_basis_points < WHOLE
    }
    capped = {kind: cents for kind, cents in amounts.items() if kind in shares}
    binding: set[str] = set()
    while True:
        free = sum(cents for kind, cents in amounts.items() if kind not in binding)
        total = Fraction(free * WHOLE, WHOLE - sum(shares[kind] for kind in binding))
        found = {kind for kind, cents in capped.items() if cents * WHOLE > shares[kind] * total}
        if found <= binding:
            break
        binding |= found
    return free + sum(int(shares[kind] * total / WHOLE) for kind in binding)


def hours_cents(minutes: int, cents_per_hour: int) -> int:
    """What worked minutes are worth, in cents rounded half up."""
    return half_up(minutes * cents_per_hour, 60)


def half_up(numerator: int, denominator: int) -> int:
    """The quotient of two non-negative numbers, rounded half up."""
    return (2 * numerator + denominator) // (2 * denominator)
