"""PostgreSQL's side of a backup: one file per database, whole and with its rights."""

import asyncio
import hashlib
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg

from deploy.backup.place import CannotBackUp, program
from deploy.databases import TEXT


async def dump(url: str, file: Path) -> str:
    """Writes a database as it is at one moment; the file's SHA-256. Raises CannotBackUp."""
    await _run(url, "pg_dump", "--format=custom", f"--file={file}")
    return sha256(file)


async def load(url: str, file: Path, *, name: str, owner: str, app: str) -> None:
    """Makes the database anew out of a file; what was there is gone. The roles must be there. Raises CannotBackUp."""
    server = await asyncpg.connect(url, database="postgres")
    try:
        for role in (owner, app):
            if not await server.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
                raise CannotBackUp(f"The role {role} is not on the server. Make it first: python -m deploy.databases.")
        if busy := await server.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND usename = $2", name, app
        ):
            raise CannotBackUp(f"{busy} connections of {app} are open. End every process of the service first.")
        await server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await server.execute(f'CREATE DATABASE "{name}" OWNER "{owner}" {TEXT}')
        await server.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
        await server.execute(f'GRANT CONNECT ON DATABASE "{name}" TO "{app}"')
    finally:
        await server.close()
    await _run(url, "pg_restore", "--exit-on-error", "--single-transaction", str(file))


async def waiting(url: str) -> int:
    """How many facts of this database are not published yet."""
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM outbox"))
    finally:
        await connection.close()


async def migrations(url: str) -> list[str]:
    """The versions of the schema."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT version FROM schema_migrations ORDER BY version")
        return [row["version"] for row in rows]
    finally:
        await connection.close()


def sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def apart(url: str) -> tuple[str, str]:
    """The address without its password, and the password: whoever lists processes sees what they were started with."""
    parts = urlsplit(url)
    who, at, where = parts.netloc.rpartition("@")
    user, _, password = who.partition(":")
    return urlunsplit(parts._replace(netloc=f"{user}{at}{where}")), unquote(password)


async def _run(url: str, name: str, *words: str) -> None:
    address, password = apart(url)
    process = await asyncio.create_subprocess_exec(
        program(name),
        f"--dbname={address}",
        "--no-password",
        *words,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PGPASSWORD": password},
    )
    _, said = await process.communicate()
    if process.returncode:
        raise CannotBackUp(f"{name} did not do it: {said.decode(errors='replace').strip()[-500:]}")
