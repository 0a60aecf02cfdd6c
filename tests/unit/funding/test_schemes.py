"""Schemes as data: shares and caps, rates of one's own, a disputed base that two persons decide, as known then."""

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.problems import SamePerson
from services.funding.api import shipped
from services.funding.domain.scheme import (
    Base,
    BaseAlreadyDecided,
    BaseDecision,
    BaseNotOpen,
    Cap,
    Cofinancing,
    Deadline,
    EligibleKinds,
    Participants,
    Rate,
    RateWithoutReason,
    Rule,
    RuleNeverHolds,
    Scheme,
    cofinancing_on,
    countable_cents,
    in_force,
    required_cents,
    terms_on,
)
from services.funding.domain.valuation import Delivered, value

START, EARLY, LATER = date(2020, 1, 1), date(2019, 1, 1), date(2022, 7, 7)
ADA, BRAM = UUID(int=1), UUID(int=2)
ASKED = Rule("ten", Cofinancing(1_000), START, EARLY, "scheme")
SCHEME = Scheme(UUID(int=9), "sto", "STO", (ASKED,), 1)


def a_decision(base: Base = Base.OF_SUBSIDY, day: date = LATER) -> BaseDecision:
    at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    return BaseDecision(UUID(int=5), "sto", base, START, "as the ministry wrote", "a letter", "proposed", ADA, at)


def test_a_rule_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(RuleNeverHolds):
        SCHEME.describe("STO", [replace(ASKED, code="never", valid_until=date(2019, 12, 31))])
    SCHEME.describe("STO", [replace(ASKED, code="one-day", valid_until=START)])


def test_a_base_decided_later_leaves_both_readings_for_who_asks_as_of_an_earlier_day() -> None:
    proposed, _ = a_decision().propose(SCHEME, LATER)
    decided, rule, (fact,) = proposed.decide(SCHEME, BRAM, proposed.proposed_at, LATER)
    after, recorded = SCHEME.describe("STO", [rule])
    before = cofinancing_on(after.rules, START, date(2022, 7, 6))
    now = cofinancing_on(after.rules, START, LATER)
    assert before is not None
    assert now is not None
    assert len(required_cents(100, before)) == 2
    assert required_cents(1_000_000_000, now) == {Base.OF_SUBSIDY: 100_000_000}
    assert (fact.rule, fact.known_from, decided.rule) == (rule.code, LATER, rule.code)
    assert [each.about for each in recorded] == ["cofinancing-base"]


def test_a_later_decision_takes_the_place_of_an_earlier_one_from_its_own_day() -> None:
    _, first, _ = a_decision().decide(SCHEME, BRAM, a_decision().proposed_at, LATER)
    after, _ = SCHEME.describe("STO", [first])
    again = a_decision(Base.OF_TOTAL, date(2023, 3, 1))
    _, second, _ = again.decide(after, BRAM, again.proposed_at, date(2023, 3, 1))
    both, _ = after.describe("STO", [second])
    for known_at, base in ((date(2023, 2, 28), Base.OF_SUBSIDY), (date(2023, 3, 1), Base.OF_TOTAL)):
        asked = cofinancing_on(both.rules, START, known_at)
        assert asked is not None
        assert asked.base == base


def test_who_proposes_a_base_does_not_decide_it_and_nobody_decides_twice() -> None:
    proposed, _ = a_decision().propose(SCHEME, LATER)
    with pytest.raises(SamePerson):
        proposed.decide(SCHEME, ADA, proposed.proposed_at, LATER)
    decided, _, _ = proposed.decide(SCHEME, BRAM, proposed.proposed_at, LATER)
    with pytest.raises(BaseAlreadyDecided):
        decided.decide(SCHEME, BRAM, proposed.proposed_at, LATER)


def test_a_base_that_the_scheme_itself_gives_is_not_for_the_region_to_decide() -> None:
    fixed = replace(SCHEME, rules=(replace(ASKED, terms=Cofinancing(1_000, Base.OF_TOTAL)),))
    with pytest.raises(BaseNotOpen):
        a_decision().propose(fixed, LATER)
    with pytest.raises(BaseNotOpen):
        a_decision(Base.OF_COSTS).propose(SCHEME, LATER)


def test_a_share_of_the_costs_is_of_what_is_planned_until_the_costs_are_known() -> None:
    asked = Cofinancing(1_000, Base.OF_COSTS)
    assert required_cents(900_000, asked) == {Base.OF_COSTS: 100_000}
    assert required_cents(900_000, asked, costs_cents=1_200_000) == {Base.OF_COSTS: 120_000}


def test_a_rate_of_ones_own_needs_a_reason_and_goes_before_the_advice_also_before_newer_advice() -> None:
    advice = Rule("advice", Rate("hours", 5_000, advice=True), START, EARLY, "advice")
    own = Rule(
        "own", Rate("hours", 6_250), START, date(2021, 1, 1), "board, 8 December 2020", reason="technicians cost more"
    )
    newer = Rule("newer", Rate("hours", 5_500, advice=True), START, date(2022, 1, 1), "new advice")
    kinds = Rule("kinds", EligibleKinds(("hours",)), START, EARLY, "scheme")
    with pytest.raises(RateWithoutReason):
        SCHEME.describe("STO", [advice, replace(own, reason=" ")])
    found, _ = SCHEME.describe("STO", [advice, own, newer, kinds])
    for known_at, cents, rule in ((EARLY, 5_000, "advice"), (LATER, 6_250, "own")):
        worth = value(Delivered("hours", date(2023, 1, 1), minutes=60), found.rules, known_at)
        assert (worth.cents, worth.rule) == (cents, rule)


def test_a_deadline_that_moved_is_the_old_one_for_who_asks_as_of_before() -> None:
    first = Rule("d1", Deadline("progress", date(2023, 7, 1)), START, EARLY, "scheme")
    moved = Rule("d2", Deadline("progress", date(2023, 10, 1)), START, date(2023, 5, 16), "letter")
    other = Rule("d3", Deadline("final", date(2024, 12, 31)), START, EARLY, "scheme")

    def days(known_at: date) -> list[date]:
        return [rule.terms.day for rule in in_force([first, moved, other], START, known_at)]  # type: ignore[union-attr]

    assert days(date(2023, 5, 15)) == [date(2023, 7, 1), date(2024, 12, 31)]
    assert days(date(2023, 5, 16)) == [date(2023, 10, 1), date(2024, 12, 31)]


def test_a_rule_takes_the_place_of_the_one_it_names_once_it_is_known() -> None:
    two = Rule("two", Participants(("vmbo",), 2), START, EARLY, "scheme")
    one = Rule("one", Participants(("vmbo",), 1), START, LATER, "change", replaces="two")
    assert [rule.code for rule in in_force([two, one], START, EARLY)] == ["two"]
    assert [rule.code for rule in in_force([two, one], START, LATER)] == ["one"]


KINDS = ("hours", "material", "cash")
amounts = st.dictionaries(st.sampled_from([*KINDS, "cake"]), st.integers(0, 10**9))
shares = st.dictionaries(st.sampled_from(KINDS), st.integers(0, 10_000))


@given(by_kind=amounts, caps=shares)
def test_no_kind_counts_for_more_than_its_share_and_what_is_not_eligible_counts_for_nothing(
    by_kind: dict[str, int], caps: dict[str, int]
) -> None:
    rules = [Rule("kinds", EligibleKinds(KINDS), START, EARLY, "s")]
    rules += [Rule(f"cap-{k}", Cap(k, share_basis_points=s), START, EARLY, "s") for k, s in caps.items()]
    counted = countable_cents(by_kind, rules, START, EARLY)
    free = sum(cents for kind, cents in by_kind.items() if kind in KINDS and caps.get(kind, 10_000) >= 10_000)
    assert free <= counted <= sum(cents for kind, cents in by_kind.items() if kind in KINDS)
    room = sum(
        min(Fraction(by_kind.get(k, 0)), Fraction(s * (counted + len(caps)), 10_000))
        for k, s in caps.items()
        if s < 10_000
    )
    assert counted <= free + room
    if not caps:
        assert counted == free


def test_two_share_caps_bind_together() -> None:
    rules = [
        Rule("kinds", EligibleKinds(KINDS), START, EARLY, "s"),
        Rule("a", Cap("hours", share_basis_points=5_000), START, EARLY, "s"),
        Rule("b", Cap("material", share_basis_points=2_500), START, EARLY, "s"),
    ]
    assert countable_cents({"cash": 100, "hours": 1_000, "material": 1_000}, rules, START, EARLY) == 400
    assert countable_cents({"hours": 1_000}, rules, START, EARLY) == 0


def test_every_shipped_rule_names_its_source_and_both_schemes_ask_what_they_ask() -> None:
    found = {scheme.code: scheme for scheme in shipped.schemes()}
    assert set(found) == {"sto-2020-2024", "sto-2025-2028"}
    assert all(len(rule.source) > 20 for scheme in found.values() for rule in scheme.rules)
    old, new = found["sto-2020-2024"].rules, found["sto-2025-2028"].rules
    day = date(2021, 5, 1)
    assert terms_on(old, Cofinancing, day, date(2022, 7, 6)) == Cofinancing(1_000)
    assert terms_on(old, Cofinancing, day, date(2022, 7, 7)) == Cofinancing(750)
    asked = terms_on(new, Cofinancing, date(2026, 1, 1), date(2026, 1, 1))
    assert asked == Cofinancing(1_000, Base.OF_TOTAL)
    assert required_cents(900_000_000, asked) == {Base.OF_TOTAL: 100_000_000}
