"""Plan versus realised: per line, kind and calendar year, and the parts always come to the whole."""

from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.funding.domain.application import Application, Item
from services.funding.domain.plan_realised import Amounts, compared, total, totals
from services.funding.domain.progress import Movement

LINES = {"robotisering": ("spearhead", "Robotisering"), "corlaer": ("location", "Corlaer")}
PLAN = Application(
    UUID(int=1),
    "sto",
    "sto",
    "Our region",
    date(2020, 1, 1),
    date(2023, 12, 31),
    (
        Item("robotisering", 2020, "robot arm", "piece", 1_250_000, 2_000),
        Item("robotisering", 2021, "teacher", "hour", 6_333, 1_500),
        Item("robotisering", 2021, "hours of companies", "hour", 5_000, 40_000, "cofinancing"),
        Item("corlaer", 2021, "coordination", "hour", 7_500, 10_000, "own"),
    ),
    UUID(int=2),
)


def moved(account: str, year: int, cents: int, minutes: int = 0) -> Movement:
    return Movement(account, year, True, cents, minutes)


def test_subsidy_is_realised_by_approved_claims_and_cofinancing_by_accepted_contributions() -> None:
    rows = compared(
        [PLAN],
        [
            moved("grant/line/robotisering", 2020, 900_000),
            moved("grant/committed/robotisering", 2020, -900_000),
            moved("grant/committed/robotisering", 2021, 400_000),
            moved("grant/claimed/robotisering", 2021, -400_000),
            moved("grant/claimed/robotisering", 2021, 150_000),
            moved("grant/paid/robotisering", 2021, -150_000),
            moved("memo/accepted/robotisering", 2021, 120_000, 1_440),
            moved("memo/verified/robotisering", 2021, 5_000, 60),
            moved("memo/declared/robotisering", 2021, 2_500, 30),
            moved("grant/cash", 2020, 10_000_000),
            moved("memo/pledged/robotisering", 2021, 999),
            moved("memo/accepted/oud", 2019, 1, 1),
        ],
        LINES,
    )
    assert [(row.line, row.kind, row.year) for row in rows] == [
        ("corlaer", "location", 2021),
        ("oud", "former", 2019),
        ("robotisering", "spearhead", 2020),
        ("robotisering", "spearhead", 2021),
    ]
    assert rows[2].amounts == Amounts(planned_subsidy_cents=2_500_000, committed_change_cents=900_000)
    assert rows[3].amounts == Amounts(
        planned_subsidy_cents=9_500,
        realised_subsidy_cents=400_000,
        committed_change_cents=-400_000,
        planned_cofinancing_cents=200_000,
        realised_cofinancing_cents=120_000,
        waiting_cofinancing_cents=7_500,
        realised_minutes=1_440,
        waiting_minutes=90,
    )
    assert rows[3].amounts.subsidy_difference_cents == -390_500
    assert rows[3].amounts.cofinancing_difference_cents == 80_000
    assert rows[0].amounts == Amounts(planned_own_cents=75_000)


def test_what_nobody_planned_or_booked_has_no_row_and_what_came_to_nothing_neither() -> None:
    assert (
        compared([], [moved("grant/claimed/robotisering", 2021, -5), moved("grant/paid/robotisering", 2021, 5)], LINES)
        == []
    )
    assert compared([], [moved("grant/line/unallocated", 2021, -5)], LINES) == []


MOVES = st.lists(
    st.builds(
        moved,
        st.sampled_from(
            ["grant/claimed/a", "grant/paid/b", "grant/committed/a", "memo/accepted/b", "memo/declared/a", "grant/cash"]
        ),
        st.integers(2019, 2022),
        st.integers(-(10**12), 10**12),
        st.integers(-(10**6), 10**6),
    )
)


@given(MOVES)
def test_lines_kinds_and_years_each_come_to_the_whole(movements: list[Movement]) -> None:
    rows = compared([PLAN], movements, LINES)
    for by in ("line", "kind", "year"):
        assert sum(totals(rows, by).values(), Amounts()) == total(rows)
