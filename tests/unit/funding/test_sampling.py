"""How much of a batch is looked at: as in the tables of auditors, and in an order that anybody can draw again."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.domain.sampling import (
    Batch,
    BatchSettled,
    BatchStopped,
    Choice,
    Item,
    JudgedAlready,
    NotInSample,
    NotThereAnyMore,
    SampleUnfinished,
    in_order,
    items_hash,
    sample_size,
)
from services.funding.domain.scheme import Sample

RULE = Sample(500, 9_500)
ONE_FAILURE = Sample(500, 9_500, 1)
IDS = [UUID(int=number) for number in range(1, 201)]
BY = UUID(int=99)
AT = datetime(2023, 6, 1, tzinfo=UTC)


def a_batch(rule: Sample = RULE) -> Batch:
    items = tuple(Item(each, place) for place, each in enumerate(in_order("seed", IDS), 1))
    choice = Choice(date(2023, 5, 31))
    return Batch(UUID(int=0), "may", choice, "seed", "sample", rule, len(IDS), items_hash(IDS), BY, AT, items)


@pytest.mark.parametrize(("failures", "size"), [(0, 59), (1, 93), (2, 124)])
def test_of_a_large_batch_as_many_are_looked_at_as_auditors_tables_say(failures: int, size: int) -> None:
    assert sample_size(1_000_000, failures, RULE) == size


@given(items=st.integers(0, 500), failures=st.integers(0, 4))
def test_more_failures_never_ask_a_smaller_sample_nor_more_than_there_is(items: int, failures: int) -> None:
    assert 0 <= sample_size(items, failures, RULE) <= sample_size(items, failures + 1, RULE) <= items


def test_the_order_is_that_of_the_seed_whatever_the_order_of_the_contributions() -> None:
    assert in_order("a", IDS) == in_order("a", reversed(IDS))
    assert in_order("a", IDS) != in_order("b", IDS)
    assert items_hash(IDS) == items_hash(reversed(IDS)) != items_hash(IDS[1:])


def test_one_wrong_too_many_stops_the_batch() -> None:
    stopped, fact = a_batch().judge(a_batch().pending[0], "wrong", BY)
    assert (stopped.state, fact.state) == ("stopped", "stopped")
    with pytest.raises(BatchStopped, match="propose a new batch"):
        stopped.check_acceptable()
    with pytest.raises(BatchSettled):
        stopped.judge(stopped.items[1].contribution_id, "right", BY)


def test_a_failure_that_the_rule_allows_for_makes_the_sample_longer() -> None:
    batch = a_batch(ONE_FAILURE)
    first, second = batch.pending[:2]
    once, _ = batch.judge(first, "wrong", BY)
    assert (once.state, once.size > batch.size, once.sample[: batch.size][1:]) == ("open", True, batch.sample[1:])
    twice, _ = once.judge(second, "wrong", BY)
    assert twice.state == "stopped"


def test_a_batch_is_acceptable_when_all_of_its_sample_was_looked_at() -> None:
    batch = a_batch()
    with pytest.raises(NotInSample):
        batch.judge(batch.items[-1].contribution_id, "right", BY)
    for each in batch.pending:
        with pytest.raises(SampleUnfinished):
            batch.check_acceptable()
        batch, _ = batch.judge(each, "right", BY)
    batch.check_acceptable()
    with pytest.raises(JudgedAlready):
        batch.judge(batch.items[0].contribution_id, "right", BY)
    half, facts = batch.took(150, 50)
    assert (half.state, facts) == ("open", ())
    done, facts = half.took(50, 0)
    assert (done.state, done.accepted, facts[0].accepted) == ("accepted", 200, 200)


def test_who_is_drawn_does_not_step_out_of_the_sample() -> None:
    batch = a_batch()
    gone = replace(batch.items[0], state="reversed")
    batch = replace(batch, items=(gone, *batch.items[1:]))
    assert gone.contribution_id in batch.pending
    with pytest.raises(NotThereAnyMore):
        batch.judge(gone.contribution_id, "right", BY)
    assert batch.judge(gone.contribution_id, "wrong", BY)[0].state == "stopped"


def test_what_somebody_accepted_by_itself_was_looked_at() -> None:
    batch = a_batch()
    accepted = replace(batch.items[0], state="accepted")
    assert accepted.contribution_id not in replace(batch, items=(accepted, *batch.items[1:])).pending
