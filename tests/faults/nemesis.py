"""What goes wrong, and when: drawn from a seed, so that the same seed makes the same trouble again."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg

from tests.faults.world import World

Fault = Callable[[World, random.Random], Awaitable[None]]
PAUSE = (0.3, 1.5)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One fault at one moment."""

    after_seconds: float
    name: str


async def kill_service(world: World, rng: random.Random) -> None:
    name = rng.choice(world.services)
    world.kill(name)
    await asyncio.sleep(rng.uniform(*PAUSE))
    await world.start(name)


async def freeze_service(world: World, rng: random.Random) -> None:
    """Long enough to be thrown out of its groups: it comes back as a zombie with a batch in its hands."""
    name = rng.choice(world.services)
    world.freeze(name)
    try:
        await asyncio.sleep(rng.uniform(2.0, 4.0))
    finally:
        world.thaw(name)


async def restart_service(world: World, rng: random.Random) -> None:
    """SIGTERM, as in a rolling restart: it drains in the middle of whatever it was doing, and ends by itself."""
    name = rng.choice(world.services)
    if not await world.stack.stop_one(name):
        world.answers.append((f"SIGTERM to {name}", None, False))
    await world.start(name)


async def zombie_beside_a_newcomer(world: World, rng: random.Random) -> None:
    """A second process takes over while the first is frozen with a batch in its hands and its lead taken away: two
    relays and two consumers, until the first notices. Then the newcomer is killed, and the group shrinks again."""
    name = rng.choice(world.services)
    newcomer = await world.join(name, "consumer,relay")
    world.freeze(name)
    try:
        await world.sql(
            name,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE $1 "
            "AND datname = current_database()",
            "%-leader",
        )
        await asyncio.sleep(rng.uniform(2.0, 3.0))
    finally:
        world.thaw(name)
    await asyncio.sleep(rng.uniform(*PAUSE))
    newcomer.kill()


async def kill_postgres(world: World, rng: random.Random) -> None:
    world.kill("postgres")
    await asyncio.sleep(rng.uniform(*PAUSE))
    await world.start("postgres")


async def end_one_backend(world: World, rng: random.Random) -> None:
    service = rng.choice(world.services)
    await world.sql(
        service,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 2",
    )


async def lose_commits(world: World, rng: random.Random) -> None:
    """The connection goes at COMMIT: the server has it, the client never hears."""
    world.pg_proxies[rng.choice(world.services)].faults.lose_commits = rng.randint(1, 4)
    await asyncio.sleep(1)


async def fill_the_disk(world: World, rng: random.Random) -> None:
    """No room for one more page in the queue tables of any service; nothing where nobody may mount a disk."""
    world.disk.fill()
    try:
        await asyncio.sleep(rng.uniform(1.0, 2.0))
    finally:
        world.disk.heal()


async def kill_kafka(world: World, rng: random.Random) -> None:
    world.kill("kafka")
    await asyncio.sleep(rng.uniform(*PAUSE))
    await world.start("kafka")


async def freeze_kafka(world: World, rng: random.Random) -> None:
    world.freeze("kafka")
    try:
        await asyncio.sleep(rng.uniform(2.0, 5.0))
    finally:
        world.thaw("kafka")


async def slow_network(world: World, rng: random.Random) -> None:
    for proxy in (world.kafka_proxy, *world.pg_proxies.values()):
        proxy.faults.latency_seconds = rng.choice((0.0, 0.005, 0.02))
    await asyncio.sleep(2)
    for proxy in (world.kafka_proxy, *world.pg_proxies.values()):
        proxy.faults.latency_seconds = 0


async def sliced_network(world: World, rng: random.Random) -> None:
    proxy = rng.choice([world.kafka_proxy, *world.pg_proxies.values()])
    proxy.faults.slice_bytes = rng.randint(1, 50)
    await asyncio.sleep(1.5)
    proxy.faults.slice_bytes = 0


async def reset_connections(world: World, rng: random.Random) -> None:
    for proxy in rng.sample([world.kafka_proxy, *world.pg_proxies.values()], 2):
        proxy.reset()


async def black_hole(world: World, rng: random.Random) -> None:
    proxy = rng.choice([world.kafka_proxy, *world.pg_proxies.values()])
    proxy.black_hole(True)
    await asyncio.sleep(rng.uniform(1.0, 3.0))
    proxy.black_hole(False)


async def hold_a_transaction_open(world: World, rng: random.Random) -> None:
    """A snapshot and a lock on the outbox that nobody lets go of."""
    service = rng.choice(world.services)
    connection = await asyncpg.connect(world.stack.databases[service].superuser_url)
    try:
        await connection.execute(
            "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1; LOCK TABLE outbox IN ROW EXCLUSIVE MODE"
        )
        await asyncio.sleep(rng.uniform(2.0, 5.0))
        await connection.execute("ROLLBACK")
    finally:
        await connection.close()


async def lock_the_outbox(world: World, rng: random.Random) -> None:
    """A slow database: every command waits."""
    service = rng.choice(world.services)
    connection = await asyncpg.connect(world.stack.databases[service].superuser_url)
    try:
        await connection.execute("BEGIN; SET LOCAL lock_timeout = '2s'; LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
        await asyncio.sleep(rng.uniform(0.5, 1.5))
        await connection.execute("ROLLBACK")
    except asyncpg.LockNotAvailableError:
        pass
    finally:
        await connection.close()


FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (
        kill_service,
        freeze_service,
        restart_service,
        zombie_beside_a_newcomer,
        fill_the_disk,
        kill_postgres,
        end_one_backend,
        lose_commits,
        kill_kafka,
        freeze_kafka,
        slow_network,
        sliced_network,
        reset_connections,
        black_hole,
        hold_a_transaction_open,
        lock_the_outbox,
    )
}


def plan(rng: random.Random, seconds: float, count: int = 5) -> list[Trouble]:
    """Which faults a seed brings, one after the other."""
    moments = sorted(rng.uniform(0.5, seconds) for _ in range(count))
    names = rng.sample(sorted(FAULTS), count)
    return [Trouble(moment, name) for moment, name in zip(moments, names, strict=True)]


async def bring(world: World, rng: random.Random, troubles: list[Trouble], say: Callable[[str], None]) -> None:
    """Brings these faults. Afterwards the network is healed, and whatever the plan stopped runs again."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        for trouble in troubles:
            await asyncio.sleep(max(0.0, began + trouble.after_seconds - loop.time()))
            say(f"{loop.time() - began:5.1f} s  {trouble.name.replace('_', ' ')}")
            await FAULTS[trouble.name](world, rng)
    finally:
        await world.mend()
