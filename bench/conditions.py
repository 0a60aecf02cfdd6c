"""P18, P22: the same command with and without telemetry, and with a hundred times as much stored."""

from typing import Any

import asyncpg

from bench.commands import TENANT, Served, doors, has_wrk
from bench.measure import Row, Side, Work, compare
from bench.places import Place

FEW, MANY = 2_000, 200_000

_FILL = """
WITH pebble AS (
    INSERT INTO pebbles SELECT $1, gen_random_uuid(), 'stored', 12 FROM generate_series(1, $2)
)
INSERT INTO idempotency (consortium_id, actor, key, request_hash, status, headers, body)
SELECT $1, 'stored', number::text, sha256(number::text::bytea), 201, '{"etag": "1"}', sha256(number::text::bytea)
  FROM generate_series(1, $2) AS number
"""
_EMPTY = (
    "DELETE FROM pebbles WHERE code <> 'stored'",
    "DELETE FROM idempotency WHERE actor <> 'stored'",
    "TRUNCATE outbox",
    "VACUUM ANALYZE pebbles",
    "VACUUM ANALYZE idempotency",
)


async def p18(place: Place, only: set[str], say: Any) -> list[Row]:
    """One process that samples one trace in twenty and writes it, one without any telemetry."""
    if not has_wrk(say, "P18"):
        return []
    async with doors(place, "ours", "dark") as (served, _):
        return [
            await compare(
                "P18",
                "an HTTP command with telemetry on, 5% sampled",
                "the same without telemetry",
                served["ours"].turn,
                served["dark"].turn,
                unit="commands/s",
                floor=0.85,
                goal=0.92,
                check=lambda: _kept(served),
                say=say,
            )
        ]


async def p22(place: Place, only: set[str], say: Any) -> list[Row]:
    """Two processes; what a turn added is taken out again, so that the one stays at a hundred times the other."""
    if not has_wrk(say, "P22"):
        return []
    async with doors(place, "many", "few") as (served, _):
        for name, rows in (("many", MANY), ("few", FEW)):
            connection = await asyncpg.connect(served[name].settings.owner_database_url.get_secret_value())
            await connection.execute(_FILL, TENANT, rows)
            await connection.close()
        return [
            await compare(
                "P22",
                f"an HTTP command beside {MANY:,} stored ones and their answers",
                f"the same beside {FEW:,}",
                _cost(served["many"], MANY),
                _cost(served["few"], FEW),
                unit="us a command",
                floor=1.3,
                goal=1.1,
                better="lower",
                check=lambda: _kept(served),
                say=say,
            )
        ]


def _cost(served: Served, stored: int) -> Side:
    async def turn() -> Work:
        connection = await asyncpg.connect(served.settings.owner_database_url.get_secret_value())
        try:
            for statement in _EMPTY:
                await connection.execute(statement)
            if await connection.fetchval("SELECT count(*) FROM pebbles WHERE code = 'stored'") != stored:
                raise SystemExit(f"{served.which} does not hold {stored} pebbles")
        finally:
            await connection.close()
        work = await served.turn()
        return Work(work.operations, figure=(work.seconds or 0) * 1e6 / work.operations, cpu_seconds=work.cpu_seconds)

    return turn


async def _kept(served: dict[str, Served]) -> bool:
    """Whether nothing was refused, and every fact in the outbox has its pebble."""
    for each in served.values():
        connection = await asyncpg.connect(each.settings.owner_database_url.get_secret_value())
        try:
            lost = await connection.fetchval(
                "SELECT count(*) FROM outbox LEFT JOIN pebbles ON pebble_id = aggregate_id WHERE pebble_id IS NULL"
            )
        finally:
            await connection.close()
        if each.refused or lost or not each.answered:
            return False
    return True
