"""Working days, bell times and daylight saving."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.activities.domain.calendar import Window, common_windows, local_day, starts, working_days_after
from services.activities.domain.travel import Place, journey
from tests.unit.activities.builders import AMSTERDAM

MONDAY_MORNING = Window(1, time(9), time(12))


def test_five_working_days_pass_over_the_weekend() -> None:
    wednesday = datetime(2023, 5, 3, 12, 0, tzinfo=UTC)
    assert working_days_after(wednesday, 5, AMSTERDAM) == datetime(2023, 5, 10, 12, 0, tzinfo=UTC)


def test_working_days_keep_the_local_time_over_daylight_saving() -> None:
    friday = datetime(2023, 3, 24, 12, 0, tzinfo=UTC)
    assert working_days_after(friday, 1, AMSTERDAM) == datetime(2023, 3, 27, 11, 0, tzinfo=UTC)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)), st.integers(1, 20))  # noqa: DTZ001
def test_working_days_end_on_a_working_day(at: datetime, days: int) -> None:
    end = working_days_after(at, days, AMSTERDAM)
    assert local_day(end, AMSTERDAM).isoweekday() <= 5
    assert end - at >= timedelta(days=days - 1)


def test_windows_overlap_only_on_the_same_day_and_when_long_enough() -> None:
    other = (Window(1, time(11), time(15)), Window(2, time(9), time(12)))
    assert common_windows([MONDAY_MORNING], other, 60) == (Window(1, time(11), time(12)),)
    assert common_windows([MONDAY_MORNING], other, 61) == ()


def test_sessions_follow_each_other_within_a_window_in_local_time() -> None:
    days = (date(2023, 5, 1), date(2023, 5, 8))
    assert list(starts([MONDAY_MORNING], 90, days, AMSTERDAM, closed=[date(2023, 5, 8)])) == [
        datetime(2023, 5, 1, 7, 0, tzinfo=UTC),
        datetime(2023, 5, 1, 8, 30, tzinfo=UTC),
    ]


def test_the_day_is_the_day_in_the_zone_of_the_consortium() -> None:
    assert local_day(datetime(2023, 5, 1, 22, 30, tzinfo=UTC), AMSTERDAM) == date(2023, 5, 2)


places = st.builds(Place, st.floats(50, 54), st.floats(3, 8))


@given(places, places)
def test_a_journey_takes_as_long_back_as_there(one: Place, other: Place) -> None:
    table = {"a": one, "b": other}
    assert journey(table, "A", "b") == journey(table, "B", "a")
