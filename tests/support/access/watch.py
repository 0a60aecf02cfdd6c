"""What is in a database, as one number per table: to see that a request changed nothing."""

import re
from uuid import UUID

import asyncpg

UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TABLES = """
SELECT c.relname AS name,
       EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'consortium_id') AS of_regions,
       c.relrowsecurity AS policed
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = 'public'
 ORDER BY c.relname
"""


class Watch:
    """Looks at one database past all policies."""

    def __init__(self, connection: asyncpg.Connection, tables: list[tuple[str, bool]], policed: list[str]) -> None:
        self._connection, self._tables, self._policed = connection, tables, policed

    @classmethod
    async def of(cls, superuser_url: str) -> "Watch":
        connection = await asyncpg.connect(superuser_url)
        rows = await connection.fetch(_TABLES)
        policed = [row["name"] for row in rows if row["policed"]]
        return cls(connection, [(row["name"], row["of_regions"]) for row in rows], policed)

    async def close(self) -> None:
        await self._connection.close()

    async def state(self, region: UUID | None = None) -> dict[str, str]:
        """A digest of the rows of each table: of all of them, or of those of one region."""
        tables = [name for name, of_regions in self._tables if of_regions or region is None]
        where = "" if region is None else f" WHERE consortium_id = '{region}'"
        parts = [
            f"SELECT '{name}' AS name, count(*) || '/' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)"
            f' AS digest FROM (SELECT * FROM "{name}"{where}) t'
            for name in tables
        ]
        return {row["name"]: row["digest"] for row in await self._connection.fetch(" UNION ALL ".join(parts))}

    async def ids(self, region: UUID) -> set[str]:
        """Every UUID that stands anywhere in the rows of a region, what is in JSON or to be published included."""
        found: set[str] = set()
        for name in (name for name, of_regions in self._tables if of_regions):
            for row in await self._connection.fetch(f'SELECT t::text FROM "{name}" t WHERE consortium_id = $1', region):
                found |= set(UUIDS.findall(row["t"]))
        return found

    async def kept(self, pool: asyncpg.Pool) -> list[str]:
        """The tables under the policy that show something outside of a transaction, on any connection of a service."""
        parts = [f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in self._policed]
        found: set[str] = set()
        taken = [await pool.acquire() for _ in range(pool.get_idle_size())]
        for each in taken:
            found |= {row[0] for row in await each.fetch(" UNION ALL ".join(parts))}
            await pool.release(each)
        return sorted(found)


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The tables in which something is different."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
