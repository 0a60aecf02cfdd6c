"""Five ways to read an outbox, under the same writers: what each loses, doubles or swaps. For docs/decisions/0008.

`python -m tests.faults.recipes` starts a PostgreSQL of its own, and takes a minute.
"""

import asyncio
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from itertools import pairwise
from uuid import uuid4

import asyncpg

from tests.support.servers import running_servers

SECONDS, WRITERS, WALKERS, MOST = 8.0, 8, 40, 50
TABLES = """
CREATE TABLE walkers (walker int PRIMARY KEY, version int NOT NULL DEFAULT 0);
CREATE TABLE diary (at timestamptz DEFAULT now());
CREATE TABLE queue (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, walker int, version int,
                    xid xid8 NOT NULL DEFAULT pg_current_xact_id());
INSERT INTO walkers SELECT generate_series(1, 40);
"""
Row = tuple[int, int, int]
Read = Callable[[asyncpg.Connection, int], Awaitable[list[asyncpg.Record]]]


async def write(url: str, stop: asyncio.Event, rng: random.Random, written: list[Row]) -> None:
    """Commands as services run them: something first, then a walker under its lock, its fact last; some roll back."""
    connection = await asyncpg.connect(url)
    while not stop.is_set():
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("INSERT INTO diary DEFAULT VALUES")
        await asyncio.sleep(rng.random() * 0.002)
        walker = rng.randint(1, WALKERS)
        version = await connection.fetchval(
            "UPDATE walkers SET version = version + 1 WHERE walker = $1 RETURNING version", walker
        )
        seq = await connection.fetchval(
            "INSERT INTO queue (walker, version) VALUES ($1, $2) RETURNING seq", walker, version
        )
        await asyncio.sleep(rng.random() * 0.004)
        if rng.random() < 0.05:
            await transaction.rollback()
        else:
            await transaction.commit()
            written.append((seq, walker, version))
    await connection.close()


async def by_cursor(connection: asyncpg.Connection, cursor: int) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await connection.fetch(
        "SELECT * FROM queue WHERE seq > $1 ORDER BY seq LIMIT $2", cursor, MOST
    )
    return rows


async def by_cursor_and_xmin(connection: asyncpg.Connection, cursor: int) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await connection.fetch(
        "SELECT * FROM queue WHERE seq > $1 AND xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY seq LIMIT $2",
        cursor,
        MOST,
    )
    return rows


async def by_xid(connection: asyncpg.Connection, _: int) -> list[asyncpg.Record]:
    return await _gone(
        connection,
        "SELECT * FROM queue WHERE xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid, seq LIMIT $1",
    )


async def by_seq(connection: asyncpg.Connection, _: int) -> list[asyncpg.Record]:
    return await _gone(connection, "SELECT * FROM queue ORDER BY seq LIMIT $1")


async def _gone(connection: asyncpg.Connection, select: str) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await connection.fetch(select, MOST)
    await connection.execute("DELETE FROM queue WHERE seq = ANY($1::bigint[])", [row["seq"] for row in rows])
    return rows


async def by_skipping_locked(connection: asyncpg.Connection, _: int) -> list[asyncpg.Record]:
    async with connection.transaction():
        rows: list[asyncpg.Record] = await connection.fetch(
            "SELECT * FROM queue ORDER BY seq LIMIT $1 FOR UPDATE SKIP LOCKED", MOST
        )
        await asyncio.sleep(0.001 * len(rows))  # sending takes a while
        await connection.execute("DELETE FROM queue WHERE seq = ANY($1::bigint[])", [row["seq"] for row in rows])
    return rows


RECIPES: dict[str, tuple[int, Read]] = {
    "seq > cursor": (1, by_cursor),
    "seq > cursor, and xid < xmin": (1, by_cursor_and_xmin),
    "ordered by (xid, seq), xid < xmin, deleted": (1, by_xid),
    "three workers with SKIP LOCKED": (3, by_skipping_locked),
    "one reader in seq order, deleted by id (ours)": (1, by_seq),
}


async def measure(url: str, readers: int, read: Read) -> tuple[int, int, int, int]:
    """Written, lost, doubled, and swapped within a walker."""
    owner = await asyncpg.connect(url)
    await owner.execute("DROP TABLE IF EXISTS walkers, diary, queue")
    await owner.execute(TABLES)
    await owner.close()
    stop, done, written, published = asyncio.Event(), asyncio.Event(), list[Row](), list[Row]()

    async def reading() -> None:
        connection, cursor = await asyncpg.connect(url), 0
        while True:
            ended = done.is_set()
            rows = await read(connection, cursor)
            published.extend((row["seq"], row["walker"], row["version"]) for row in rows)
            cursor = max([cursor, *(row["seq"] for row in rows)])
            if not rows:
                if ended:
                    break
                await asyncio.sleep(0.001)
        await connection.close()

    reading_ = [asyncio.create_task(reading()) for _ in range(readers)]
    writing = [asyncio.create_task(write(url, stop, random.Random(number), written)) for number in range(WRITERS)]
    await asyncio.sleep(SECONDS)
    stop.set()
    await asyncio.gather(*writing)
    done.set()
    await asyncio.gather(*reading_)
    order: dict[int, list[int]] = defaultdict(list)
    for _, walker, version in published:
        order[walker].append(version)
    swapped = sum(one > other for versions in order.values() for one, other in pairwise(versions))
    doubled = sum(times - 1 for times in Counter(published).values())
    return len(written), len(set(written) - set(published)), doubled, swapped


async def main() -> int:
    servers = running_servers()
    found = next(servers)
    name = f"recipes_{uuid4().hex[:8]}"
    admin = await asyncpg.connect(found.url("postgres"))
    await admin.execute(f"CREATE DATABASE {name}")
    wrong = 0
    try:
        for recipe, (readers, read) in RECIPES.items():
            written, lost, doubled, swapped = await measure(found.url(name), readers, read)
            print(f"{recipe:<46} {written:>6} written {lost:>5} lost {doubled:>3} doubled {swapped:>4} swapped")  # noqa: T201
            wrong = lost + doubled + swapped
    finally:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()
        for _ in servers:
            pass
    return 1 if wrong else 0  # of the last, which is ours


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
