"""PostgreSQL and Kafka alone, for tests: started by whoever needs them first, gone when the test run is."""

import asyncio
import json
import os
import select
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.embedded import kafka, postgres
from deploy.embedded.folders import RunFolder
from deploy.embedded.ports import Ports


@asynccontextmanager
async def servers(runs: Path | None = None) -> AsyncIterator[dict[str, str | int]]:
    """Both servers, started side by side; what to write into the file that SPEERPUNT_TEST_SERVERS names."""
    prepared = kafka.prepare(lambda line: print(f"test servers: {line}", flush=True))
    folder = RunFolder.take(runs=runs)
    running: list[postgres.Postgres | kafka.Kafka] = []

    async def database() -> postgres.Postgres:
        running.append(server := await postgres.start(folder, options=postgres.FAST))
        return server

    async def broker() -> kafka.Kafka:
        running.append(server := await kafka.start(folder, prepared, Ports({})))
        return server

    try:
        async with asyncio.TaskGroup() as both:
            first, second = both.create_task(database()), both.create_task(broker())
        found = first.result()
        yield {
            "pg_host": found.host,
            "pg_port": found.port,
            "pg_superuser": postgres.SUPERUSER,
            "kafka": second.result().bootstrap,
        }
    finally:
        for server in running:
            server.child.kill() if isinstance(server, kafka.Kafka) else await server.child.stop(10)
        folder.leave()


async def serve(told: Path, holder: int) -> None:
    """Runs both until the process `holder` is gone or we are asked to stop; `told` gets their addresses."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        watched = os.pidfd_open(holder)
    except ProcessLookupError:
        return
    loop.add_reader(watched, stop.set)
    async with servers() as addresses:
        if not select.select([watched], [], [], 0)[0]:
            fresh = told.with_suffix(".new")
            fresh.write_text(json.dumps(addresses))
            fresh.rename(told)
            await stop.wait()
        told.unlink(missing_ok=True)
