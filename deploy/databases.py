"""`python -m deploy.databases`: a database, an owner and a runtime role for each service, on one server.

The only step that needs the superuser. It may be repeated: what is there stays, passwords become those of the secrets.
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

SECRETS = Path("/run/secrets")
WAIT_SECONDS = 60
LEAST = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"

TEXT = "TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C'"
"""Whatever the server was set up with: one in another encoding would refuse names with accents."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A database, who owns it and, when that is somebody else, who works in it. Names are plain lower-case words."""

    name: str
    owner: str
    owner_password: str = field(repr=False)
    app: str | None = None
    app_password: str = field(default="", repr=False)


async def ensure(connection: asyncpg.Connection, wanted: Wanted) -> None:
    """Makes roles and database, or gives the roles these passwords."""
    await role(connection, wanted.owner, wanted.owner_password)
    if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", wanted.name):
        await connection.execute(f'CREATE DATABASE "{wanted.name}" OWNER "{wanted.owner}" {TEXT}')
    await connection.execute(f'REVOKE ALL ON DATABASE "{wanted.name}" FROM PUBLIC')
    if wanted.app:
        await role(connection, wanted.app, wanted.app_password)
        await connection.execute(f'GRANT CONNECT ON DATABASE "{wanted.name}" TO "{wanted.app}"')


async def role(connection: asyncpg.Connection, name: str, password: str) -> None:
    """A role that may sign in and nothing else."""
    there = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name)
    secret = await connection.fetchval("SELECT quote_literal($1::text)", password)
    await connection.execute(f'{"ALTER" if there else "CREATE"} ROLE "{name}" LOGIN PASSWORD {secret} {LEAST}')


def of_service(owner_url: str, app_url: str) -> Wanted:
    """What the two addresses of a service ask for."""
    owner, app = urlsplit(owner_url), urlsplit(app_url)
    return Wanted(owner.path.strip("/"), owner.username or "", owner.password or "", app.username, app.password or "")


async def ensure_all(superuser_url: str, secrets: Path, services: Sequence[str]) -> None:
    """What each service needs, the sign-in service's database, and a role that reads the server's statistics."""
    connection = await _patiently(superuser_url)
    try:
        for service in services:
            addresses = [(secrets / f"{service}.{kind}").read_text() for kind in ("owner-database-url", "database-url")]
            await ensure(connection, of_service(*addresses))
        if (secrets / "keycloak.database-url").exists():
            address = urlsplit((secrets / "keycloak.database-url").read_text())
            await ensure(connection, Wanted("keycloak", address.username or "", address.password or ""))
        if (secrets / "metrics.database-url").exists():
            address = urlsplit((secrets / "metrics.database-url").read_text())
            await role(connection, address.username or "", address.password or "")
            await connection.execute(f'GRANT pg_monitor TO "{address.username}"')
    finally:
        await connection.close()


async def _patiently(url: str) -> asyncpg.Connection:
    until = asyncio.get_running_loop().time() + WAIT_SECONDS
    while True:
        try:
            return await asyncpg.connect(url, server_settings={"application_name": "databases"})
        except (OSError, asyncpg.CannotConnectNowError):
            if asyncio.get_running_loop().time() > until:
                raise
            await asyncio.sleep(0.5)


def main(secrets: Path, services: Sequence[str]) -> int:
    """The exit code; a sentence on stderr when the server does not do it."""
    try:
        asyncio.run(ensure_all((secrets / "postgres.url").read_text(), secrets, services))
    except (OSError, asyncpg.PostgresError) as error:
        print(f"The databases could not be made ({type(error).__name__}). Is PostgreSQL running?", file=sys.stderr)
        return 1
    print(f"databases and roles of {', '.join(services)} are there")
    return 0


if __name__ == "__main__":
    sys.exit(main(SECRETS, sys.argv[1:] or ("partners", "funding", "activities", "notifications", "dashboard")))
