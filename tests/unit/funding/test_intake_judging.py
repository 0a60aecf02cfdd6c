"""Which record is refused, which is held, and which may be booked; and what its sender reads of it."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.funding.domain.intake import Record, parse
from services.funding.domain.judging import Bookable, Earlier, Held, Known, KnownLine, Refused, Withdrawn, judge

ACME, OTHER = UUID(int=1), UUID(int=2)
LINES = tuple(
    KnownLine(code, date(2020, 1, 1), date(2023, 12, 31)) for code in ("robotisering", "metaal", "het-element")
)
KNOWN = Known(date(2020, 6, 1), LINES, None, ACME, mandated=True, standing=True)
BOOKED = Earlier("0", "verified", ACME, UUID(int=9), date(2020, 5, 1))


def a_record(**changes: Any) -> Record:
    document = {"id": "8842", "consortium": "sto", "organisation": "acme", "line": "robotisering", "day": "2020-05-02"}
    found = parse({**document, "kind": "hours", "minutes": 840, "workerRef": "w", **changes})
    assert isinstance(found, Record)
    return found


def reasons(record: Record, **known: Any) -> list[tuple[str, str | None]]:
    verdict = judge(record, replace(KNOWN, **known))
    assert isinstance(verdict, Refused)
    return [(reason.code, reason.field) for reason in verdict.reasons]


def test_sixteen_hours_are_possible_and_up_to_twelve_are_verified_by_the_rule() -> None:
    assert judge(a_record(minutes=960), KNOWN) == Bookable(verified=False)
    assert judge(a_record(minutes=720), KNOWN) == Bookable(verified=True)
    assert judge(a_record(minutes=720), replace(KNOWN, worked_minutes=1)) == Bookable(verified=False)


@pytest.mark.parametrize(
    ("sent", "known", "expected"),
    [
        ({}, {"mandated": False}, ("not-mandated", "organisation")),
        ({}, {"standing": False}, ("no-standing", "organisation")),
        ({"line": "robotica"}, {}, ("unknown-line", "line")),
        ({"day": "2020-06-02"}, {}, ("outside-period", "day")),
        ({"day": "2019-12-31"}, {}, ("outside-period", "day")),
        ({}, {"closed_until": date(2020, 5, 2)}, ("period-closed", "day")),
        ({}, {"worked_minutes": 121}, ("implausible-hours", "minutes")),
        ({"activityRef": "les-1"}, {"activity_booked": True}, ("already-booked", "activityRef")),
        ({}, {"evidence_claimed": True}, ("already-claimed-elsewhere", "evidence")),
        ({"replaces": "0"}, {}, ("unknown-reference", "replaces")),
        ({"withdraws": "0"}, {}, ("unknown-reference", "withdraws")),
    ],
)
def test_a_broken_rule_refuses_the_record(
    sent: dict[str, Any], known: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert reasons(a_record(**sent), **known) == [expected]


def test_all_reasons_are_told_at_once() -> None:
    found = reasons(a_record(line="robotica", day="2019-01-01", minutes=961), standing=False)
    assert [code for code, _ in found] == ["no-standing", "unknown-line", "outside-period", "implausible-hours"]


@pytest.mark.parametrize(("pupils", "minutes", "field"), [(501, 60, "pupils"), (5, 961, "minutesEach")])
def test_more_pupils_or_time_than_a_school_day_holds_is_refused(pupils: int, minutes: int, field: str) -> None:
    record = a_record(kind="pupil-presence", minutes=None, workerRef=None, pupils=pupils, minutesEach=minutes)
    assert reasons(record) == [("implausible-hours", field)]


def test_the_sentence_names_what_was_sent_what_was_meant_and_how_to_mend_it() -> None:
    verdict = judge(a_record(line="robotica"), KNOWN)
    assert isinstance(verdict, Refused)
    (reason,) = verdict.reasons
    assert reason.suggestion == "robotisering"
    assert reason.nl == (
        "14 u op 2 mei 2020 voor 'robotica': dat speerpunt of die locatie bestaat niet. Bedoelt u 'robotisering'? "
        "Stuur opnieuw met replaces 8842."
    )
    assert reason.en == (
        "14 h on 2 May 2020 for 'robotica': there is no such spearhead or location. Did you mean 'robotisering'? "
        "Send again with replaces 8842."
    )


@pytest.mark.parametrize(
    ("sent", "amount"),
    [
        ({"minutes": 135}, "2 u 15 op"),
        ({"minutes": 45}, "45 min op"),
        ({"kind": "material", "minutes": None, "amountCents": 1_234_56, "basis": "invoice"}, "€ 1.234,56 op"),
        ({"kind": "pupil-presence", "minutes": None, "pupils": 5, "minutesEach": 180}, "5 leerlingen x 3 u op"),
    ],
)
def test_an_amount_reads_as_people_write_it(sent: dict[str, Any], amount: str) -> None:
    verdict = judge(a_record(line="?", **sent), KNOWN)
    assert isinstance(verdict, Refused)
    assert verdict.reasons[0].nl.startswith(amount)


def test_the_same_day_and_line_as_a_lesson_is_held_unless_it_is_no_time() -> None:
    known = replace(KNOWN, lesson_on_day_and_line=True)
    assert isinstance(judge(a_record(), known), Held)
    assert isinstance(judge(a_record(activityRef="another"), known), Bookable)
    assert isinstance(judge(a_record(kind="material", amountCents=1, basis="invoice"), known), Bookable)


def test_a_withdrawal_is_not_judged_like_a_booking() -> None:
    record = a_record(withdraws="0", line="gone", day="2019-01-01", minutes=None, workerRef=None)
    assert judge(record, replace(KNOWN, standing=False, earlier=BOOKED)) == Withdrawn(BOOKED)


@pytest.mark.parametrize("field", ["replaces", "withdraws"])
@pytest.mark.parametrize(
    ("earlier", "known", "code"),
    [
        (replace(BOOKED, organisation_id=OTHER), {}, "unknown-reference"),
        (replace(BOOKED, state="replaced", settled_by="7"), {}, "unknown-reference"),
        (replace(BOOKED, state="withdrawn"), {}, "unknown-reference"),
        (BOOKED, {"closed_until": date(2020, 5, 1)}, "period-closed"),
    ],
)
def test_what_cannot_be_corrected_any_more_is_refused(
    field: str, earlier: Earlier, known: dict[str, Any], code: str
) -> None:
    assert reasons(a_record(**{field: "0"}), earlier=earlier, **known) == [(code, field)]


def test_a_refused_record_may_be_replaced_and_not_withdrawn() -> None:
    refused = replace(BOOKED, state="refused", contribution_id=None)
    assert isinstance(judge(a_record(replaces="0", minutes=60), replace(KNOWN, earlier=refused)), Bookable)
    assert reasons(a_record(withdraws="0"), earlier=refused) == [("unknown-reference", "withdraws")]


@pytest.mark.parametrize("field", ["replaces", "withdraws"])
def test_an_accepted_one_is_changed_only_by_a_person(field: str) -> None:
    verdict = judge(a_record(**{field: "0"}), replace(KNOWN, earlier=replace(BOOKED, state="accepted")))
    assert isinstance(verdict, Held)
    assert "0" in verdict.reason.nl
