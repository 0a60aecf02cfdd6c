"""Serves one of the two, or runs the bare SQL: see the package."""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import uvicorn
import uvloop
from uuid6 import uuid7

from bench.pebbles import ours, sql, stock
from runtime import telemetry
from runtime.postgres import Database
from runtime.settings import Settings

LOOPS = 10
DATA = b'{"pebbleId":"018f0000-0000-7000-8000-000000000000","code":"pebble","grams":12}'


async def serve(which: str, port: int, tenant: UUID) -> None:
    settings = Settings()
    url = settings.database_url.get_secret_value()
    options = {"port": port, "log_level": "warning", "access_log": False, "loop": "uvloop", "http": "httptools"}
    if which != "stock":
        if which != "dark":
            telemetry.set_up(settings, service="bench", version="0.1.0")
        database = await Database.open(url, name="bench", most=LOOPS)
        await uvicorn.Server(uvicorn.Config(ours.app(settings, database), lifespan="off", **options)).serve()  # type: ignore[arg-type]
    else:
        await uvicorn.Server(uvicorn.Config(stock.app(url, tenant), **options)).serve()  # type: ignore[arg-type]


async def loop(seconds: float, tenant: UUID) -> None:
    """Runs the bare SQL from ten connections; prints how many commands and the CPU they took."""
    url = Settings().database_url.get_secret_value()
    async with asyncpg.create_pool(url, min_size=LOOPS, max_size=LOOPS) as pool:
        until = time.perf_counter() + seconds
        done = 0

        async def one() -> None:
            nonlocal done
            async with pool.acquire() as connection:
                while time.perf_counter() < until:
                    pebble_id = UUID(int=uuid7().int)
                    await sql.command(
                        connection, tenant, str(pebble_id), pebble_id, "pebble", 12, datetime.now(UTC), DATA, DATA
                    )
                    done += 1

        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(one() for _ in range(LOOPS)))
        took = time.perf_counter() - began
        print(json.dumps({"done": done, "seconds": took, "cpu": time.process_time() - cpu}))


if __name__ == "__main__":
    if sys.argv[1] == "loop":
        uvloop.run(loop(float(sys.argv[2]), UUID(sys.argv[3])))
    else:
        uvloop.run(serve(sys.argv[1], int(sys.argv[2]), UUID(sys.argv[3])))
