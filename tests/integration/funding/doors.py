"""Funding with its doors open on a real database, beside a real partners, and callers whose role is their token."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import grpc
import httpx2
from fastapi import FastAPI
from speerpunt.funding.v1 import funding_pb2 as pb
from speerpunt.funding.v1 import funding_pb2_grpc as pb_grpc

from runtime.auth import Actor, ServiceTokens, TokenChecker
from runtime.ids import coded_id, consortium_id, new_id
from runtime.postgres import Database
from runtime.rpc import Client, Server
from services.funding.app import http_app
from services.funding.clients import Audiences, Programmes
from services.funding.rpc import door
from services.funding.settings import Settings
from services.partners.app import http_app as partners_app
from services.partners.rpc import door as partners_door
from services.partners.settings import Settings as PartnersSettings
from tests.support.funding_books import Region
from tests.support.servers import DatabaseFor

REGION, NEIGHBOUR = consortium_id("sto-test"), consortium_id("sto-elders")
SCOPES = frozenset({"funding:read", "funding:write", "partners:read", "partners:write"})


class Tokens(TokenChecker):
    """Reads role, region, organisation and name out of the header: tokens themselves are tested with the runtime."""

    async def actor(self, authorization: str | None) -> Actor:
        said = (authorization or f"nobody {REGION} - nobody").removeprefix("Bearer ")
        role, region, organisation, name = said.split()
        consortia = frozenset() if role == "service" else frozenset({UUID(region)})
        own = frozenset() if organisation == "-" else frozenset({coded_id(UUID(region), "organisation", organisation)})
        return Actor("test", name, frozenset({role}), SCOPES, consortia, own)


class Own(ServiceTokens):
    """This service's token for partners."""

    async def token(self) -> str:
        return f"service {REGION} - funding"

    def __init__(self) -> None:
        super().__init__(Settings())


class People:
    """Every account is a person of its own."""

    async def person_for(self, region: UUID, issuer: str, subject: str) -> UUID | None:
        return coded_id(region, "person", subject)


@dataclass
class Funding:
    """Funding's doors, the books behind them, and partners beside them."""

    region: Region
    http: httpx2.AsyncClient
    desk: Any
    partners: httpx2.AsyncClient
    programmes: Programmes
    app: FastAPI

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        role: str = "office",
        organisation: str = "-",
        name: str = "ada",
        region: UUID = REGION,
    ) -> httpx2.Response:
        headers = {"Authorization": f"{role} {region} {organisation} {name}"}
        if method == "POST":
            headers["Idempotency-Key"] = str(new_id())
        return await self.http.request(method, f"/v1{path}", json=body, headers=headers)

    async def get(self, path: str, **who: Any) -> Any:
        answer = await self.ask("GET", path, **who)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def position(self, region: UUID = REGION, **fields: Any) -> Any:
        """GetPosition over gRPC, as the office."""
        metadata = (("authorization", f"office {REGION} - ada"),)
        request = pb.GetPositionRequest(consortium_id=str(region), **fields)
        return await self.desk.GetPosition(request, timeout=5, metadata=metadata)

    async def plan_at_partners(self, *spearheads: str) -> None:
        """Plans a programme where it belongs, so that funding's copy does not have it."""
        body = {
            "title": "Techniek",
            "from": "2020-01-01",
            "until": "2023-12-31",
            "spearheads": [{"code": code, "title": code, "budgeted": code != "alumni"} for code in spearheads],
            "locations": [],
        }
        office = {"Authorization": f"office {REGION} - ada"}
        answer = await self.partners.put("/v1/programmes/2020", json=body, headers=office)
        assert answer.status_code == 201, answer.text


@asynccontextmanager
async def open_doors(database_for: DatabaseFor) -> AsyncIterator[Funding]:
    """HTTP and gRPC of funding, and gRPC of partners for it to ask."""
    database = await Database.open((await database_for("funding")).app_url, name="test", most=5)
    theirs = await Database.open((await database_for("partners")).app_url, name="test", most=3)
    settings, stop = Settings(drain_timeout_seconds=1), asyncio.Event()
    tokens = Tokens(settings)
    servers = [Server(settings, [made], tokens) for made in (door(database), partners_door(theirs))]
    serving = [asyncio.create_task(server.run(stop)) for server in servers]
    client = Client(servers[1].address, "partners", Own())
    programmes = Programmes(client)
    try:
        for server in servers:
            await server.up.wait()
        app = http_app(settings, database, tokens, People(), programmes, audiences=Audiences(client))
        beside = partners_app(PartnersSettings(), theirs, tokens)
        async with (
            httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://funding.test") as http,
            httpx2.AsyncClient(transport=httpx2.ASGITransport(beside), base_url="http://partners.test") as partners,
            grpc.aio.insecure_channel(servers[0].address) as channel,
        ):
            yield Funding(Region(database, REGION), http, pb_grpc.FundingDeskStub(channel), partners, programmes, app)
    finally:
        stop.set()
        await client.close()
        await asyncio.gather(*serving)
        await database.close()
        await theirs.close()
