"""SQL in files: every statement named and described, so that reading one tells what a service asks of its database."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from asyncpg import Record

_NAME = re.compile(r"^-- name: ([a-z][a-z0-9_]*)\s*$")


class Executor(Protocol):
    """Whatever runs a statement: a transaction, or a bare connection in a loop that owns it."""

    async def fetch(self, query: str, *args: Any) -> list[Record]: ...
    async def fetchrow(self, query: str, *args: Any) -> Record | None: ...
    async def fetchval(self, query: str, *args: Any) -> Any: ...
    async def execute(self, query: str, *args: Any) -> str: ...
    async def executemany(self, command: str, args: Iterable[Sequence[Any]]) -> None: ...


@dataclass(frozen=True, slots=True)
class Statement:
    """One named statement. The caller says what it expects back: rows, a row, a value or nothing."""

    name: str
    description: str
    sql: str

    async def rows(self, tx: Executor, *args: Any) -> list[Record]:
        return await tx.fetch(self.sql, *args)

    async def row(self, tx: Executor, *args: Any) -> Record | None:
        return await tx.fetchrow(self.sql, *args)

    async def value(self, tx: Executor, *args: Any) -> Any:
        return await tx.fetchval(self.sql, *args)

    async def execute(self, tx: Executor, *args: Any) -> int:
        """Runs the statement; the number of rows it touched."""
        status = await tx.execute(self.sql, *args)
        last = status.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0

    async def each(self, tx: Executor, args: Iterable[Sequence[Any]]) -> None:
        """Runs the statement once for every row of arguments, in one round trip."""
        await tx.executemany(self.sql, args)


class Queries:
    """The statements of one file (or a folder of them), read on first use.

    `Q = Queries(__file__, "queries.sql")`, then `await Q.organisation_by_code.row(tx, consortium_id, code)`. A file is

        -- name: organisation_by_code
        -- The organisation with this code in the region.
        SELECT ...

    Raises ValueError when a statement has no description, no body, or a name already taken.
    """

    def __init__(self, beside: str, name: str = "queries.sql") -> None:
        self._path = Path(beside).parent / name
        self._statements: dict[str, Statement] | None = None

    def _load(self) -> dict[str, Statement]:
        if self._statements is None:
            files = sorted(self._path.glob("*.sql")) if self._path.is_dir() else [self._path]
            statements: dict[str, Statement] = {}
            for file in files:
                for statement in parse(file.read_text(encoding="utf-8"), str(file.name)):
                    if statement.name in statements:
                        raise ValueError(f"{file.name}: two statements are called {statement.name!r}; rename one")
                    statements[statement.name] = statement
            self._statements = statements
        return self._statements

    def __getattr__(self, name: str) -> Statement:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self._load()[name]
        except KeyError:
            raise AttributeError(f"{self._path.name} has no statement called {name!r}") from None

    def __iter__(self) -> Iterator[Statement]:
        return iter(self._load().values())


def parse(text: str, where: str) -> list[Statement]:
    """The statements of a file's text; `where` names the file in errors. Raises ValueError as `Queries` does."""
    found: list[Statement] = []
    name: str | None = None
    comment: list[str] = []
    body: list[str] = []

    def close() -> None:
        if name is None:
            if "".join(body).strip():
                raise ValueError(f"{where}: SQL before the first '-- name:' line; give the statement a name")
            return
        sql = "\n".join(body).strip().rstrip(";")
        if not comment:
            raise ValueError(f"{where}: {name!r} has no description; add a comment line below its name")
        if not sql:
            raise ValueError(f"{where}: {name!r} has no SQL")
        if any(other.name == name for other in found):
            raise ValueError(f"{where}: two statements are called {name!r}; rename one")
        found.append(Statement(name, " ".join(comment), sql))

    for line in text.splitlines():
        if match := _NAME.match(line):
            close()
            name, comment, body = match.group(1), [], []
        elif line.startswith("--") and not "".join(body).strip():
            if name is not None and (words := line.lstrip("- ").strip()):
                comment.append(words)
        else:
            body.append(line)
    close()
    return found
