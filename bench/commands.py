"""P1, P2: the HTTP command path against the same SQL without HTTP, and against a stock FastAPI example."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import httpx2
import psutil

from bench.measure import Row, Work, compare
from bench.places import PROJECT, Place
from deploy.embedded.ports import Ports
from runtime import ids
from runtime.settings import Settings

SECONDS = 5
CONNECTIONS = 32
TENANT = ids.consortium_id("bench")
MIGRATIONS = Path(__file__).parent / "pebbles" / "migrations"
SCRIPT = """
local counter, thread = 0, 0
function setup(t) thread = thread + 1; t:set("id", thread) end
function request()
  counter = counter + 1
  wrk.headers["Idempotency-Key"] = string.format("%%s-%%d-%%d", "%s", id, counter)
  return wrk.format("POST", "/v1/pebbles", wrk.headers, '{"code":"pebble","grams":12}')
end
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer %s"
"""


def environment(settings: Settings, issuer: str) -> dict[str, str]:
    return os.environ | {
        "SPEERPUNT_ENVIRONMENT": "test",
        "SPEERPUNT_DATABASE_URL": settings.database_url.get_secret_value(),
        "SPEERPUNT_ISSUER": issuer,
        "SPEERPUNT_JWKS_URL": f"{issuer}/jwks.json",
        "SPEERPUNT_REQUESTS_PER_MINUTE": "100000000",
        "SPEERPUNT_TELEMETRY_SAMPLE": "0.05",
        "SPEERPUNT_TELEMETRY_FILE": os.devnull,
        "PYTHONPATH": os.pathsep.join((str(PROJECT), str(PROJECT / "proto" / "gen"))),
    }


@asynccontextmanager
async def issuer(
    ports: Ports, regions: Sequence[str] = (str(TENANT),), scopes: Sequence[str] = ("bench:write",)
) -> AsyncIterator[tuple[str, str]]:
    """The development issuer's address, and a token of it for the office of these regions."""
    port = ports.take("issuer")
    address = f"http://127.0.0.1:{port}"
    told = {
        **os.environ,
        "SPEERPUNT_ENVIRONMENT": "test",
        "SPEERPUNT_ISSUER": address,
        "SPEERPUNT_ISSUER_PORT": str(port),
        "SPEERPUNT_ISSUER_PERSON_SECRET": "bench",
        "PYTHONPATH": str(PROJECT),
    }
    process = subprocess.Popen([sys.executable, "-m", "runtime.issuer"], env=told, stderr=subprocess.DEVNULL)
    try:
        async with httpx2.AsyncClient() as client:
            await until_up(client, f"{address}/jwks.json")
            claims = {"roles": ["office"], "consortia": list(regions), "scopes": list(scopes)}
            form = {
                "grant_type": "urn:speerpunt:dev-person",
                "subject": "bench",
                "client_secret": "bench",
                "claims": json.dumps(claims),
            }
            answer = await client.post(f"{address}/token", data=form)
            yield address, answer.json()["access_token"]
    finally:
        process.kill()
        process.wait()


async def until_up(client: httpx2.AsyncClient, address: str, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while True:
            try:
                await client.get(address)
                return
            except httpx2.HTTPError:
                await asyncio.sleep(0.05)


class Served:
    """One of the two applications in a process of its own, under the load of wrk."""

    def __init__(
        self, which: str, settings: Settings, address: str, token: str, port: int, more: dict[str, str]
    ) -> None:
        self.which, self.settings, self.token, self.port = which, settings, token, port
        command = [sys.executable, "-m", "bench.pebbles", which, str(port), str(TENANT)]
        self.process = subprocess.Popen(command, env=environment(settings, address) | more, cwd=PROJECT)
        self.answered = self.refused = 0
        self.turns = 0

    async def turn(self) -> Work:
        """Five seconds of wrk."""
        self.turns += 1
        told = psutil.Process(self.process.pid)
        before = told.cpu_times()
        seconds, done, failed = await wrk(self.port, f"{self.which}-{self.turns}", self.token, SECONDS)
        after = told.cpu_times()
        self.answered += done
        self.refused += failed
        return Work(done, seconds=seconds, cpu_seconds=(after.user + after.system) - (before.user + before.system))

    async def kept(self) -> int:
        """How many pebbles are in the database, each with its fact and its kept answer; -1 when one lacks either."""
        connection = await asyncpg.connect(self.settings.owner_database_url.get_secret_value())
        try:
            pebbles = await connection.fetchval("SELECT count(*) FROM pebbles")
            facts = await connection.fetchval("SELECT count(*) FROM outbox")
            answers = await connection.fetchval("SELECT count(*) FROM idempotency WHERE status = 201 AND body <> ''")
            return int(pebbles) if pebbles == facts == answers else -1
        finally:
            await connection.close()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


async def wrk(port: int, name: str, token: str, seconds: int) -> tuple[float, int, int]:
    """Load from one thread; seconds, answers, and how many of those were errors."""
    with TemporaryDirectory() as folder:
        script = Path(folder) / "load.lua"
        script.write_text(SCRIPT % (name, token))
        process = await asyncio.create_subprocess_exec(
            "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{port}",
            stdout=subprocess.PIPE,
        )  # fmt: skip
        out, _ = await process.communicate()
    text = out.decode()
    found = re.search(r"(\d+) requests in ([\d.]+)s", text)
    if found is None:
        raise SystemExit(f"wrk said: {text}")
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    return float(found.group(2)), int(found.group(1)), int(failed.group(1)) if failed else 0


@asynccontextmanager
async def doors(
    place: Place, *which: str, **environment: str
) -> AsyncIterator[tuple[dict[str, "Served"], tuple[str, Ports]]]:
    """Applications that answer, by what they serve, each on a database of its own; the issuer's address, and ports."""
    ports = Ports({})
    served: dict[str, Served] = {}
    async with issuer(ports) as (address, token), httpx2.AsyncClient() as client:
        try:
            for name in which:
                settings = await place.settings(f"bench_{name}", MIGRATIONS)
                served[name] = Served(name, settings, address, token, ports.take(name), environment)
            for each in served.values():
                await until_up(client, f"http://127.0.0.1:{each.port}/livez")
            yield served, (address, ports)
        finally:
            for each in served.values():
                each.end()


def has_wrk(say: Any, rows: str) -> bool:
    """Whether the load can be made; says so when it cannot."""
    if shutil.which("wrk") is None:
        say(f"{rows}: left out, the load comes from wrk, which is not installed (Debian: apt-get install wrk).")
        return False
    return True


async def p1_p2(place: Place, only: set[str], say: Any) -> list[Row]:
    """Ours and the two baselines, each on a database of its own."""
    if not has_wrk(say, "P1 and P2"):
        return []
    async with doors(place, "ours", "stock") as (served, (address, _)):
        ours, stock = served["ours"], served["stock"]
        database = await place.settings("bench_loop", MIGRATIONS)

        async def loop() -> Work:
            command = [sys.executable, "-m", "bench.pebbles", "loop", str(SECONDS), str(TENANT)]
            process = await asyncio.create_subprocess_exec(
                *command, env=environment(database, address), cwd=PROJECT, stdout=subprocess.PIPE
            )
            out, _ = await process.communicate()
            told = json.loads(out)
            return Work(told["done"], seconds=told["seconds"], cpu_seconds=told["cpu"])

        async def kept(*sides: Served) -> bool:
            return all([each.refused == 0 and await each.kept() >= each.answered > 0 for each in sides])

        found = []
        for row_id, name, side, check, floor, goal in (
            ("P1", "an asyncpg loop running the same SQL", loop, partial(kept, ours), 0.45, 0.8),
            ("P2", "a stock FastAPI + asyncpg example, no token", stock.turn, partial(kept, ours, stock), 2.0, 3.0),
        ):
            if row_id in only:
                found.append(
                    await compare(
                        row_id,
                        "an HTTP command: token, tenant, idempotency key, state and fact",
                        name,
                        ours.turn,
                        side,
                        unit="commands/s",
                        floor=floor,
                        goal=goal,
                        check=check,
                        say=say,
                    )
                )
        return found
