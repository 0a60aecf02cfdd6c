"""The outbox reaches Kafka: nothing lost, nothing swapped, and a zombie leader only repeats."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import OutOfOrderSequenceNumber

from runtime import counts, kafka, outbox
from runtime.event import Change
from runtime.kafka import connection
from runtime.outbox import FactTooLarge
from runtime.relay import Relay, Wake, depth
from runtime.relay.page import Page
from runtime.settings import Settings
from tests.integration.runtime.conftest import Steps
from tests.support import steps


async def published(service: Steps, count: int) -> list[tuple[bytes, dict[str, bytes]]]:
    """The first messages of the topic, at least `count`, in the order of each partition."""
    consumer = AIOKafkaConsumer(
        service.settings.topic_prefix + steps.TOPIC.name,
        **connection(service.settings),
        auto_offset_reset="earliest",
    )
    await consumer.start()
    found: list[tuple[bytes, dict[str, bytes]]] = []
    try:
        async with asyncio.timeout(20):
            while len(found) < count:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += [(record.key, dict(record.headers)) for record in records]
    finally:
        await consumer.stop()
    return found


def order(messages: Sequence[tuple[bytes, dict[str, bytes]]], walker: UUID) -> list[int]:
    return [int(headers["ce_sequence"]) for key, headers in messages if key == str(walker).encode()]


async def test_facts_are_published_in_the_order_of_their_aggregate_and_forgotten(service: Steps) -> None:
    consortium, walkers = uuid4(), [uuid4() for _ in range(5)]
    for _ in range(20):
        await steps.step(service.db, consortium, walkers)
    relay = Relay(service.db, service.settings)
    assert await relay.lead()
    while await relay.run_once():
        pass
    await relay.close()
    messages = await published(service, 100)
    assert len(messages) == 100
    for walker in walkers:
        assert order(messages, walker) == list(range(1, 21))
    assert (await depth(service.db.pool)).waiting == 0
    assert (await counts.totals(service.db.pool))["relay"]["published"] == 100
    envelope = messages[0][1]
    assert envelope["ce_specversion"] == b"1.0"
    assert envelope["ce_type"] == b"nl.speerpunt.steps.stepped.v1"
    assert UUID(envelope["ce_consortiumid"].decode()) == consortium


async def test_a_late_commit_below_the_floor_is_impossible_because_the_floor_waits_for_it(service: Steps) -> None:
    consortium, slow, quick = uuid4(), uuid4(), uuid4()
    relay = Relay(service.db, service.settings)
    assert await relay.lead()
    async with service.db.transaction(consortium) as tx:
        await steps.step_within(tx, [slow])
        for _ in range(3):
            await steps.step(service.db, consortium, [quick])
            while await relay.run_once():
                pass
        assert relay._floor.safe == 0
    while await relay.run_once():
        pass
    messages = await published(service, 4)
    assert order(messages, slow) == [1]
    for _ in range(3):
        await relay.run_once()
    assert relay._floor.safe == 4
    await relay.close()


async def test_a_transaction_that_has_taken_a_number_but_no_xid_holds_the_floor(service: Steps) -> None:
    """The trap of a floor made from transaction ids: a number is taken before the transaction has an id."""
    relay = Relay(service.db, service.settings)
    assert await relay.lead()
    await steps.step(service.db, uuid4(), [uuid4()])
    while await relay.run_once():
        pass
    async with service.db.transaction(uuid4()) as tx:
        await tx.execute("LOCK TABLE outbox IN ROW EXCLUSIVE MODE")
        assert await tx.fetchval("SELECT pg_current_xact_id_if_assigned()") is None
        floor = relay._floor.safe
        await steps.step(service.db, uuid4(), [uuid4()])
        for _ in range(5):
            await relay.run_once()
        assert relay._floor.safe <= floor + 1
    await relay.close()


async def test_only_one_relay_leads_and_another_takes_over(service: Steps) -> None:
    first, second = Relay(service.db, service.settings), Relay(service.db, service.settings)
    assert await first.lead()
    assert not await second.lead()
    await first.close()
    async with asyncio.timeout(5):
        while not await second.lead():
            await asyncio.sleep(0.01)
    await second.close()


async def test_facts_for_an_unknown_topic_are_set_aside_and_published_once_it_exists(service: Steps) -> None:
    consortium, walker, lost = uuid4(), uuid4(), uuid4()
    relay = Relay(service.db, service.settings)
    assert await relay.lead()

    async def append_elsewhere(version: int) -> None:
        async with service.db.transaction(consortium) as tx:
            change = Change("walker", lost, version, (steps.Stepped(step=version),), topic="nowhere.events")
            await outbox.append(tx, change, source="urn:speerpunt:steps", at=datetime.now(UTC))

    await append_elsewhere(1)
    await steps.step(service.db, consortium, [walker])
    await relay.run_once()
    assert len(await published(service, 1)) == 1
    found = await depth(service.db.pool)
    assert (found.waiting, found.aside) == (0, 1)

    await service.kafka.create_topics("nowhere.events")
    await append_elsewhere(2)
    async with asyncio.timeout(20):
        while (found := await depth(service.db.pool)).waiting + found.aside:
            relay._aside_looked_at = 0.0
            await relay.run_once()
    await relay.close()
    assert (await counts.totals(service.db.pool))["relay"]["published"] == 3


async def test_the_producer_is_made_again_after_it_lost_its_sequence(service: Steps) -> None:
    made: list[AIOKafkaProducer] = []

    def make(settings: Settings, name: str) -> AIOKafkaProducer:
        producer = kafka.producer(settings, name)
        made.append(producer)
        if len(made) == 1:
            send = producer.send_batch

            async def out_of_order(*args: object, **options: object) -> object:
                await send(*args, **options)
                future = asyncio.get_running_loop().create_future()
                future.set_exception(OutOfOrderSequenceNumber())
                return future

            producer.send_batch = out_of_order
        return producer

    consortium, walker = uuid4(), uuid4()
    for _ in range(3):
        await steps.step(service.db, consortium, [walker])
    relay = Relay(service.db, service.settings, make_producer=make)
    assert await relay.lead()
    with pytest.raises(OutOfOrderSequenceNumber):
        await relay.run_once()
    assert (await depth(service.db.pool)).waiting == 3
    assert await relay.run_once() == 3
    await relay.close()
    assert len(made) == 2
    assert order(await published(service, 6), walker) == [1, 2, 3, 1, 2, 3]


async def test_what_commits_late_goes_before_what_came_after_it_also_when_the_next_page_is_read_ahead(
    service: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trap of reading on from the last page: the first step is below it, and the second is not."""
    monkeypatch.setattr("runtime.relay.leader.MOST_ROWS", 2)
    monkeypatch.setattr("runtime.relay.leader.READ_AHEAD_FROM", 1)
    consortium, quick, slow = uuid4(), uuid4(), uuid4()
    under_way, go_on = asyncio.Event(), asyncio.Event()

    def make(settings: Settings, name: str) -> AIOKafkaProducer:
        producer = kafka.producer(settings, name)
        send = producer.send_batch

        async def waits_once(*args: object, **options: object) -> object:
            under_way.set()
            await go_on.wait()
            return await send(*args, **options)

        producer.send_batch = waits_once
        return producer

    relay = Relay(service.db, service.settings, make_producer=make)
    assert await relay.lead()
    read: list[Sequence[int]] = []
    read_page = relay._read

    async def read_once_all_is_there(on_their_way: Sequence[int]) -> Page | None:
        if on_their_way and not read:
            await under_way.wait()
            await released.wait()
        page = await read_page(on_their_way)
        if on_their_way:
            read.append(page.numbers if page else ())
            go_on.set()
        return page

    monkeypatch.setattr(relay, "_read", read_once_all_is_there)
    released = asyncio.Event()
    async with asyncio.timeout(20):
        await steps.step(service.db, consortium, [quick])
        async with service.db.transaction(consortium) as tx:
            await steps.step_within(tx, [slow])
            await steps.step(service.db, consortium, [quick])
            round_ = asyncio.create_task(relay.run_once())
            await under_way.wait()
        await steps.step(service.db, consortium, [slow])
        released.set()
        assert await round_ == 4
    await relay.close()
    assert read[0] == [2, 4]
    messages = await published(service, 4)
    assert (order(messages, slow), order(messages, quick)) == ([1, 2], [1, 2])


async def test_a_page_that_fails_keeps_back_the_one_that_was_read_ahead(
    service: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.relay.leader.MOST_ROWS", 2)
    monkeypatch.setattr("runtime.relay.leader.READ_AHEAD_FROM", 1)
    sent: list[int] = []

    def make(settings: Settings, name: str) -> AIOKafkaProducer:
        producer = kafka.producer(settings, name)
        send = producer.send_batch

        async def second_fails(*args: object, **options: object) -> object:
            sent.append(1)
            if len(sent) == 2:
                await asyncio.sleep(0)
                raise OutOfOrderSequenceNumber
            return await send(*args, **options)

        producer.send_batch = second_fails
        return producer

    consortium, walker = uuid4(), uuid4()
    for _ in range(7):
        await steps.step(service.db, consortium, [walker])
    relay = Relay(service.db, service.settings, make_producer=make)
    assert await relay.lead()
    with pytest.raises(OutOfOrderSequenceNumber):
        await relay.run_once()
    assert (await depth(service.db.pool)).waiting == 5
    assert await relay.run_once() == 5
    await relay.close()
    assert order(await published(service, 7), walker) == list(range(1, 8))


async def test_a_commit_wakes_the_relay_before_its_poll(service: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.relay.leader.POLL_SECONDS", 60)
    stop = asyncio.Event()
    wake = Wake(service.database.app_url)
    service.db.after_commit = wake
    relay = Relay(service.db, service.settings)
    loops = [asyncio.create_task(wake.run(stop)), asyncio.create_task(relay.run(stop))]
    try:
        async with asyncio.timeout(20):
            while not relay.leads:
                await asyncio.sleep(0.01)
            for _ in range(5):
                await steps.step(service.db, uuid4(), [uuid4()])
                while (await depth(service.db.pool)).waiting:
                    await asyncio.sleep(0.01)
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*loops), 10)


async def test_a_fact_over_64_kilobytes_is_refused_with_a_sentence(service: Steps) -> None:
    with pytest.raises(FactTooLarge, match="refer to large things by id"):
        await steps.step(service.db, uuid4(), [uuid4()], note="x" * 70_000)
