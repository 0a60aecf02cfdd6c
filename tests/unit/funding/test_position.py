"""The co-financing position under both readings, and the call list."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.funding.domain.position import Promise, call_list, position
from services.funding.domain.scheme import Base, Cofinancing


def test_the_shortfall_is_told_under_both_readings_while_nobody_decided() -> None:
    found = position(
        1_000_000_000, Cofinancing(750), realised_cents=75_000_000, declared_cents=9_000_000, promised_cents=0
    )
    assert {reading.base: (reading.required_cents, reading.shortfall_cents) for reading in found.readings} == {
        Base.OF_SUBSIDY: (75_000_000, 0),
        Base.OF_TOTAL: (81_081_081, 6_081_081),
    }


@given(grant=st.integers(1, 10**12), share=st.integers(1, 9_000), realised=st.integers(0, 10**12))
def test_the_full_percentage_is_shown_only_once_nothing_is_short(grant: int, share: int, realised: int) -> None:
    found = position(grant, Cofinancing(share), realised_cents=realised, declared_cents=0, promised_cents=0)
    for reading in found.readings:
        assert (reading.reached_basis_points >= 10_000) == (reading.shortfall_cents == 0)


def test_the_call_list_starts_with_the_most_euros_at_stake_and_leaves_out_who_delivered() -> None:
    promises = [
        Promise(UUID(int=1), "done", 100, 100),
        Promise(UUID(int=2), "b", 500, 100),
        Promise(UUID(int=3), "a", 500, 100),
        Promise(UUID(int=4), "silent", 400, 0),
        Promise(UUID(int=5), "most", 900, 1),
    ]
    assert [promise.code for promise in call_list(promises)] == ["most", "silent", "a", "b"]
