"""The inbox tells what is new from what is a repeat, a duplicate or a contradiction."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from runtime import inbox
from runtime.event import Received, receive
from runtime.inbox import Claim, Conflict, Duplicate, Fresh, Repeated, Verdict
from tests.integration.runtime.conftest import Steps

NOW_MS = 1_780_000_000_000
NOW = datetime.fromtimestamp(NOW_MS / 1000, UTC)


def an_event(offset: int, event_id: str) -> Received:
    headers = [("ce_id", event_id.encode()), ("ce_type", b"t"), ("ce_source", b"urn:speerpunt:steps")]
    return receive("steps.events", 0, offset, NOW_MS, b"k", b"{}", headers)


def a_claim(offset: int, record_id: str, body: bytes) -> Claim:
    return Claim.of(an_event(offset, ""), id=record_id, content=body)


async def claimed(service: Steps, *claims: Claim) -> list[Verdict]:
    async with service.db.transaction(uuid4()) as tx:
        return await inbox.claim_intake(tx, "funding.intake", claims)


async def test_an_event_is_claimed_once_however_often_it_comes(service: Steps) -> None:
    events = [an_event(0, "b"), an_event(1, "a"), an_event(2, "b")]
    async with service.db.transaction(uuid4()) as tx:
        assert await inbox.claim(tx, "one", events) == events[:2]
        assert await inbox.claim(tx, "one", events) == []
        assert await inbox.claim(tx, "two", events[1:]) == events[1:]


async def test_rivals_that_claim_the_same_events_in_other_orders_do_not_deadlock(service: Steps) -> None:
    events = [an_event(offset, f"{offset:03}") for offset in range(200)]

    async def rival(mine: list[Received]) -> int:
        async with service.db.transaction(uuid4()) as tx:
            return len(await inbox.claim(tx, "one", mine))

    won = await asyncio.gather(*(rival(events[::step]) for step in (1, -1, 1, -1)))
    assert sum(won) == 200


async def test_the_intake_tells_fresh_duplicate_and_conflict_apart(service: Steps) -> None:
    first = a_claim(0, "8842", b"one")
    assert await claimed(service, first) == [Fresh()]
    verdicts = await claimed(service, a_claim(1, "8842", b"one"), a_claim(2, "8842", b"two"), a_claim(3, "8843", b"x"))
    assert verdicts == [Duplicate(first.record), Conflict(first.record), Fresh()]


async def test_one_batch_may_hold_a_record_and_its_duplicate(service: Steps) -> None:
    first = a_claim(0, "8842", b"one")
    verdicts = await claimed(service, first, a_claim(1, "8842", b"one"), a_claim(2, "8842", b"two"))
    assert verdicts == [Fresh(), Duplicate(first.record), Conflict(first.record)]


async def test_a_delivery_that_was_answered_is_not_answered_again(service: Steps) -> None:
    batch = [a_claim(0, "8842", b"one"), a_claim(1, "8842", b"one"), a_claim(2, "8842", b"two"), a_claim(3, "", b"?")]
    assert Repeated() not in await claimed(service, *batch)
    assert await claimed(service, *batch) == [Repeated()] * 4


async def test_two_senders_may_use_the_same_id(service: Steps) -> None:
    here = a_claim(0, "1", b"one")
    there = Claim("urn:kafka:intake.other", "1", "intake.other-0-0", NOW, here.body_hash)
    assert await claimed(service, here, there) == [Fresh(), Fresh()]


async def test_an_event_is_handled_for_who_waits_and_can_be_followed(service: Steps) -> None:
    event_id, correlation = uuid4(), uuid4()
    headers = [("ce_id", str(event_id).encode()), ("ce_correlationid", str(correlation).encode()), ("ce_type", b"t")]
    event = receive("steps.events", 0, 0, NOW_MS, b"k", b"{}", headers)
    assert not await inbox.is_handled(service.db.pool, event_id)
    async with service.db.transaction(uuid4()) as tx:
        await inbox.claim(tx, "one", [event])
    assert await inbox.is_handled(service.db.pool, event_id)
    [step] = await inbox.follow(service.db.pool, correlation)
    assert (step.consumer, step.event_id, step.published_at) == ("one", str(event_id), NOW)


@pytest.mark.parametrize("same", [({"a": 1, "b": [2]}, {"b": [2], "a": 1}), (b"x", bytearray(b"x"))])
def test_the_hash_of_content_ignores_the_order_of_fields(same: tuple[object, object]) -> None:
    assert inbox.content_hash(same[0]) == inbox.content_hash(same[1])
