"""Real PostgreSQL and Kafka for tests: one pair for a whole run, a database and a topic prefix for each test."""

import asyncio
import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.embedded.processes import started_at
from deploy.kafka.login import ADMIN, Login
from tests.support.containers import missing

PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = 150


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the running pair is."""

    pg_host: str
    pg_port: int
    pg_superuser: str
    kafka: str
    kafka_password: str

    @property
    def kafka_admin(self) -> Login:
        """Who may do everything on the broker."""
        return Login(self.kafka, ADMIN, self.kafka_password)

    def url(self, database: str, user: str | None = None) -> str:
        """The address of a database, as the superuser unless told otherwise."""
        return f"postgresql://{user or self.pg_superuser}@/{database}?host={self.pg_host}&port={self.pg_port}"


@dataclass(frozen=True, slots=True)
class ServiceDatabase:
    """A service's own database in a test, as its two roles see it."""

    name: str
    app_url: str
    owner_url: str
    app_role: str
    superuser_url: str


@dataclass(slots=True)
class KafkaForTest:
    """The broker, and the prefix under which this test may make topics. The login is the administrator's, since few
    tests are about rights; those that are make users."""

    login: Login
    prefix: str
    made: list[str] = field(default_factory=list)

    @property
    def client(self) -> dict[str, Any]:
        """What a client of aiokafka is given."""
        return self.login.client()

    @property
    def settings(self) -> dict[str, Any]:
        """What `Settings` is given."""
        return {**self.login.settings(), "topic_prefix": self.prefix}

    def variables(self, prefix: str = "SPEERPUNT_") -> dict[str, str]:
        """What the environment of a service is given."""
        return {**self.login.variables(prefix), f"{prefix}TOPIC_PREFIX": self.prefix}

    async def create_topics(self, *names: str, partitions: int = 1, config: dict[str, str] | None = None) -> list[str]:
        """Makes `prefix + name` for each name and returns the full names, once the broker serves them."""
        full = [self.prefix + name for name in names]
        admin = AIOKafkaAdminClient(**self.client)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=config or {}) for name in full])
            self.made += full
            async with asyncio.timeout(20):
                while not set(full) <= set(await admin.list_topics()):
                    await asyncio.sleep(0.01)
        finally:
            await admin.close()
        return full

    async def delete_topics(self) -> None:
        """Removes every topic under the prefix, whoever made it."""
        admin = AIOKafkaAdminClient(**self.client)
        await admin.start()
        try:
            if mine := [name for name in await admin.list_topics() if name.startswith(self.prefix)]:
                await admin.delete_topics(mine)
        finally:
            await admin.close()


def stack() -> str:
    """What the servers run in: `embedded`, or `docker` when SPEERPUNT_STACK says so. Ends the run for anything else."""
    said = os.environ.get("SPEERPUNT_STACK") or "embedded"
    if said not in ("embedded", "docker"):
        pytest.exit(f"SPEERPUNT_STACK says {said!r}; it is docker, or embedded when it says nothing", returncode=1)
    return said


def running_servers() -> Iterator[Servers]:
    """The pair that SPEERPUNT_TEST_SERVERS names, else one that ends with this pytest run (shared by its workers).

    With SPEERPUNT_STACK=docker in containers; without an engine or an image whoever needs them is skipped.
    """
    if named := os.environ.get("SPEERPUNT_TEST_SERVERS"):
        yield Servers(**json.loads(Path(named).read_text()))
        return
    if stack() == "docker" and (reason := missing()):
        pytest.skip(reason)
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    holder = os.getppid() if worker else os.getpid()
    folder = Path(tempfile.gettempdir()) / f"speerpunt-test-{holder}-{started_at(holder)}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        pytest.exit(f"{folder} belongs to somebody else; remove it or set TMPDIR", returncode=1)
    told, log = folder / "servers.json", folder / "servers.log"
    with (folder / "servers.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        keeper = None if told.exists() else _start_keeper(told, log, holder)
    yield Servers(**json.loads(told.read_text()))
    if keeper is not None and worker is None:
        keeper.send_signal(signal.SIGTERM)
        keeper.wait(30)


def _start_keeper(told: Path, log: Path, holder: int) -> subprocess.Popen[bytes]:
    keeper_of = {"embedded": ["deploy.embedded", "test-servers"], "docker": ["tests.support.docker_servers"]}
    command = [sys.executable, "-m", *keeper_of[stack()], str(told), str(holder)]
    with log.open("ab") as out:
        keeper = subprocess.Popen(
            command, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    late = time.monotonic() + START_SECONDS
    while not told.exists():
        if keeper.poll() is not None or time.monotonic() > late:
            keeper.kill()
            pytest.exit(f"the test servers did not start:\n{log.read_text()}", returncode=1)
        time.sleep(0.05)
    return keeper


def schema_hash(service: str) -> str:
    """Names the template after everything that shapes it."""
    digest = hashlib.sha256((PROJECT / "runtime" / "migrate.py").read_bytes())
    for folder in (PROJECT / "runtime" / "sql", PROJECT / "services" / service / "migrations"):
        for path in sorted(folder.rglob("*.sql")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


class Databases:
    """Makes databases from a migrated template per service, and drops them."""

    def __init__(self, servers: Servers) -> None:
        self.servers = servers
        self._made: list[str] = []

    async def make(self, service: str) -> ServiceDatabase:
        """A fresh, migrated database of this service."""
        template = f"template_{service}_{schema_hash(service)}"
        name = f"{service}_{uuid4().hex[:12]}"
        admin = await asyncpg.connect(self.servers.url("postgres"))
        try:
            await admin.execute("SELECT pg_advisory_lock(hashtext($1))", template)
            try:
                if not await admin.fetchval("SELECT datistemplate FROM pg_database WHERE datname = $1", template):
                    await self._make_template(admin, service, template)
                await admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {service}_owner")
            finally:
                await admin.execute("SELECT pg_advisory_unlock(hashtext($1))", template)
        finally:
            await admin.close()
        self._made.append(name)
        return self._described(service, name)

    def _described(self, service: str, name: str) -> ServiceDatabase:
        return ServiceDatabase(
            name=name,
            app_url=self.servers.url(name, f"{service}_app"),
            owner_url=self.servers.url(name, f"{service}_owner"),
            app_role=f"{service}_app",
            superuser_url=self.servers.url(name),
        )

    async def _make_template(self, admin: asyncpg.Connection, service: str, template: str) -> None:
        from runtime.migrate import migrate

        await admin.execute("SELECT pg_advisory_lock(hashtext('roles'))")
        try:
            for role in (f"{service}_owner", f"{service}_app"):
                if not await admin.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
                    await admin.execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS")
        finally:
            await admin.execute("SELECT pg_advisory_unlock(hashtext('roles'))")
        await admin.execute(f"DROP DATABASE IF EXISTS {template} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {template} OWNER {service}_owner")
        described = self._described(service, template)
        await migrate(described.owner_url, PROJECT / "services" / service / "migrations", app_role=described.app_role)
        await admin.execute(f"ALTER DATABASE {template} IS_TEMPLATE true")

    async def drop(self, *names: str) -> None:
        """Drops these databases, else all that were made here."""
        wanted = names or tuple(self._made)
        if not wanted:
            return
        admin = await asyncpg.connect(self.servers.url("postgres"))
        try:
            for name in wanted:
                await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
                self._made.remove(name)
        finally:
            await admin.close()


DatabaseFor = Callable[[str], Awaitable[ServiceDatabase]]


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The running pair of real servers."""
    yield from running_servers()


@pytest.fixture(scope="session")
async def databases(servers: Servers) -> AsyncIterator[Databases]:
    """For fixtures wider than one test: `await databases.make("funding")`."""
    found = Databases(servers)
    yield found
    await found.drop()


@pytest.fixture
async def database_for(databases: Databases) -> AsyncIterator[DatabaseFor]:
    """`await database_for("funding")`: a fresh, migrated database that goes when the test ends."""
    made: list[str] = []

    async def make(service: str) -> ServiceDatabase:
        database = await databases.make(service)
        made.append(database.name)
        return database

    yield make
    if made:
        await databases.drop(*made)


@pytest.fixture
async def kafka(servers: Servers) -> AsyncIterator[KafkaForTest]:
    """The broker, with a topic prefix that is this test's alone."""
    found = KafkaForTest(servers.kafka_admin, f"t{uuid4().hex[:10]}.")
    yield found
    await found.delete_topics()
