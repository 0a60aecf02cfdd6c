"""What a spreadsheet makes of records, and why that is not what can be proved."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cli.report.model import Cause
from cli.report.naive import Answer, Sent, causes, document, naive_cents

HOUR = 5_000
BOOKED = Answer("booked", value_cents=HOUR, state="accepted")


def a_record(number: int, **fields: Any) -> Sent:
    """An hour of work, unless fields say otherwise."""
    body = {"id": str(number), "kind": "hours", "minutes": 60, **fields}
    return Sent("erp", f"intake.contributions.erp-0-{number}", json.dumps(body).encode())


def by_code(found: tuple[Cause, ...]) -> dict[str, int]:
    return {each.code: each.cents for each in found}


def test_a_sheet_adds_up_amounts_and_time_at_the_hourly_rate() -> None:
    assert naive_cents({"amountCents": 12_345}, HOUR) == 12_345
    assert naive_cents({"minutes": 135}, HOUR) == 11_250
    assert naive_cents({"minutes": 1}, HOUR) == 83
    assert naive_cents({"pupils": 5, "minutesEach": 180}, HOUR) == 75_000


def test_a_sheet_can_do_nothing_with_what_it_cannot_read() -> None:
    assert naive_cents(document(b"{half a rec"), HOUR) == 0
    assert naive_cents(document(b"[1, 2]"), HOUR) == 0
    assert naive_cents({"minutes": "sixty"}, HOUR) == 0


def test_a_record_in_a_cloud_event_is_read_like_a_bare_one() -> None:
    inside = {"specversion": "1.0", "id": "7", "data": {"minutes": 60}}
    assert document(json.dumps(inside).encode()) == {"minutes": 60, "id": "7"}


def test_a_duplicate_counts_once_and_the_other_is_a_cause() -> None:
    first, again = a_record(1), a_record(2, id="1")
    total, found = causes([first, again], {first.record: BOOKED, again.record: Answer("duplicate")}, HOUR)
    assert total == 2 * HOUR
    assert by_code(found) == {"duplicate": -HOUR}


def test_what_is_refused_counts_under_its_first_reason() -> None:
    sent = a_record(1)
    _, found = causes([sent], {sent.record: Answer("refused", ("unknown-line", "no-standing"))}, HOUR)
    assert by_code(found) == {"unknown-line": -HOUR}


def test_a_correction_leaves_the_later_record_and_takes_the_earlier_one_off() -> None:
    earlier, later = a_record(1, minutes=480), a_record(2, replaces="1")
    answers = {earlier.record: Answer("booked", state="reversed"), later.record: BOOKED}
    total, found = causes([earlier, later], answers, HOUR)
    assert total == 9 * HOUR
    assert by_code(found) == {"corrected": -8 * HOUR}


def test_a_withdrawal_takes_off_the_record_and_itself() -> None:
    earlier, later = a_record(1), a_record(2, withdraws="1")
    answers = {earlier.record: Answer("booked", state="reversed"), later.record: Answer("booked", state="reversed")}
    _, found = causes([earlier, later], answers, HOUR)
    assert by_code(found) == {"withdrawn": -2 * HOUR}


def test_what_nobody_accepted_yet_is_not_provable() -> None:
    sent = a_record(1)
    _, found = causes([sent], {sent.record: Answer("booked", state="declared")}, HOUR)
    assert by_code(found) == {"not-accepted": -HOUR}


def test_pupils_time_is_worth_less_by_the_rule_than_in_the_sheet() -> None:
    sent = Sent("erp", "r", json.dumps({"id": "1", "pupils": 4, "minutesEach": 60}).encode())
    _, found = causes([sent], {"r": Answer("booked", value_cents=HOUR, state="accepted")}, HOUR)
    assert by_code(found) == {"valued-by-rule": -3 * HOUR}


def test_a_refused_row_of_less_than_nothing_makes_the_sheet_too_low() -> None:
    sent = a_record(1, minutes=-60)
    total, found = causes([sent], {sent.record: Answer("refused", ("not-positive",))}, HOUR)
    assert total == -HOUR
    assert by_code(found) == {"not-positive": HOUR}


outcome = st.sampled_from(
    [
        BOOKED,
        Answer("duplicate"),
        Answer("held"),
        Answer("refused", ("unknown-line",)),
        Answer("booked", state="reversed"),
        Answer("booked", state="declared"),
    ]
)


@given(st.lists(st.tuples(st.integers(-10_000, 10_000), outcome), max_size=30))
def test_the_sum_less_every_cause_is_what_the_books_have(rows: list[tuple[int, Answer]]) -> None:
    sent = [a_record(number, minutes=minutes) for number, (minutes, _) in enumerate(rows)]
    answers = {each.record: answer for each, (_, answer) in zip(sent, rows, strict=True)}
    total, found = causes(sent, answers, HOUR)
    assert total + sum(each.cents for each in found) == sum(answer.value_cents for _, answer in rows)
    assert len({each.code for each in found}) == len(found)
