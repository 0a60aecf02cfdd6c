"""Who is told what, when a reminder is due on both sides of a change of clocks, and when not to say it any more."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.notifications.domain import telling as rules
from services.notifications.domain.milestones import Milestone
from services.notifications.domain.notices import Failed, Notice, NoticeState, Sent
from services.notifications.domain.telling import About, Subject, SubjectState, Telling
from services.notifications.events import NoticeFailed, NoticeSent, NoticeSuppressed
from tests.unit.notifications.builders import a_milestone, an_id

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
BEFORE = datetime(2019, 3, 1, 12, 0, tzinfo=UTC)


def planned(**changes: Any) -> Milestone:
    return a_milestone(**changes).planned()[0]


def about_an_activity(version: int = 1) -> Telling:
    return Telling(
        occasion_id=an_id("event"),
        template="activity-booked",
        audience=f"organisation:{an_id('school')}",
        about=About.ACTIVITY,
        about_id=an_id("activity"),
        about_version=version,
        details={},
        due_at=BEFORE,
    )


def test_a_reminder_is_due_at_nine_there_before_and_after_the_clocks_change() -> None:
    due = rules.reminder_instants(date(2019, 4, 1), (2, 1, 0), AMSTERDAM, BEFORE)
    assert due == {
        2: datetime(2019, 3, 30, 8, 0, tzinfo=UTC),
        1: datetime(2019, 3, 31, 7, 0, tzinfo=UTC),
        0: datetime(2019, 4, 1, 7, 0, tzinfo=UTC),
    }
    autumn = rules.reminder_instants(date(2019, 10, 28), (2, 1), AMSTERDAM, BEFORE)
    assert [instant.hour for instant in autumn.values()] == [7, 8]


@pytest.mark.parametrize(
    ("at", "left"),
    [
        (datetime(2019, 3, 30, 7, 59, 59, tzinfo=UTC), {2, 1, 0}),
        (datetime(2019, 3, 30, 8, 0, tzinfo=UTC), {1, 0}),
        (datetime(2026, 11, 24, tzinfo=UTC), set()),
    ],
)
def test_a_reminder_that_would_be_overdue_is_not_given(at: datetime, left: set[int]) -> None:
    assert set(rules.reminder_instants(date(2019, 4, 1), (2, 1, 0), AMSTERDAM, at)) == left


@pytest.mark.parametrize(
    ("at", "announce", "told"),
    [
        (BEFORE, None, True),
        (BEFORE, False, False),
        (datetime(2019, 3, 22, 14, 29, tzinfo=UTC), None, True),
        (datetime(2019, 3, 22, 14, 30, tzinfo=UTC), None, False),
        (datetime(2026, 11, 24, tzinfo=UTC), None, False),
        (datetime(2026, 11, 24, tzinfo=UTC), True, True),
    ],
)
def test_what_is_past_is_told_only_when_the_office_announces_it(
    at: datetime, announce: bool | None, told: bool
) -> None:
    assert rules.is_told(planned(), AMSTERDAM, at, announce) is told


def test_what_was_said_before_a_move_or_a_cancellation_is_not_said_any_more() -> None:
    first = planned()
    told = rules.of_milestone(first, BEFORE, announced=False)
    assert rules.milestone_outdated(told, first, AMSTERDAM, BEFORE) is None
    moved = first.become(a_milestone(day=date(2019, 3, 25)))[0]
    gone = first.become(a_milestone(cancelled=True, reason="te weinig vragen"))[0]
    assert rules.milestone_outdated(told, moved, AMSTERDAM, BEFORE) == "moved-meanwhile"
    assert rules.milestone_outdated(told, gone, AMSTERDAM, BEFORE) == "cancelled-meanwhile"
    described = first.become(a_milestone(title="Spreekuur"))[0]
    assert rules.milestone_outdated(told, described, AMSTERDAM, BEFORE) is None
    reminder = rules.reminder_of_milestone(first, 2, BEFORE)
    assert rules.milestone_outdated(reminder, gone, AMSTERDAM, BEFORE) == "cancelled-meanwhile"


def test_a_milestone_that_is_over_is_not_told_unless_announced() -> None:
    first, over = planned(), datetime(2019, 3, 23, tzinfo=UTC)
    told = rules.of_milestone(first, BEFORE, announced=False)
    assert rules.milestone_outdated(told, first, AMSTERDAM, over) == "past"
    assert rules.milestone_outdated(replace(told, announced=True), first, AMSTERDAM, over) is None
    assert rules.milestone_outdated(rules.reminder_of_milestone(first, 0, over), first, AMSTERDAM, over) == "past"


def test_every_telling_of_a_milestone_is_an_occasion_of_its_own_and_always_the_same_one() -> None:
    first = planned()
    moved = first.become(a_milestone(day=date(2019, 3, 25)))[0]
    back = moved.become(a_milestone())[0]
    occasions = [rules.of_milestone(each, BEFORE, announced=False).occasion_id for each in (first, moved, back)]
    occasions += [
        rules.reminder_of_milestone(each, days, BEFORE).occasion_id for each in (first, moved) for days in (2, 1)
    ]
    assert len(set(occasions)) == len(occasions)
    assert (
        rules.of_milestone(planned(), BEFORE, announced=True).id()
        == rules.of_milestone(first, BEFORE, announced=False).id()
    )


@pytest.mark.parametrize(
    ("subject", "why"),
    [
        (None, None),
        (Subject(an_id("activity"), About.ACTIVITY, SubjectState.OPEN, 1, ends_at=BEFORE + timedelta(days=1)), None),
        (Subject(an_id("activity"), About.ACTIVITY, SubjectState.OPEN, 1, ends_at=BEFORE), "past"),
        (Subject(an_id("activity"), About.ACTIVITY, SubjectState.OPEN, 2), "overtaken"),
        (Subject(an_id("activity"), About.ACTIVITY, SubjectState.CANCELLED, 2), "cancelled-meanwhile"),
    ],
)
def test_an_activity_is_told_as_long_as_it_stands(subject: Subject | None, why: str | None) -> None:
    assert rules.subject_outdated(about_an_activity(), subject, BEFORE) == why


def test_a_form_is_told_however_late_and_not_once_it_is_answered() -> None:
    open_form = Subject(
        an_id("form"), About.STATEMENT, SubjectState.OPEN, 1, None, an_id("company"), deadline=date(2019, 2, 1)
    )
    told = rules.reminder_of_statement(open_form, 3, BEFORE)
    assert told.audience == f"organisation:{an_id('company')}"
    assert rules.subject_outdated(told, open_form, BEFORE) is None
    answered = replace(open_form, state=SubjectState.SETTLED)
    assert rules.subject_outdated(told, answered, BEFORE) == "settled-meanwhile"


def test_old_news_is_no_news() -> None:
    assert rules.is_fresh(BEFORE - timedelta(hours=48), BEFORE)
    assert not rules.is_fresh(BEFORE - timedelta(hours=48, seconds=1), BEFORE)


def test_the_next_morning_is_nine_there_on_the_next_local_day() -> None:
    late = datetime(2019, 3, 30, 22, 30, tzinfo=UTC)
    assert rules.next_morning(late, AMSTERDAM) == datetime(2019, 3, 31, 7, 0, tzinfo=UTC)
    after_midnight = datetime(2019, 3, 30, 23, 30, tzinfo=UTC)
    assert rules.next_morning(after_midnight, AMSTERDAM) == datetime(2019, 4, 1, 7, 0, tzinfo=UTC)


def a_notice() -> Notice:
    return Notice(
        id=an_id("notice"),
        occasion_id=an_id("event"),
        person_id=an_id("person"),
        channel="mail",
        template="milestone-planned",
        language="nl",
        milestone_id=None,
        state=NoticeState.CLAIMED,
        code=None,
        claimed_at=BEFORE,
        decided_at=None,
    )


def test_a_notice_ends_as_sent_failed_unknown_or_suppressed() -> None:
    sent, fact = a_notice().settled(Sent(), BEFORE)
    assert (sent.state, type(fact)) == (NoticeState.SENT, NoticeSent)
    failed, failure = a_notice().settled(Failed("smtp-550"), BEFORE)
    assert (failed.state, failed.code, type(failure)) == (NoticeState.FAILED, "smtp-550", NoticeFailed)
    suppressed, why = a_notice().suppressed("past", BEFORE)
    assert (suppressed.state, suppressed.code, type(why)) == (NoticeState.SUPPRESSED, "past", NoticeSuppressed)
    assert a_notice().uncertain("mail-server-lost", BEFORE).state is NoticeState.UNKNOWN
