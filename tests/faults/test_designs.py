"""The faults and the checker prove themselves: five wrong designs are caught, and the right one beside each is not."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from runtime.consumer import Consumer
from runtime.kafka import connection, ensure_topics
from runtime.migrate import migrate
from runtime.postgres import Database, Tx
from runtime.relay import Relay
from runtime.settings import Settings
from tests.faults.designs import RELAYS, step_as_given, step_in_order
from tests.faults.invariants import (
    History,
    Published,
    Violation,
    effects_happened_once,
    published_is_what_was_committed,
)
from tests.support import steps
from tests.support.servers import KafkaForTest, ServiceDatabase
from tests.support.steps.processes import DEADLINE_SECONDS, Processes

DESIGNS = "tests.faults.designs"


@dataclass
class World:
    """The steps service with its database and topic, and what its clients saw."""

    db: Database
    settings: Settings
    consortium_id: UUID
    history: History

    async def step(self, walkers: Sequence[UUID]) -> None:
        self.history.ended("ok", await steps.step(self.db, self.consortium_id, walkers))

    async def drain(self) -> None:
        """The right relay publishes what there is."""
        relay = Relay(self.db, self.settings)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not await relay.lead():
                await asyncio.sleep(0.02)
            while await relay.run_once():
                pass
        await relay.close()

    async def messages(self) -> list[Published]:
        """All that the topic holds now."""
        topic = self.settings.topic_prefix + steps.TOPIC.name
        partitions = [TopicPartition(topic, number) for number in range(steps.TOPIC.partitions)]
        client = AIOKafkaConsumer(**connection(self.settings), enable_auto_commit=False, auto_offset_reset="earliest")
        await client.start()
        found: list[Published] = []
        try:
            client.assign(partitions)
            ends = await client.end_offsets(partitions)
            async with asyncio.timeout(DEADLINE_SECONDS):
                while any([await client.position(one) < ends[one] for one in partitions]):
                    for records in (await client.getmany(timeout_ms=100)).values():
                        for one in records:
                            told = {name: value.decode() for name, value in one.headers}
                            found.append(
                                Published(
                                    one.partition, one.offset, one.key.decode(), told["ce_id"], int(told["ce_sequence"])
                                )
                            )
        finally:
            await client.stop()
        return found

    async def versions(self) -> dict[str, int]:
        async with self.db.transaction(self.consortium_id) as tx:
            rows = await tx.fetch("SELECT walker_id, version FROM walkers ORDER BY walker_id")
        return {str(row["walker_id"]): row["version"] for row in rows}

    async def effects(self) -> list[tuple[str, str, int]]:
        async with self.db.transaction(self.consortium_id) as tx:
            rows = await tx.fetch("SELECT event_id, walker_id, step FROM effects ORDER BY position")
        return [(row["event_id"], str(row["walker_id"]), row["step"]) for row in rows]

    async def caught_up(self) -> None:
        """The right consumer handles what the topic holds, as far as the group is told that it is unhandled."""
        consumer = Consumer(self.db, self.settings, steps.subscription())
        await consumer.start()
        try:
            idle = 0
            async with asyncio.timeout(DEADLINE_SECONDS):
                while idle < 8:
                    idle = 0 if await consumer.run_once() or not consumer._client().assignment() else idle + 1
        finally:
            await consumer.close()


@pytest.fixture
async def world(database_for: Callable[[str], Awaitable[ServiceDatabase]], kafka: KafkaForTest) -> AsyncIterator[World]:
    database = await database_for("steps")
    await migrate(database.owner_url, steps.MIGRATIONS, app_role=database.app_role)
    settings = steps.settings_for(database, kafka)
    await ensure_topics(settings, [steps.TOPIC])
    db = await Database.open(database.app_url, name="test", most=6)
    yield World(db, settings, uuid4(), History())
    await db.close()


@pytest.fixture
def processes() -> Iterator[Processes]:
    found = Processes()
    yield found
    found.end()


def named(violations: Sequence[Violation]) -> set[str]:
    return {violation.invariant for violation in violations}


@pytest.mark.parametrize(("design", "caught"), [("floor", set()), ("naive-cursor", {"I3"})])
async def test_a_cursor_over_numbers_loses_what_commits_late(design: str, caught: set[str], world: World) -> None:
    relay = RELAYS[design](world.db, world.settings)
    assert await relay.lead()
    slow, quick = uuid4(), uuid4()
    async with world.db.transaction(world.consortium_id) as tx:
        late = await steps.step_within(tx, [slow])
        for _ in range(3):
            await world.step([quick])
            while await relay.run_once():
                pass
    world.history.ended("ok", late)
    for _ in range(4):
        await relay.run_once()
    await relay.close()
    found = published_is_what_was_committed(world.history, await world.messages(), await world.versions())
    assert named(found) == caught, found


@pytest.mark.parametrize(
    ("design", "failpoint", "caught"),
    [
        ("inbox", "consumer.after-commit", set()),
        ("no-inbox", "consumer.after-commit", {"I4"}),
        ("inbox", "consumer.before-commit", set()),
        ("offsets-first", "consumer.before-commit", {"I6"}),
    ],
)
async def test_a_killed_consumer_has_each_effect_once_only_with_an_inbox_and_offsets_last(
    design: str, failpoint: str, caught: set[str], world: World, processes: Processes
) -> None:
    walkers = [uuid4() for _ in range(6)]
    for _ in range(3):
        await world.step(walkers)
    await world.drain()
    victim = processes.start("consumer", world.settings, failpoint, module=DESIGNS, more=[design])
    assert await processes.dies(victim) == -signal.SIGKILL
    successor = processes.start("consumer", world.settings, module=DESIGNS, more=[design])
    await world.step([probe := uuid4()])
    await world.drain()
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not any(key == str(probe) for _, key, _ in await world.effects()):
            await asyncio.sleep(0.02)
    successor.kill()
    await world.caught_up()
    found = effects_happened_once(await world.messages(), await world.effects())
    assert named(found) == caught, [str(each) for each in found]


@pytest.mark.parametrize(("design", "caught"), [("fact-with-state", set()), ("fact-after-state", {"I3"})])
async def test_a_fact_written_after_its_state_is_lost_when_the_writer_dies(
    design: str, caught: set[str], world: World, processes: Processes
) -> None:
    words = [design, str(world.consortium_id), *(str(uuid4()) for _ in range(3))]
    assert (
        await processes.dies(processes.start("writer", world.settings, module=DESIGNS, more=words)) == -signal.SIGKILL
    )
    await world.drain()
    found = published_is_what_was_committed(world.history, await world.messages(), await world.versions())
    assert named(found) == caught, found


@pytest.mark.parametrize(("design", "caught"), [(step_in_order, set()), (step_as_given, {"I10"})])
async def test_commands_that_lock_in_any_order_hang_on_each_other(
    design: Callable[[Tx, Sequence[UUID]], Awaitable[None]], caught: set[str], world: World
) -> None:
    walkers = [uuid4() for _ in range(4)]
    found: list[Violation] = []

    async def command(order: Sequence[UUID]) -> None:
        for _ in range(10):
            try:
                async with world.db.transaction(world.consortium_id) as tx:
                    await design(tx, order)
            except asyncpg.DeadlockDetectedError:
                found.append(Violation("I10", "a command hung until the database chose it as a deadlock's victim"))
                return

    await asyncio.gather(command(walkers), command(walkers[::-1]))
    assert named(found) == caught
