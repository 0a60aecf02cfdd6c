"""A short selection of `make faults`: one seed of mixed faults over real services, and a checker that can say no."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.faults.run import run_seed
from tests.faults.world import World

SEED = 3
SECONDS = 10.0


@pytest.fixture(scope="module")
async def world() -> AsyncIterator[World]:
    async with World() as running:
        yield running


@pytest.mark.timeout(240)
async def test_mixed_faults_break_no_invariant(world: World) -> None:
    told: list[str] = []
    violations = await run_seed(world, SEED, told.append, SECONDS)
    assert not violations, "\n".join([*told, *map(str, violations), f"again: make faults SEED={SEED}"])


@pytest.mark.timeout(240)
async def test_the_checker_finds_what_a_wrong_service_would_leave_behind(world: World) -> None:
    """Each line is what some wrong design would have done; the superuser does it behind the services' back."""
    mischief = {
        "funding": "UPDATE accounts SET cents = cents + 1; UPDATE budget_lines SET reserved_cents = reserved_cents + 1 "
        "WHERE reserved_cents + committed_cents < allocated_cents",
        "activities": "DELETE FROM bookings",
    }

    async def do() -> None:
        for service, statements in mischief.items():
            connection = await asyncpg.connect(world.stack.databases[service].superuser_url)
            await connection.execute(statements)
            await connection.close()

    violations = await run_seed(world, SEED, lambda _: None, 2.0, before_checking=do)
    assert {"I1", "I2", "I3"} <= {violation.invariant for violation in violations}, violations
