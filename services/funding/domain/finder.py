"""Which schemes fit a plan, which do not and why: every requirement of a scheme answered in a sentence.

The rules are the scheme's own data; nothing here knows any scheme by name. What nobody can tell yet (a base that is in
dispute, a window that has not opened) is open, and the scheme then depends on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.funding.domain import finder_wording as wording
from services.funding.domain.finder_wording import Sentences
from services.funding.domain.scheme import (
    Activities,
    Amount,
    Area,
    Base,
    Cofinancing,
    Participants,
    Period,
    Rule,
    Scheme,
    Window,
    cofinancing_on,
    countable_cents,
    in_force,
    required_cents,
)

Answer = Literal["met", "not-met", "open"]
Outcome = Literal["fits", "does-not-fit", "depends"]


@dataclass(frozen=True, slots=True)
class Participant:
    """Who takes part: so many of a kind, in a role and with traits (`technical`) when they have those."""

    kind: str
    count: int = 1
    role: str = ""
    traits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a region means to do. Amounts in cents: asked per calendar year, and co-financing offered per kind."""

    participants: tuple[Participant, ...]
    activities: tuple[str, ...]
    first: date
    last: date
    asked: Mapping[int, int]
    offered: Mapping[str, int]
    areas: tuple[str, ...] = ()
    currency: str = "EUR"

    @property
    def asked_cents(self) -> int:
        return sum(self.asked.values())

    @property
    def months(self) -> int:
        """Calendar months that the plan touches."""
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1


@dataclass(frozen=True, slots=True)
class Finding:
    """One requirement, answered: by which rule, on whose word, and in a sentence per language."""

    rule: str
    about: str
    answer: Answer
    sentences: Sentences
    source: str
    flagged: bool


@dataclass(frozen=True, slots=True)
class Match:
    """A scheme held against a plan."""

    scheme: str
    title: str
    outcome: Outcome
    findings: tuple[Finding, ...]


def match(plan: Plan, scheme: Scheme, on: date) -> Match:
    """Holds a plan against a scheme, as far as known on the day of asking.

    The rules are those of the plan's first day; a plan from before the scheme is held against its first rules, to say
    what else is in the way. A scheme that asks nothing fits.
    """
    known = [rule for rule in scheme.rules if rule.known_from <= on]
    day = max([plan.first, *([min(rule.valid_from for rule in known)] if known else [])])
    findings = [
        Finding(rule.code, rule.about, answer, sentences, rule.source, rule.flagged)
        for rule in in_force(known, day, on)
        for answer, sentences in _answers(plan, rule, known, day, on)
    ]
    answers = {found.answer for found in findings}
    outcome: Outcome = "does-not-fit" if "not-met" in answers else "depends" if "open" in answers else "fits"
    return Match(scheme.code, scheme.title, outcome, tuple(findings))


def matches(plan: Plan, schemes: Sequence[Scheme], on: date) -> tuple[Match, ...]:
    """Every scheme held against the plan: what fits first, then what depends, then what does not; then by code.

    A scheme of which nothing was known yet on the day of asking is left out.
    """
    order: list[Outcome] = ["fits", "depends", "does-not-fit"]
    known = (each for each in schemes if not each.rules or any(rule.known_from <= on for rule in each.rules))
    held = (match(plan, scheme, on) for scheme in known)
    return tuple(sorted(held, key=lambda found: (order.index(found.outcome), found.scheme)))


def _answers(plan: Plan, rule: Rule, rules: Sequence[Rule], day: date, on: date) -> list[tuple[Answer, Sentences]]:
    match rule.terms:
        case Participants() as asked:
            return [_participants(plan, asked)]
        case Amount() as asked:
            return _amounts(plan, asked)
        case Period() as asked:
            return _period(plan, asked)
        case Activities() as asked:
            return [_activities(plan, asked)]
        case Window(first, last):
            return [_window(first, last, on)]
        case Area(any_of):
            met = bool(set(plan.areas) & set(any_of))
            return [(_yes(met), wording.area(any_of, met))]
        case Cofinancing():
            found = cofinancing_on(rules, day, on)
            return [_cofinancing(plan, found, rules, day, on)] if found else []
        case _:
            return []


def _yes(met: bool) -> Answer:
    return "met" if met else "not-met"


def _participants(plan: Plan, asked: Participants) -> tuple[Answer, Sentences]:
    found = sum(
        each.count
        for each in plan.participants
        if each.kind in asked.kinds
        and (not asked.role or each.role == asked.role)
        and (not asked.trait or asked.trait in each.traits)
    )
    return _yes(found >= asked.least), wording.participants(asked, found)


def _amounts(plan: Plan, asked: Amount) -> list[tuple[Answer, Sentences]]:
    total, currency = plan.asked_cents, plan.currency
    found: list[tuple[Answer, Sentences]] = []
    if asked.min_cents is not None:
        found.append((_yes(total >= asked.min_cents), wording.at_least(total, asked.min_cents, currency)))
    if asked.max_cents is not None:
        found.append((_yes(total <= asked.max_cents), wording.at_most(total, asked.max_cents, currency)))
    if asked.year_max_cents is not None:
        year, most = max(plan.asked.items(), key=lambda each: (each[1], -each[0]), default=(plan.first.year, 0))
        met = most <= asked.year_max_cents
        found.append((_yes(met), wording.at_most_a_year(year, most, asked.year_max_cents, currency)))
    return found


def _period(plan: Plan, asked: Period) -> list[tuple[Answer, Sentences]]:
    found: list[tuple[Answer, Sentences]] = []
    if asked.first is not None or asked.last is not None:
        met = (asked.first is None or asked.first <= plan.first) and (asked.last is None or plan.last <= asked.last)
        found.append((_yes(met), wording.period(plan.first, plan.last, asked)))
    if asked.least_months is not None:
        met = plan.months >= asked.least_months
        found.append((_yes(met), wording.at_least_months(plan.months, asked.least_months)))
    if asked.most_months is not None:
        met = plan.months <= asked.most_months
        found.append((_yes(met), wording.at_most_months(plan.months, asked.most_months)))
    return found


def _activities(plan: Plan, asked: Activities) -> tuple[Answer, Sentences]:
    outside = tuple(each for each in plan.activities if each not in asked.any_of)
    some = len(outside) < len(plan.activities)
    if asked.only and some and outside:
        return "not-met", wording.activities_outside(outside, asked.any_of)
    return _yes(some), wording.activities(asked.any_of, some)


def _window(first: date, last: date, on: date) -> tuple[Answer, Sentences]:
    answer: Answer = "open" if on < first else _yes(on <= last)
    return answer, wording.window(first, last, on)


def _cofinancing(
    plan: Plan, asked: Cofinancing, rules: Sequence[Rule], day: date, on: date
) -> tuple[Answer, Sentences]:
    """Co-financing counts as far as its kind is eligible and below its cap. Costs are planned: subsidy and offer."""
    counted = countable_cents(plan.offered, rules, day, on)
    costs = plan.asked_cents + sum(plan.offered.values())
    required: Mapping[Base, int] = required_cents(plan.asked_cents, asked, costs)
    met = {counted >= cents for cents in required.values()}
    answer: Answer = "open" if len(met) > 1 else _yes(met == {True})
    left_out = sum(plan.offered.values()) - counted
    return answer, wording.cofinancing(asked.basis_points, required, counted, left_out, plan.currency)
