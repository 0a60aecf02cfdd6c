"""One seed: workloads under the faults that the seed draws, then the invariants.

python -m tests.faults.run --seed 7            one seed
python -m tests.faults.run --seeds 20          seeds 1 to 20, on one stack
"""

import argparse
import asyncio
import os
import random
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from deploy.embedded.supervisor import CORE
from tests.faults import nemesis
from tests.faults.invariants import (
    Violation,
    answers_were_fit,
    books_balance,
    came_to_rest,
    published_is_what_was_in_the_outbox,
    stayed_small,
)
from tests.faults.measure import table_bytes
from tests.faults.workloads import Bookings, Budgets, Divisions, Intake, Poison, Workload
from tests.faults.workloads.poison import settle
from tests.faults.world import QUIET_SECONDS, World

SECONDS = 12.0
MOST_MEMORY_BYTES = 400 * 2**20
MOST_TABLE_BYTES = 64 * 2**20
"""Of the outbox with its indexes, however many seeds ran before."""


def workloads() -> list[Workload]:
    """Fresh ones, for one seed."""
    return [Budgets(), Bookings(), Divisions(), Intake(), Poison()]


async def run_seed(
    world: World,
    seed: int,
    say: Callable[[str], None],
    seconds: float = SECONDS,
    before_checking: Callable[[], Awaitable[None]] | None = None,
    quiet_seconds: float = QUIET_SECONDS,
) -> list[Violation]:
    """What did not hold. The world is healed and quiet when this returns, and can be used for the next seed."""
    rng = random.Random(seed)
    running = workloads()
    await asyncio.gather(*(each.set_up(world, seed) for each in running))
    troubles = nemesis.plan(rng, seconds - 2)
    until = asyncio.get_running_loop().time() + seconds
    async with asyncio.TaskGroup() as group:
        for each in running:
            group.create_task(each.clients(world, random.Random(rng.random()), until))
        group.create_task(nemesis.bring(world, random.Random(rng.random()), troubles, say))
    found = came_to_rest(await world.quiet(quiet_seconds))
    if before_checking is not None:
        await before_checking()
    for each in running:
        found += await each.violations(world)
    found += await events(world)
    found += await books(world)
    found += await bounds(world)
    totals = sum((each.outcomes for each in running), start=type(running[0].outcomes)())
    say(f"        {totals['ok']} ok, {totals['fail']} refused, {totals['unknown']} unknown")
    return found


async def events(world: World) -> list[Violation]:
    """I3 and I5 over everything the services published; the dashboard only hears."""
    found: list[Violation] = []
    for service in [each for each in world.services if each in CORE]:
        written = await world.witnessed(service)
        found += came_to_rest(await world.quiet())
        messages = await world.messages(f"{service}.events")
        if not written:
            found.append(Violation("I3", f"{service} published nothing: the workloads prove nothing"))
        found += published_is_what_was_in_the_outbox(written, messages, await world.witnessed(service))
    return found


async def books(world: World) -> list[Violation]:
    """I1 over the whole ledger of funding."""
    entries = await world.sql(
        "funding", "SELECT entry_id::text AS id, sum(cents) AS cents, sum(minutes) AS minutes FROM postings GROUP BY 1"
    )
    kept = await world.sql("funding", "SELECT consortium_id, account, cents, minutes FROM accounts")
    sums = await world.sql(
        "funding",
        "SELECT consortium_id, account, sum(cents) AS cents, sum(minutes) AS minutes FROM postings GROUP BY 1, 2",
    )
    by_name = [
        {f"{row['account']} of {row['consortium_id']}": (int(row["cents"]), int(row["minutes"])) for row in rows}
        for rows in (kept, sums)
    ]
    return books_balance([(row["id"], int(row["cents"]), int(row["minutes"])) for row in entries], *by_name)


async def bounds(world: World) -> list[Violation]:
    """I10: what was answered while all went wrong, what was logged as our fault, memory, and the empty queue."""
    found = answers_were_fit(world.answers)
    world.answers.clear()
    found += [Violation("I10", line) for line in world.complaints()]
    found += stayed_small("the memory", world.memory(), MOST_MEMORY_BYTES)
    for service in world.services:
        sizes = await table_bytes(world.stack.databases[service].superuser_url, "outbox")
        found += stayed_small(f"the table of {service}", sizes, MOST_TABLE_BYTES)
    return found


async def _survive(world: World, seed: int, say: Callable[[str], None]) -> list[Violation]:
    """A run that fails itself is a failing seed as well, and the next one begins with a world that runs."""
    try:
        return await run_seed(world, seed, say)
    except Exception as error:
        lines = [Violation("I9", f"the run did not come to its end: {each}") for each in _causes(error)]
        lines += [Violation("I10", line) for line in world.complaints()]
        await world.mend()
        await world.quiet()
        for service in world.services:
            await settle(world, service)
        return lines


def _causes(error: BaseException) -> list[str]:
    """What went wrong in the end, and where."""
    if isinstance(error, BaseExceptionGroup):
        return [cause for each in error.exceptions for cause in _causes(each)]
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    return [f"{type(error).__name__}: {error} ({where})"]


async def main(seeds: Sequence[int]) -> int:
    """0 when every invariant held for every seed; else 1, with the command that brings a failing seed back."""

    def say(line: str) -> None:
        print(line, flush=True)  # noqa: T201 - progress for a person

    failed: list[int] = []
    began = time.monotonic()
    async with World() as world:
        say(f"the services run after {time.monotonic() - began:.0f} s")
        for seed in seeds:
            say(f"seed {seed}")
            violations = await _survive(world, seed, say)
            for violation in violations:
                say(f"        {violation}")
            if violations:
                failed.append(seed)
                say(f"        again: make faults SEED={seed}")
    say(f"{len(seeds) - len(failed)} of {len(seeds)} seeds held, in {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Brings faults over the real services and checks the invariants.")
    parser.add_argument("--seed", type=int, nargs="+")
    parser.add_argument("--seeds", type=int, default=int(os.environ.get("SEEDS", "1")))
    options = parser.parse_args()
    chosen = options.seed or list(range(1, options.seeds + 1))
    sys.exit(asyncio.run(main(chosen)))
