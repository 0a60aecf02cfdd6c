"""Identifiers are what their RFC says, and the same on every machine."""

import time
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime import ids


@given(st.uuids(), st.text(max_size=20), st.text(max_size=50))
def test_what_has_a_code_has_the_uuid_of_version_5_that_any_library_gives(region: UUID, kind: str, code: str) -> None:
    assert ids.coded_id(region, kind, code) == uuid5(region, f"{kind}/{code}")


def test_new_ids_are_of_version_7_and_in_order_also_within_a_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "_last", 0)  # a test that travelled in time leaves this process ahead of the clock
    before = time.time_ns() // 1_000_000
    made = [ids.new_id() for _ in range(20_000)]
    assert made == sorted(set(made))
    assert {(each.version, each.variant) for each in made} == {(7, UUID(int=2 << 62).variant)}
    assert before <= made[0].int >> 80 <= made[-1].int >> 80 <= time.time_ns() // 1_000_000 + 6
