"""The application of funding over the intake's books, with people, companies and senders at its door."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from runtime import ids
from runtime.auth import Actor, TokenChecker
from runtime.postgres import Database
from services.funding.app import http_app
from services.funding.handlers.intake import Intake
from services.funding.settings import Settings
from tests.support.funding_intake import KEYS, Books, Owner
from tests.support.servers import DatabaseFor, ServiceDatabase

SCOPES = frozenset({"funding:read", "funding:write"})


class Tokens(TokenChecker):
    """Reads role, name (of somebody of an organisation `person@code`) and region out of the header: tokens themselves
    are tested with the runtime."""

    async def actor(self, authorization: str | None) -> Actor:
        role, name, region = (authorization or "nobody nobody 0").split()
        sender = name if role == "sender" else None
        person, whose = name.partition("@")[0], name.rpartition("@")[2]
        own = frozenset({ids.coded_id(UUID(region), "organisation", whose)} if role in ("company", "school") else ())
        return Actor(
            "test", person, frozenset({role}), SCOPES, frozenset({UUID(region)}), organisations=own, sender=sender
        )


class People:
    """Everybody is who they say."""

    async def person_for(self, consortium_id: UUID, issuer: str, subject: str) -> UUID | None:
        return ids.coded_id(UUID(int=0), "person", subject)


@dataclass
class Door:
    books: Books
    client: httpx2.AsyncClient
    owner: Owner
    made: ServiceDatabase

    async def ask(
        self, method: str, path: str, body: Any = None, *, who: str = "office ada", at: UUID | None = None, **more: Any
    ) -> httpx2.Response:
        headers = {"Authorization": f"{who} {at or self.books.id}", "Idempotency-Key": uuid4().hex}
        content: dict[str, Any]
        if isinstance(body, str):
            content = {"content": body.encode(), "headers": {**headers, "Content-Type": more.get("kind", "text/csv")}}
        else:
            content = {"json": body, "headers": headers}
        return await self.client.request(method, f"/v1{path}", **content)

    async def send(self, *records: dict[str, Any], query: str = "") -> dict[str, Any]:
        answer = await self.ask("POST", f"/contribution-batches{query}", list(records), who="sender acme")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def door(database_for: DatabaseFor) -> AsyncIterator[Door]:
    made = await database_for("funding")
    database = await Database.open(made.app_url, name="test", most=6)
    books, owner = await Books(database).found("acme", "bouw"), Owner()
    settings = Settings()
    app = http_app(settings, database, Tokens(settings), People(), None, Intake(database, owner, KEYS))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://funding.test") as client:
        yield Door(books, client, owner, made)
    await database.close()
