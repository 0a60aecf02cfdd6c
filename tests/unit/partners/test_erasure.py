"""How long a name is held."""

from datetime import UTC, date, datetime

import pytest

from services.partners.domain.erasure import Hold, held_until, kept_until

AT = datetime(2024, 5, 1, tzinfo=UTC)


def a_hold(until: date) -> Hold:
    return Hold("books", until, "books", None, AT)


@pytest.mark.parametrize(
    ("acted", "until"),
    [
        (date(2020, 1, 1), date(2027, 12, 31)),
        (date(2020, 12, 31), date(2027, 12, 31)),
        (date(9999, 1, 1), date(9999, 12, 31)),
    ],
)
def test_books_are_kept_seven_years_after_the_calendar_year(acted: date, until: date) -> None:
    assert kept_until(acted) == until


def test_the_longest_hold_in_force_decides_and_its_last_day_counts() -> None:
    holds = [a_hold(date(2024, 5, 1)), a_hold(date(2024, 4, 30)), a_hold(date(2026, 1, 1))]
    assert held_until(holds, date(2024, 5, 1)) == date(2026, 1, 1)
    assert held_until(holds[:2], date(2024, 5, 1)) == date(2024, 5, 1)
    assert held_until(holds[:2], date(2024, 5, 2)) is None
    assert held_until([], date(2024, 5, 2)) is None
