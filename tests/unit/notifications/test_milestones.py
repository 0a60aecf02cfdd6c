"""The rules of the planning: what is a change, what is told of it, and when it is past."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from runtime.problems import Problem
from services.notifications.domain import milestones as rules
from services.notifications.domain.milestones import Said
from services.notifications.events import MilestoneCancelled, MilestoneMoved, MilestonePlanned
from tests.unit.notifications.builders import a_milestone

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def test_the_same_again_is_neither_published_nor_told() -> None:
    planned, fact, said = a_milestone().planned()
    assert isinstance(fact, MilestonePlanned)
    assert (said, planned.version, planned.said_version) == (Said.PLANNED, 1, 1)
    assert planned.become(a_milestone()) == (planned, None, None)


@pytest.mark.parametrize(
    "change",
    [{"day": date(2019, 3, 25)}, {"starts_at": time(14, 45)}, {"ends_at": None}, {"place": "Het Element"}],
)
def test_another_day_hour_or_place_is_a_move_and_is_told(change: dict[str, Any]) -> None:
    planned, _, _ = a_milestone().planned()
    moved, fact, said = planned.become(a_milestone(**change))
    assert isinstance(fact, MilestoneMoved)
    assert said is Said.MOVED
    assert (fact.from_day, fact.day) == (date(2019, 3, 22), moved.day)
    assert (moved.from_day, moved.version, moved.said_version) == (date(2019, 3, 22), 2, 2)


@pytest.mark.parametrize("change", [{"title": "Spreekuur"}, {"text": "Welkom."}, {"remind_days_before": (2,)}])
def test_another_description_is_published_and_not_told(change: dict[str, Any]) -> None:
    planned, _, _ = a_milestone().planned()
    described, fact, said = planned.become(a_milestone(**change))
    assert isinstance(fact, MilestonePlanned)
    assert said is None
    assert (described.said, described.said_version, described.version) == (Said.PLANNED, 1, 2)


def test_cancelling_is_told_once_and_what_comes_back_is_planned_again() -> None:
    planned, _, _ = a_milestone().planned()
    cancelled, fact, said = planned.become(a_milestone(cancelled=True, reason="te weinig vragen"))
    assert isinstance(fact, MilestoneCancelled)
    assert said is Said.CANCELLED
    assert cancelled.become(a_milestone(cancelled=True, reason="te weinig vragen")) == (cancelled, None, None)
    _, again, _ = cancelled.become(a_milestone(cancelled=True, reason="geen zaal"))
    assert isinstance(again, MilestoneCancelled)
    assert cancelled.become(a_milestone(cancelled=True, day=date(2019, 3, 29), reason="te weinig vragen"))[2] is None
    back, planned_again, told = cancelled.become(a_milestone())
    assert isinstance(planned_again, MilestonePlanned)
    assert (told, back.said_version) == (Said.PLANNED, 3)


@pytest.mark.parametrize(
    ("milestone", "ends"),
    [
        (a_milestone(), datetime(2019, 3, 22, 14, 30, tzinfo=UTC)),
        (a_milestone(ends_at=None), datetime(2019, 3, 22, 13, 30, tzinfo=UTC)),
        (a_milestone(starts_at=None, ends_at=None), datetime(2019, 3, 22, 23, 0, tzinfo=UTC)),
        (a_milestone(starts_at=None, ends_at=None, day=date(2019, 3, 31)), datetime(2019, 3, 31, 22, 0, tzinfo=UTC)),
    ],
)
def test_it_is_past_when_its_hour_or_its_local_day_is_over(milestone: rules.Milestone, ends: datetime) -> None:
    assert milestone.ends(AMSTERDAM) == ends


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"audience": "iedereen"}, rules.UnknownAudience),
        ({"audience": "organisation:het-element"}, rules.UnknownAudience),
        ({"ends_at": time(14, 30)}, rules.EndsBeforeItStarts),
        ({"starts_at": None}, rules.EndWithoutStart),
        ({"reason": "ziek"}, rules.ReasonWithoutCancelling),
        ({"cancelled": True}, rules.CancelledWithoutReason),
        ({"cancelled": True, "reason": " "}, rules.CancelledWithoutReason),
        ({"remind_days_before": (2, 2)}, rules.UnfitReminders),
        ({"remind_days_before": (-1,)}, rules.UnfitReminders),
        ({"remind_days_before": tuple(range(11))}, rules.UnfitReminders),
    ],
)
def test_what_cannot_stand_in_a_planning_is_refused_with_its_rule(change: dict[str, Any], rule: type[Problem]) -> None:
    with pytest.raises(rule):
        a_milestone(**change).checked()


def test_reminders_stand_with_the_longest_ahead_first() -> None:
    assert a_milestone(remind_days_before=(0, 14, 3)).checked().remind_days_before == (14, 3, 0)
