"""Partners with its doors open on a real database, and callers whose role is their token."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import grpc
import httpx2
from speerpunt.partners.v1 import partners_pb2_grpc as pb_grpc

from runtime.auth import Actor, TokenChecker
from runtime.ids import coded_id, consortium_id, new_id
from runtime.postgres import Database
from runtime.rpc import Server
from services.partners.app import http_app
from services.partners.rpc import door
from services.partners.settings import Settings

REGION, NEIGHBOUR = consortium_id("sto-test"), consortium_id("sto-elders")
SCOPES = frozenset({"partners:read", "partners:write"})


class Tokens(TokenChecker):
    """Reads role, region and organisations out of the header: tokens themselves are tested with the runtime."""

    async def actor(self, authorization: str | None) -> Actor:
        role, region, *codes = (authorization or f"nobody {REGION}").removeprefix("Bearer ").split()
        consortia = frozenset() if role == "service" else frozenset({UUID(region)})
        organisations = frozenset(an_organisation(code, UUID(region)) for code in codes)
        return Actor("test", f"{role}-1", frozenset({role}), SCOPES, consortia, organisations)


def an_organisation(code: str, region: UUID = REGION) -> UUID:
    return coded_id(region, "organisation", code)


def _authorization(role: str, region: UUID) -> str:
    """`role` may name organisations as well: "company acme"."""
    word, *codes = role.split()
    return " ".join([word, str(region), *codes])


@dataclass
class Partners:
    """Both doors, and the database behind them."""

    database: Database
    http: httpx2.AsyncClient
    directory: Any
    grpc: str
    """Where the gRPC door listens."""

    async def put(self, path: str, body: object, role: str = "office", region: UUID = REGION) -> httpx2.Response:
        return await self.http.put(path, json=body, headers={"Authorization": _authorization(role, region)})

    async def get(self, path: str, role: str = "office", region: UUID = REGION) -> httpx2.Response:
        return await self.http.get(path, headers={"Authorization": _authorization(role, region)})

    async def post(self, path: str, body: object, role: str = "office", key: str | None = None) -> httpx2.Response:
        headers = {"Authorization": _authorization(role, REGION), "Idempotency-Key": key or str(new_id())}
        return await self.http.post(path, json=body, headers=headers)

    async def call(self, method: str, request: Any, role: str = "service", region: UUID = REGION) -> Any:
        metadata = (("authorization", f"{role} {region}"),)
        return await getattr(self.directory, method)(request, timeout=5, metadata=metadata)

    async def facts(self, region: UUID = REGION) -> list[tuple[str, int]]:
        """Type and aggregate version of what was appended for a region, in order."""
        async with self.database.transaction(region) as tx:
            rows = await tx.fetch(
                "SELECT type, aggregate_version FROM outbox WHERE consortium_id = $1 ORDER BY seq", region
            )
        return [(row["type"], row["aggregate_version"]) for row in rows]

    async def told(self, fact: str, region: UUID = REGION) -> list[dict[str, Any]]:
        """The data of the facts of one kind that were appended for a region, in order, with their version."""
        async with self.database.transaction(region) as tx:
            rows = await tx.fetch(
                "SELECT data, aggregate_version FROM outbox WHERE consortium_id = $1 AND type = $2 ORDER BY seq",
                region,
                f"nl.speerpunt.partners.{fact}.v1",
            )
        return [{**json.loads(row["data"]), "version": row["aggregate_version"]} for row in rows]


@asynccontextmanager
async def open_doors(url: str) -> AsyncIterator[Partners]:
    """The HTTP application and a gRPC server of partners."""
    database = await Database.open(url, name="test", most=5)
    settings = Settings(drain_timeout_seconds=1)
    tokens = Tokens(settings)
    server = Server(settings, [door(database)], tokens)
    stop = asyncio.Event()
    serving = asyncio.create_task(server.run(stop))
    try:
        await server.up.wait()
        transport = httpx2.ASGITransport(http_app(settings, database, tokens))
        async with (
            httpx2.AsyncClient(transport=transport, base_url="http://partners.test") as http,
            grpc.aio.insecure_channel(server.address) as channel,
        ):
            yield Partners(database, http, pb_grpc.PartnerDirectoryStub(channel), server.address)
    finally:
        stop.set()
        await serving
        await database.close()
