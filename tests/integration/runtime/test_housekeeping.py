"""What has had its time is erased; what has not, and what still waits for somebody, stays."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from runtime import housekeeping, ops, relay
from runtime.consumer import Dead, dead_letters
from runtime.event import Received, receive
from tests.integration.runtime.conftest import Steps
from tests.support import steps
from tests.support.publishing import publish

NOW = datetime.now(UTC)


def a_message(offset: int) -> Received:
    headers = [("ce_id", str(uuid4()).encode()), ("ce_consortiumid", str(uuid4()).encode())]
    return receive("steps.events", 0, offset, 1_780_000_000_000, f"key {offset}".encode(), b"{}", headers)


async def buried(service: Steps, count: int) -> None:
    """Dead letters of as many regions."""
    own = steps.subscription()
    for offset in range(count):
        event = a_message(offset)
        async with service.db.transaction(frozenset({dead_letters.owner(own, event)})) as tx:
            await dead_letters.bury(tx, own, event, Dead("handler-failed", "It failed."))


async def test_settled_dead_letters_go_after_90_days_and_waiting_ones_never(service: Steps) -> None:
    await buried(service, 3)
    first, second, waiting = await ops.waiting(service.db)
    for letter in (first, second):
        await ops.discard(service.db, [steps.subscription()], letter.dead_letter_id, "never mind")
    soon = await housekeeping.run_once(service.db, NOW + timedelta(days=89))
    assert (soon.dead_letters, soon.overdue) == (0, 0)
    late = await housekeeping.run_once(service.db, NOW + timedelta(days=91))
    assert (late.dead_letters, late.overdue) == (2, 1)
    assert [one.dead_letter_id for one in await ops.waiting(service.db)] == [waiting.dead_letter_id]


async def test_what_was_published_is_forgotten_after_30_days(service: Steps) -> None:
    consortium, walker = uuid4(), uuid4()
    for _ in range(3):
        await steps.step(service.db, consortium, [walker])
    await publish(service.db, service.settings)
    assert (await housekeeping.run_once(service.db, NOW + timedelta(days=29))).published == 0
    assert await service.db.pool.fetchval("SELECT count(*) FROM published") == 3
    assert (await housekeeping.run_once(service.db, NOW + timedelta(days=31))).published == 3
    assert await service.db.pool.fetchval("SELECT count(*) FROM published") == 0


async def test_more_than_one_round_of_rows_is_erased(service: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(7):
        await steps.step(service.db, uuid4(), [uuid4()])
    await publish(service.db, service.settings)
    monkeypatch.setattr(housekeeping, "MOST_ROWS", 2)
    assert (await housekeeping.run_once(service.db, NOW + timedelta(days=31))).published == 7


async def test_what_a_second_leader_publishes_again_is_remembered_once(service: Steps) -> None:
    await steps.step(service.db, uuid4(), [uuid4()])
    leader = relay.Relay(service.db, service.settings)
    assert await leader.lead()
    page = await leader._read(())
    await leader.run_once()
    await leader._forget(page)
    await leader.close()
    assert await service.db.pool.fetchval("SELECT count(*) FROM published") == 1
