"""What a contribution is worth, on both clocks and in whole cents."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.domain.contribution import Contribution
from services.funding.domain.scheme import Cap, EligibleKinds, Rate, Rule, Supervision
from services.funding.domain.valuation import Delivered, KindNotEligible, NoRuleForKind, Value, value
from services.funding.domain.value_source import value_source

START, KNOWN, LATER = date(2020, 1, 1), date(2019, 1, 1), date(2022, 7, 1)
DAY = date(2020, 5, 2)
KINDS = Rule("kinds", EligibleKinds(("hours", "material", "pupil-presence")), START, KNOWN, "scheme")
RULES = (
    KINDS,
    Rule("hours-50", Rate("hours", 5_000), START, KNOWN, "advice"),
    Rule("hours-60", Rate("hours", 6_000), START, LATER, "change"),
    Rule("presence-50", Rate("pupil-presence", 5_000), START, KNOWN, "advice"),
    Rule("quarter", Supervision(2_500), START, KNOWN, "vendor", flagged=True),
)


def test_five_pupils_for_three_hours_are_three_hours_and_three_quarters() -> None:
    presence = Delivered("pupil-presence", DAY, pupils=5, minutes_each=180)
    assert value(presence, RULES, DAY) == Value(225, 18_750, "presence-50")


def test_hours_are_valued_by_the_rule_known_at_the_time() -> None:
    hours = Delivered("hours", DAY, minutes=135)
    assert value(hours, RULES, DAY) == Value(135, 11_250, "hours-50")
    assert value(hours, RULES, LATER) == Value(135, 13_500, "hours-60")


def test_material_is_worth_what_was_sent() -> None:
    assert value(Delivered("material", DAY, amount_cents=12_345), RULES, DAY) == Value(0, 12_345, "kinds")


def test_a_kind_that_the_scheme_does_not_name_is_not_eligible() -> None:
    with pytest.raises(KindNotEligible):
        value(Delivered("cash", DAY, amount_cents=1), RULES, DAY)


def test_hours_without_a_rate_are_not_valued() -> None:
    with pytest.raises(NoRuleForKind):
        value(Delivered("hours", DAY, minutes=60), (KINDS,), DAY)


@given(minutes=st.integers(1, 10_000))
def test_hours_are_never_more_than_half_a_cent_from_their_exact_value(minutes: int) -> None:
    cents = value(Delivered("hours", DAY, minutes=minutes), RULES, DAY).cents
    assert -60 <= 2 * (minutes * 5_000 - cents * 60) < 60


def test_a_region_without_a_scheme_keeps_its_hours_and_things_without_a_rate() -> None:
    assert value(Delivered("hours", DAY, minutes=135), (), DAY) == Value(135, 0, "no-scheme")
    assert value(Delivered("material", DAY, amount_cents=500), (), DAY) == Value(0, 500, "no-scheme")
    presence = Delivered("pupil-presence", DAY, pupils=5, minutes_each=60)
    assert value(presence, (), DAY) == Value(60, 0, "no-scheme")


def a_contribution(kind: str, rule: str) -> Contribution:
    return Contribution(
        UUID(int=1), UUID(int=2), "robotisering", DAY, kind, 60, 5_000, rule, "intake", None, None, "verified", 2
    )


def test_the_source_of_a_value_is_its_rule_with_who_says_so_and_why() -> None:
    own = Rule("hours-own", Rate("hours", 7_000), START, KNOWN, "the region", reason="welders cost more")
    rules = (*RULES, own, Rule("most", Cap("hours", cents=4_000), START, KNOWN, "the region"))
    by_rate = value_source(a_contribution("hours", "hours-own"), None, rules, DAY)
    assert (by_rate.how, by_rate.rules[0].source, by_rate.rules[0].reason) == (
        "rate",
        "the region",
        "welders cost more",
    )
    presence = value_source(a_contribution("pupil-presence", "presence-50"), None, rules, DAY)
    assert [rule.code for rule in presence.rules] == ["presence-50", "quarter"]
    assert value_source(a_contribution("hours", "most"), None, rules, DAY).how == "cap"
    priced = value_source(a_contribution("material", "kinds"), "invoice", rules, DAY)
    assert (priced.how, priced.basis, priced.rules) == ("own-price", "invoice", (KINDS,))
    assert value_source(a_contribution("hours", "no-scheme"), None, (), DAY).how == "no-scheme"
