"""The process is killed at each of the six failpoints of the heart: nothing is lost, doubled or re-ordered."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from uuid import UUID, uuid4

import pytest

from runtime.kafka import ensure_topics
from runtime.migrate import migrate
from runtime.postgres import Database
from tests.support import steps
from tests.support.servers import KafkaForTest, ServiceDatabase
from tests.support.steps.processes import DEADLINE_SECONDS, Processes


@pytest.fixture
def processes() -> Iterator[Processes]:
    found = Processes()
    yield found
    found.end()


@pytest.mark.parametrize(
    ("role", "failpoint"),
    [
        ("relay", "relay.before-send"),
        ("relay", "relay.after-send:2"),
        ("relay", "relay.after-ack"),
        ("consumer", "consumer.before-commit"),
        ("consumer", "consumer.after-commit"),
        ("consumer", "consumer.before-offsets"),
    ],
)
async def test_a_crash_loses_doubles_and_swaps_nothing(
    role: str,
    failpoint: str,
    database_for: Callable[[str], Awaitable[ServiceDatabase]],
    kafka: KafkaForTest,
    processes: Processes,
) -> None:
    database = await database_for("steps")
    await migrate(database.owner_url, steps.MIGRATIONS, app_role=database.app_role)
    settings = steps.settings_for(database, kafka)
    await ensure_topics(settings, [steps.TOPIC])
    db = await Database.open(database.app_url, name="test", most=3)
    consortium, walkers = uuid4(), [UUID(int=number) for number in range(8)]  # in every partition, not by chance in one
    times = 10

    def expected(steps_taken: int) -> dict[UUID, list[int]]:
        return {walker: list(range(1, steps_taken + 1)) for walker in walkers}

    async def heard_all(steps_taken: int) -> None:
        found: dict[UUID, list[int]] = {}
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                while sum(map(len, found.values())) < steps_taken * len(walkers):
                    found = await steps.heard(db, consortium)
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pytest.fail(f"heard only {found}")
        assert found == expected(steps_taken)

    try:
        for _ in range(times):
            await steps.step(db, consortium, walkers)
        victim = processes.start(role, settings, failpoint)
        processes.start("consumer" if role == "relay" else "relay", settings)
        assert await processes.dies(victim) == -signal.SIGKILL
        processes.start(role, settings)
        await heard_all(times)
        await steps.step(db, consortium, walkers)
        await heard_all(times + 1)
        assert await db.pool.fetchval("SELECT count(*) FROM outbox") == 0
        assert await db.pool.fetchval("SELECT count(*) FROM inbox") == (times + 1) * len(walkers)
    finally:
        await db.close()
