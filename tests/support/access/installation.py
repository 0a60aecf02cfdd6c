"""All services as their `app.py` wires them, on real databases, behind the development issuer; in one process."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import uvicorn
from fastapi import FastAPI

from runtime import issuer, operations
from runtime.lifespan import Service
from runtime.rpc import Door, Server
from tests.support.access import asgi
from tests.support.access.asgi import Answer
from tests.support.servers import Databases, KafkaForTest, ServiceDatabase
from tests.support.wired import SERVICES, wired

SECRET = "only-for-tests"
SCOPES = tuple(f"{service}:{what}" for service in SERVICES for what in ("read", "write"))
NO_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody with a token: one account with roles, of regions and organisations."""

    subject: str
    roles: tuple[str, ...]
    consortia: tuple[UUID, ...] = ()
    organisations: tuple[UUID, ...] = ()
    sender: str | None = None
    scopes: tuple[str, ...] = SCOPES


@dataclass
class Issuer:
    """The development issuer, served on this machine, and the tokens that it gave."""

    address: str
    client: httpx2.AsyncClient
    given: dict[Who, str] = field(default_factory=dict)

    async def authorization(self, who: Who) -> str:
        """The header of somebody who has signed in."""
        if who not in self.given:
            claims = {
                "roles": who.roles,
                "scopes": who.scopes,
                "consortia": [str(each) for each in who.consortia],
                "organisations": [str(each) for each in who.organisations],
                "sender": who.sender,
            }
            form = {"grant_type": issuer.DEV_PERSON, "client_secret": SECRET, "subject": who.subject}
            answer = await self.client.post("/token", data={**form, "claims": json.dumps(claims)})
            answer.raise_for_status()
            self.given[who] = f"Bearer {answer.json()['access_token']}"
        return self.given[who]


@asynccontextmanager
async def an_issuer(clients: Path) -> AsyncIterator[Issuer]:
    """The issuer with these clients, until the end of the block."""
    config = uvicorn.Config(FastAPI(), host="127.0.0.1", port=0, log_level="warning", lifespan="off")
    socket = config.bind_socket()
    address = f"http://127.0.0.1:{socket.getsockname()[1]}"
    settings = issuer.Settings(issuer_clients=clients, issuer_person_secret=SECRET)
    config.app = issuer.create_app(settings, address)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[socket]))
    try:
        async with httpx2.AsyncClient(base_url=address, timeout=20) as client:
            yield Issuer(address, client)
    finally:
        server.should_exit = True
        await serving


@dataclass(frozen=True, slots=True)
class Opened:
    """One service with its doors open."""

    name: str
    service: Service
    database: ServiceDatabase
    doors: tuple[Door, ...]
    grpc: str


@dataclass
class Installation:
    """Every service with its doors open, and who signs people in."""

    issuer: Issuer
    services: dict[str, Opened] = field(default_factory=dict)
    heard: dict[str, int] = field(default_factory=dict)
    """How far each topic was heard by all."""

    async def ask(
        self, service: str, method: str, path: str, who: Who | None, headers: Mapping[str, str] = {}, **more: Any
    ) -> Answer:
        """A request over HTTP, with a fresh Idempotency-Key where one is needed."""
        sent = {**headers}
        if who is not None:
            sent["Authorization"] = await self.issuer.authorization(who)
        return await asgi.ask(self.services[service].service.http, method, path, sent, **more)


async def _open(name: str, stack: AsyncExitStack, database: ServiceDatabase, more: dict[str, Any]) -> Opened:
    service = await stack.enter_async_context(wired(name, database, **more))
    operating = operations.door(name, service.version, (), service.database, service.settings, service.subscriptions)
    doors = (*service.grpc, operating)
    assert service.tokens is not None
    server, stop = Server(service.settings, doors, service.tokens), asyncio.Event()
    serving = asyncio.create_task(server.run(stop))

    async def close() -> None:
        stop.set()
        await serving

    stack.push_async_callback(close)
    await server.up.wait()
    return Opened(name, service, database, doors, server.address)


@asynccontextmanager
async def an_installation(
    databases: Databases, kafka: KafkaForTest, folder: Path, services: Iterable[str] = SERVICES
) -> AsyncIterator[Installation]:
    """These services: partners first, which all others ask who somebody is, and the dashboard last, which asks all."""
    clients = folder / "clients.json"
    clients.write_text(json.dumps({name: {"secret": SECRET, "roles": ["service"]} for name in SERVICES}))
    async with AsyncExitStack() as stack:
        made = Installation(await stack.enter_async_context(an_issuer(clients)))
        address = made.issuer.address
        for name in sorted(services, key=lambda each: (each == "dashboard", each != "partners")):
            more = {
                **kafka.settings,
                "issuer": address,
                "jwks_url": f"{address}/jwks.json",
                "token_url": f"{address}/token",
                "client_id": name,
                "client_secret": SECRET,
                "requests_per_minute": NO_LIMIT,
                "drain_timeout_seconds": 1,
                **{f"{each}_grpc": opened.grpc for each, opened in made.services.items()},
            }
            made.services[name] = await _open(name, stack, await databases.make(name), more)
        yield made
