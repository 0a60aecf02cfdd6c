"""What a shortfall costs, what falls in which year, and what covers for an organisation that leaves."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.domain.outlook import AtRisk, Brought, LineAtStake, Pace, at_risk, cover, leaving, since, years
from services.funding.domain.position import Promise, Reading
from services.funding.domain.scheme import Base, Reclaim

WHO = UUID(int=1)
CENTS = st.integers(0, 10**9)
NEEDED, GRANT = {Base.OF_SUBSIDY: 100_001, Base.OF_TOTAL: 111_111}, (date(2020, 1, 1), date(2021, 12, 31))
SHORT = Reading(Base.OF_SUBSIDY, 750, 75_000, 30_000, 6_000, 15_000)


@pytest.mark.parametrize(
    ("rule", "now", "later", "pace"),
    [
        ("cent-for-cent", 30_000, 15_000, 10_000),
        ("proportional", 400_000, 200_000, 133_333),
        ("none", 0, 0, 0),
    ],
)
def test_what_is_at_risk_is_what_the_reclaim_rule_takes_off(rule: str, now: int, later: int, pace: int) -> None:
    (found,) = at_risk(1_000_000, [SHORT], [Reclaim(rule)], 65_000)  # type: ignore[arg-type]
    assert (found.now_cents, found.forecast_cents) == (now, later)
    assert (found.pace_shortfall_cents, found.pace_cents) == (10_000, pace)


def test_without_a_rule_nobody_knows_what_is_at_risk_and_the_sentence_says_so() -> None:
    (found,) = at_risk(1_000_000, [SHORT], [Reclaim("none"), None], 0)
    assert (found.now_cents, found.forecast_cents) == (None, None)
    assert "record the rule" in found.sentence("EUR")["en"]


@given(grant=CENTS, short=CENTS, required=CENTS)
def test_the_hardest_rule_counts_and_no_more_than_the_grant_is_at_risk(grant: int, short: int, required: int) -> None:
    reading = Reading(Base.OF_TOTAL, 750, required, min(short, required), 0, 0)
    rules = [Reclaim("none"), Reclaim("cent-for-cent"), Reclaim("proportional")]
    alone = [at_risk(grant, [reading], [rule], 0)[0].now_cents for rule in rules]
    (together,) = at_risk(grant, [reading], rules, 0)
    assert together.now_cents == max(each for each in alone if each is not None)
    assert 0 <= (together.now_cents or 0) <= grant


def test_the_sentence_names_both_amounts() -> None:
    said = AtRisk(SHORT, 30_000, 20_000, 15_000, 15_000).sentence("EUR")
    assert "EUR 300.00" in said["en"]
    assert "€ 150,00" in said["nl"]


a_day = st.integers(0, 3_000).map(lambda days: date(2018, 1, 1) + timedelta(days=days))
a_promise = st.builds(
    lambda cents, minutes, one, other: Promise(WHO, "x", cents, minutes, min(one, other), max(one, other)),
    CENTS,
    CENTS,
    a_day,
    a_day,
)


@given(st.lists(a_promise, max_size=5), st.dictionaries(st.integers(2017, 2027), CENTS, max_size=4))
def test_years_sum_to_what_was_promised_and_planned_and_none_is_left_out(
    promises: list[Promise], planned: dict[int, int]
) -> None:
    found = years(planned, promises, {2020: Brought(realised_cents=5)}, NEEDED, GRANT)
    assert sum(each.promised_cents for each in found) == sum(each.cents for each in promises)
    assert sum(each.promised_minutes for each in found) == sum(each.minutes for each in promises)
    assert sum(each.planned_cents for each in found) == sum(planned.values())
    assert sum(each.brought.realised_cents for each in found) == 5
    assert [each.year for each in found] == list(range(found[0].year, found[-1].year + 1))
    for base, cents in NEEDED.items():
        assert sum(each.required[base] for each in found) == cents


def test_a_year_is_asked_by_its_plan_and_without_a_plan_by_the_days_of_the_grants() -> None:
    base = Base.OF_SUBSIDY
    by_plan = years({2020: 300, 2021: 100}, [], {2020: Brought(realised_cents=70_000)}, {base: 100_000}, GRANT)
    assert [(each.required[base], each.shortfall_cents(base)) for each in by_plan] == [
        (75_000, 5_000),
        (25_000, 25_000),
    ]
    by_days = years({}, [], {}, {base: 73_100}, GRANT)
    assert [(each.year, each.required[base]) for each in by_days] == [(2020, 36_600), (2021, 36_500)]
    assert years({}, [], {}, {}, None) == ()


def test_the_pace_is_that_of_the_last_year_or_since_the_programme_began() -> None:
    first, last = date(2020, 1, 1), date(2023, 12, 31)
    assert since(first, date(2022, 12, 31)) == date(2022, 1, 1)
    assert since(first, date(2020, 1, 10)) == first
    assert since(date.min, date.min) > date.min
    pace = Pace(date(2022, 12, 31), date(2022, 1, 1), last, 100_000, 63_500)
    assert (pace.days, pace.late_cents, pace.forecast_cents) == (365, 36_500, 136_500)
    assert Pace(date(2024, 6, 1), date(2023, 6, 3), last, 100_000, 0).forecast_cents == 100_000
    early = Pace(date(2019, 6, 1), first, last, 500, 0)
    assert (early.days, early.late_cents, early.forecast_cents) == (0, 0, 500)


def test_a_promise_of_a_year_and_a_half_falls_for_a_third_in_the_half() -> None:
    promise = Promise(WHO, "x", 54_600, 546, date(2021, 1, 1), date(2022, 6, 30))
    assert [each.promised_cents for each in years({}, [promise], {}, {}, None)] == [36_500, 18_100]


@st.composite
def a_line(draw: st.DrawFn, code: str) -> LineAtStake:
    forecast = draw(CENTS)
    to_come = draw(st.integers(0, forecast))
    asked = {Base.OF_SUBSIDY: draw(CENTS), Base.OF_TOTAL: draw(CENTS)}
    return LineAtStake(code, to_come, 0, 0, forecast, to_come, asked)


@given(st.tuples(*(a_line(code) for code in "abcd")))
def test_what_covers_a_gap_was_to_spare_and_what_is_missing_is_the_rest(lines: tuple[LineAtStake, ...]) -> None:
    moves, missing = cover(lines)
    for line in lines:
        assert sum(each.cents for each in moves if each.from_line == line.line) <= line.spare_cents
        assert sum(each.cents for each in moves if each.to_line == line.line) <= line.short_cents
    assert sum(each.cents for each in moves) + missing == sum(line.short_cents for line in lines)
    assert missing == max(0, sum(line.short_cents for line in lines) - sum(line.spare_cents for line in lines))


def test_the_sentence_on_leaving_names_the_lines_that_it_leaves_short() -> None:
    lines = [
        LineAtStake("metaal", 90_000, 60, 10_000, 100_000, 80_000, {Base.OF_SUBSIDY: 50_000}),
        LineAtStake("zorg", 0, 0, 0, 0, 0, {Base.OF_SUBSIDY: 10_000}),
    ]
    said = leaving("Acme B.V.", lines, 30_000, "EUR")
    assert said["en"] == (
        "Acme B.V. pledged EUR 900.00 and brought EUR 100.00; without Acme B.V. EUR 800.00 will not come. Falling "
        "short: metaal. After moving within the programme EUR 300.00 has yet to be found."
    )
    assert "Geen speerpunt" in leaving("Acme B.V.", [lines[1]], 0, "EUR")["nl"]
