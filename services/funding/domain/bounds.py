"""What of one kind is plausible on a day, and what of it is found right without a person: rules, on both clocks.

A region's own scheme decides. Where it says nothing, the house's rules hold: they are plausibility and not regulation,
and each says where it comes from.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from services.funding.domain.scheme import Approval, Cap, Rule, Sample, Verification, about, rule_on

_EVER = date(1970, 1, 1)
_PLAUSIBLE = "Plausibility, ours: more than 16 hours on one day is a mistake"
_SHIFT = "Dutch Working Hours Act, art. 5:7: a shift has 12 hours at most; that this settles the matter is ours"
_PAPER = "Ours: an amount is right without a person's look when the paper for it is named"


def _house(code: str, terms: Cap | Verification, source: str) -> Rule:
    return Rule(f"house-{code}", terms, _EVER, _EVER, source, flagged=True)


HOUSE = (
    _house("cap-hours", Cap("hours", minutes_per_day=960), _PLAUSIBLE),
    _house("cap-presence", Cap("pupil-presence", minutes_per_day=960), _PLAUSIBLE),
    _house("cap-pupils", Cap("pupil-presence", pupils=500), "Plausibility, ours: more pupils at once is a mistake"),
    _house("verify-hours", Verification("hours", minutes_per_day=720), _SHIFT),
    _house("verify-presence", Verification("pupil-presence", minutes_per_day=720), _SHIFT),
    *(_house(f"verify-{kind}", Verification(kind, evidence=True), _PAPER) for kind in ("material", "loan", "cash")),
)
"""What holds where a region recorded no rule of its own about it."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """For one kind on one day: the most minutes of one worker (or pupil) and the most pupils at once; None: no bound.

    Up to `verified_minutes`, and with evidence where `needs_evidence`, it is found right by rule; None in
    `verified_minutes` sets no limit. `by_rule` False: a person always looks. `evidence_types`, `activity` and `school`
    are those of the rule `verification`.
    """

    day_minutes: int | None = 960
    pupils: int | None = 500
    by_rule: bool = True
    verified_minutes: int | None = 720
    needs_evidence: bool = False
    evidence_types: tuple[str, ...] = ()
    activity: bool = False
    school: bool = False


def bounds(rules: Iterable[Rule], kind: str, day: date, known_at: date) -> Bounds:
    """What holds for a kind on `day`, as far as known at `known_at`."""
    known = tuple(rules)
    minutes, pupils = (
        cap_on(known, kind, "minutes_per_day", day, known_at),
        cap_on(known, kind, "pupils", day, known_at),
    )
    own, house = (about(all_of, Verification, kind) for all_of in (known, HOUSE))
    verified = rule_on(own, day, known_at) or rule_on(house, day, known_at)
    terms = verified.terms if verified is not None else None
    return Bounds(
        minutes.terms.minutes_per_day if minutes is not None and isinstance(minutes.terms, Cap) else None,
        pupils.terms.pupils if pupils is not None and isinstance(pupils.terms, Cap) else None,
        isinstance(terms, Verification),
        terms.minutes_per_day if isinstance(terms, Verification) else None,
        isinstance(terms, Verification) and terms.evidence,
        terms.evidence_types if isinstance(terms, Verification) else (),
        isinstance(terms, Verification) and terms.activity,
        isinstance(terms, Verification) and terms.school,
    )


def cap_on(rules: Iterable[Rule], kind: str, what: str, day: date, known_at: date) -> Rule | None:
    """The cap on one thing (`minutes_per_day`, `pupils`, `cents`) of a kind; the house's where the region has none."""

    return rule_on(_caps(rules, kind, what), day, known_at) or rule_on(_house_caps(kind, what), day, known_at)


def _caps(rules: Iterable[Rule], kind: str, what: str) -> tuple[Rule, ...]:
    return tuple(rule for rule in about(rules, Cap, kind) if getattr(rule.terms, what) is not None)


@lru_cache(maxsize=256)
def _house_caps(kind: str, what: str) -> tuple[Rule, ...]:
    """The house's never change while a process runs; this is asked several times of every record."""
    return _caps(HOUSE, kind, what)


def second_approval_cents(rules: Iterable[Rule], day: date, known_at: date) -> int | None:
    """Above how many cents a contribution of `day` needs two approvers; None: one always suffices."""
    rule = rule_on(about(rules, Approval), day, known_at)
    return rule.terms.above_cents if rule is not None and isinstance(rule.terms, Approval) else None


def sample_on(rules: Iterable[Rule], day: date, known_at: date) -> Rule | None:
    """How a batch is sampled before it is accepted; None: the scheme asks none."""
    return rule_on(about(rules, Sample), day, known_at)
