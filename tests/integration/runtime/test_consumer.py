"""Messages have their effect once, in order; what fails is retried, or buried with what comes behind it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Sequence
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer

from runtime import counts, ops
from runtime.consumer import Consumer, RetryLater, Router, Subscription, loop
from runtime.consumer.dead_letters import ReplayFailed
from runtime.event import Received
from runtime.kafka import connection
from runtime.postgres import Tx
from runtime.relay import Relay
from tests.integration.runtime.conftest import Steps
from tests.support import steps
from tests.support.publishing import publish


async def run_until(consumer: Consumer, done: Callable[[], Awaitable[bool]], seconds: float = 25) -> None:
    """Runs the consumer until something holds; fails with what was heard when it takes too long."""
    async with asyncio.timeout(seconds):
        while not await done():
            await consumer.run_once()


def total(heard: dict[UUID, list[int]]) -> int:
    return sum(map(len, heard.values()))


async def test_events_are_heard_once_and_in_order_and_nothing_lags(service: Steps) -> None:
    consortia, walkers = [uuid4(), uuid4()], [uuid4() for _ in range(4)]
    for _ in range(10):
        for consortium in consortia:
            await steps.step(service.db, consortium, walkers)
    await publish(service.db, service.settings)
    own = steps.subscription()
    consumer = Consumer(service.db, service.settings, own)
    await consumer.start()

    async def all_heard() -> bool:
        return all([total(await steps.heard(service.db, consortium)) == 40 for consortium in consortia])

    await run_until(consumer, all_heard)
    await consumer.close()
    for consortium in consortia:
        for order in (await steps.heard(service.db, consortium)).values():
            assert order == list(range(1, 11))
    lag = await ops.lag(service.db, service.settings, [own])
    assert [one.behind for one in lag] == [0, 0, 0]
    assert sum(one.end for one in lag) == 80
    assert (await ops.summary(service.db)).consumed == 80


async def test_what_a_zombie_leader_repeats_has_no_second_effect(service: Steps) -> None:
    """Two leaders publish the same rows: the second read them before the first deleted them."""
    consortium, walkers = uuid4(), [uuid4() for _ in range(3)]
    for _ in range(5):
        await steps.step(service.db, consortium, walkers)
    zombie = Relay(service.db, service.settings)
    assert await zombie.lead()
    page = await zombie._read(())
    assert page is not None
    assert len((await zombie._send(page))[0]) == 15
    await zombie.close()
    await publish(service.db, service.settings)
    own = steps.subscription()
    consumer = Consumer(service.db, service.settings, own)
    await consumer.start()

    async def all_read() -> bool:
        lag = await ops.lag(service.db, service.settings, [own])
        return sum(one.end for one in lag) == 30 and not any(one.behind for one in lag)

    await run_until(consumer, all_read)
    await consumer.close()
    assert all(order == [1, 2, 3, 4, 5] for order in (await steps.heard(service.db, consortium)).values())
    assert total(await steps.heard(service.db, consortium)) == 15


class Failing:
    """Passes on to the steps' own router, but raises for one walker as long as it is told to."""

    def __init__(self, walker: UUID, error: Exception) -> None:
        self.walker, self.error, self.ill = walker, error, True
        self.router: Router = steps.subscription().handler  # type: ignore[assignment]

    async def prepare(self, events: Sequence[Received]) -> None:
        return

    async def handle(self, tx: Tx, events: Sequence[Received]) -> None:
        for event in events:
            if self.ill and event.subject == f"walker/{self.walker}" and event.sequence == 2:
                raise self.error
        await self.router.handle(tx, events)


async def steps_of(service: Steps, consortium: UUID, walkers: Collection[UUID], times: int) -> None:
    for _ in range(times):
        await steps.step(service.db, consortium, walkers)
    await publish(service.db, service.settings)


@pytest.mark.parametrize("settle", ["replay", "discard"])
async def test_behind_a_dead_letter_its_key_is_parked_until_that_is_settled(service: Steps, settle: str) -> None:
    consortium, ill, well = uuid4(), uuid4(), uuid4()
    failing = Failing(ill, ValueError("a value that must not show"))
    own = Subscription(name="steps.own", handler=failing, topics=("steps.events",), attempts=2)
    consumer = Consumer(service.db, service.settings, own)
    await consumer.start()
    await steps_of(service, consortium, [ill, well], 5)

    async def settled() -> bool:
        lag = await ops.lag(service.db, service.settings, [own])
        return sum(one.end for one in lag) == 10 and not any(one.behind for one in lag)

    await run_until(consumer, settled)
    await consumer.close()
    assert await steps.heard(service.db, consortium) == {ill: [1], well: [1, 2, 3, 4, 5]}
    [letter] = await ops.waiting(service.db)
    assert (letter.code, letter.parked_behind) == ("handler-failed", 3)
    assert "must not show" not in letter.reason

    with pytest.raises(ReplayFailed):
        await ops.replay(service.db, [own], letter.dead_letter_id)
    assert len(await ops.waiting(service.db)) == 1

    if settle == "replay":
        failing.ill = False
        assert await ops.replay(service.db, [own], letter.dead_letter_id) == 4
        assert (await steps.heard(service.db, consortium))[ill] == [1, 2, 3, 4, 5]
    else:
        assert await ops.discard(service.db, [own], letter.dead_letter_id, "never mind") == 3
        assert (await steps.heard(service.db, consortium))[ill] == [1, 3, 4, 5]
    summary = await ops.summary(service.db)
    assert (summary.dead_letters_waiting, summary.parked, summary.dead) == (0, 0, 1)
    assert await service.db.pool.fetchval("SELECT count(*) FROM blocked_keys") == 0


async def test_a_retry_holds_its_partition_and_lets_the_others_go_on(service: Steps) -> None:
    consortium = uuid4()
    walkers = [uuid4() for _ in range(12)]
    failing = Failing(walkers[0], RetryLater(0.3, "the other side is away"))
    own = Subscription(name="steps.own", handler=failing, topics=("steps.events",))
    consumer = Consumer(service.db, service.settings, own)
    await consumer.start()
    await steps_of(service, consortium, walkers, 2)

    async def others_went_on() -> bool:
        return len(consumer._held) == 1 and total(await steps.heard(service.db, consortium)) >= 12

    await run_until(consumer, others_went_on)
    assert (await steps.heard(service.db, consortium))[walkers[0]] == [1]
    failing.ill = False

    async def all_heard() -> bool:
        return total(await steps.heard(service.db, consortium)) == 24

    await run_until(consumer, all_heard)
    await consumer.close()
    assert all(order == [1, 2] for order in (await steps.heard(service.db, consortium)).values())
    assert await ops.waiting(service.db) == []


async def test_garbage_becomes_a_dead_letter_with_its_bytes_and_a_flood_pauses_the_partition(service: Steps) -> None:
    own = steps.subscription(flood_limit=3)
    consumer = Consumer(service.db, service.settings, own)
    await consumer.start()
    producer = AIOKafkaProducer(**connection(service.settings))
    await producer.start()
    poison = [b"\xff\xfe", b"{not json", b"", b"[1]", json.dumps({"step": "NaN"}).encode(), b'{"step": NaN}', b"\x00"]
    headers = [("ce_type", steps.Stepped.fact_type.encode()), ("ce_id", b"\x00\xff"), ("ce_sequence", b"-1")]
    for value in poison:
        topic = service.settings.topic_prefix + "steps.events"
        await producer.send_and_wait(topic, value, partition=0, headers=headers[: 0 if value == b"\x00" else 1])
    await producer.stop()

    async def paused() -> bool:
        await asyncio.sleep(0)
        return any(one.paused for one in await ops.lag(service.db, service.settings, [own]))

    await run_until(consumer, paused)

    async def all_buried() -> bool:
        await ops.resume(service.db, "steps.own")
        consumer._pauses_read = 0.0
        return len(await ops.waiting(service.db)) == len(poison)

    await run_until(consumer, all_buried)
    await consumer.close()
    letters = await ops.waiting(service.db)
    assert {letter.code for letter in letters} == {"unreadable-event"}
    assert (await counts.totals(service.db.pool))["steps.own"] == {"dead": len(poison)}


async def test_a_paused_consumer_is_held_on_every_replica_until_it_is_resumed(service: Steps) -> None:
    consortium, walker = uuid4(), uuid4()
    own = steps.subscription()
    await ops.pause(service.db, "steps.own")
    consumer = Consumer(service.db, service.settings, own)
    await consumer.start()
    await steps_of(service, consortium, [walker], 3)

    async def assigned() -> bool:
        return consumer._kafka is not None and len(consumer._kafka.assignment()) == 3

    await run_until(consumer, assigned)
    for _ in range(3):
        assert await consumer.run_once() == 0
    assert await steps.heard(service.db, consortium) == {}
    await ops.resume(service.db, "steps.own")

    async def all_heard() -> bool:
        return total(await steps.heard(service.db, consortium)) == 3

    await run_until(consumer, all_heard)
    await consumer.close()


async def test_members_that_come_and_go_lose_double_and_swap_nothing(service: Steps) -> None:
    consortium, walkers = uuid4(), [uuid4() for _ in range(6)]
    stops = [asyncio.Event() for _ in range(3)]
    members: list[asyncio.Task[None]] = []

    def join(stop: asyncio.Event) -> None:
        consumer = Consumer(service.db, service.settings, steps.subscription(most=7))
        members.append(asyncio.create_task(consumer.run(stop)))

    async def heard_of_each(times: int) -> None:
        found: dict[UUID, list[int]] = {}
        async with asyncio.timeout(30):
            while total(found) < times * len(walkers):
                found = await steps.heard(service.db, consortium)
                await asyncio.sleep(0.02)
        assert all(order == list(range(1, times + 1)) for order in found.values())

    try:
        join(stops[0])
        await steps_of(service, consortium, walkers, 10)
        join(stops[1])
        await steps_of(service, consortium, walkers, 10)
        join(stops[2])
        stops[0].set()
        await steps_of(service, consortium, walkers, 10)
        stops[1].set()
        await heard_of_each(30)
    finally:
        for stop in stops:
            stop.set()
        await asyncio.wait_for(asyncio.gather(*members), 20)


async def test_a_pattern_finds_a_topic_that_is_made_later_and_reads_it_from_the_start(service: Steps) -> None:
    read: list[str] = []

    class Raw:
        async def prepare(self, events: Sequence[Received]) -> None:
            return

        async def handle(self, tx: Tx, events: Sequence[Received]) -> None:
            read.extend(f"{event.record}:{(event.value or b'').decode()}" for event in events)

    own = Subscription(name="steps.intake", handler=Raw(), pattern=r"intake\.[a-z]+", raw=True)
    consumer = Consumer(service.db, service.settings, own)
    await consumer.start()
    await consumer.run_once()
    await service.kafka.create_topics("intake.acme")
    producer = AIOKafkaProducer(**connection(service.settings))
    await producer.start()
    await producer.send_and_wait(service.settings.topic_prefix + "intake.acme", b"hello")
    await producer.stop()

    async def all_read() -> bool:
        return bool(read)

    await run_until(consumer, all_read)
    await consumer.close()
    assert read == ["intake.acme-0-0:hello"]


async def test_a_consumer_whose_topic_nobody_has_made_still_stops_at_once(service: Steps) -> None:
    handler = steps.subscription().handler
    consumer = Consumer(service.db, service.settings, Subscription("steps.early", handler, topics=("later.events",)))
    stop = asyncio.Event()
    running = asyncio.create_task(consumer.run(stop))
    async with asyncio.timeout(10):
        while consumer._kafka is None:
            await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(running, 5)


async def test_a_client_that_waits_for_an_answer_nobody_gives_is_made_anew(
    service: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "STANDSTILL_SECONDS", 0.5)
    consortium, walker = uuid4(), uuid4()
    consumer, stop = Consumer(service.db, service.settings, steps.subscription()), asyncio.Event()
    running = asyncio.create_task(consumer.run(stop))

    async def heard(times: int) -> None:
        async with asyncio.timeout(25):
            while total(await steps.heard(service.db, consortium)) < times:
                assert not running.done()
                await asyncio.sleep(0.02)

    await steps.step(service.db, consortium, [walker])
    await publish(service.db, service.settings)
    await heard(1)
    stuck = consumer._client()
    for part in (stuck._fetcher._fetch_task, *stuck._fetcher._pending_tasks):
        part.cancel()
    await steps.step(service.db, consortium, [walker])
    await publish(service.db, service.settings)
    await heard(2)
    assert consumer._client() is not stuck
    stop.set()
    await running


async def test_a_client_that_has_nothing_to_read_is_left_alone(service: Steps) -> None:
    consortium = uuid4()
    await steps.step(service.db, consortium, [uuid4()])
    await publish(service.db, service.settings)
    consumer = Consumer(service.db, service.settings, steps.subscription())
    await consumer.start()

    async def one_heard() -> bool:
        return total(await steps.heard(service.db, consortium)) == 1

    await run_until(consumer, one_heard)
    for _ in range(3):
        consumer._looked_at -= 1_000.0
        assert await consumer.run_once() == 0
    await consumer.close()


async def test_joining_a_group_is_tried_again_when_it_takes_for_ever(
    service: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "JOIN_SECONDS", 1.0)
    consortium, walker = uuid4(), uuid4()
    consumer, stop = Consumer(service.db, service.settings, steps.subscription()), asyncio.Event()
    joined, tries = consumer.start, 0

    async def start() -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            await asyncio.Event().wait()
        monkeypatch.setattr(loop, "JOIN_SECONDS", 25.0)
        await joined()

    monkeypatch.setattr(Consumer, "start", lambda _: start())
    await steps.step(service.db, consortium, [walker])
    await publish(service.db, service.settings)
    running = asyncio.create_task(consumer.run(stop))
    async with asyncio.timeout(40):
        while not total(await steps.heard(service.db, consortium)):
            await asyncio.sleep(0.02)
    stop.set()
    await running
    assert tries == 2
