"""A backlog of a million facts through the real relay and a real consumer, each in a process of its own.

`python -m tests.faults.drains relay|consumer` is one of them: the relay as it is, and a consumer that handles sets.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from runtime.consumer import Consumer, Router, Subscription
from runtime.event import Received
from runtime.kafka import ensure_topics
from runtime.migrate import migrate
from runtime.postgres import Database, Tx
from runtime.relay import Relay
from runtime.settings import Settings
from tests.faults.measure import memory_bytes
from tests.support import steps
from tests.support.servers import Databases, KafkaForTest, running_servers
from tests.support.steps.processes import Processes

WALKERS = 1_000
LOAD = """
INSERT INTO outbox (event_id, consortium_id, topic, key, aggregate_kind, aggregate_id, aggregate_version, type, source,
                    occurred_at, data)
SELECT gen_random_uuid(), $1, 'steps.events', walker, 'walker', walker::uuid, 1 + n / $3, $4, 'urn:speerpunt:steps',
       now(), convert_to(format('{"step":%s,"note":"%s"}', 1 + n / $3, repeat('x', 200)), 'UTF8')
FROM (SELECT n, lpad(to_hex(n % $3), 32, '0')::uuid::text AS walker FROM generate_series(0, $2::int - 1) AS n) AS facts
ORDER BY n
"""
DEADLINE_SECONDS = 400


@dataclass(frozen=True, slots=True)
class Drained:
    """How one process fared: seconds, and the bytes of memory it had at its first tenth and at most after that."""

    seconds: float
    early_bytes: int
    most_bytes: int


async def hear(tx: Tx, run: Sequence[tuple[Received, steps.HeardStep]]) -> None:
    """All of them in one statement."""
    await tx.execute(
        "INSERT INTO effects (consortium_id, walker_id, step, event_id) "
        "SELECT $1, walker, step, event FROM unnest($2::uuid[], $3::bigint[], $4::text[]) "
        "WITH ORDINALITY AS heard (walker, step, event, place) ORDER BY place",
        run[0][0].consortium_id,
        [event.subject.rsplit("/", 1)[-1] for event, _ in run],
        [data.step for _, data in run],
        [event.id for event, _ in run],
    )


def subscription() -> Subscription:
    router = Router()
    router.on_many(steps.Stepped.fact_type, steps.HeardStep, hear)
    return Subscription(name="steps.own", handler=router, topics=(steps.TOPIC.name,))


async def million(count: int, say: Callable[[str], None]) -> tuple[Drained, Drained, list[str]]:
    """Loads so many facts into an outbox and drains them; the relay, the consumer, and what is wrong afterwards."""
    servers = running_servers()
    found = next(servers)
    databases = Databases(found)
    processes = Processes()
    kafka = KafkaForTest(found.kafka_admin, "million.")
    try:
        made = await databases.make("steps")
        await migrate(made.owner_url, steps.MIGRATIONS, app_role=made.app_role)
        settings = steps.settings_for(made, kafka)
        await ensure_topics(settings, [steps.TOPIC])
        connection = await asyncpg.connect(made.superuser_url)
        began = time.monotonic()
        await connection.execute(LOAD, UUID(int=7), count, WALKERS, steps.Stepped.fact_type, timeout=DEADLINE_SECONDS)
        say(f"        {count} facts were written in {time.monotonic() - began:.0f} s")

        async def left() -> int:
            return int(await connection.fetchval("SELECT count(*) FROM outbox"))

        async def unheard() -> int:
            return count - int(await connection.fetchval("SELECT count(*) FROM inbox"))

        relay = await _watched(processes.start("relay", settings, module="tests.faults.drains"), left, count)
        consumer = await _watched(processes.start("consumer", settings, module="tests.faults.drains"), unheard, count)
        wrong = [
            f"{row['walker_id']} heard {row['heard']} steps, in order: {row['in_order']}"
            for row in await connection.fetch(
                "SELECT walker_id, count(*) AS heard, bool_and(step = place) AS in_order "
                "FROM (SELECT walker_id, step, row_number() OVER (PARTITION BY walker_id ORDER BY position) AS place "
                "FROM effects) AS heard GROUP BY 1 HAVING count(*) <> $1 OR NOT bool_and(step = place)",
                count // WALKERS,
            )
        ]
        await connection.close()
        return relay, consumer, wrong
    finally:
        processes.end()
        await kafka.delete_topics()
        await databases.drop()
        for _ in servers:
            pass


async def _watched(process: "subprocess.Popen[bytes]", left: Callable[[], Awaitable[int]], count: int) -> Drained:
    """Watches a process until nothing is left for it."""
    began, early, most = time.monotonic(), 0, 0
    async with asyncio.timeout(DEADLINE_SECONDS):
        while remaining := await left():
            memory = memory_bytes(process.pid)
            if remaining > count * 0.9:
                early = max(early, memory)
            most = max(most, memory)
            await asyncio.sleep(0.5)
    seconds = time.monotonic() - began
    process.terminate()
    await asyncio.to_thread(process.wait, 20)
    return Drained(seconds, early, most)


async def main(role: str) -> None:
    settings = Settings()
    db = await Database.open(settings.database_url.get_secret_value(), name=role, most=4)
    stop = asyncio.Event()
    if role == "relay":
        await Relay(db, settings).run(stop)
    else:
        await Consumer(db, settings, subscription()).run(stop)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
