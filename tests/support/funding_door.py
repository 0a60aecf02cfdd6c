"""The application of funding over a region's books, with real tokens and people signed in to it."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI

from runtime import ids, issuer
from runtime.auth import TokenChecker
from runtime.http import create_app
from runtime.postgres import Database
from runtime.settings import Settings
from services.funding.api import BOOKS
from tests.support.funding_books import Region
from tests.support.servers import DatabaseFor

SECRET = "only-for-tests"
SCHEME = json.loads(
    (Path(__file__).parents[2] / "services" / "funding" / "schemes" / "sto-2020-2024.json").read_text(encoding="utf-8")
)
GRANT = {
    "scheme": "sto-2020-2024",
    "cents": 1_000_000_000,
    "from": "2020-01-01",
    "until": "2023-12-31",
    "awardedOn": "2019-12-01",
}
PLAN = {
    "grant": "sto-2020",
    "effectiveOn": "2020-01-01",
    "reason": "first division",
    "envelopes": [
        {
            "code": "spearheads",
            "kind": "spearhead",
            "shareBasisPoints": 6000,
            "lines": [
                {"line": "instroom", "fixedCents": 50_000_000},
                {"line": "metaal", "weight": 2, "baseCents": 1_000_000},
                {"line": "robotisering", "weight": 1},
            ],
        },
        {
            "code": "locations",
            "kind": "location",
            "fixedCents": 380_000_000,
            "lines": [{"line": "corlaer", "weight": 63}, {"line": "het-element", "weight": 21}],
        },
    ],
}


class People:
    """Partners as this service sees it: two accounts of Ada are one person."""

    async def person_for(self, consortium_id: UUID, issuer: str, subject: str) -> UUID | None:
        return None if subject == "stranger" else ids.coded_id(UUID(int=0), "person", subject.split("/")[0])


@dataclass
class Door:
    """The application over a region's books, and people signed in to it."""

    region: Region
    client: httpx2.AsyncClient
    token_url: str
    tokens: dict[tuple[str, str, UUID], dict[str, str]] = field(default_factory=dict)

    async def _token(self, subject: str, role: str, region: UUID) -> dict[str, str]:
        claims = {"roles": [role], "scopes": ["funding:read", "funding:write"], "consortia": [str(region)]}
        form = {"grant_type": issuer.DEV_PERSON, "client_secret": SECRET, "subject": subject}
        async with httpx2.AsyncClient() as client:
            answer = await client.post(self.token_url, data={**form, "claims": json.dumps(claims)})
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    async def ask(
        self, method: str, path: str, body: Any = None, *, subject: str = "ada", role: str = "office", at: Any = None
    ) -> httpx2.Response:
        who = (subject, role, at or self.region.id)
        if who not in self.tokens:
            self.tokens[who] = await self._token(*who)
        headers = dict(self.tokens[who])
        if method == "POST":
            headers["Idempotency-Key"] = str(ids.new_id())
        return await self.client.request(method, f"/v1{path}", json=body, headers=headers)

    async def set_up(self) -> httpx2.Response:
        """A scheme, a grant and a proposal by Ada."""
        await self.region.found()
        await self.region.plan()
        assert (await self.ask("PUT", "/schemes/sto-2020-2024", SCHEME)).status_code == 201
        assert (await self.ask("PUT", "/grants/sto-2020", GRANT)).status_code == 201
        return await self.ask("PUT", "/allocations/verdeling", PLAN)


@pytest.fixture
async def door(database_for: DatabaseFor) -> AsyncIterator[Door]:
    database = await Database.open((await database_for("funding")).app_url, name="test", most=5)
    config = uvicorn.Config(FastAPI(), host="127.0.0.1", port=0, log_level="warning", lifespan="off")
    socket = config.bind_socket()
    address = f"http://127.0.0.1:{socket.getsockname()[1]}"
    config.app = issuer.create_app(issuer.Settings(issuer_person_secret=SECRET), address)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[socket]))
    settings = Settings(issuer=address, jwks_url=f"{address}/jwks.json")
    app = create_app(
        service="funding",
        title="Funding",
        description="Under test",
        version="0.1.0",
        routers=BOOKS,
        settings=settings,
        database=database,
        tokens=TokenChecker(settings),
        people=People(),
    )
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://funding.test") as client:
        yield Door(Region(database), client, f"{address}/token")
    server.should_exit = True
    await serving
    await database.close()
