"""A portal's view of activities: signed tokens, over the real application."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI

from runtime.auth import TokenChecker
from runtime.http import create_app
from runtime.ids import new_id
from runtime.postgres import Database
from runtime.settings import Settings
from services.activities.api import ROUTERS
from tests.unit.activities.builders import an_id

KEY_ID = "test"


class Issuer:
    """Signs tokens, and serves the key that proves it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._key = ec.generate_private_key(ec.SECP256R1())

    def app(self) -> FastAPI:
        public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key()))
        app = FastAPI(openapi_url=None)

        @app.get("/jwks.json")
        async def keys() -> dict[str, Any]:
            return {"keys": [{**public, "kid": KEY_ID, "use": "sig", "alg": "ES256"}]}

        return app

    def token(
        self, subject: str, role: str, region: UUID, *organisations: UUID, service: str = "activities"
    ) -> dict[str, str]:
        """The headers of somebody who has just signed in."""
        now = int(time.time())
        claims = {
            "iss": self.address,
            "aud": "speerpunt",
            "sub": subject,
            "iat": now,
            "exp": now + 900,
            "roles": [role],
            "scope": f"{service}:read {service}:write",
            "consortia": [str(region)],
            "organisations": [str(each) for each in organisations],
        }
        token = jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": KEY_ID})
        return {"Authorization": f"Bearer {token}"}


class People:
    """Partners as this service sees it: every account is one person."""

    async def person_for(self, consortium_id: UUID, issuer: str, subject: str) -> UUID | None:
        return None if subject == "stranger" else an_id(subject)


@dataclass
class Portal:
    """A client, with a token per role."""

    client: httpx2.AsyncClient
    issuer: Issuer

    async def put(self, who: dict[str, str], path: str, body: object) -> httpx2.Response:
        return await self.client.put(path, json=body, headers=who)

    async def post(self, who: dict[str, str], path: str, body: object = None, key: str = "") -> httpx2.Response:
        headers = {**who, "Idempotency-Key": key or str(new_id())}
        return await self.client.post(path, json=body, headers=headers)

    async def get(self, who: dict[str, str], path: str) -> httpx2.Response:
        return await self.client.get(path, headers=who)


@asynccontextmanager
async def an_issuer() -> AsyncIterator[Issuer]:
    """An issuer whose key can be fetched."""
    config = uvicorn.Config(FastAPI(), host="127.0.0.1", port=0, log_level="warning", lifespan="off")
    socket = config.bind_socket()
    issuer = Issuer(f"http://127.0.0.1:{socket.getsockname()[1]}")
    config.app = issuer.app()
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[socket]))
    try:
        yield issuer
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def a_portal(database: Database) -> AsyncIterator[Portal]:
    """The application of activities on this database, and an issuer that signs for its people."""
    async with an_issuer() as issuer:
        settings = Settings(issuer=issuer.address, jwks_url=f"{issuer.address}/jwks.json")
        app = create_app(
            service="activities",
            title="Activities",
            description="Under test",
            version="0.1.0",
            routers=ROUTERS,
            settings=settings,
            database=database,
            tokens=TokenChecker(settings),
            people=People(),
        )
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://activities.test") as client:
            yield Portal(client, issuer)
