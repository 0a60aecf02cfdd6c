"""The reporting calendar: days that come back, deadlines on two clocks, and moves that keep where a date stood."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.api.shipped import schemes
from services.funding.domain.grant import Grant
from services.funding.domain.recurrence import MOST, Every, Recurrence, SeriesInverted, SeriesTooLong
from services.funding.domain.reporting_date import (
    CompletedInFuture,
    DateIsThere,
    DateSettled,
    MovedWithoutReason,
    ReportDaysInverted,
    ReportingDate,
    UnfitReminders,
    derived,
    due,
)
from services.funding.events.reporting import ReportingDateMoved, ReportingDatePlanned

AT = datetime(2023, 5, 20, 9, tzinfo=UTC)
TODAY = date(2023, 5, 20)
GRANT = Grant(
    UUID(int=1), "sto-2020", "sto-2020-2024", 1_000_000, date(2020, 1, 1), date(2023, 12, 31), TODAY, version=1
)
RULES = next(each for each in schemes() if each.code == "sto-2020-2024").rules
OWN = ReportingDate(
    UUID(int=2), "jaar", "Annual accounts", "office", date(2023, 6, 1), date(2023, 6, 1), TODAY, ("office",), (3, 14)
)


def put(asked: ReportingDate = OWN) -> ReportingDate:
    return asked.plan(None)[0]


def test_a_day_that_a_month_does_not_have_is_its_last_one_and_no_month_is_left_out() -> None:
    days = Recurrence(date(2023, 10, 31), date(2024, 4, 30), "month").days()
    assert [day.isoformat() for day in days] == [
        *("2023-10-31", "2023-11-30", "2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"),
    ]
    assert Recurrence(date(2024, 2, 29), date(2028, 3, 1), "year").days()[-1] == date(2028, 2, 29)
    assert Recurrence(date(2024, 2, 29), date(2025, 12, 31), "year").days()[-1] == date(2025, 2, 28)
    assert Recurrence(date(2024, 1, 1), date(2024, 1, 1), "quarter").days() == (date(2024, 1, 1),)
    assert Recurrence(date(9999, 11, 30), date(9999, 12, 31), "month").days()[-1] == date(9999, 12, 30)
    assert Recurrence(date(9999, 12, 20), date(9999, 12, 31), "week").days()[-1] == date(9999, 12, 27)


@given(
    st.dates(date(2000, 1, 1), date(2030, 1, 1)),
    st.integers(0, 2_000),
    st.sampled_from(["week", "month", "quarter", "year"]),
    st.integers(1, 9),
)
def test_days_come_in_order_inside_their_series_and_no_month_twice(
    first: date, length: int, every: Every, interval: int
) -> None:
    last = date.fromordinal(first.toordinal() + length)
    try:
        days = Recurrence(first, last, every, interval).days()
    except SeriesTooLong:
        assert every == "week"
        return
    assert days[0] == first
    assert list(days) == sorted(set(days))
    assert days[-1] <= last
    if every != "week":
        assert len({(day.year, day.month) for day in days}) == len(days)


def test_a_series_ends_after_it_begins_and_is_not_endless() -> None:
    with pytest.raises(SeriesInverted):
        Recurrence(date(2024, 1, 2), date(2024, 1, 1), "week").days()
    assert len(Recurrence(date(2000, 1, 1), date(2016, 8, 31), "month").days()) == MOST
    with pytest.raises(SeriesTooLong):
        Recurrence(date(2000, 1, 1), date(2016, 9, 1), "month").days()


def test_a_deadline_stands_where_the_rules_known_by_then_put_it() -> None:
    def day(known_at: date) -> dict[str, date]:
        found = {}
        for deadline in due(GRANT, RULES, known_at):
            made, _ = derived(None, UUID(int=3), deadline.what, GRANT, deadline, AT)
            found[deadline.what] = made.day
        return found

    assert day(date(2023, 5, 15))["progress-report-2"] == date(2023, 7, 1)
    assert day(date(2023, 5, 16))["progress-report-2"] == date(2023, 10, 1)
    assert "final-report" not in day(date(2021, 5, 31))
    assert day(date(2018, 1, 1)) == {}
    assert due(replace(GRANT, from_=date(2019, 12, 31)), RULES, TODAY) == []


def test_a_date_made_late_has_the_history_that_was_known_and_is_told_once_as_it_is() -> None:
    deadline = next(each for each in due(GRANT, RULES, TODAY) if each.what == "progress-report-2")
    made, facts = derived(None, UUID(int=3), "p2", GRANT, deadline, AT)
    assert (made.first_day, made.day, made.version) == (date(2023, 7, 1), date(2023, 10, 1), 1)
    assert [(move.from_day, move.known_from, move.rule) for move in made.moves] == [
        (date(2023, 7, 1), date(2023, 5, 16), "progress-2-moved")
    ]
    assert "16 May 2023" in made.moves[0].reason
    assert made.until == date(2023, 7, 31)
    assert [type(fact) for fact in facts] == [ReportingDatePlanned]
    assert made.day_known(date(2023, 5, 15)) == date(2023, 7, 1)
    assert made.day_known(date(2023, 5, 16)) == date(2023, 10, 1)
    assert made.day_known(date(2018, 9, 11)) is None


def test_a_rule_that_becomes_known_moves_its_date_once_and_leaves_alone_what_the_office_did_after_it() -> None:
    before = next(each for each in due(GRANT, RULES, date(2023, 5, 15)) if each.what == "progress-report-2")
    after = next(each for each in due(GRANT, RULES, date(2023, 5, 16)) if each.what == "progress-report-2")
    made, _ = derived(None, UUID(int=3), "p2", GRANT, before, AT)
    moved, facts = derived(made, made.id, "p2", GRANT, after, AT)
    assert [(fact.from_day, fact.day) for fact in facts if isinstance(fact, ReportingDateMoved)] == [
        (date(2023, 7, 1), date(2023, 10, 1))
    ]
    assert moved.version == 2
    assert derived(moved, made.id, "p2", GRANT, after, AT) == (moved, ())
    own, _ = moved.move(date(2023, 10, 9), "agreed with DUS-I", TODAY, AT, by=UUID(int=9))
    assert derived(own, made.id, "p2", GRANT, after, AT) == (own, ())
    done, _ = made.complete(TODAY, TODAY, None)
    assert derived(done, made.id, "p2", GRANT, after, AT) == (done, ())


def test_a_day_is_moved_with_a_reason_and_never_written_over() -> None:
    made = put()
    assert made.remind_days_before == (14, 3)
    with pytest.raises(MovedWithoutReason):
        replace(OWN, day=date(2023, 6, 2)).plan(made)
    moved, facts = made.move(date(2023, 6, 2), "the accountant is ill", TODAY, AT, by=UUID(int=9))
    assert (moved.moves[0].from_day, moved.moves[0].reason) == (date(2023, 6, 1), "the accountant is ill")
    assert len(facts) == 1
    with pytest.raises(DateIsThere):
        moved.move(date(2023, 6, 2), "again", TODAY, AT, by=UUID(int=9))
    assert replace(OWN, day=date(2023, 6, 2)).plan(moved) == (moved, ())
    renamed, told = replace(OWN, title="Accounts", day=date(2023, 6, 2)).plan(moved)
    assert (renamed.title, renamed.moves, len(told)) == ("Accounts", moved.moves, 1)


def test_what_is_settled_stays_so() -> None:
    for settled, _ in (put().cancel("not needed"), put().complete(TODAY, TODAY, None)):
        for change in (
            lambda it: it.move(date(2023, 7, 1), "x", TODAY, AT, by=UUID(int=9)),
            lambda it: it.cancel("x"),
            lambda it: it.complete(TODAY, TODAY, None),
            lambda it: replace(OWN, title="x").plan(it),
        ):
            with pytest.raises(DateSettled):
                change(settled)
        assert OWN.plan(settled) == (settled, ())
    with pytest.raises(CompletedInFuture):
        put().complete(date(2023, 5, 21), TODAY, None)


def test_an_open_date_whose_day_is_over_is_overdue() -> None:
    assert not put().overdue(date(2023, 6, 1))
    assert put().overdue(date(2023, 6, 2))
    assert not put().cancel("x")[0].overdue(date(2023, 6, 2))


@pytest.mark.parametrize("ahead", [(-1,), (367,), (3, 3), tuple(range(11))])
def test_reminders_are_few_and_within_reach(ahead: tuple[int, ...]) -> None:
    with pytest.raises(UnfitReminders):
        put(replace(OWN, remind_days_before=ahead))


def test_the_days_it_is_about_are_in_order() -> None:
    with pytest.raises(ReportDaysInverted):
        put(replace(OWN, from_=date(2023, 1, 2), until=date(2023, 1, 1)))
