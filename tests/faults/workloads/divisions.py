"""A grant divided again and again."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from uuid import uuid4

from tests.faults.invariants import Outcome, Violation, division_is_the_grant
from tests.faults.workloads.region import Region, persevere
from tests.faults.world import World


@dataclass
class Divisions:
    """A grant is divided again and again, each time asked for twice at once. I1, I2 and I11."""

    pause_seconds: float = 0.0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    _region: Region = field(default_factory=Region)

    CENTS = 99_999_999

    async def set_up(self, world: World, seed: int) -> None:
        await self._region.found(world, "divisions", seed)
        await self._region.with_money(world, self.CENTS)

    async def clients(self, world: World, rng: random.Random, until: float) -> None:
        loop, number = asyncio.get_running_loop(), 0
        while loop.time() < until:
            number += 1
            await asyncio.gather(*(self._divide(world, f"again-{number}", rng.randint(1, 9_999)) for _ in range(2)))
            await asyncio.sleep(self.pause_seconds)

    async def _divide(self, world: World, code: str, share: int) -> None:
        key, plan = str(uuid4()), self._region.plan(code, share)
        outcome, proposed = await persevere(
            lambda: world.ask(self._region.office, "POST", "funding", "/v1/allocations", plan, key)
        )
        self.outcomes[outcome] += 1
        if outcome != "ok":
            return
        key, path = str(uuid4()), f"/v1/allocations/{proposed['id']}/approval"
        outcome, _ = await persevere(lambda: world.ask(self._region.controller, "POST", "funding", path, None, key))
        self.outcomes[outcome] += 1

    async def violations(self, world: World) -> list[Violation]:
        rows = await world.sql(
            "funding", "SELECT line, allocated_cents FROM budget_lines WHERE consortium_id = $1", self._region.id
        )
        budgets = {row["line"]: row["allocated_cents"] for row in rows}
        in_force = await world.sql(
            "funding",
            "SELECT lines.line, lines.cents FROM allocations JOIN allocation_lines AS lines "
            "USING (consortium_id, allocation_id) WHERE consortium_id = $1 AND state = 'effective'",
            self._region.id,
        )
        return division_is_the_grant(self.CENTS, budgets, {row["line"]: row["cents"] for row in in_force})
