"""Where the euros of a contribution come from: which rule, who says so, and what an own price rests on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.funding.domain.contribution import Contribution
from services.funding.domain.scheme import Cap, Rate, Rule, Supervision, about, rule_on
from services.funding.domain.valuation import NO_SCHEME

How = Literal["rate", "own-price", "cap", "no-scheme"]


@dataclass(frozen=True, slots=True)
class ValueSource:
    """`basis`: what an own price rests on (invoice, rental-value, book-value). `rules`: the one that decided the cents
    and, of pupils' presence, the share of it that counts as supervision."""

    how: How
    basis: str | None
    rules: tuple[Rule, ...]


def value_source(found: Contribution, basis: str | None, rules: Iterable[Rule], known_at: date) -> ValueSource:
    """Of a contribution that was valued on the day `known_at`.

    A rule is added and never changed, so its code is enough; where two schemes have one with that code, both that hold
    on the day are told.
    """
    known = tuple(rules)
    if found.rule == NO_SCHEME:
        return ValueSource("no-scheme", basis, ())
    deciding = tuple(rule for rule in known if rule.code == found.rule and rule.holds(found.day, known_at))
    terms = deciding[0].terms if deciding else None
    share = rule_on(about(known, Supervision), found.day, known_at) if found.kind == "pupil-presence" else None
    told = (*deciding, share) if share is not None else deciding
    if isinstance(terms, Cap):
        return ValueSource("cap", basis, told)
    return ValueSource("rate" if isinstance(terms, Rate) else "own-price", basis, told)
