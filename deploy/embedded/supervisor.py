"""The whole system on one machine: servers, services, issuer and inbox as children of one process.

Every run has its own ports, passwords, keys and folder. Nothing outlives the process that holds a `Stack`: not after
`stop()`, an exception, Ctrl-C, or kill -9.
"""

import asyncio
import http.client
import json
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from deploy.backup.dumps import load
from deploy.backup.manifest import file_of
from deploy.embedded import kafka, postgres
from deploy.embedded.child import die_with_parent
from deploy.embedded.folders import PROJECT, RunFolder
from deploy.embedded.people import person_token
from deploy.embedded.ports import Ports
from deploy.embedded.problems import CannotStart, about_the_disk
from deploy.embedded.processes import Child, Program
from deploy.kafka import rules
from deploy.kafka.cluster import Cluster
from deploy.kafka.login import Login

CORE = ("partners", "funding", "activities", "notifications")
"""The services that do the work."""
SERVICES = (*CORE, "dashboard")
"""All that can be run; the dashboard only looks."""
DRAIN_SECONDS = 20


@dataclass(frozen=True, slots=True)
class ServiceDatabase:
    """A service's own database, as its two roles and the superuser see it."""

    name: str
    app_url: str
    owner_url: str
    app_role: str
    superuser_url: str


def say(line: str) -> None:
    """Progress for a person at a terminal, at once."""
    print(line, flush=True)


class Stack:
    """`async with Stack() as stack:` has everything running inside the block and nothing after it."""

    identity: None = None
    """gRPC is in plain text here: all is one machine's."""

    def __init__(
        self,
        *,
        services: Sequence[str] = CORE,
        name: str | None = None,
        runs: Path | None = None,
        progress: Callable[[str], None] = say,
        environment: Mapping[str, Mapping[str, str]] | None = None,
        ports: Mapping[str, int] | None = None,
        kafka_options: Mapping[str, str] | None = None,
        keep_folder: bool = False,
        restore: Path | None = None,
        end_with_parent: bool = False,
    ) -> None:
        """`environment` adds settings per service (`"*"` = all), such as {"funding": {"SPEERPUNT_FAILPOINTS": ...}}.

        `kafka_options` are added to the broker's properties. `restore` is a backup that the databases begin with.
        """
        self.services = tuple(services)
        self.http: dict[str, str] = {}
        self.grpc: dict[str, str] = {}
        self.databases: dict[str, ServiceDatabase] = {}
        self.telemetry_files: dict[str, Path] = {}
        self.client_secrets: dict[str, str] = {}
        self.kafka_logins: dict[str, Login] = {}
        self.person_secret = secrets.token_urlsafe(24)
        self.kafka = self.issuer = self.smtp = self.superuser_url = ""
        self._name, self._runs, self._progress, self._ports = name, runs, progress, Ports(ports)
        self._extra, self._kafka_options = environment or {}, kafka_options
        self._keep, self._restore, self._end_with_parent = keep_folder, restore, end_with_parent
        self._held: RunFolder | None = None
        self._admin: Login | None = None
        self._programs: dict[str, Program] = {}
        self._children: dict[str, Child] = {}

    @property
    def folder(self) -> Path:
        """This run's own folder: logs/, inbox/, telemetry/ and the servers' data."""
        if self._held is None:
            raise CannotStart("The stack is not running.")
        return self._held.path

    @property
    def kafka_admin(self) -> Login:
        """Who administers this run's broker."""
        if self._admin is None:
            raise CannotStart("The stack is not running.")
        return self._admin

    @property
    def inbox(self) -> Path:
        """The folder of mails that were sent, one .eml file each."""
        return self.folder / "inbox"

    @property
    def seal_key_file(self) -> Path:
        """This run's Ed25519 key for the ledger's seals, as PEM."""
        return self.folder / "seal-key.pem"

    def log(self, name: str) -> Path:
        """The log file of a service or server."""
        return self.folder / "logs" / f"{name}.log"

    # -- all of it

    async def __aenter__(self) -> Self:
        try:
            await self._start_all()
        except BaseException as error:
            await asyncio.shield(self.stop())
            if isinstance(error, OSError):
                raise about_the_disk(error, self._runs or PROJECT / "run") from error
            if isinstance(error, BaseExceptionGroup) and (sentence := _first_sentence(error)):
                raise sentence from error
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.shield(self.stop())

    async def _start_all(self) -> None:
        if self._end_with_parent:
            die_with_parent(signal.SIGTERM)
        prepared = await asyncio.to_thread(kafka.prepare, self._progress)
        self._held = RunFolder.take(self._name, self._runs)
        broker = kafka.place(self._held, prepared, self._ports, self._kafka_options)
        self.kafka, self._admin = broker.admin.bootstrap, broker.admin
        self._programs["kafka"] = broker.program
        self._choose_addresses()
        self._progress("starting PostgreSQL and Kafka")
        async with asyncio.TaskGroup() as servers:
            servers.create_task(self._start_broker(broker))
            servers.create_task(self._start_databases())
            servers.create_task(self.start("inbox"))
            if self.services:
                servers.create_task(self.start("issuer"))
        if self.services:
            self._progress(f"starting {', '.join(self.services)}")
        async with asyncio.TaskGroup() as doors:
            for service in self.services:
                doors.create_task(self.start(service))
        self._progress("all services are ready")

    async def stop(self) -> None:
        """Services drain first, together; then what they leaned on. Removes the run folder. Safe to repeat."""
        if self._held is None:
            return
        children, self._children = self._children, {}
        drained = [
            children[name].stop(DRAIN_SECONDS) for name in (*self.services, "issuer", "inbox") if name in children
        ]
        await asyncio.gather(*drained)
        for child in children.values():
            child.kill()
        held, self._held = self._held, None
        held.leave(keep=self._keep)

    # -- one of it

    async def start(self, name: str) -> None:
        """Starts one service or server and returns when it is ready. Also after `kill` or `stop_one`, as it was."""
        program = self._programs[name]
        self._ready_file(name).unlink(missing_ok=True)
        child = self._children[name] = program.launch(self.folder)
        await program.until_ready(child)

    def kill(self, name: str) -> None:
        """kill -9 of one service or server."""
        self._children[name].kill()

    async def token(self, subject: str, claims: Mapping[str, Any]) -> str:
        """A token of this run's issuer, for this person with these claims."""
        return await person_token(self.issuer, self.person_secret, subject, claims)

    async def stop_one(self, name: str) -> bool:
        """SIGTERM to one of them; whether it drained and ended by itself within the deadline."""
        return await self._children[name].stop(DRAIN_SECONDS)

    def running(self, name: str) -> bool:
        """Whether it was started and has not ended."""
        return name in self._children and self._children[name].running

    def pid(self, name: str) -> int:
        """The process of a service or server."""
        return self._children[name].pid

    def environment(self, service: str) -> dict[str, str]:
        """All settings a service runs with."""
        return dict(self._programs[service].environment)

    # -- how it is put together

    def _ready_file(self, name: str) -> Path:
        return self.folder / f"{name}.ready.json"

    def _choose_addresses(self) -> None:
        self.issuer = f"http://127.0.0.1:{self._ports.take('issuer')}"
        self.smtp = f"127.0.0.1:{self._ports.take('inbox')}"
        for folder in (self.inbox, self.folder / "telemetry"):
            folder.mkdir(mode=0o700)
        self.seal_key_file.touch(mode=0o600)
        self.seal_key_file.write_bytes(
            Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        for service in self.services:
            self.http[service] = f"http://127.0.0.1:{self._ports.take(f'{service}.http')}"
            self.grpc[service] = f"127.0.0.1:{self._ports.take(f'{service}.grpc')}"
            self.telemetry_files[service] = self.folder / "telemetry" / f"{service}.jsonl"
            self.client_secrets[service] = secrets.token_urlsafe(24)
            self.kafka_logins[service] = Login(self.kafka, service, secrets.token_urlsafe(24))
        self._programs["inbox"] = self._python(
            "inbox", ["deploy.embedded.inbox", str(self.inbox), _port(self.smtp)], {}, lambda _: _answers(self.smtp)
        )
        settings = {
            "SPEERPUNT_ENVIRONMENT": "development",
            "SPEERPUNT_ISSUER": self.issuer,
            "SPEERPUNT_AUDIENCE": "speerpunt",
            "SPEERPUNT_ISSUER_PORT": _port(self.issuer),
            "SPEERPUNT_ISSUER_CLIENTS": str(self._write_clients()),
            "SPEERPUNT_ISSUER_PERSON_SECRET": self.person_secret,
        }
        self._programs["issuer"] = self._python(
            "issuer", ["runtime.issuer"], settings, lambda _: _says_ok(self.issuer, "/.well-known/openid-configuration")
        )

    def _write_clients(self) -> Path:
        """What the issuer knows of the services: each may ask the others, as a service."""
        scopes = [f"{service}:{right}" for service in self.services for right in ("read", "write")]
        clients = {
            service: {"secret": secret, "roles": ["service"], "scopes": scopes}
            for service, secret in self.client_secrets.items()
        }
        path = self.folder / "clients.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(clients))
        return path

    async def _start_broker(self, broker: kafka.Kafka) -> None:
        """The broker, with a user for each service that may do what its topics declare."""
        await asyncio.to_thread(broker.format)
        await self.start("kafka")
        if self.services:
            async with Cluster(broker.admin) as cluster:
                await cluster.put_users({service: login.password for service, login in self.kafka_logins.items()})
                await cluster.grant({service: rules.of_service(service) for service in self.services})

    async def _start_databases(self) -> None:
        held = self._held
        if held is None:
            raise CannotStart("The stack is not running.")
        server = await postgres.prepare(held, password=secrets.token_urlsafe(18))
        self._programs["postgres"] = server.program
        self.superuser_url = server.url()
        await self.start("postgres")
        if self.services:
            self._progress("migrating")
        async with asyncio.TaskGroup() as migrations:
            for service in self.services:
                migrations.create_task(self._migrate(server, service))

    async def _migrate(self, server: postgres.Postgres, service: str) -> None:
        owner, app = secrets.token_urlsafe(18), secrets.token_urlsafe(18)
        await postgres.bootstrap(server, service, owner, app)
        database = self.databases[service] = ServiceDatabase(
            name=service,
            app_url=server.url(service, f"{service}_app", app),
            owner_url=server.url(service, f"{service}_owner", owner),
            app_role=f"{service}_app",
            superuser_url=server.url(service),
        )
        if self._restore:
            file = file_of(self._restore, service)
            await load(database.superuser_url, file, name=service, owner=f"{service}_owner", app=database.app_role)
        settings = self._settings(service, database)
        migrate = self._python(
            f"{service}-migrate",
            [f"services.{service}", "migrate"],
            {**settings, "SPEERPUNT_OWNER_DATABASE_URL": database.owner_url},
            lambda _: True,
        )
        self._children[migrate.name] = child = migrate.launch(self.folder)
        await migrate.until_done(child)
        ready = self._ready_file(service)
        self._programs[service] = self._python(service, [f"services.{service}"], settings, lambda _: ready.exists())

    def _settings(self, service: str, database: ServiceDatabase) -> dict[str, str]:
        host, _, port = self.smtp.partition(":")
        return {
            "SPEERPUNT_ENVIRONMENT": "development",
            "SPEERPUNT_DATABASE_URL": database.app_url,
            "SPEERPUNT_APP_ROLE": database.app_role,
            **self.kafka_logins[service].variables(),
            "SPEERPUNT_HTTP_HOST": "127.0.0.1",
            "SPEERPUNT_HTTP_PORT": _port(self.http[service]),
            "SPEERPUNT_GRPC_HOST": "127.0.0.1",
            "SPEERPUNT_GRPC_PORT": _port(self.grpc[service]),
            "SPEERPUNT_ISSUER": self.issuer,
            "SPEERPUNT_JWKS_URL": f"{self.issuer}/jwks.json",
            "SPEERPUNT_TOKEN_URL": f"{self.issuer}/token",
            "SPEERPUNT_AUDIENCE": "speerpunt",
            "SPEERPUNT_CLIENT_ID": service,
            "SPEERPUNT_CLIENT_SECRET": self.client_secrets[service],
            **{f"SPEERPUNT_{other.upper()}_GRPC": address for other, address in self.grpc.items()},
            "SPEERPUNT_SMTP_HOST": host,
            "SPEERPUNT_SMTP_PORT": port,
            "SPEERPUNT_OPERATORS_MAIL": "operators@speerpunt.example",
            "SPEERPUNT_SEAL_KEY_FILE": str(self.seal_key_file),
            "SPEERPUNT_TELEMETRY_FILE": str(self.telemetry_files[service]),
            "SPEERPUNT_TELEMETRY_SAMPLE": "1",
            "SPEERPUNT_GROUP_SESSION_TIMEOUT_MS": "1500",
            "SPEERPUNT_READY_FILE": str(self._ready_file(service)),
            **self._extra.get("*", {}),
            **self._extra.get(service, {}),
        }

    def _python(
        self, name: str, words: Sequence[str], settings: Mapping[str, str], ready: Callable[[Child], bool]
    ) -> Program:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("SPEERPUNT_")}
        path = os.pathsep.join((str(PROJECT), str(PROJECT / "proto" / "gen")))
        environment = {**inherited, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **settings}
        todo = "The log says what went wrong; if it is not clear, run `make test` and report what fails."
        return Program(name, [sys.executable, "-m", *words], environment, PROJECT, ready, todo)


def _port(address: str) -> str:
    return address.rpartition(":")[2]


def _answers(address: str) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", int(_port(address)))) == 0


def _says_ok(address: str, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", int(_port(address)), timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _first_sentence(error: BaseExceptionGroup[BaseException]) -> CannotStart | None:
    """What to tell when several things failed together: the first sentence says enough."""
    for each in error.exceptions:
        if isinstance(each, CannotStart):
            return each
        if isinstance(each, BaseExceptionGroup) and (inner := _first_sentence(each)):
            return inner
    return None
