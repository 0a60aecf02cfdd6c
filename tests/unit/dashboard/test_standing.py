"""The position as the dashboard reckons it, and what to do first."""

from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.domain.standing import Cell, Reading, Standing
from services.dashboard.domain.today import Waiting, most_at_stake

A, B = UUID(int=1), UUID(int=2)
TODAY = date(2023, 11, 1)
CENTS = st.integers(0, 10**9)
CELLS = st.lists(
    st.builds(
        lambda who, line, realised, declared, promised, due: Cell(
            UUID(int=who), line, realised, 0, declared, 0, promised, 0, min(due, promised)
        ),
        st.integers(1, 4),
        st.sampled_from("abc"),
        CENTS,
        CENTS,
        CENTS,
        CENTS,
    ),
    max_size=12,
)


@given(CELLS)
def test_lines_and_partners_add_up_to_the_same(cells: list[Cell]) -> None:
    stands = Standing(tuple(cells), ())
    for by in (stands.by_line, stands.by_partner):
        assert sum(each.realised_cents for each in by.values()) == stands.total.realised_cents
        assert sum(each.due_cents for each in by.values()) == stands.total.due_cents


@given(CELLS)
def test_a_forecast_is_no_less_than_what_came_and_no_more_than_what_was_promised_beside_it(cells: list[Cell]) -> None:
    stands = Standing(tuple(cells), ())
    most = sum(max(each.delivered_cents, each.promised_cents) for each in cells)
    assert stands.total.delivered_cents <= stands.forecast_cents <= max(most, stands.total.delivered_cents)


def test_nobody_makes_up_for_another_partners_silence() -> None:
    kept = Cell(A, "x", realised_cents=200, promised_cents=200, due_cents=100)
    silent = Cell(B, "x", promised_cents=200, due_cents=100)
    assert Standing((kept, silent), ()).kept_basis_points == 5_000


def test_who_is_furthest_behind_is_called_first() -> None:
    cells = (
        Cell(A, "x", promised_cents=90, due_cents=50),
        Cell(B, "x", realised_cents=1, promised_cents=90, due_cents=80),
    )
    assert [each.organisation_id for each in Standing(cells, ()).calls()] == [B, A]


def test_a_threshold_is_never_rounded_up_to_reached() -> None:
    assert Reading("of-subsidy", 1_000_000).reached(999_999) == 9_999
    assert Reading("of-subsidy", 0).reached(0) == 10_000


def test_each_kind_of_work_shows_before_a_second_of_the_same_kind() -> None:
    waiting = [Waiting("phone", 900, who="a"), Waiting("phone", 800, who="b"), Waiting("accept", 10), Waiting("held")]
    assert [each.kind for each in most_at_stake(waiting, TODAY)] == ["phone", "accept", "held"]


def test_what_is_overdue_comes_first() -> None:
    late = Waiting("unanswered", who="late", by=date(2023, 10, 1))
    assert most_at_stake([Waiting("phone", 10**9, who="a"), late], TODAY)[0] is late
