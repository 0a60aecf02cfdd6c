"""The life of an activity: which verb is allowed when, to whom, and what it publishes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.problems import Problem, SamePerson
from services.activities.domain.activities import (
    Activity,
    Attendance,
    CancellationTooLate,
    CompanyCannotConfirm,
    ConfirmedOtherwise,
    HoldExpired,
    ImplausibleMinutes,
    NotBegun,
    NotYours,
    OwnHold,
    Party,
    Reason,
    SchoolCannotHost,
    State,
    TooManyPupils,
    WrongState,
)
from services.activities.domain.catalogue import (
    RequestIsPlanned,
    RequestNotOpen,
    RequestState,
    UnknownLine,
    check_line,
)
from services.activities.events import ActivityBooked, ActivityCancelled, AttendanceConfirmed
from tests.unit.activities.builders import (
    AMSTERDAM,
    COMPANY,
    NOW,
    SCHOOL,
    a_hold,
    a_request,
    a_speaker,
    an_activity,
    an_id,
)

AFTER = datetime(2023, 5, 2, 9, 0, tzinfo=UTC)
HEADS = Attendance(workers=2, minutes_each=100, pupils=23)
REPORTER, TEACHER = an_id("reporter"), an_id("teacher")


def a_completed_one() -> Activity:
    return an_activity(State.COMPLETED, attendance=HEADS, reported_by=REPORTER)


def test_a_free_activity_is_booked_when_the_other_side_accepts() -> None:
    booked, facts = a_hold().accept(Party.COMPANY, NOW)
    assert booked.state is State.BOOKED
    assert [type(fact) for fact in facts] == [ActivityBooked]


def test_a_paid_activity_waits_for_its_budget_and_is_not_published_yet() -> None:
    waiting, facts = a_hold(price_cents=25_000).accept(Party.COMPANY, NOW)
    assert (waiting.state, facts) == (State.WAITING_FOR_BUDGET, ())
    booked, facts = waiting.budget_granted()
    assert booked.state is State.BOOKED
    assert [type(fact) for fact in facts] == [ActivityBooked]


def test_whoever_proposed_a_hold_cannot_accept_it() -> None:
    with pytest.raises(OwnHold):
        a_hold(held_by=Party.SCHOOL).accept(Party.SCHOOL, NOW)


def test_a_hold_cannot_be_accepted_after_its_end() -> None:
    with pytest.raises(HoldExpired):
        a_hold().accept(Party.COMPANY, datetime(2023, 4, 10, 9, 0, tzinfo=UTC))


def test_a_hold_lapses_at_its_end_and_not_before() -> None:
    held = a_hold()
    assert held.held_until is not None
    assert held.lapse(held.held_until - timedelta(seconds=1)) == (held, ())
    lapsed, facts = held.lapse(held.held_until)
    assert lapsed.state is State.LAPSED
    assert isinstance(facts[0], ActivityCancelled)
    assert facts[0].reason == "hold-expired"


def test_school_and_company_can_cancel_until_the_limit_and_the_office_always() -> None:
    booked = an_activity()
    in_time, late = booked.starts_at - timedelta(hours=24), booked.starts_at - timedelta(hours=23)
    assert booked.cancel(Reason.ILLNESS, Party.COMPANY, in_time, 24)[0].state is State.CANCELLED
    with pytest.raises(CancellationTooLate):
        booked.cancel(Reason.ILLNESS, Party.SCHOOL, late, 24)
    assert booked.cancel(Reason.ILLNESS, Party.OFFICE, late, 24)[0].reason is Reason.ILLNESS


def test_what_has_not_begun_cannot_be_reported_as_done() -> None:
    with pytest.raises(NotBegun):
        an_activity().complete(HEADS, REPORTER, NOW, AMSTERDAM)


def test_more_pupils_than_seats_are_not_believed() -> None:
    with pytest.raises(TooManyPupils):
        an_activity().complete(replace(HEADS, pupils=29), REPORTER, AFTER, AMSTERDAM)


def test_more_than_a_working_day_with_preparation_is_not_believed() -> None:
    with pytest.raises(ImplausibleMinutes):
        an_activity().complete(replace(HEADS, minutes_each=16 * 60), REPORTER, AFTER, AMSTERDAM)


def test_confirmation_carries_minutes_with_the_agreed_preparation_and_the_local_day() -> None:
    late = replace(a_completed_one(), starts_at=datetime(2023, 5, 2, 22, 30, tzinfo=UTC))
    _, facts = late.confirm(None, {SCHOOL}, Party.SCHOOL, TEACHER, AFTER, AMSTERDAM)
    (fact,) = facts
    assert isinstance(fact, AttendanceConfirmed)
    assert (fact.workers, fact.minutes_each, fact.minutes, fact.pupils) == (2, 135, 270, 23)
    assert fact.day == date(2023, 5, 3)


def test_the_school_corrects_the_head_count_when_it_confirms() -> None:
    counted = Attendance(workers=1, minutes_each=90, pupils=20)
    confirmed, facts = a_completed_one().confirm(counted, {SCHOOL}, Party.SCHOOL, TEACHER, AFTER, AMSTERDAM)
    assert confirmed.attendance == counted
    assert isinstance(facts[0], AttendanceConfirmed)
    assert facts[0].minutes == 125


def test_a_company_cannot_confirm_its_own_activity_even_when_it_speaks_for_the_school_too() -> None:
    with pytest.raises(CompanyCannotConfirm):
        a_completed_one().confirm(None, {SCHOOL, COMPANY}, Party.SCHOOL, TEACHER, AFTER, AMSTERDAM)
    with pytest.raises(CompanyCannotConfirm):
        a_completed_one().confirm(None, {an_id("holding")}, Party.COMPANY, TEACHER, AFTER, AMSTERDAM)


def test_whoever_reported_it_cannot_confirm_it() -> None:
    with pytest.raises(SamePerson):
        a_completed_one().confirm(None, {SCHOOL}, Party.SCHOOL, REPORTER, AFTER, AMSTERDAM)


def test_confirming_twice_publishes_once_and_confirming_otherwise_is_refused() -> None:
    confirmed, facts = a_completed_one().confirm(None, {SCHOOL}, Party.SCHOOL, TEACHER, AFTER, AMSTERDAM)
    assert len(facts) == 1
    assert confirmed.confirm(None, {SCHOOL}, Party.SCHOOL, TEACHER, AFTER, AMSTERDAM) == (confirmed, ())
    with pytest.raises(ConfirmedOtherwise):
        confirmed.confirm(replace(HEADS, workers=3), {SCHOOL}, Party.SCHOOL, TEACHER, AFTER, AMSTERDAM)


def test_an_activity_has_two_sides() -> None:
    with pytest.raises(SchoolCannotHost):
        an_activity(company_id=SCHOOL).open()


def test_putting_the_same_again_changes_nothing_even_when_it_is_over() -> None:
    done = a_completed_one()
    assert done.moved(an_activity()) == (done, ())


def test_what_is_over_cannot_be_moved() -> None:
    with pytest.raises(WrongState):
        a_completed_one().moved(an_activity(title="Iets anders"))


def test_an_activity_occupies_its_offer_its_room_and_its_people() -> None:
    activity = an_activity(offer_id=an_id("offer"), room="lokaal-12", teachers=(TEACHER,))
    assert activity.resources == (f"offer:{an_id('offer')}", "room:lokaal-12", f"person:{TEACHER}")


def test_somebody_speaks_only_for_organisations_and_roles_that_are_theirs() -> None:
    assert a_speaker(Party.OFFICE).on_behalf_of("x", school_id=SCHOOL) is Party.OFFICE
    assert a_speaker(Party.SCHOOL, organisations=(SCHOOL,)).on_behalf_of("x", school_id=SCHOOL) is Party.SCHOOL
    with pytest.raises(NotYours):
        a_speaker(Party.COMPANY, organisations=(SCHOOL,)).on_behalf_of("x", school_id=SCHOOL, company_id=COMPANY)


def test_only_an_open_request_can_be_held() -> None:
    held = a_request().held()
    assert (held.state, held.attempts) == (RequestState.HELD, 1)
    with pytest.raises(RequestNotOpen):
        held.held()


def test_a_planned_request_stays_as_it_is() -> None:
    planned = a_request().held().planned()
    assert planned.changed_to(a_request()) == planned
    with pytest.raises(RequestIsPlanned):
        planned.changed_to(a_request(group_size=12))


def test_an_unknown_line_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(UnknownLine, match="Did you mean 'robotisering'"):
        check_line({"robotisering", "bouw"}, "robotica")


VERBS: tuple[Callable[[Activity], tuple[Activity, tuple[object, ...]]], ...] = (
    lambda a: a.accept(Party.COMPANY, NOW),
    lambda a: a.budget_granted(),
    lambda a: a.lapse(AFTER),
    lambda a: a.cancel(Reason.OTHER, Party.OFFICE, AFTER, 24),
    lambda a: a.complete(HEADS, REPORTER, AFTER, AMSTERDAM),
    lambda a: a.confirm(None, {SCHOOL}, Party.SCHOOL, TEACHER, AFTER, AMSTERDAM),
)


@given(st.lists(st.sampled_from(VERBS), max_size=12), st.sampled_from([0, 25_000]))
def test_whatever_happens_hours_are_published_at_most_once_and_never_after_a_cancellation(
    verbs: list[Callable[[Activity], tuple[Activity, tuple[object, ...]]]], price_cents: int
) -> None:
    activity, published = a_hold(price_cents=price_cents), list[object]()
    for verb in verbs:
        try:
            activity, facts = verb(activity)
        except Problem:
            continue
        published.extend(facts)
    confirmed = [fact for fact in published if isinstance(fact, AttendanceConfirmed)]
    cancelled = [fact for fact in published if isinstance(fact, ActivityCancelled)]
    assert len(confirmed) + len(cancelled) <= 1
