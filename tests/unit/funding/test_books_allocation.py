"""Allocation: exact to the cent, blind to order, and never below what was promised."""

from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.domain.allocation import (
    WHOLE,
    Allocation,
    Claim,
    Envelope,
    Fixed,
    Line,
    LineTwice,
    LineWithoutBudget,
    NoWeight,
    OtherKind,
    OverAllocated,
    PlannedLine,
    Share,
    Weight,
    allocate,
    check_lines,
    divide,
    plan_lines,
)
from services.funding.domain.programme import Programme, ProgrammeLine, UnknownLine

PROGRAMME = Programme(
    date(2020, 1, 1),
    date(2024, 12, 31),
    {
        "a": ProgrammeLine("a", "spearhead", "A"),
        "b": ProgrammeLine("b", "spearhead", "B"),
        "alumni": ProgrammeLine("alumni", "spearhead", "Alumni", budgeted=False),
        "het-element": ProgrammeLine("het-element", "location", "Het Element"),
    },
)

codes = st.text("abcdefghij-", min_size=1, max_size=6)
weights = st.dictionaries(codes, st.integers(0, 10**6), min_size=1, max_size=12)
totals = st.integers(0, 10**12)
claims: st.SearchStrategy[Claim] = st.one_of(
    st.integers(0, 10**6).map(Fixed),
    st.integers(0, 500).map(Share),
    st.tuples(st.integers(1, 1000), st.integers(0, 10**6)).map(lambda pair: Weight(*pair)),
)
pots = st.dictionaries(codes, claims, min_size=1, max_size=12)
enough = st.integers(10**8, 10**12)


@given(total=totals, weights=weights)
def test_largest_remainder_sums_exactly_and_stays_within_a_cent_of_the_exact_part(
    total: int, weights: dict[str, int]
) -> None:
    given_cents = divide(total, weights)
    whole = sum(weights.values())
    assert sum(given_cents.values()) == (total if whole else 0)
    for code, cents in given_cents.items():
        assert abs(cents * whole - total * weights[code] * (whole > 0)) < max(whole, 1)


@given(total=totals, weights=weights)
def test_a_larger_weight_never_gets_less(total: int, weights: dict[str, int]) -> None:
    given_cents = divide(total, weights)
    ordered = sorted(weights, key=lambda code: weights[code])
    for lighter, heavier in pairwise(ordered):
        if weights[lighter] < weights[heavier]:
            assert given_cents[lighter] <= given_cents[heavier]


def test_equal_remainders_go_to_the_lower_code() -> None:
    assert divide(100, {"c": 1, "a": 1, "b": 1}) == {"a": 34, "b": 33, "c": 33}


@given(total=enough, claims=pots)
def test_a_pot_is_given_exactly_with_nobody_below_what_was_promised(total: int, claims: dict[str, Claim]) -> None:
    given_cents, rest = allocate("the pot", total, claims)
    assert sum(given_cents.values()) + rest == total
    assert rest >= 0
    for code, claim in claims.items():
        match claim:
            case Fixed(cents):
                assert given_cents[code] == cents
            case Share(basis_points):
                assert given_cents[code] >= total * basis_points // WHOLE
            case Weight(_, base_cents):
                assert given_cents[code] >= base_cents
    if any(isinstance(claim, Weight) and claim.weight for claim in claims.values()):
        assert rest == 0


def test_weights_that_are_all_zero_divide_nothing_and_are_refused_when_something_is_left() -> None:
    with pytest.raises(NoWeight, match="divide its 90 cents by"):
        allocate("The grant", 100, {"a": Weight(0, 10), "b": Weight(0)})
    assert allocate("The grant", 10, {"a": Weight(0, 10), "b": Weight(0)}) == ({"a": 10, "b": 0}, 0)
    assert allocate("The grant", 100, {"a": Weight(0, 10), "b": Weight(1)}) == ({"a": 10, "b": 90}, 0)


@given(total=enough, claims=pots, order=st.randoms(use_true_random=False))
def test_the_order_of_the_lines_does_not_matter(total: int, claims: dict[str, Claim], order: object) -> None:
    shuffled = list(claims.items())
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert allocate("the pot", total, dict(shuffled)) == allocate("the pot", total, claims)


@given(total=st.integers(0, 10**9), over=st.integers(1, 10**6))
def test_fixed_amounts_beyond_the_pot_are_refused(total: int, over: int) -> None:
    with pytest.raises(OverAllocated, match=f"Lower them by {over} cents"):
        allocate("The grant", total, {"a": Fixed(total), "b": Fixed(over)})


@given(total=enough, spearheads=pots, locations=pots)
def test_two_envelopes_and_unallocated_are_the_whole_grant(
    total: int, spearheads: dict[str, Claim], locations: dict[str, Claim]
) -> None:
    plan = (
        Envelope("spearheads", "spearhead", Share(6_000), _lines("s", spearheads)),
        Envelope("locations", "location", Share(3_000), _lines("l", locations)),
    )
    lines = plan_lines(total, plan)
    assert sum(line.cents for line in lines) == total
    assert lines[-1].line == "unallocated"
    assert sum(line.cents for line in lines if line.envelope == "locations") <= total * 3_000 // WHOLE + 1


def _lines(prefix: str, claims: dict[str, Claim]) -> tuple[PlannedLine, ...]:
    return tuple(PlannedLine(f"{prefix}-{code}", claim) for code, claim in claims.items())


def test_a_line_stands_in_one_envelope_once() -> None:
    line = PlannedLine("robotisering", Fixed(1))
    plan = (Envelope("a", "spearhead", Fixed(5), (line,)), Envelope("b", "location", Fixed(5), (line,)))
    with pytest.raises(LineTwice, match="robotisering"):
        plan_lines(100, plan)


def test_moves_from_the_version_in_force_are_the_differences() -> None:
    def version(number: int, cents: int) -> Allocation:
        claim = Fixed(cents)
        plan = (Envelope("s", "spearhead", claim, (PlannedLine("a", claim), PlannedLine("b", Fixed(0)))),)
        at = datetime(2020, 1, 1, tzinfo=UTC)
        made, _ = Allocation.propose(
            UUID(int=number), UUID(int=9), "v", number, plan, 1_000, at.date(), "", PROGRAMME, UUID(int=1), at
        )
        return made

    assert version(2, 250).moves_from(version(1, 400)) == {"a": -150}
    assert version(1, 400).moves_from(None) == {"a": 400}


def given_to(line: str, cents: int, kind: Literal["spearhead", "location"] = "spearhead") -> tuple[Line, ...]:
    """The lines of a grant of which one line gets these cents."""
    return plan_lines(1_000, (Envelope("e", kind, Fixed(cents), (PlannedLine(line, Fixed(cents)),)),))


def test_money_goes_to_lines_of_the_programme_only() -> None:
    check_lines(given_to("a", 5), PROGRAMME)
    with pytest.raises(UnknownLine, match="Did you mean 'het-element'"):
        check_lines(given_to("het-elemnt", 5, "location"), PROGRAMME)


def test_a_location_does_not_stand_among_the_spearheads() -> None:
    with pytest.raises(OtherKind, match="'het-element' is a location"):
        check_lines(given_to("het-element", 5), PROGRAMME)


def test_a_spearhead_without_a_budget_gets_no_money() -> None:
    check_lines(given_to("alumni", 0), PROGRAMME)
    with pytest.raises(LineWithoutBudget, match="alumni"):
        check_lines(given_to("alumni", 1), PROGRAMME)
