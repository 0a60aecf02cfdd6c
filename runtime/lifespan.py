"""A process from start to end: settings, ordered start, signals of its own, and a drain that loses nothing.

uvicorn re-raises SIGTERM and would kill the process before the drain, so its handling of signals is switched off.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import uvicorn
import uvloop
from aiokafka.errors import KafkaError
from fastapi import FastAPI
from pydantic import SecretStr

from runtime import archive, garbage, housekeeping, kafka, operations, telemetry
from runtime.auth import TokenChecker
from runtime.brake import Brake
from runtime.consumer import Consumer, Subscription
from runtime.gauges import Gauges
from runtime.kafka import Topic
from runtime.migrate import SchemaError, check_schema, migrate
from runtime.postgres import Database
from runtime.relay import Relay
from runtime.rpc import Door, Server
from runtime.settings import Settings, load
from runtime.wake import Wake

START_SECONDS = 60
RETRY_SECONDS = 0.2
ROLES = ("http", "grpc", "consumer", "relay", "housekeeper")
"""What every service has; its own loops come beside them."""

S = TypeVar("S", bound=Settings)
Loop = Callable[[asyncio.Event], Awaitable[None]]


@dataclass(slots=True)
class Service:
    """All that one service is made of, wired by its `app.py`."""

    name: str
    version: str
    settings: Settings
    database: Database
    http: FastAPI
    migrations: Path
    grpc: Sequence[Door] = ()
    tokens: TokenChecker | None = None
    subscriptions: Sequence[Subscription] = ()
    topics: Sequence[Topic] = ()
    loops: Mapping[str, Loop] = field(default_factory=dict)
    on_close: Sequence[Callable[[], Awaitable[None]]] = ()


def main(
    name: str,
    wire: Callable[[S], Awaitable[Service]],
    settings_type: type[S],
    migrations: Path,
    arguments: Sequence[str] | None = None,
    *,
    loops: Sequence[str] = (),
) -> None:
    """`python -m services.X [serve] [--roles http,consumer,...]` runs it; `migrate` brings its schema up to date.

    `loops` names what the service does by itself, so that a role which does not exist is refused before anything is
    reached. Ends with 0 after a drain, 2 for a wrong setting or role, 1 for anything else, with one sentence on stderr.
    """
    known = (*ROLES, *loops)
    parser = argparse.ArgumentParser(prog=f"python -m services.{name}", description=f"Runs the {name} service.")
    parser.add_argument("what", nargs="?", choices=("serve", "migrate"), default="serve")
    parser.add_argument("--roles", default="", help=f"some of {','.join(known)}; all of them when left out")
    options = parser.parse_args(arguments)
    roles = _roles(options.roles, known)
    settings = load(settings_type)
    _need(settings, ("owner_database_url", "app_role") if options.what == "migrate" else ("database_url",))
    try:
        if options.what == "migrate":
            owner = settings.owner_database_url.get_secret_value()
            for applied in asyncio.run(migrate(owner, migrations, app_role=settings.app_role)):
                sys.stderr.write(f"applied {applied}\n")
            return
        uvloop.run(_serve(wire, settings, roles, frozenset(loops)))
    except (SchemaError, CannotStart) as error:
        sys.stderr.write(f"{name}: {error}\n")
        sys.exit(1)
    except OSError as error:
        sys.stderr.write(f"{name}: the database cannot be reached ({type(error).__name__}). Is it running?\n")
        sys.exit(1)
    except asyncpg.PostgresError as error:
        sys.stderr.write(f"{name}: the database refused ({type(error).__name__}). Check its address and roles.\n")
        sys.exit(1)


def _roles(asked: str, known: Sequence[str]) -> frozenset[str]:
    """The roles that were asked for. Ends with code 2 and a sentence when there is no such role."""
    if not asked:
        return frozenset(known)
    roles = frozenset(role.strip() for role in asked.split(","))
    if unknown := sorted(roles - set(known)):
        named = ", ".join(role or "''" for role in unknown)
        sys.stderr.write(f"There is no role {named}; choose from {', '.join(known)}, separated by commas.\n")
        sys.exit(2)
    return roles


def _need(settings: Settings, names: Sequence[str]) -> None:
    """Ends with code 2 and a sentence when a setting that this needs is empty."""
    for name in names:
        value = getattr(settings, name)
        if not (value.get_secret_value() if isinstance(value, SecretStr) else value):
            sys.stderr.write(f"The setting SPEERPUNT_{name.upper()} is missing. Set it and start again.\n")
            sys.exit(2)


class CannotStart(Exception):
    """The service cannot start; the message says why and what to do."""


async def _serve(
    wire: Callable[[S], Awaitable[Service]], settings: S, roles: frozenset[str], loops: frozenset[str]
) -> None:
    service = await _patiently("its database", lambda: wire(settings))
    telemetry.set_up(settings, service=service.name, version=service.version)
    log = telemetry.log(service.name)
    try:
        if loops != service.loops.keys():
            raise CannotStart(
                f"its loops are {', '.join(sorted(service.loops)) or 'none'}: give main() these, it was given "
                f"{', '.join(sorted(loops)) or 'none'}."
            )
        await check_schema(service.database, service.migrations)
        await archive.hear_origins(service.database.pool)
        await _patiently("Kafka", lambda: kafka.ensure_topics(settings, service.topics))
        await _run(service, roles, log)
    finally:
        for close in service.on_close:
            await close()
        await service.database.close()
        telemetry.shut_down()


async def _patiently(what: str, attempt: Callable[[], Awaitable[Any]]) -> Any:
    """Tries until the other side is there, for a minute."""
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            return await attempt()
        except (KafkaError, OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError) as error:
            if time.monotonic() > until:
                raise CannotStart(
                    f"{what} could not be reached for {START_SECONDS} s ({type(error).__name__}). Is it running?"
                ) from error
            await asyncio.sleep(RETRY_SECONDS)


async def _run(service: Service, roles: frozenset[str], log: Any) -> None:
    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_stop.set)
    stages: list[_Stage] = []
    addresses: dict[str, str] = {}
    up: list[asyncio.Event] = []
    leaving: list[Callable[[], Awaitable[None]]] = []
    wake = Wake(service.settings.database_url.get_secret_value())
    service.database.after_commit = wake
    brake = Brake(service.database, service.settings)
    service.database.before_append = brake
    try:
        if "http" in roles:
            server = _Http(service)
            addresses["http"] = server.address
            up.append(server.up)
            stages.append(_Stage("http", server.run))
        if "grpc" in roles:
            rpc = Server(service.settings, _doors(service, roles), service.tokens or TokenChecker(service.settings))
            addresses["grpc"] = rpc.address
            up.append(rpc.up)
            leaving.append(rpc.leave)
            stages.append(_Stage("grpc", rpc.run))
        if "consumer" in roles:
            consumers = [Consumer(service.database, service.settings, each) for each in service.subscriptions]
            stages.extend(_Stage(each.subscription.name, each.run) for each in consumers)
        stages.extend(_Stage(name, run) for name, run in service.loops.items() if name in roles)
        if "housekeeper" in roles:
            stages.append(_Stage("housekeeper", partial(housekeeping.run, service.database)))
        stages.append(
            _Stage("gauges", Gauges(service.name, service.database, service.settings, _heard(service, roles)).run)
        )
        stages.append(_Stage("wake", wake.run))
        stages.append(_Stage("brake", brake.run))
        stages.append(_Stage("origins", partial(archive.keep_hearing, service.database)))
        if "relay" in roles:
            stages.append(_Stage("relay", Relay(service.database, service.settings).run))
        for stage in stages:
            stage.start()
        for door in up:
            await door.wait()
        garbage.settle()
        _tell(service.settings, addresses)
        log.info("ready", roles=sorted(roles), **addresses)
        failed = await _first_end(stages, asked_to_stop)
        service.http.state.draining = True
        log.info("draining", because=f"{failed.name} ended" if failed else "asked to stop")
        for leave in leaving:
            await leave()
        if failed is None:  # still served, and no longer ready: nobody who looks at that sends anything new
            failed = await _until_unneeded(stages, service.settings.drain_notice_seconds)
        for stage in stages:  # doors first, the relay last, so that what was committed is still published
            await stage.end(service.settings.drain_timeout_seconds, log)
        if failed:
            raise CannotStart(f"the role {failed.name} ended by itself; see the log above.")
        log.info("ended")
    finally:
        for stage in stages:
            stage.cancel()


def _heard(service: Service, roles: frozenset[str]) -> Sequence[Subscription]:
    """Whose lag this process tells: its own consumers'."""
    return service.subscriptions if "consumer" in roles else ()


def _doors(service: Service, roles: frozenset[str]) -> list[Door]:
    """The service's own gRPC doors, and the one for operators that every service has."""
    return [
        *service.grpc,
        operations.door(
            service.name, service.version, sorted(roles), service.database, service.settings, service.subscriptions
        ),
    ]


class _Stage:
    """One role as a task, with its own word to stop."""

    def __init__(self, name: str, run: Loop) -> None:
        self.name = name
        self._run = run
        self._stop = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.task = asyncio.create_task(self._ran(), name=self.name)

    async def _ran(self) -> None:
        await self._run(self._stop)

    async def end(self, seconds: float, log: Any) -> None:
        self._stop.set()
        if self.task is None:
            return
        _, pending = await asyncio.wait({self.task}, timeout=seconds)
        if pending:
            log.warning("did not end in time", role=self.name)
            self.cancel()
        elif error := self.task.exception():
            log.error("role failed", role=self.name, exc_info=error)

    def cancel(self) -> None:
        if self.task is not None and not self.task.done():
            self.task.cancel()


async def _first_end(stages: Sequence[_Stage], asked_to_stop: asyncio.Event) -> _Stage | None:
    """Waits for the signal, or for a role that ends by itself: that role."""
    asked = asyncio.create_task(asked_to_stop.wait())
    tasks = {stage.task for stage in stages if stage.task is not None}
    await asyncio.wait({asked, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if asked_to_stop.is_set():
        return None
    return next(stage for stage in stages if stage.task is not None and stage.task.done())


async def _until_unneeded(stages: Sequence[_Stage], seconds: float) -> _Stage | None:
    """Waits so long, or until a role ends by itself: that role."""
    tasks = {stage.task for stage in stages if stage.task is not None}
    if not seconds or not tasks:
        return None
    ended, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    return next((stage for stage in stages if stage.task in ended), None)


class _Http:
    """uvicorn, told when to stop by us alone."""

    def __init__(self, service: Service) -> None:
        settings = service.settings
        self.up = asyncio.Event()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((settings.http_host, settings.http_port))
        except OSError as error:
            self._socket.close()
            raise CannotStart(
                f"port {settings.http_port} of {settings.http_host} is in use; choose another SPEERPUNT_HTTP_PORT."
            ) from error
        self.address = f"{settings.http_host}:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            service.http,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            backlog=1024,
            timeout_graceful_shutdown=int(settings.drain_timeout_seconds),
        )
        self._server = _Quiet(config, self.up)

    async def run(self, stop: asyncio.Event) -> None:
        serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        self._server.should_exit = True
        await serving


class _Quiet(uvicorn.Server):
    """uvicorn without its own signal handlers; says when it is up."""

    def __init__(self, config: uvicorn.Config, up: asyncio.Event) -> None:
        super().__init__(config)
        self._up = up

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._up.set()


def _tell(settings: Settings, addresses: Mapping[str, str]) -> None:
    """Names the addresses in the ready file, for whoever started this process."""
    if settings.ready_file is None:
        return
    partial = settings.ready_file.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps({"pid": os.getpid(), **addresses}), encoding="utf-8")
    partial.rename(settings.ready_file)
