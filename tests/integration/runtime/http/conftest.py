"""The pebbles application on a database of its own, and an issuer whose keys and answers a test decides."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx2
import jwt
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI

from runtime.auth import TokenChecker
from runtime.http import create_app
from runtime.ids import coded_id, consortium_id, new_id
from runtime.migrate import migrate
from runtime.postgres import Database
from runtime.settings import Settings
from tests.support import pebbles
from tests.support.servers import DatabaseFor, ServiceDatabase

OURS = consortium_id("ours")
THEIRS = consortium_id("theirs")
ISSUER = "https://issuer.test"
ANN = coded_id(OURS, "person", "ann")


@dataclass
class Signer:
    """One signing key."""

    key_id: str
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def public(self) -> dict[str, Any]:
        return {**json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key())), "kid": self.key_id}

    def token(self, *, drop: str = "", algorithm: str = "ES256", **changes: Any) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": "speerpunt",
            "sub": "ann",
            "iat": now,
            "exp": now + 600,
            "roles": ["office"],
            "scope": "pebbles:read pebbles:write",
            "consortia": [str(OURS)],
            **changes,
        }
        claims.pop(drop, None)
        key = {"none": None, "HS256": "x" * 64}.get(algorithm, self.key)
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": self.key_id})


class Provider:
    """A real HTTP server of keys: it can be rotated and shut."""

    def __init__(self) -> None:
        self.signers = [Signer("first")]
        self.asked = 0
        app = FastAPI()

        @app.get("/jwks.json")
        async def keys() -> dict[str, Any]:
            self.asked += 1
            return {"keys": [each.public() for each in self.signers]}

        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off")
        self._socket = config.bind_socket()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/jwks.json"
        self._server = uvicorn.Server(config)

    async def start(self) -> None:
        config = self._server.config
        config.load()
        self._server.lifespan = config.lifespan_class(config)
        await self._server.startup(sockets=[self._socket])

    async def stop(self) -> None:
        self._server.should_exit = True
        await self._server.shutdown(sockets=[self._socket])


class People:
    async def person_for(self, consortium_id: UUID, issuer: str, subject: str) -> UUID | None:
        return ANN if subject == "ann" else None


@dataclass
class Door:
    client: httpx2.AsyncClient
    provider: Provider
    database: ServiceDatabase
    db: Database
    app: FastAPI

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        token: str | None = None,
        content: bytes | None = None,
        **claims: Any,
    ) -> httpx2.Response:
        """A request of the office, unless told otherwise; a POST has a fresh Idempotency-Key, unless told otherwise."""
        sent = {"Authorization": f"Bearer {token or self.provider.signers[-1].token(**claims)}"}
        if method == "POST":
            sent["Idempotency-Key"] = str(new_id())
        if content is not None:
            sent["Content-Type"] = "application/json"
        sent |= headers or {}
        return await self.client.request(method, path, json=body, content=content, headers=sent)


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    found = Provider()
    await found.start()
    yield found
    await found.stop()


@pytest.fixture
async def door(database_for: DatabaseFor, provider: Provider) -> AsyncIterator[Door]:
    database = await database_for("pebbles")
    await migrate(database.owner_url, pebbles.MIGRATIONS, app_role=database.app_role)
    db = await Database.open(database.app_url, name="test", most=5)
    settings = Settings(issuer=ISSUER, jwks_url=provider.url, cors_origins="https://portal.test")
    app = create_app(
        service="pebbles",
        title="Pebbles",
        description="Keeps pebbles.",
        version="1.2.3",
        routers=[pebbles.router, pebbles.grains],
        settings=settings,
        database=db,
        tokens=TokenChecker(settings),
        people=People(),
    )
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://pebbles.test") as client:
        yield Door(client, provider, database, db, app)
    pebbles.GATES.clear()
    await db.close()
