"""Terms, and the capacity plan: hours needed against hours promised, term by term."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.domain.capacity import Need, Place, check_needs, hours, plan
from services.funding.domain.pledge import LinePromisedTwice, TermOutsidePledge
from services.funding.domain.position import Promise
from services.funding.domain.programme import Programme, ProgrammeLine, UnknownLine
from services.funding.domain.terms import Term, part, term_of, terms

ONE, TWO = UUID(int=1), UUID(int=2)
FIRST, LAST = date(2020, 1, 1), date(2023, 12, 31)
ROBOT = ProgrammeLine("robotisering", "spearhead", "Robotisering")
PROGRAMME = Programme(FIRST, LAST, {"robotisering": ROBOT})
SECOND = Term(2020, 2)
a_day = st.integers(0, 3_000).map(lambda days: date(2018, 1, 1) + timedelta(days=days))


def a_promise(minutes: int, first: date = FIRST, last: date = LAST, who: UUID = ONE) -> Promise:
    return Promise(who, "robotisering", 0, minutes, first, last)


@given(a_day)
def test_every_day_is_in_one_term_which_has_it_between_its_first_and_last(day: date) -> None:
    term = term_of(day)
    assert term.first <= day <= term.last
    assert (term.last - term.first).days in (119, 120, 121, 122)
    assert term_of(term.last + timedelta(days=1)) == term.next


def test_the_terms_of_a_year_are_thirds_that_begin_in_january_may_and_september() -> None:
    assert [(each.first.month, each.last.month) for each in terms(FIRST, date(2020, 12, 31))] == [
        (1, 4),
        (5, 8),
        (9, 12),
    ]


@given(st.integers(0, 10**9), a_day, a_day)
def test_what_is_spread_over_a_period_sums_over_its_terms_to_the_minute(whole: int, one: date, other: date) -> None:
    first, last = min(one, other), max(one, other)
    parts = [part(whole, first, last, term) for term in terms(first, last)]
    assert sum(parts) == whole
    assert min(parts) >= 0


def test_a_promise_for_a_term_counts_in_it_and_one_without_is_spread() -> None:
    year = (a_promise(366, FIRST, date(2020, 12, 31), TWO), None)
    named = (a_promise(600, SECOND.first, SECOND.last), SECOND)
    found = {place.term.number: place for place in plan(PROGRAMME, [], [year, named], FIRST)}
    assert {number: place.pledged_minutes for number, place in found.items()} == {1: 121, 2: 600 + 123, 3: 122}
    assert [found[number].organisations for number in (1, 2, 3)] == [1, 2, 1]


@pytest.mark.parametrize(
    ("needed", "pledged", "as_of", "state", "gap"),
    [
        (60, 60, date(2020, 3, 1), "covered", 0),
        (60, 59, date(2020, 4, 30), "short", 1),
        (60, 0, date(2020, 5, 1), "late", 60),
        (60, 0, date(2020, 8, 31), "late", 60),
        (60, 0, date(2020, 9, 1), "over", 60),
        (0, 60, date(2020, 3, 1), "not-needed", 0),
    ],
)
def test_whether_people_are_there_in_time_depends_on_the_gap_and_the_day(
    needed: int, pledged: int, as_of: date, state: str, gap: int
) -> None:
    place = Place(ROBOT, SECOND, needed, pledged, 1, as_of)
    assert (place.state, place.gap_minutes) == (state, gap)


def test_the_sentence_says_what_is_short_and_how_long_there_is_to_find_it() -> None:
    said = Place(ROBOT, SECOND, 2_400, 1_830, 1, date(2020, 4, 30)).sentence()
    assert said["nl"] == (
        "Robotisering, 1 mei 2020 tot en met 31 augustus 2020: 40 uur nodig en 30 uur 30 toegezegd, 9 uur 30 te "
        "weinig; nog 1 dag om ze te vinden."
    )
    assert said["en"] == (
        "Robotisering, 1 May 2020 to 31 August 2020: 40 h needed and 30 h 30 pledged, 9 h 30 short; 1 day left to "
        "find them."
    )
    assert hours(296_967) == ("4.949 uur 27", "4,949 h 27")


def test_only_the_year_that_is_asked_is_shown_and_needs_without_promises_too() -> None:
    needs = [Need("robotisering", SECOND, 60), Need("robotisering", Term(2021, 1), 60)]
    assert [place.term for place in plan(PROGRAMME, needs, [], FIRST, 2021)] == [Term(2021, 1)]


def test_needs_name_a_line_and_terms_of_the_programme_each_once() -> None:
    with pytest.raises(UnknownLine):
        check_needs("robotica", [], PROGRAMME)
    with pytest.raises(TermOutsidePledge):
        check_needs("robotisering", [Need("robotisering", Term(2024, 1), 60)], PROGRAMME)
    with pytest.raises(LinePromisedTwice):
        check_needs("robotisering", [Need("robotisering", SECOND, 60)] * 2, PROGRAMME)
