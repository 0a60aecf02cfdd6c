"""P23: resident memory of funding while 500,000 rows leave it over HTTP as CSV, as a workbook and as JSON."""

import asyncio
import hashlib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import asyncpg
import httpx2
import psutil

from bench.commands import environment, issuer, until_up
from bench.measure import Row
from bench.places import PROJECT, Place
from deploy.embedded.ports import Ports
from runtime import ids
from runtime.settings import Settings
from services.funding.app import MIGRATIONS

MANY, FEW = 500_000, 20_000
"""Rows of the journal: two to an entry."""
BATCH = 1_000
REGIONS = {MANY: ids.consortium_id("bench"), FEW: ids.consortium_id("bench-few")}
FORMS = ("csv", "xlsx", "json")
LOOK_EVERY_SECONDS = 0.05
START_SECONDS = 90

_FILL = (
    # The region, as funding keeps it of partners.
    "INSERT INTO consortia VALUES ($1::uuid, 'bench-' || left($1::uuid::text, 4), 'Europe/Amsterdam', 'EUR', 'nl', 1)",
    # Entries of a contribution, each sealed: hashes of something, which an export passes on as they are.
    """
    INSERT INTO journal_entries (consortium_id, entry_id, kind, day, reason, subject_kind, subject_id, posting_count,
                                 recorded_at, recorded_by)
    SELECT $1::uuid, md5($1::uuid::text || number)::uuid, 'contribution-verified', date '2020-01-01' + number % 1461,
           'hours of bench-' || number, 'contribution', md5('subject' || number)::uuid, 2,
           timestamptz '2023-06-01 10:00Z' + number * interval '1 ms', 'service:funding'
      FROM generate_series(1, $2::integer / 2) AS number
    """,
    """
    INSERT INTO postings (consortium_id, entry_id, position, account, cents, minutes)
    SELECT $1::uuid, md5($1::uuid::text || number)::uuid, side,
           CASE side WHEN 1 THEN 'memo/verified/line-' || number % 11
                     ELSE 'memo/contributed/' || md5('who' || number % 400)::uuid END,
           (3 - 2 * side) * (5000 + number % 10000), (3 - 2 * side) * 120
      FROM generate_series(1, $2::integer / 2) AS number, generate_series(1, 2) AS side
    """,
    """
    INSERT INTO ledger_seals (consortium_id, batch, entry_count, previous, head, sealed_at, key_id, signature)
    SELECT $1::uuid, batch, least(batch * $3::integer, $2::integer / 2),
           encode(sha256((batch - 1)::text::bytea), 'hex'), encode(sha256(batch::text::bytea), 'hex'),
           timestamptz '2023-06-02 10:00Z', 'bench', 'bench'
      FROM generate_series(1, ceil($2::numeric / 2 / $3::integer)::integer) AS batch
    """,
    """
    INSERT INTO sealed_entries (consortium_id, batch, position, entry_id, entry_hash)
    SELECT $1::uuid, (number - 1) / $3::integer + 1, (number - 1) % $3::integer + 1,
           md5($1::uuid::text || number)::uuid, encode(sha256(number::text::bytea), 'hex')
      FROM generate_series(1, $2::integer / 2) AS number
    """,
)


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of an export: its most resident memory in MB, how long it took, and whether it was all there."""

    most_mb: float
    seconds: float
    cpu_seconds: float
    size: int
    steps: int
    whole: bool


async def fill(settings: Settings) -> None:
    """Puts sealed entries into the tables, a set at a time. Triggers that ask for them one by one are left out."""
    connection = await asyncpg.connect(settings.owner_database_url.get_secret_value())
    try:
        await connection.execute("SET session_replication_role = replica")
        for rows, region in REGIONS.items():
            for statement in _FILL:
                await connection.execute(
                    statement, *(region, rows, BATCH)[: 1 + ("$2" in statement) + ("$3" in statement)]
                )
        await connection.execute("SET session_replication_role = DEFAULT")
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


@contextmanager
def served(settings: Settings, place: Place, address: str, ports: Ports) -> Iterator[tuple[psutil.Process, str]]:
    """The HTTP door of funding as a process of its own, and where it is."""
    port = ports.take("funding")
    told = {
        **environment(settings, address),
        **place.kafka.variables(),
        "SPEERPUNT_TOPIC_PREFIX": settings.topic_prefix,
        "SPEERPUNT_HTTP_PORT": str(port),
        "SPEERPUNT_PARTNERS_GRPC": "127.0.0.1:1",
        "SPEERPUNT_LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "services.funding", "--roles", "http"]
    process = subprocess.Popen(command, env=told, cwd=PROJECT, stdout=subprocess.DEVNULL)
    try:
        yield psutil.Process(process.pid), f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


class Exporter:
    """Asks for tables as a client that takes what comes, and looks at the process that sends them meanwhile."""

    def __init__(self, client: httpx2.AsyncClient, process: psutil.Process, address: str, token: str) -> None:
        self._client, self._process, self._address = client, process, address
        self._token = {"Authorization": f"Bearer {token}"}

    async def export(self, rows: int, form: str, into: Path) -> Sent:
        """The journal of a region in a form: received, counted and compared with what the service says of it."""
        headers = {**self._token, "Consortium-Id": str(REGIONS[rows])}
        most, steps, done = self._mb(), set[int](), asyncio.Event()
        export: str | None = None

        async def watch() -> None:
            nonlocal most
            looked = 0
            while not done.is_set():
                most = max(most, self._mb())
                looked += 1
                if export is not None and looked % 10 == 0:
                    steps.add((await self._told(export, headers))["rowsDone"])
                await asyncio.sleep(LOOK_EVERY_SECONDS)

        watching = asyncio.create_task(watch())
        digest, size = hashlib.sha256(), 0
        cpu, began = self._cpu(), time.perf_counter()
        asked = f"{self._address}/v1/tables/journal?format={form}"
        with into.open("wb") as file:
            async with self._client.stream("GET", asked, headers=headers) as answer:
                answer.raise_for_status()
                export = answer.headers["Export-Id"]
                async for chunk in answer.aiter_raw():
                    digest.update(chunk)
                    size += len(chunk)
                    file.write(chunk)
        seconds, used = time.perf_counter() - began, self._cpu() - cpu
        done.set()
        await watching
        told = await self._told(export, headers)
        whole = (
            (told["state"], told["rowsDone"], told["rowsTotal"]) == ("complete", rows, rows)
            and told["sha256"] == digest.hexdigest()
            and await asyncio.to_thread(counted, into, form) == rows
        )
        return Sent(most, seconds, used, size, len(steps - {0, rows}), whole)

    async def _told(self, export: str, headers: dict[str, str]) -> dict[str, Any]:
        answer = await self._client.get(f"{self._address}/v1/exports/{UUID(export)}", headers=headers)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def _mb(self) -> float:
        return float(self._process.memory_info().rss) / 2**20

    def _cpu(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)


def counted(path: Path, form: str) -> int:
    """How many rows a file holds, read in pieces."""
    marks = {"csv": b"\r\n", "json": b'"entryHash":', "xlsx": b"<row "}
    if form == "xlsx":
        with ZipFile(path) as book:
            sheets = [name for name in book.namelist() if name.startswith("xl/worksheets/")]
            largest = max(sheets, key=lambda name: book.getinfo(name).file_size)
            with book.open(largest) as sheet:
                return _count(sheet, marks[form]) - 1
    with path.open("rb") as file:
        return _count(file, marks[form]) - (form == "csv")


def _count(file: Any, mark: bytes) -> int:
    found, tail = 0, b""
    while piece := file.read(1 << 20):
        text = tail + piece
        found += text.count(mark)
        tail = text[-(len(mark) - 1) :]
    return found


async def p23(place: Place, only: set[str], say: Any) -> list[Row]:
    """One process sends the few rows of one region in each form, then the many of another."""
    settings = await place.settings("funding", MIGRATIONS)
    await fill(settings)
    say(f"P23: {MANY:,} and {FEW:,} rows are in the books")
    ports, found = Ports({}), []
    regions, scopes = [str(each) for each in REGIONS.values()], ("funding:read",)
    async with issuer(ports, regions, scopes) as (address, token), httpx2.AsyncClient(timeout=120) as client:
        with served(settings, place, address, ports) as (process, where), TemporaryDirectory() as folder:
            await until_up(client, f"{where}/livez", START_SECONDS)
            exporter = Exporter(client, process, where, token)
            few = {form: await exporter.export(FEW, form, Path(folder) / form) for form in FORMS}
            for form in FORMS:
                many = await exporter.export(MANY, form, Path(folder) / form)
                speed = f"{MANY / many.seconds:,.0f} rows/s"
                say(
                    f"P23 {form}: {many.size / 2**20:.0f} MiB in {many.seconds:.1f} s, {speed}, "
                    f"{many.most_mb:.0f} MB at most, told of {many.steps} steps on the way"
                )
                found.append(
                    Row(
                        id=f"P23 {form}",
                        what=f"memory while {MANY:,} rows are sent as {form}, {speed}",
                        baseline_name=f"{FEW:,} rows; the bounds are on the difference, in MB",
                        ours=many.most_mb,
                        baseline=few[form].most_mb,
                        unit="MB",
                        ratio=many.most_mb - few[form].most_mb,
                        spread=0.0,
                        floor=50,
                        goal=20,
                        ours_cpu_us=many.cpu_seconds / MANY * 1e6,
                        baseline_cpu_us=few[form].cpu_seconds / FEW * 1e6,
                        outcome_checked=many.whole and few[form].whole and many.steps > 0,
                        better="lower",
                    )
                )
    return found
