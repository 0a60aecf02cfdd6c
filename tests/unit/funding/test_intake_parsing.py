"""What a sender's message is read as: a record, or every reason to refuse it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.event import receive, unpack
from services.funding.domain.intake import CONTRIBUTION, MAX_BYTES, Reason, Record, Sent, parse, read


def a_document(**changes: Any) -> dict[str, Any]:
    document = {
        "id": "8842",
        "consortium": "sto-amersfoort",
        "organisation": "kvk:12345678",
        "line": "robotisering",
        "day": "2020-05-02",
        "kind": "hours",
        "minutes": 135,
        "workerRef": "w-7",
    }
    return {**document, **changes}


def sent(body: bytes, headers: dict[str, str] | None = None) -> Sent:
    """What is made of a message as Kafka brings it."""
    named = [(name, value.encode()) for name, value in (headers or {}).items()]
    return read(body, unpack(receive("intake.contributions.acme", 0, 0, 0, None, body, named, raw=True)))


def read_record(body: bytes, headers: dict[str, str] | None = None) -> Record | tuple[Reason, ...]:
    return sent(body, headers).found


def codes(found: object) -> list[tuple[str, str | None]]:
    assert isinstance(found, tuple)
    return [(reason.code, reason.field) for reason in found]


def test_the_three_shapes_of_a_message_are_the_same_record() -> None:
    document = a_document()
    data = {name: given for name, given in document.items() if name != "id"}
    bare = read_record(json.dumps(document).encode())
    binary = read_record(json.dumps(data).encode(), {"ce_id": "8842", "ce_type": CONTRIBUTION})
    event = {"specversion": "1.0", "id": "8842", "type": CONTRIBUTION, "source": "urn:acme", "data": data}
    assert isinstance(bare, Record)
    assert bare == binary == read_record(json.dumps(event).encode())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"rate": 5000}, [("unknown-field", "rate")]),
        ({"minutes": 0}, [("not-positive", "minutes")]),
        ({"minutes": "135"}, [("malformed", "minutes")]),
        ({"minutes": True}, [("malformed", "minutes")]),
        ({"day": "2 mei"}, [("malformed", "day")]),
        ({"line": "a\x00"}, [("malformed", "line")]),
        ({"description": "x" * 201}, [("too-large", "description")]),
        ({"workerRef": None}, [("malformed", "workerRef")]),
        ({"kind": "cash"}, [("malformed", None)]),
        ({"replaces": "1", "withdraws": "2"}, [("malformed", "withdraws")]),
        ({"kind": "loan", "amountCents": 1, "basis": "invoice"}, [("malformed", "basis")]),
        ({"minutes": -1, "rate": 1}, [("not-positive", "minutes"), ("unknown-field", "rate")]),
    ],
)
def test_a_record_that_is_not_right_is_told_every_reason(
    changes: dict[str, Any], expected: list[tuple[str, str | None]]
) -> None:
    assert codes(parse(a_document(**changes))) == expected


def test_what_is_missing_is_said_in_the_sentences_own_language() -> None:
    found = parse(a_document(workerRef=None))
    assert isinstance(found, tuple)
    assert found[0].nl == "Het bericht is zonder workerRef. Herstel het en stuur opnieuw."
    assert found[0].en == "The message is without workerRef. Mend it and send again."


def test_no_sentence_shows_a_pattern() -> None:
    evidence = [{"type": "invoice", "sha256": "A", "keptAt": "a\x00"}]
    found = parse(a_document(evidence=evidence, line="\x00", workerRef="\x00"))
    assert isinstance(found, tuple)
    assert {reason.code for reason in found} == {"malformed"}
    assert not [reason for reason in found if "^" in reason.nl + reason.en or "pattern" in reason.nl + reason.en]


def test_a_message_over_the_limit_is_too_large() -> None:
    assert codes(read_record(b" " * (MAX_BYTES + 1))) == [("too-large", None)]


@pytest.mark.parametrize(
    ("changes", "nl", "en"),
    [
        ({"day": "4-5-2022"}, "geen bestaande dag, geschreven als 2023-03-06", "not a day that exists, written as"),
        ({"day": "2022-02-30"}, "geen bestaande dag", "not a day that exists"),
        ({"minutes": "2,5"}, "geen heel getal groter dan nul", "not a whole number above zero"),
        ({"minutes": 1.5}, "geen heel getal", "not a whole number"),
        ({"kind": "uren"}, "niet een van 'hours', 'material', 'loan', 'cash' of", "not one of 'hours', 'material'"),
    ],
)
def test_what_has_the_wrong_form_is_told_the_right_one(changes: dict[str, Any], nl: str, en: str) -> None:
    found = parse(a_document(**changes))
    assert isinstance(found, tuple)
    assert [(nl in reason.nl, en in reason.en) for reason in found] == [(True, True)]


def test_a_reason_never_repeats_what_was_sent() -> None:
    found = parse(a_document(day="Jan Jansen", kind="Jan Jansen"))
    assert isinstance(found, tuple)
    assert all("Jan" not in reason.nl + reason.en for reason in found)


@given(st.binary(max_size=200), st.dictionaries(st.sampled_from(["ce_id", "ce_type"]), st.text(max_size=20)))
def test_any_bytes_give_a_record_or_reasons(body: bytes, headers: dict[str, str]) -> None:
    found = sent(body, {name: value.encode("utf-8", "replace").decode() for name, value in headers.items()})
    assert isinstance(found.found, Record) or found.found
    assert len(found.id) <= 100
    assert len(found.content_hash) == 32


json_values = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), st.lists, max_leaves=4)


@given(st.dictionaries(st.sampled_from([*a_document(), "evidence", "replaces", "amountCents"]), json_values))
def test_no_document_makes_the_reader_raise(changes: dict[str, Any]) -> None:
    found = parse(a_document(**changes))
    assert isinstance(found, Record) or found


@given(st.permutations(list(a_document().items())))
def test_the_content_hash_does_not_depend_on_the_order_of_the_fields(items: list[tuple[str, Any]]) -> None:
    first, other = parse(a_document()), parse(dict(items))
    assert isinstance(first, Record)
    assert isinstance(other, Record)
    assert first.content_hash() == other.content_hash()


def test_what_is_taken_back_needs_no_amount() -> None:
    found = parse(a_document(withdraws="1", minutes=None, workerRef=None))
    assert isinstance(found, Record)
    assert found.refers_to == "1"


def test_a_refused_correction_still_says_what_it_would_have_replaced() -> None:
    assert sent(json.dumps(a_document(minutes=0, replaces="7")).encode()).replaces == "7"


@pytest.mark.parametrize("bad", ["", "x" * 101, None, [1]])
def test_an_id_that_cannot_be_used_is_not(bad: object) -> None:
    found = sent(json.dumps(a_document(id=bad)).encode())
    assert found.id == ""
    assert isinstance(found.found, tuple)
