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
from collections.abc import Awaitable, Callable, Sequence

from tests.faults import nemesis
from tests.faults.invariants import Violation, published_is_what_was_in_the_outbox
from tests.faults.workloads import Bookings, Budgets, Divisions, Intake, Workload
from tests.faults.world import World

SECONDS = 12.0


def workloads() -> list[Workload]:
    """Fresh ones, for one seed."""
    return [Budgets(), Bookings(), Divisions(), Intake()]


async def run_seed(
    world: World,
    seed: int,
    say: Callable[[str], None],
    seconds: float = SECONDS,
    before_checking: Callable[[], Awaitable[None]] | None = None,
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
    found = [Violation("I9", each) for each in await world.quiet()]
    if before_checking is not None:
        await before_checking()
    for each in running:
        found += await each.violations(world)
    found += await events(world)
    found += await books(world)
    found += [Violation("I10", f"not 503 but {each}") for each in world.our_fault]
    world.our_fault.clear()
    totals = sum((each.outcomes for each in running), start=type(running[0].outcomes)())
    say(f"        {totals['ok']} ok, {totals['fail']} refused, {totals['unknown']} unknown")
    return found


async def events(world: World) -> list[Violation]:
    """I3 and I5 over everything the services published, and I8: nothing became a dead letter."""
    found: list[Violation] = []
    for service in world.services:
        messages = await world.messages(f"{service}.events")
        written = await world.witnessed(service)
        if not written:
            found.append(Violation("I3", f"{service} published nothing: the workloads prove nothing"))
        found += published_is_what_was_in_the_outbox(written, messages)
        told = await world.describe(service)
        if told.dead_letters or told.parked:
            found.append(Violation("I8", f"{service} has {told.dead_letters} dead letters, {told.parked} parked"))
    return found


async def books(world: World) -> list[Violation]:
    """I1: every entry balances, and every balance is the sum of its postings."""
    found: list[Violation] = []
    unbalanced = await world.sql(
        "funding",
        "SELECT entry_id FROM postings GROUP BY consortium_id, entry_id HAVING sum(cents) <> 0 OR sum(minutes) <> 0",
    )
    if unbalanced:
        found.append(Violation("I1", f"{len(unbalanced)} entries do not balance"))
    wrong = await world.sql(
        "funding",
        "SELECT account FROM accounts FULL JOIN (SELECT consortium_id, account, sum(cents) AS c, sum(minutes) AS m "
        "FROM postings GROUP BY 1, 2) AS sums USING (consortium_id, account) "
        "WHERE cents IS DISTINCT FROM c OR minutes IS DISTINCT FROM m",
    )
    if wrong:
        found.append(Violation("I1", f"{len(wrong)} balances are not the sum of their postings"))
    return found


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
            violations = await run_seed(world, seed, say)
            for violation in violations:
                say(f"        {violation}")
            if violations:
                failed.append(seed)
                say(f"        again: make faults SEED={seed}")
    say(f"{len(seeds) - len(failed)} of {len(seeds)} seeds held, in {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Brings faults over the real services and checks the invariants.")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--seeds", type=int, default=int(os.environ.get("SEEDS", "1")))
    options = parser.parse_args()
    chosen = [options.seed] if options.seed is not None else list(range(1, options.seeds + 1))
    sys.exit(asyncio.run(main(chosen)))
