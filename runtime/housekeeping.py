"""Erases what has had its time: settled dead letters, kept answers, and the list of what was published.

The inbox is no part of it: it lives as long as the topics, which are kept for good, so that nothing takes effect twice.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from runtime.consumer import dead_letters
from runtime.postgres import Database
from runtime.queries import Queries
from runtime.ticking import every

Q = Queries(__file__, "sql/housekeeping.sql")
log = structlog.get_logger(__name__)

DEAD_LETTERS = timedelta(days=90)
ANSWERS = timedelta(hours=72)
PUBLISHED = timedelta(days=30)
MOST_ROWS = 2_000
EVERY_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows went, and how many dead letters wait longer than they should."""

    dead_letters: int
    answers: int
    published: int
    overdue: int


async def run_once(db: Database, at: datetime) -> Erased:
    """Erases all that has had its time at this instant, in small transactions. Several may do this at once."""
    letters = await dead_letters.consortia(db)
    answers = frozenset(row["consortium_id"] for row in await Q.consortia_with_answers.rows(db.pool))

    async def some_letters() -> int:
        async with db.transaction(letters) as tx:
            return await Q.erase_dead_letters.execute(tx, at - DEAD_LETTERS, MOST_ROWS)

    async def some_answers() -> int:
        async with db.transaction(answers) as tx:
            return await Q.erase_answers.execute(tx, at - ANSWERS, MOST_ROWS)

    async def some_published() -> int:
        return await Q.erase_published.execute(db.pool, at - PUBLISHED, MOST_ROWS)

    async with db.transaction(letters) as tx:
        overdue = await Q.overdue.value(tx, at - DEAD_LETTERS)
    return Erased(await _all(some_letters), await _all(some_answers), await _all(some_published), overdue)


async def _all(some: Callable[[], Awaitable[int]]) -> int:
    erased = 0
    while count := await some():
        erased += count
    return erased


async def run(db: Database, stop: asyncio.Event) -> None:
    """Erases every ten minutes until `stop`; a database that is away is waited for."""
    await every(EVERY_SECONDS, lambda: _tend(db), stop, name="housekeeper")


async def _tend(db: Database) -> None:
    erased = await run_once(db, datetime.now(UTC))
    if erased.dead_letters or erased.answers or erased.published:
        log.info("erased", **{name: getattr(erased, name) for name in ("dead_letters", "answers", "published")})
    if erased.overdue:
        log.error("dead-letters-overdue", waiting=erased.overdue, days=DEAD_LETTERS.days)
