"""Counters that survive a restart, because they are written in the transaction of what they count."""

import random

from runtime.queries import Executor, Queries

Q = Queries(__file__, "sql/counts.sql")

SLOTS = 16


async def add(executor: Executor, consumer: str, **added: int) -> None:
    """Adds to counters, as in `add(tx, "funding.intake", refused=3)`. Call it last: a counter's row stays locked."""
    if counters := {name: count for name, count in sorted(added.items()) if count}:
        slot = random.randrange(SLOTS)  # noqa: S311
        await Q.add.execute(executor, consumer, slot, list(counters), list(counters.values()))


async def totals(executor: Executor) -> dict[str, dict[str, int]]:
    """Counters by consumer: `published` (of `relay`), `consumed`, `dead`, `refused`."""
    found: dict[str, dict[str, int]] = {}
    for row in await Q.totals.rows(executor):
        found.setdefault(row["consumer"], {})[row["counter"]] = row["count"]
    return found
