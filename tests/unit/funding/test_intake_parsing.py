"""What a sender's message is read as: a record, or every reason to refuse it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.domain.intake import CONTRIBUTION, MAX_BYTES, Record, parse, read_record


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
        ({"workerRef": None}, [("malformed", None)]),
        ({"kind": "cash"}, [("malformed", None)]),
        ({"replaces": "1", "withdraws": "2"}, [("malformed", None)]),
        ({"minutes": -1, "rate": 1}, [("not-positive", "minutes"), ("unknown-field", "rate")]),
    ],
)
def test_a_record_that_is_not_right_is_told_every_reason(
    changes: dict[str, Any], expected: list[tuple[str, str | None]]
) -> None:
    assert codes(parse(a_document(**changes))) == expected


def test_a_message_over_the_limit_is_too_large() -> None:
    assert codes(read_record(b" " * (MAX_BYTES + 1))) == [("too-large", None)]


def test_a_reason_never_repeats_what_was_sent() -> None:
    found = parse(a_document(day="Jan Jansen", kind="Jan Jansen"))
    assert isinstance(found, tuple)
    assert all("Jan" not in reason.nl + reason.en for reason in found)


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_raise(body: bytes) -> None:
    assert isinstance(read_record(body), Record | tuple)


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
