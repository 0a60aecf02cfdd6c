"""A short selection of `make faults`: one seed of mixed faults over real services, and a checker that can say no."""

from collections.abc import AsyncIterator, Mapping

import asyncpg
import pytest

from tests.faults.run import run_seed
from tests.faults.world import Unknown, World, region_id

SEED = 3


@pytest.fixture(scope="module")
async def world() -> AsyncIterator[World]:
    async with World() as running:
        yield running


@pytest.mark.timeout(240)
async def test_mixed_faults_break_no_invariant(world: World) -> None:
    told: list[str] = []
    violations = await run_seed(world, SEED, told.append)
    assert not violations, "\n".join([*told, *map(str, violations), f"again: make faults SEED={SEED}"])


@pytest.mark.timeout(240)
async def test_the_checker_finds_what_a_wrong_service_would_leave_behind(world: World) -> None:
    """Each line is what some wrong design would have done; the superuser does it behind the services' back."""
    mischief = {
        "funding": "UPDATE accounts SET cents = cents + 1; UPDATE budget_lines SET reserved_cents = reserved_cents + 1 "
        "WHERE reserved_cents + committed_cents < allocated_cents; UPDATE contributions SET minutes = minutes + 1; "
        "ALTER TABLE receipts DISABLE TRIGGER ALL; DELETE FROM receipts; ALTER TABLE receipts ENABLE TRIGGER ALL; "
        "UPDATE dead_letters SET value = 'torn'; INSERT INTO witness VALUES (gen_random_uuid(), 'funding.events', 'a')",
        "activities": "UPDATE bookings SET pupils = pupils + 30",
        "partners": "ALTER TABLE standings RENAME TO standings_no_more",
    }
    undone = {
        "funding": "UPDATE accounts SET cents = cents - 1; DELETE FROM witness WHERE version IS NULL",
        "partners": "ALTER TABLE standings_no_more RENAME TO standings",
    }

    async def run(statements: Mapping[str, str]) -> None:
        for service, statement in statements.items():
            connection = await asyncpg.connect(world.stack.databases[service].superuser_url)
            await connection.execute(statement)
            await connection.close()

    async def do() -> None:
        await run(mischief)
        token = await world.token("office", ["office"], region_id("sto-nowhere"))
        with pytest.raises(Unknown):
            await world.ask(token, "GET", "partners", "/v1/standings?on=2022-01-01")

    try:
        violations = await run_seed(world, SEED, lambda _: None, 4.0, before_checking=do)
    finally:
        await run(undone)
    named = {violation.invariant for violation in violations}
    assert named >= {"I1", "I2", "I3", "I4", "I6", "I7", "I8", "I10"}, [str(each) for each in violations]
