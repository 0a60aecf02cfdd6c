"""Envelopes are read tolerantly: whatever comes in, reading it never raises."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.event import Content, receive, unpack


def a_message(value: bytes | None, **headers: bytes) -> object:
    return receive("intake.acme", 0, 7, 0, None, value, list(headers.items()), raw=True)


@pytest.mark.parametrize(
    ("value", "headers", "content"),
    [
        (b'{"id": "1", "line": "x"}', {}, Content("bare", "1", "", {"id": "1", "line": "x"})),
        (b'{"id": 8842}', {}, Content("bare", "8842", "", {"id": 8842})),
        (b'{"a": 1}', {"ce_id": b"1", "ce_type": b"t"}, Content("binary", "1", "t", {"a": 1})),
        (
            b'{"specversion": "1.0", "id": "1", "type": "t", "data": {"a": 1}}',
            {},
            Content("structured", "1", "t", {"a": 1}),
        ),
        (
            b'{"specversion": "1.0", "id": "1"}',
            {},
            Content("structured", "1", "", None, "its data is not a JSON object"),
        ),
        (None, {}, Content("bare", "", "", None, "it is empty")),
        (b"{not json", {"ce_id": b"1"}, Content("binary", "1", "", None, "it is not JSON")),
        (b"[1]", {}, Content("bare", "", "", None, "it is not a JSON object")),
        (b'{"a": NaN}', {}, Content("bare", "", "", None, "it is not JSON")),
        (b'{"a": ' + b"9" * 5000 + b"}", {}, Content("bare", "", "", None, "it is not JSON")),
        (b"[" * 100_000, {}, Content("bare", "", "", None, "it is not JSON")),
        (b"\xff", {}, Content("bare", "", "", None, "it is not UTF-8")),
        (b'{"a": "\\u0000"}', {}, Content("bare", "", "", None, "it has a NUL character")),
        (b'{"a": "\\ud800"}', {}, Content("bare", "", "", None, "it has half a character")),
    ],
)
def test_a_message_is_read_in_any_of_its_packings(
    value: bytes | None, headers: dict[str, bytes], content: Content
) -> None:
    assert unpack(a_message(value, **headers)) == content  # type: ignore[arg-type]


@given(
    st.one_of(st.none(), st.binary()),
    st.dictionaries(
        st.sampled_from(["ce_id", "ce_type", "ce_time", "ce_sequence", "ce_consortiumid", "ce_traceparent"]),
        st.binary(),
    ),
)
def test_no_bytes_make_reading_raise(value: bytes | None, headers: dict[str, bytes]) -> None:
    event = receive("t", 0, 0, -1, None, value, list(headers.items()))
    unpack(event)
    assert "\0" not in event.id + event.type


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner), max_leaves=5))
def test_any_json_object_that_a_database_can_store_is_read(value: object) -> None:
    text = json.dumps({"value": value}, ensure_ascii=True)
    content = unpack(a_message(text.encode()))  # type: ignore[arg-type]
    assert content.fault is not None or content.data == {"value": value}
