"""What clients do while everything fails around them, and what must be true of it afterwards."""

import random
from collections import Counter
from typing import Protocol

from tests.faults.invariants import Outcome, Violation
from tests.faults.workloads.bookings import Bookings
from tests.faults.workloads.budgets import Budgets
from tests.faults.workloads.divisions import Divisions
from tests.faults.workloads.intake import Intake
from tests.faults.workloads.poison import Poison
from tests.faults.world import World

__all__ = ["Bookings", "Budgets", "Divisions", "Intake", "Poison", "Workload"]


class Workload(Protocol):
    """Clients with a region of their own. `outcomes` counts how their commands ended."""

    outcomes: Counter[Outcome]

    async def set_up(self, world: World, seed: int) -> None: ...
    async def clients(self, world: World, rng: random.Random, until: float) -> None: ...
    async def violations(self, world: World) -> list[Violation]: ...
