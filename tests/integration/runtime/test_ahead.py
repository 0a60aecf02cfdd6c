"""The page after the one in hand is read meanwhile; whatever makes a message come back brings that page back too."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import asyncpg
import pytest

from runtime import ops
from runtime.consumer import Consumer, RetryLater, Subscription
from runtime.event import Received
from runtime.postgres import Tx, abreast
from tests.integration.runtime.conftest import Steps
from tests.support import steps
from tests.support.publishing import publish


class Slow:
    """Handles steps as ever, but only once the page behind them has been read; fails while it is ill."""

    def __init__(self) -> None:
        self.ill = False
        self.consumer: Consumer | None = None
        self.ahead: list[int] = []
        self.inner = steps.subscription().handler

    async def prepare(self, events: Sequence[Received]) -> None:
        return

    async def handle(self, tx: Tx, events: Sequence[Received]) -> None:
        assert self.consumer is not None
        if not self.ahead:
            async with asyncio.timeout(10):
                while not sum(map(len, self.consumer._ahead._page.values())):
                    await asyncio.sleep(0)
            self.ahead = [event.sequence or 0 for page in self.consumer._ahead._page.values() for event in page]
        if self.ill:
            raise RetryLater(0.05, "the other side is away")
        await self.inner.handle(tx, events)


@asynccontextmanager
async def walking(service: Steps, slow: Slow, times: int) -> AsyncIterator[tuple[Consumer, UUID, UUID]]:
    """A consumer that takes two messages a page, of one walker who made so many steps that are all at hand."""
    consortium, walker = uuid4(), uuid4()
    for _ in range(times):
        await steps.step(service.db, consortium, [walker])
    await publish(service.db, service.settings)
    consumer = Consumer(
        service.db, service.settings, Subscription("steps.own", slow, topics=(steps.TOPIC.name,), most=2)
    )
    slow.consumer = consumer
    await consumer.start()
    try:
        yield consumer, consortium, walker
    finally:
        await consumer.close()


async def go_on(service: Steps, consumer: Consumer, consortium: UUID, walker: UUID, times: int) -> None:
    async with asyncio.timeout(25):
        while len((await steps.heard(service.db, consortium)).get(walker, [])) < times:
            await consumer.run_once()


async def first_page(consumer: Consumer) -> None:
    async with asyncio.timeout(25):
        while not await consumer.run_once():
            pass


async def test_what_was_read_ahead_does_not_overtake_a_message_that_is_tried_again(service: Steps) -> None:
    slow = Slow()
    slow.ill = True
    async with walking(service, slow, 7) as (consumer, consortium, walker):
        await first_page(consumer)
        assert slow.ahead[0] == 3
        slow.ill = False
        await go_on(service, consumer, consortium, walker, 7)
        assert (await steps.heard(service.db, consortium))[walker] == [1, 2, 3, 4, 5, 6, 7]


async def test_a_page_that_was_read_ahead_is_put_back_when_an_operator_pauses(service: Steps) -> None:
    slow = Slow()
    async with walking(service, slow, 7) as (consumer, consortium, walker):
        await first_page(consumer)
        assert slow.ahead[0] == 3
        await ops.pause(service.db, "steps.own")
        consumer._pauses_read = 0.0
        for _ in range(3):
            assert await consumer.run_once() == 0
        assert (await steps.heard(service.db, consortium))[walker] == [1, 2]
        await ops.resume(service.db, "steps.own")
        consumer._pauses_read = 0.0
        await go_on(service, consumer, consortium, walker, 7)
        assert (await steps.heard(service.db, consortium))[walker] == [1, 2, 3, 4, 5, 6, 7]


async def test_a_page_that_was_read_ahead_goes_with_its_partitions_to_the_next_member(service: Steps) -> None:
    slow = Slow()
    async with walking(service, slow, 7) as (consumer, consortium, walker):
        await first_page(consumer)
        assert slow.ahead[0] == 3
        consumer.forget(consumer._client().assignment())
        assert consumer._ahead.take() == {}
        await consumer.close()
        other = Consumer(service.db, service.settings, steps.subscription())
        await other.start()
        await go_on(service, other, consortium, walker, 7)
        await other.close()
        assert (await steps.heard(service.db, consortium))[walker] == [1, 2, 3, 4, 5, 6, 7]
        assert (await ops.summary(service.db)).consumed == 7


async def test_what_cannot_be_read_beforehand_is_read_in_its_turn(service: Steps) -> None:
    class Reading(Slow):
        def read(self, event: Received) -> str:
            if event.sequence == 4:
                raise ValueError("not now")
            return f"step {event.sequence}"

        async def handle(self, tx: Tx, events: Sequence[Received]) -> None:
            said.extend(event.read for event in events)
            await super().handle(tx, events)

    said: list[str | None] = []
    async with walking(service, Reading(), 6) as (consumer, consortium, walker):
        await go_on(service, consumer, consortium, walker, 6)
    assert said == ["step 1", "step 2", "step 3", None, "step 5", "step 6"]


async def test_statements_abreast_reach_the_database_in_order_and_the_next_is_ready_before_it_is_free(
    service: Steps,
) -> None:
    happened: list[str] = []

    async def ask(tx: Tx, name: str) -> None:
        happened.append(f"{name} ready")
        found = await tx.fetchval("SELECT $1::text FROM pg_sleep(0.02)", name)
        happened.append(f"{found} answered")

    async with service.db.transaction(uuid4()) as tx:
        await abreast(ask(tx, "first"), ask(tx.within(tx.consortium_id), "second"), ask(tx, "third"))
    assert [each for each in happened if "answered" in each] == ["first answered", "second answered", "third answered"]
    assert happened.index("second ready") < happened.index("first answered")


async def test_the_first_error_of_statements_abreast_is_told_and_nothing_is_left_of_any(service: Steps) -> None:
    consortium, walker = uuid4(), uuid4()
    begun: list[str] = []

    async def add(tx: Tx) -> None:
        await steps.step_within(tx, [walker])

    async def fail(tx: Tx) -> None:
        await tx.execute("SELECT 1 / 0")

    async def late(tx: Tx) -> None:
        begun.append("late")
        await tx.execute("SELECT 1")
        begun.append("later")

    with pytest.raises(asyncpg.DivisionByZeroError):
        async with service.db.transaction(consortium) as tx:
            await abreast(add(tx), fail(tx), late(tx))
    assert "later" not in begun
    assert await steps.step(service.db, consortium, [walker])
    async with service.db.transaction(consortium) as tx:
        assert await tx.fetchval("SELECT version FROM walkers WHERE walker_id = $1", walker) == 1
