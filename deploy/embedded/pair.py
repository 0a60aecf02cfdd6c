"""PostgreSQL and Kafka alone, for tests: started by whoever needs them first, gone when the test run is."""

import asyncio
import json
import os
import select
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from deploy.embedded import kafka, postgres
from deploy.embedded.folders import RunFolder
from deploy.embedded.ports import Ports
from deploy.embedded.processes import Child, Program


@asynccontextmanager
async def servers(runs: Path | None = None) -> AsyncIterator[dict[str, str | int]]:
    """Both servers, started side by side; what to write into the file that SPEERPUNT_TEST_SERVERS names."""
    prepared = kafka.prepare(lambda line: print(f"test servers: {line}", flush=True))
    folder = RunFolder.take(runs=runs)
    children: list[Child] = []

    async def start(program: Program) -> None:
        children.append(child := program.launch(folder.path))
        await program.until_ready(child)

    async def database() -> postgres.Postgres:
        server = await postgres.prepare(folder, options=postgres.FAST)
        await start(server.program)
        return server

    try:
        broker = kafka.place(folder, prepared, Ports({}))

        async def events() -> None:
            await asyncio.to_thread(broker.format)
            await start(broker.program)

        async with asyncio.TaskGroup() as both:
            both.create_task(events())
            found = both.create_task(database())
        address = found.result()
        yield {
            "pg_host": address.host,
            "pg_port": address.port,
            "pg_superuser": postgres.SUPERUSER,
            "kafka": broker.admin.bootstrap,
            "kafka_password": broker.admin.password,
        }
    finally:
        for child in children:
            child.kill()
        folder.leave()


async def serve(told: Path, holder: int) -> None:
    """Runs both until the process `holder` is gone or we are asked to stop. `told` gets their addresses."""
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
            fresh.touch(mode=0o600)
            fresh.write_text(json.dumps(addresses))
            fresh.rename(told)
            await stop.wait()
    for ours in (told, told.with_suffix(".lock"), told.with_suffix(".log")):
        ours.unlink(missing_ok=True)
    with suppress(OSError):
        told.parent.rmdir()
