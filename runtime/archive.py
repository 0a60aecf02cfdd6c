"""A region as one file per service, to be taken away whole and brought in again as another region.

The file is JSON lines: a head, every row of the region table by table, and an end with the number of rows and the
SHA-256 of all lines before it. Which tables those are is read from the database, so that a new one is not forgotten; a
`Plan` names what cannot be read there. Ids stay as they are: only the consortium of a row is another one, and so is
nothing that was hashed or signed. What was being sent or told when the archive was made is not in it.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from runtime import ids
from runtime.postgres import Database, Tx
from runtime.problems import Kind, Problem
from runtime.queries import Executor, Queries
from runtime.ticking import every

Q = Queries(__file__, "sql/archive.sql")

FORM = "speerpunt-region-archive/1"
ROWS_AT_A_TIME = 500
BYTES_AT_A_TIME = 4 * 1024 * 1024
"""Of what one statement loads; a row that is larger goes by itself."""
OF_THE_RUNTIME: Mapping[str, str] = {
    "outbox": "what waits to be published is of the region it came from",
    "outbox_aside": "as the outbox",
    "inbox": "which deliveries were handled here",
    "published": "which facts left here",
    "dead_letters": "what could not be handled here",
    "parked": "what waits behind it",
    "blocked_keys": "as what is parked",
    "dead_letter_consortia": "whose dead letters there are",
    "idempotency": "answers that are repeated for 72 hours, to whom asked here",
    "idempotency_consortia": "whose answers there are",
    "region_closures": "whether the region is closed here",
    "region_imports": "where the region came from",
    "region_import_pages": "what is coming",
}
"""What of every service is not in an archive, and why."""


class ArchiveUnusable(Problem, kind=Kind.INVALID):
    """This is no archive that can be loaded here: {why}. Nothing was kept of it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What of a service's archive its database does not say.

    `region` is the table in which a region has its code. `left_out` are tables with the reason why; `also` tables of
    the installation, each with the condition ($1 is the region) under which a row goes along; `order` what rows are
    ordered by where the order in which they were written counts; `later` tables that come after another one;
    `by_itself` columns that are made anew; `after` statements that finish a load ($1 is the region).
    """

    service: str
    region: str = "consortia"
    left_out: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, str] = field(default_factory=dict)
    order: Mapping[str, str] = field(default_factory=dict)
    later: Mapping[str, str] = field(default_factory=dict)
    by_itself: frozenset[tuple[str, str]] = frozenset()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it is archived: its columns without the region's, what its rows are ordered by, and which they are."""

    name: str
    columns: tuple[str, ...]
    order: str
    where: str
    of_region: bool


async def tables(executor: Executor, plan: Plan) -> list[Table]:
    """The tables of an archive, each after those that it refers to.

    Raises ValueError for a table of the installation of which the plan does not say whether it goes along.
    """
    found: dict[str, Table] = {}
    for row in await Q.tables.rows(executor):
        name, of_region = row["name"], row["of_region"]
        if name in OF_THE_RUNTIME or name in plan.left_out:
            continue
        where = plan.also.get(name)
        if where is None:
            if row["installation"] and of_region:
                raise ValueError(f"{plan.service}: say whether rows of {name} go along in an archive")
            if not of_region:
                continue
            where = "consortium_id = $1"
        columns = tuple(
            each for each in row["columns"] if each != "consortium_id" and (name, each) not in plan.by_itself
        )
        order = plan.order.get(name) or ", ".join(f'"{each}"' for each in row["key"])
        found[name] = Table(name, columns, order, where, of_region)
    needs: dict[str, set[str]] = {name: set() for name in found}
    for row in await Q.references.rows(executor):
        if row["own"] in found and row["other"] in found:
            needs[row["own"]].add(row["other"])
    for name, other in plan.later.items():
        needs[name].add(other)
    ordered: list[Table] = []
    while needs:
        free = sorted(name for name, waits in needs.items() if not waits)
        if not free:
            raise ValueError(f"{plan.service}: {', '.join(sorted(needs))} refer to each other in a circle")
        for name in free:
            ordered.append(found[name])
            del needs[name]
        for waits in needs.values():
            waits.difference_update(free)
    return ordered


async def written(tx: Tx, plan: Plan, code: str) -> AsyncIterator[bytes]:
    """The archive of the transaction's region, line by line, all of it as it is at one moment."""
    await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    digest = hashlib.sha256()
    rows = 0
    head = {
        "form": FORM,
        "service": plan.service,
        "region": code,
        "origin": str(ids.origin_of(tx.consortium_id)),
        "schema": list(await Q.schema.value(tx)),
    }
    line = json.dumps(head).encode() + b"\n"
    digest.update(line)
    yield line
    for table in await tables(tx, plan):
        columns = ", ".join(f'"{each}"' for each in table.columns)
        start = _start(table.name)
        statement = (  # every name in it is the catalogue's own, or the plan's
            f'SELECT to_jsonb(kept)::text FROM (SELECT {columns} FROM "{table.name}" WHERE {table.where}'  # noqa: S608
            f" ORDER BY {table.order}) AS kept"
        )
        async for row in tx.connection.cursor(statement, tx.consortium_id, prefetch=ROWS_AT_A_TIME):
            line = f"{start}{row[0]}}}\n".encode()
            digest.update(line)
            rows += 1
            yield line
    yield json.dumps({"end": True, "rows": rows, "sha256": digest.hexdigest()}).encode() + b"\n"


def _start(table: str) -> str:
    return f'{{"table": "{table}", "row": '


@dataclass(slots=True)
class Loading:
    """An archive on its way into the transaction's region. `names` are the new values of what the region is called."""

    tx: Tx
    plan: Plan
    names: Mapping[str, str]
    origin: UUID
    rows: int = 0
    done: bool = False
    _known: dict[str, tuple[int, Table]] = field(default_factory=dict)
    _place: int = -1
    _digest: Any = field(default_factory=hashlib.sha256)
    _begun: bool = False
    _table: Table | None = None
    _waiting: list[str] = field(default_factory=list)
    _held: int = 0

    async def begin(self) -> None:
        self._known = {each.name: (place, each) for place, each in enumerate(await tables(self.tx, self.plan))}

    async def line(self, line: bytes) -> None:
        """Takes the next line. Raises ArchiveUnusable for one that does not belong there."""
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            raise ArchiveUnusable(why="a line is not JSON") from None
        if not isinstance(said, dict) or self.done:
            raise ArchiveUnusable(why="a line has no place in an archive")
        if not self._begun:
            await self._head(said)
        elif "end" in said:
            await self._end(said)
            return
        else:
            await self._row(said.get("table"), line)
        self._digest.update(line + b"\n")

    async def _head(self, said: Mapping[str, Any]) -> None:
        if said.get("form") != FORM or said.get("service") != self.plan.service:
            raise ArchiveUnusable(why=f"it is not in the form {FORM} of {self.plan.service}")
        if said.get("origin") != str(self.origin):
            raise ArchiveUnusable(why="it was taken of another region than it was announced to be")
        if said.get("schema") != list(await Q.schema.value(self.tx)):
            raise ArchiveUnusable(
                why="its tables are of another version of the services. Bring both installations to the same version"
                " and export it again"
            )
        self._begun = True

    async def _row(self, name: object, line: bytes) -> None:
        place, table = self._known.get(str(name), (-1, None))
        if table is None or place < self._place:
            raise ArchiveUnusable(why="a row is of a table that has no place there")
        start = _start(table.name)
        text = line.decode()
        if not text.startswith(start):
            raise ArchiveUnusable(why="a row is not written as a row")
        full = len(self._waiting) >= ROWS_AT_A_TIME or self._held + len(text) > BYTES_AT_A_TIME
        if table is not self._table or full:
            await self._flush()
        self._place, self._table = place, table
        self._waiting.append(text[len(start) : -1])
        self._held += len(text)
        self.rows += 1

    async def _flush(self) -> None:
        table, waiting = self._table, self._waiting
        self._waiting, self._held = [], 0
        if table is None or not waiting:
            return
        instead: dict[str, str] = dict(self.names) if table.name == self.plan.region else {}
        names = list(table.columns)
        if table.of_region:
            instead["consortium_id"] = str(self.tx.consortium_id)
            names.insert(0, "consortium_id")
        columns = ", ".join(f'"{each}"' for each in names)
        conflict = "" if table.of_region else " ON CONFLICT DO NOTHING"
        statement = (
            f'INSERT INTO "{table.name}" ({columns}) SELECT {columns} FROM jsonb_populate_recordset('  # noqa: S608
            f'NULL::"{table.name}", (SELECT jsonb_agg(value || $2::jsonb ORDER BY place)'
            f" FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS sent (value, place))){conflict}"
        )
        try:
            await self.tx.execute(statement, f"[{','.join(waiting)}]", json.dumps(instead))
        except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError, asyncpg.RaiseError) as error:
            raise ArchiveUnusable(why=f"a row of {table.name} does not fit ({type(error).__name__})") from None

    async def _end(self, said: Mapping[str, Any]) -> None:
        await self._flush()
        if (said.get("rows"), said.get("sha256")) != (self.rows, self._digest.hexdigest()):
            raise ArchiveUnusable(why="it was changed since it was made: its hash is not the one at its end")
        for statement in self.plan.after:
            await self.tx.execute(statement, self.tx.consortium_id)
        try:
            await self.tx.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except (asyncpg.IntegrityConstraintViolationError, asyncpg.RaiseError) as error:
            raise ArchiveUnusable(why=f"its rows do not add up ({type(error).__name__})") from None
        self.done = True


ORIGINS_SECONDS = 1.0


async def keep_hearing(database: Database, stop: asyncio.Event) -> None:
    """Hears of regions that came out of an archive until `stop`, every second: long before one of them is opened."""

    async def hear() -> None:
        await hear_origins(database.pool)

    await every(ORIGINS_SECONDS, hear, stop, name="origins")


async def hear_origins(executor: Executor) -> None:
    """Tells this process of the regions that came out of an archive."""
    ids.name_origins({row["consortium_id"]: row["origin_id"] for row in await Q.origins.rows(executor)})
