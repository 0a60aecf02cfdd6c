"""Every service is replaced, process by process, while clients work; then the invariants, and what clients saw.

`python -m tests.faults.rolling` does it to all five services.
"""

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.faults.invariants import Outcome, Violation, came_to_rest
from tests.faults.replicas import Doubled
from tests.faults.run import books, bounds, events
from tests.faults.workloads import Bookings, Budgets, Divisions, Intake, Workload
from tests.faults.workloads.region import Region
from tests.faults.world import World

SERVICES = ("partners", "funding", "activities", "notifications", "dashboard")
PAUSE_SECONDS = 0.05
TURN_SECONDS = 0.5
MOST_PUT_OFF = 0.01
"""Between services a question has two seconds, and a machine that starts processes may need longer for a few."""
LEAST_OK = 10
"""A workload that did less proves nothing."""


@dataclass
class Planning:
    """An office moves a milestone to and fro, and somebody asks for a page. I3."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    _region: Region = field(default_factory=Region)
    _moved: int = 0

    async def set_up(self, world: World, seed: int) -> None:
        await self._region.found(world, "planning", seed)

    async def clients(self, world: World, rng: random.Random, until: float) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < until:
            day = f"2029-{1 + self._moved % 12:02}-01"
            body = {"title": "A deadline", "kind": "deadline", "day": day, "audience": "everyone"}
            await world.once_known(self._region.office, "PUT", "notifications", "/v1/milestones/one", body)
            self._moved += 1
            self.outcomes["ok"] += 1
            if isinstance(world, Doubled):
                await world.look("dashboard", "/static/style.css")
            await asyncio.sleep(PAUSE_SECONDS)

    async def violations(self, world: World) -> list[Violation]:
        told = await world.ask(self._region.office, "GET", "notifications", "/v1/milestones/one")
        wanted = f"2029-{1 + (self._moved - 1) % 12:02}-01"
        return [] if told["day"] == wanted else [Violation("I3", f"the milestone is on {told['day']}, not {wanted}")]


def workloads(services: Sequence[str]) -> list[Workload]:
    """Those that these services can do."""
    found: list[Workload] = [
        Budgets(rivals=2, pause_seconds=PAUSE_SECONDS),
        Divisions(pause_seconds=PAUSE_SECONDS),
        Intake(pause_seconds=PAUSE_SECONDS),
    ]
    if "activities" in services:
        found.append(Bookings(rivals=2, pause_seconds=PAUSE_SECONDS))
    if {"notifications", "dashboard"} <= set(services):
        found.append(Planning())
    return found


async def run(world: Doubled, seed: int, say: Callable[[str], None]) -> list[str]:
    """Replaces every process of the world under load; what went wrong, in sentences."""
    running = workloads(world.services)
    await asyncio.gather(*(each.set_up(world, seed) for each in running))
    rng, done, loop = random.Random(seed), asyncio.Event(), asyncio.get_running_loop()
    world.failures.clear()

    async def work(each: Workload) -> None:
        while not done.is_set():
            await each.clients(world, random.Random(rng.random()), loop.time() + TURN_SECONDS)

    async with asyncio.TaskGroup() as group:
        for each in running:
            group.create_task(work(each))
        for service in world.services:
            began, before = time.monotonic(), world.answered
            await world.roll(service)
            seconds, answers = time.monotonic() - began, world.answered - before
            say(
                f"{service} was replaced in {seconds:.1f} s; {answers} answers, {len(world.failures)} complaints so far"
            )
        done.set()

    wrong = list(world.failures)
    if len(world.put_off) > world.answered * MOST_PUT_OFF:
        wrong.append(f"{len(world.put_off)} of {world.answered} requests were put off, such as {world.put_off[0]}")
    for each in running:
        totals = dict(each.outcomes)
        say(f"{type(each).__name__}: {totals}")
        if totals.get("unknown") or totals.get("ok", 0) < LEAST_OK:
            wrong.append(f"{type(each).__name__} ended as {totals}")
    found = came_to_rest(await world.quiet())
    for each in running:
        found += await each.violations(world)
    found += [*await events(world), *await books(world), *await bounds(world)]
    return [*wrong, *map(str, found)]


async def main() -> int:
    """0 when nobody noticed and every invariant holds."""

    def say(line: str) -> None:
        print(line, flush=True)  # noqa: T201 - progress for a person

    began = time.monotonic()
    async with Doubled(SERVICES) as world:
        say(f"two processes of each service run after {time.monotonic() - began:.0f} s")
        wrong = await run(world, 1, say)
        for each in wrong:
            say(each)
        say(f"{len(world.rolled)} processes were replaced, {world.answered} requests answered, {len(wrong)} complaints")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
