"""The co-financing position under both readings, what it will come to, and the call list."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.domain.calling import LANGUAGES, sentence
from services.funding.domain.position import (
    Asked,
    Call,
    Cell,
    Promise,
    Sums,
    call_list,
    forecast_cents,
    kept_basis_points,
    position,
    required,
    required_by_line,
)
from services.funding.domain.scheme import Base, Cofinancing

DAY = date(2023, 11, 1)
FIRST, LAST = date(2020, 1, 1), date(2023, 12, 31)
amounts = st.integers(0, 10**9)


def a_cell(who: int = 1, line: str = "robotisering", **sums: int) -> Cell:
    return Cell(UUID(int=who), line, Sums(**sums))


def a_call(code: str = "acme", *, due: int = 0, delivered: int = 0, promised: int | None = None) -> Call:
    sums = Sums(realised_cents=delivered, promised_cents=due if promised is None else promised, due_cents=due)
    return Call(UUID(int=1), code, code.title(), sums, FIRST, LAST)


def test_the_shortfall_is_told_under_both_readings_while_nobody_decided() -> None:
    asked = [Asked(1_000_000_000, Cofinancing(750), "cofinancing-7-5")]
    found = position(DAY, DAY, asked, Sums(realised_cents=75_000_000, forecast_cents=80_000_000))
    shown = {each.base: (each.required_cents, each.shortfall_cents, each.basis_points) for each in found.readings}
    assert shown == {Base.OF_SUBSIDY: (75_000_000, 0, 750), Base.OF_TOTAL: (81_081_081, 6_081_081, 750)}
    assert [each.forecast_shortfall_cents for each in found.readings] == [0, 1_081_081]
    assert found.rules == ("cofinancing-7-5",)


def test_a_region_without_a_grant_is_asked_nothing() -> None:
    found = position(DAY, DAY, [], Sums(realised_cents=5))
    assert (found.readings, found.rules) == ((), ())


def test_a_grant_whose_base_was_decided_asks_the_same_in_both_readings() -> None:
    asked = [Asked(1_000, Cofinancing(1_000, Base.OF_SUBSIDY), "a"), Asked(9_000, Cofinancing(1_000), "b")]
    assert required(asked) == {Base.OF_SUBSIDY: 1_000, Base.OF_TOTAL: 1_100}
    assert required(asked[:1]) == {Base.OF_SUBSIDY: 100}


@given(grant=st.integers(1, 10**12), share=st.integers(1, 9_000), realised=st.integers(0, 10**12))
def test_the_full_percentage_is_shown_only_once_nothing_is_short(grant: int, share: int, realised: int) -> None:
    found = position(DAY, DAY, [Asked(grant, Cofinancing(share), "rule")], Sums(realised_cents=realised))
    for reading in found.readings:
        assert (reading.reached_basis_points >= 10_000) == (reading.shortfall_cents == 0)


@given(
    needed=amounts, budgets=st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(1, 10**9), min_size=1)
)
def test_what_lines_are_asked_sums_to_what_the_programme_is_asked(needed: int, budgets: dict[str, int]) -> None:
    shared = required_by_line({Base.OF_SUBSIDY: needed}, budgets)
    assert sum(each[Base.OF_SUBSIDY] for each in shared.values()) == needed


@given(
    cents=amounts,
    days=st.integers(1, 3_000),
    earlier=st.integers(-100, 3_100),
    later=st.integers(0, 3_100),
)
def test_a_promise_falls_due_along_its_period_and_wholly_on_its_last_day(
    cents: int, days: int, earlier: int, later: int
) -> None:
    promise = Promise(UUID(int=1), "line", cents, 0, FIRST, FIRST + timedelta(days=days - 1))
    assert promise.due_cents(FIRST - timedelta(days=1)) == 0
    assert promise.due_cents(promise.until) == cents
    at = FIRST + timedelta(days=earlier)
    assert 0 <= promise.due_cents(at) <= promise.due_cents(at + timedelta(days=later)) <= cents


def test_half_of_a_promise_kept_half_way_forecasts_half_of_it() -> None:
    sums = Sums(realised_cents=20_000, declared_cents=5_000, promised_cents=100_000, due_cents=50_000)
    kept = kept_basis_points([Cell(UUID(int=1), "robotisering", sums)])
    assert (kept, forecast_cents(sums, kept)) == (5_000, 50_000)


def test_as_long_as_nothing_is_due_promises_are_believed() -> None:
    cells = [a_cell(promised_cents=70_000), a_cell(who=2, realised_cents=1)]
    assert kept_basis_points(cells) == 10_000
    assert [forecast_cents(cell.sums, 10_000) for cell in cells] == [70_000, 1]


def test_what_is_overdue_is_not_forecast() -> None:
    assert forecast_cents(Sums(promised_cents=100, due_cents=100, realised_cents=30), 10_000) == 30


def test_a_surplus_of_one_does_not_make_up_for_the_silence_of_another() -> None:
    assert kept_basis_points([a_cell(due_cents=100, realised_cents=500), a_cell(who=2, due_cents=100)]) == 5_000


def test_who_delivered_for_another_line_kept_its_word() -> None:
    assert kept_basis_points([a_cell(due_cents=100), a_cell(line="other", realised_cents=100)]) == 10_000


@given(
    promised=amounts,
    due=amounts,
    delivered=amounts,
    kept=st.integers(0, 10_000),
)
def test_a_forecast_is_at_least_what_came_in_and_at_most_what_was_promised_beside_it(
    promised: int, due: int, delivered: int, kept: int
) -> None:
    sums = Sums(promised_cents=promised, due_cents=min(due, promised), realised_cents=delivered)
    assert delivered <= forecast_cents(sums, kept) <= max(promised, delivered)
    assert forecast_cents(sums, kept) <= forecast_cents(sums, 10_000)


def test_the_call_list_starts_with_the_most_euros_at_stake_and_leaves_out_who_is_on_time() -> None:
    calls = [
        a_call("done", due=100, delivered=100),
        a_call("b", due=500, delivered=100),
        a_call("a", due=500, delivered=100),
        a_call("silent", due=400),
        a_call("most", due=900, delivered=1),
        a_call("not-due", promised=5_000),
    ]
    assert [call.code for call in call_list(calls)] == ["most", "silent", "a", "b"]


def test_the_sentence_for_the_phone_is_in_the_readers_language_and_format() -> None:
    call = replace(a_call(due=575_342, delivered=120_000, promised=600_000), last_day=date(2023, 3, 3))
    said = {language: sentence(call, DAY, "EUR", language) for language in LANGUAGES}
    assert said["nl"].startswith(
        "U beloofde € 6.000,00 aan uren en materiaal, van 1 januari 2020 tot en met 31 december"
    )
    assert "€ 4.553,42 staat nog open. Uw laatste bijdrage was van 3 maart 2023." in said["nl"]
    assert "By 1 November 2023, €5,753.42 of that" in said["en"]
    assert "Nothing of yours has been booked yet." in sentence(replace(call, last_day=None), DAY, "EUR", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_amounts_are_exact_to_the_cent_however_large(language: str) -> None:
    said = sentence(a_call(due=900_000_000_000_007), DAY, "EUR", language)
    assert any(amount in said for amount in ("9.000.000.000.000,07", "9,000,000,000,000.07"))
