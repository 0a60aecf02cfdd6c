"""Faults that the mixed runs do not bring, each by itself: lost offsets, jumping clocks, large messages, no disk."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
import time_machine
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import RecordsToDelete
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.partitioner import murmur2

from runtime.consumer import Consumer
from runtime.consumer.outcomes import Retry, classify
from runtime.kafka import admin, ensure_topics
from runtime.migrate import migrate
from runtime.postgres import PASSING, Database
from runtime.relay import Relay
from runtime.settings import Settings
from services.funding import topics
from tests.faults import nemesis, run
from tests.faults.invariants import Violation
from tests.faults.small_disk import SmallDisk
from tests.support import steps
from tests.support.servers import DatabaseFor, KafkaForTest, ServiceDatabase

DEADLINE_SECONDS = 40


@dataclass
class World:
    """The steps service."""

    database: ServiceDatabase
    db: Database
    settings: Settings
    region: UUID

    async def publish(self) -> None:
        relay = Relay(self.db, self.settings)
        assert await relay.lead()
        while await relay.run_once():
            pass
        await relay.close()

    async def hears(self, wanted: int) -> dict[UUID, list[int]]:
        """A consumer runs until so many steps were heard; what was heard of each walker."""
        consumer, found = Consumer(self.db, self.settings, steps.subscription()), dict[UUID, list[int]]()
        await consumer.start()
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                while sum(map(len, found.values())) < wanted:
                    await consumer.run_once()
                    found = await steps.heard(self.db, self.region)
        except TimeoutError:
            pytest.fail(f"heard only {found}")
        finally:
            await consumer.close()
        return found


@pytest.fixture
async def world(database_for: DatabaseFor, kafka: KafkaForTest) -> AsyncIterator[World]:
    database = await database_for("steps")
    await migrate(database.owner_url, steps.MIGRATIONS, app_role=database.app_role)
    settings = steps.settings_for(database, kafka)
    await ensure_topics(settings, [steps.TOPIC])
    db = await Database.open(database.app_url, name="test", most=3)
    yield World(database, db, settings, uuid4())
    await db.close()


async def test_offsets_that_are_out_of_range_go_on_from_the_oldest_message_there_is(world: World) -> None:
    """Retention, or somebody, took messages away that were not handled: the rest is, by itself and in order."""
    walker = uuid4()
    for _ in range(2):
        await steps.step(world.db, world.region, [walker])
    await world.publish()
    assert await world.hears(2) == {walker: [1, 2]}
    for _ in range(4):
        await steps.step(world.db, world.region, [walker])
    await world.publish()
    client = admin(world.settings)
    await client.start()
    full = world.settings.topic_prefix + steps.TOPIC.name
    partition = (murmur2(str(walker).encode()) & 0x7FFFFFFF) % steps.TOPIC.partitions
    await client.delete_records({TopicPartition(full, partition): RecordsToDelete(before_offset=4)})
    await client.close()
    assert await world.hears(4) == {walker: [1, 2, 5, 6]}


async def test_a_clock_that_jumps_changes_neither_order_nor_effects(world: World) -> None:
    """Ten years on, back before anything was, and over the hour that comes twice."""
    walkers = [uuid4() for _ in range(3)]
    now = datetime.now(UTC)
    autumn = datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC)
    instants = [now, now + timedelta(days=3650), datetime(1999, 1, 1, tzinfo=UTC), autumn, autumn + timedelta(hours=1)]
    for number, instant in enumerate(instants, start=1):
        with time_machine.travel(instant, tick=True):
            await steps.step(world.db, world.region, walkers)
            await world.publish()
            heard = await world.hears(number * len(walkers))
        assert heard == {walker: list(range(1, number + 1)) for walker in walkers}
    assert await world.db.pool.fetchval("SELECT count(*) FROM outbox") == 0


async def test_ten_megabytes_are_refused_by_the_broker_itself(kafka: KafkaForTest) -> None:
    settings = Settings(**kafka.settings)
    intake = topics.of_sender("acme")
    await ensure_topics(settings, list(intake))
    producer = AIOKafkaProducer(**kafka.client, max_request_size=12 * 2**20)
    await producer.start()
    try:
        for size in (10 * 2**20, 65_536 + 1):
            with pytest.raises(MessageSizeTooLargeError):
                await producer.send_and_wait(kafka.prefix + "intake.contributions.acme", b"x" * size)
    finally:
        await producer.stop()


async def test_a_full_disk_refuses_what_needs_room_and_it_goes_on_once_there_is_some(world: World) -> None:
    disk = SmallDisk()
    await disk.mount({world.database.name: world.database.superuser_url})
    if disk.path is None:
        pytest.skip(disk.why_not)
    try:
        disk.fill()
        found: list[Exception] = []
        for _ in range(200):
            try:
                await steps.step(world.db, world.region, [uuid4() for _ in range(10)])
            except PASSING as error:
                found.append(error)
                break
        assert isinstance(found[0], asyncpg.DiskFullError)
        assert isinstance(classify(found[0]), Retry)
        waiting = await world.db.pool.fetchval("SELECT count(*) FROM outbox")
        disk.heal()
        await steps.step(world.db, world.region, [uuid4()])
        await world.publish()
        assert sum(map(len, (await world.hears(waiting + 1)).values())) == waiting + 1
    finally:
        disk.heal()
        owner = await asyncpg.connect(world.database.superuser_url)
        for table in ("outbox", "idempotency", "inbox"):
            await owner.execute(f"ALTER TABLE {table} SET TABLESPACE pg_default")
        await owner.execute(f"DROP TABLESPACE small_{world.database.name}")
        await owner.close()
        disk.unmount()


async def test_a_failing_seed_prints_the_command_that_brings_it_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Planted: a checker that finds something in seed 7."""

    async def planted(_world: object, seed: int, _say: object) -> list[Violation]:
        return [Violation("I3", "planted")] if seed == 7 else []

    monkeypatch.setattr(run, "World", contextlib.nullcontext)
    monkeypatch.setattr(run, "run_seed", planted)
    assert await run.main([6, 7, 8]) == 1
    said = capsys.readouterr().out
    assert "I3: planted" in said
    assert "again: make faults SEED=7\n" in said
    assert "2 of 3 seeds held" in said
    assert await run.main([6, 8]) == 0
    assert "again" not in capsys.readouterr().out


def test_a_seed_brings_the_same_faults_at_the_same_moments_again() -> None:
    plans = [nemesis.plan(random.Random(seed), run.SECONDS - 2) for seed in (7, 7, 8)]
    assert plans[0] == plans[1] != plans[2]


def test_twenty_seeds_bring_every_fault_there_is() -> None:
    brought = {trouble.name for seed in range(1, 21) for trouble in nemesis.plan(random.Random(seed), run.SECONDS - 2)}
    assert brought == nemesis.FAULTS.keys()
