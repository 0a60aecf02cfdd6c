"""What is plausible and what is found right by rule: data of the scheme, on both clocks."""

from datetime import date

from services.funding.domain.bounds import Bounds, bounds, sample_on, second_approval_cents
from services.funding.domain.scheme import Approval, Cap, EligibleKinds, Rate, Rule, Sample, Verification, in_force
from services.funding.domain.valuation import Delivered, Value, value

START, KNOWN, LATER = date(2020, 1, 1), date(2019, 1, 1), date(2022, 7, 1)
DAY = date(2020, 5, 2)


def a_rule(code: str, terms: Cap | Verification | Approval | Sample, known: date = KNOWN) -> Rule:
    return Rule(code, terms, START, known, "the region")


def test_a_region_that_says_nothing_has_the_bounds_of_the_house() -> None:
    assert bounds((), "hours", DAY, DAY) == Bounds(960, None, True, 720, False)
    assert bounds((), "pupil-presence", DAY, DAY) == Bounds(960, 500, True, 720, False)
    assert bounds((), "cash", DAY, DAY) == Bounds(None, None, True, None, True)


def test_a_cap_of_the_scheme_goes_before_and_counts_from_the_day_it_was_known() -> None:
    rules = (
        a_rule("ten", Cap("hours", minutes_per_day=600)),
        a_rule("eight", Cap("hours", minutes_per_day=480), LATER),
        a_rule("by-rule", Verification("hours", minutes_per_day=240)),
    )
    assert bounds(rules, "hours", DAY, DAY) == Bounds(600, None, True, 240, False)
    assert bounds(rules, "hours", DAY, LATER).day_minutes == 480
    assert bounds(rules, "hours", date(2019, 12, 31), DAY) == Bounds(960, None, True, 720, False)


def test_caps_on_different_things_of_a_kind_hold_side_by_side() -> None:
    rules = (
        a_rule("minutes", Cap("loan", minutes_per_day=60)),
        a_rule("cents", Cap("loan", cents=100)),
        a_rule("share", Cap("loan", share_basis_points=500)),
        a_rule("pupils", Cap("loan", pupils=5)),
    )
    assert {rule.code for rule in in_force(rules, DAY, DAY)} == {"minutes", "cents", "share", "pupils"}


def test_no_contribution_is_worth_more_than_the_cap_of_its_kind() -> None:
    rules = (
        Rule("kinds", EligibleKinds(("hours", "loan")), START, KNOWN, "the scheme"),
        Rule("rate", Rate("hours", 5_000), START, KNOWN, "the region"),
        a_rule("cap-loan", Cap("loan", cents=500_000)),
        a_rule("cap-hours", Cap("hours", cents=20_000)),
    )
    assert value(Delivered("loan", DAY, amount_cents=500_000), rules, DAY) == Value(0, 500_000, "kinds")
    assert value(Delivered("loan", DAY, amount_cents=500_001), rules, DAY) == Value(0, 500_000, "cap-loan")
    assert value(Delivered("hours", DAY, minutes=480), rules, DAY) == Value(480, 20_000, "cap-hours")


def test_who_approves_and_what_is_sampled_are_rules_too() -> None:
    rules = (
        a_rule("large", Approval(500_000)),
        a_rule("smaller", Approval(100_000), LATER),
        a_rule("s", Sample(500, 9_500)),
    )
    assert second_approval_cents(rules, DAY, DAY) == 500_000
    assert second_approval_cents(rules, DAY, LATER) == 100_000
    assert second_approval_cents((), DAY, DAY) is None
    found = sample_on(rules, DAY, DAY)
    assert found is not None
    assert found.code == "s"
