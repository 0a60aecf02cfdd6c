"""Which record is refused, which is held, and which may be booked."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.funding.domain.intake import Record, parse
from services.funding.domain.judging import Bookable, Held, Known, Refused, judge

KNOWN = Known(
    date(2020, 6, 1),
    date(2020, 1, 1),
    date(2023, 12, 31),
    None,
    frozenset({"robotisering"}),
    mandated=True,
    standing=True,
)


def a_record(**changes: Any) -> Record:
    document = {"id": "1", "consortium": "sto", "organisation": "acme", "line": "robotisering", "day": "2020-05-02"}
    found = parse({**document, "kind": "hours", "minutes": 960, "workerRef": "w", **changes})
    assert isinstance(found, Record)
    return found


def test_sixteen_hours_are_still_plausible() -> None:
    assert judge(a_record(), KNOWN) == Bookable()


@pytest.mark.parametrize(
    ("sent", "known", "code"),
    [
        ({}, {"mandated": False}, "not-mandated"),
        ({}, {"standing": False}, "no-standing"),
        ({"line": "robotica"}, {}, "unknown-line"),
        ({"day": "2020-06-02"}, {}, "outside-period"),
        ({}, {"closed_until": date(2020, 5, 2)}, "period-closed"),
        ({}, {"worked_minutes": 1}, "implausible-hours"),
        ({"activityRef": "les-1"}, {"booked_activities": frozenset({"les-1"})}, "already-booked"),
        ({"replaces": "0"}, {}, "unknown-reference"),
    ],
)
def test_a_broken_rule_refuses_the_record(sent: dict[str, Any], known: dict[str, Any], code: str) -> None:
    verdict = judge(a_record(**sent), replace(KNOWN, **known))
    assert isinstance(verdict, Refused)
    assert [reason.code for reason in verdict.reasons] == [code]


def test_the_same_day_and_line_as_a_lesson_is_held_for_a_person() -> None:
    assert isinstance(judge(a_record(), replace(KNOWN, lesson_on_day_and_line=True)), Held)
