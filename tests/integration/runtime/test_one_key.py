"""Rivals that add the same thing wait for each other: an upsert that names one key meets no other key first.

PostgreSQL waits on the key that ON CONFLICT names, and raises when a rival's row is met on another one first. That
shows once in some ten tries of two rivals, so here the schema and the statements themselves are looked at.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.support.servers import DatabaseFor

PROJECT = Path(__file__).resolve().parents[3]
SERVICES = sorted(path.parent.name for path in (PROJECT / "services").glob("*/migrations"))
NEW_EACH_TIME = {("notices", "notice_id"), ("tellings", "telling_id")}
"""Ids that are drawn anew by whoever adds the row, and so are never a rival's."""

_UPSERT = re.compile(
    r"INSERT INTO (\w+)(?: AS \w+)? \(([^)]*)\)"
    r".*?ON CONFLICT(?: \(([\w, ]+)\)| ON CONSTRAINT (\w+))? DO (?:NOTHING|UPDATE)",
    re.DOTALL,
)
_KEYS = """
SELECT held.relname AS "table", key.relname AS name, array_agg(col.attname::text ORDER BY at.place) AS columns
FROM pg_index AS i
JOIN pg_class AS held ON held.oid = i.indrelid
JOIN pg_class AS key ON key.oid = i.indexrelid
CROSS JOIN LATERAL unnest(i.indkey::smallint[]) WITH ORDINALITY AS at (number, place)
JOIN pg_attribute AS col ON col.attrelid = held.oid AND col.attnum = at.number
WHERE i.indisunique AND held.relnamespace = 'public'::regnamespace
GROUP BY 1, 2
"""


def upserts(service: str) -> Iterator[tuple[str, str, frozenset[str], frozenset[str] | str]]:
    """Statement, table, the columns that it fills and the key that it names, of every INSERT that names one."""
    folder = PROJECT / "services" / service
    for path in sorted(folder.rglob("*.sql")):
        if "migrations" in path.parts:
            continue
        for statement in re.split(r"^-- name: ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            for table, filled, columns, constraint in _UPSERT.findall(statement):
                if columns or constraint:
                    yield statement.split(maxsplit=1)[0], table, _words(filled), constraint or _words(columns)


def _words(listed: str) -> frozenset[str]:
    return frozenset(each.strip() for each in listed.split(","))


async def rivals_may_fail(connection: asyncpg.Connection, service: str) -> list[str]:
    """The statements that name one key of a table with another one, with that other one."""
    keys: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for row in await connection.fetch(_KEYS):
        keys.setdefault(row["table"], []).append((row["name"], frozenset(row["columns"])))
    found = []
    for statement, table, filled, key in upserts(service):
        named = [each for each in keys[table] if key in each]
        assert named, f"{statement} names a key that {table} does not have"
        found += [
            f"{statement} of {service}: {name}"
            for name, columns in keys[table]
            if (name, columns) not in named
            and columns <= filled  # what it leaves empty equals nobody's
            and not any((table, each) in NEW_EACH_TIME for each in columns)
        ]
    return found


@pytest.mark.parametrize("service", SERVICES)
async def test_an_upsert_names_the_only_key_there_is(service: str, database_for: DatabaseFor) -> None:
    made = await database_for(service)
    connection = await asyncpg.connect(made.superuser_url)
    try:
        assert await rivals_may_fail(connection, service) == []
        tables = {table for _, table, _, _ in upserts(service)}
        copied = ("regions", "consortium_founded") if service == "dashboard" else ("consortia", "save_consortium")
        table, statement = copied
        assert table in tables
        await connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT planted UNIQUE (code)")
        assert set(await rivals_may_fail(connection, service)) == {f"{statement} of {service}: planted"}
    finally:
        await connection.close()


def test_statements_are_read() -> None:
    [(filled, key)] = [(filled, key) for name, _, filled, key in upserts("activities") if name == "save_offer"]
    assert key == frozenset({"consortium_id", "offer_id"})
    assert {"consortium_id", "offer_id", "code", "version"} <= filled
