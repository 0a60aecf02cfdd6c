"""What a contribution is worth: decided by the region's rules of that day, never by who sends it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from runtime.problems import Kind, Problem
from services.funding.domain.bounds import cap_on
from services.funding.domain.scheme import (
    Cap,
    EligibleKinds,
    Rate,
    Rule,
    Supervision,
    about,
    hours_cents,
    rule_on,
    terms_on,
)

NO_SCHEME = "no-scheme"
"""In the place of a rule, where a region has none."""

ContributionKind = Literal["hours", "material", "loan", "cash", "pupil-presence"]


class KindNotEligible(Problem, kind=Kind.INVALID):
    """Contributions of the kind {what} do not count on {day}. Declare it as a kind that the scheme accepts."""


class NoRuleForKind(Problem, kind=Kind.CONFLICT):
    """No {rule} rule for {what} holds on {day}. The programme office records one; then it can be valued."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What was delivered: minutes for hours, cents for material, loan and cash, pupils and minutes for presence."""

    kind: ContributionKind
    day: date
    minutes: int = 0
    amount_cents: int = 0
    pupils: int = 0
    minutes_each: int = 0


@dataclass(frozen=True, slots=True)
class Value:
    """Worked minutes and cents, with the code of the rule that decided the cents."""

    minutes: int
    cents: int
    rule: str


def value(delivered: Delivered, rules: Iterable[Rule], known_at: date) -> Value:
    """What was delivered is worth by the rules of its day, as far as known at `known_at`.

    Minutes and cents are rounded half up. Pupils' presence becomes minutes of supervision first, and those are valued,
    up to the cap of the kind, whose code then is the rule. A region without any scheme has no money to account for: its
    hours count as hours, worth nothing, presence as the time that somebody was there for the pupils, and things at the
    value they were given. Raises KindNotEligible, or NoRuleForKind when the region recorded no rate or share.
    """
    known = tuple(rules)
    if not known:
        minutes = delivered.minutes_each if delivered.kind == "pupil-presence" else delivered.minutes
        return Value(minutes, delivered.amount_cents, NO_SCHEME)
    eligible = rule_on(about(known, EligibleKinds), delivered.day, known_at)
    if (
        eligible is None
        or not isinstance(eligible.terms, EligibleKinds)
        or (delivered.kind not in eligible.terms.kinds)
    ):
        raise KindNotEligible(what=delivered.kind, day=delivered.day)
    worth = _worth(delivered, known, known_at, eligible.code)
    cap = cap_on(known, delivered.kind, "cents", delivered.day, known_at)
    if cap is not None and isinstance(cap.terms, Cap) and cap.terms.cents is not None and worth.cents > cap.terms.cents:
        return Value(worth.minutes, cap.terms.cents, cap.code)
    return worth


def _worth(delivered: Delivered, known: tuple[Rule, ...], known_at: date, eligible: str) -> Value:
    """By amount or by rate, before any cap."""
    if delivered.kind in ("material", "loan", "cash"):
        return Value(0, delivered.amount_cents, eligible)
    minutes = delivered.minutes
    if delivered.kind == "pupil-presence":
        share = terms_on(known, Supervision, delivered.day, known_at)
        if share is None:
            raise NoRuleForKind(rule="supervision", what=delivered.kind, day=delivered.day)
        minutes = supervision_minutes(delivered.pupils, delivered.minutes_each, share)
    rate = rule_on(about(known, Rate, delivered.kind), delivered.day, known_at)
    if rate is None or not isinstance(rate.terms, Rate):
        raise NoRuleForKind(rule="rate", what=delivered.kind, day=delivered.day)
    return Value(minutes, hours_cents(minutes, rate.terms.cents_per_hour), rate.code)


def supervision_minutes(pupils: int, minutes_each: int, share: Supervision) -> int:
    """The minutes of supervision in pupils' presence, rounded half up: 5 pupils x 3 h x 25% = 3 h 45."""
    return (2 * pupils * minutes_each * share.basis_points + 10_000) // 20_000
