"""A region with its planning in a real database, behind the real application, and people with signed tokens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import httpx2

from runtime.auth import TokenChecker
from runtime.ids import consortium_id
from runtime.postgres import Database
from services.notifications.app import http_app
from services.notifications.settings import Settings
from services.notifications.store import copies
from tests.integration.activities.portal import Issuer, Portal, an_issuer
from tests.support.servers import ServiceDatabase

REGION, NEIGHBOUR = consortium_id("sto-amersfoort"), consortium_id("sto-elders")
QUESTION_HOUR = {
    "title": "Vragenuur",
    "kind": "session",
    "day": "2099-03-22",
    "startsAt": "14:30",
    "endsAt": "15:30",
    "audience": "everyone",
}


async def a_region(database: Database, code: str = "sto-amersfoort", language: str = "nl") -> UUID:
    """A region as partners would have published it."""
    region = consortium_id(code)
    async with database.transaction(region) as tx:
        await copies.save_consortium(tx, code, "STO Amersfoort e.o.", "Europe/Amsterdam", language, 1)
    return region


@dataclass
class Planning:
    """The HTTP door of notifications, and what stands behind it."""

    database: Database
    superuser_url: str
    portal: Portal
    issuer: Issuer

    def who(self, role: str = "office", region: UUID = REGION, *organisations: UUID) -> dict[str, str]:
        return self.issuer.token(f"{role}-1", role, region, *organisations, service="notifications")

    async def put(self, code: str, body: dict[str, Any], who: dict[str, str] | None = None) -> httpx2.Response:
        return await self.portal.put(who or self.who(), f"/v1/milestones/{code}", body)

    async def get(self, path: str, who: dict[str, str] | None = None) -> httpx2.Response:
        return await self.portal.get(who or self.who(), path)

    async def facts(self) -> list[tuple[str, int]]:
        """Short type and version of what waits in the outbox, in order."""
        return [(row["type"].split(".")[-2], row["aggregate_version"]) for row in await self.rows("outbox", "seq")]

    async def rows(self, table: str, order: str) -> list[asyncpg.Record]:
        """All rows of a table, of all regions."""
        connection = await asyncpg.connect(self.superuser_url)
        try:
            return list(await connection.fetch(f"SELECT * FROM {table} ORDER BY {order}"))
        finally:
            await connection.close()


@asynccontextmanager
async def a_planning(made: ServiceDatabase) -> AsyncIterator[Planning]:
    """The application on this database, with the region Amersfoort."""
    database = await Database.open(made.app_url, name="test", most=5)
    await a_region(database)
    try:
        async with an_issuer() as issuer:
            settings = Settings(issuer=issuer.address, jwks_url=f"{issuer.address}/jwks.json")
            transport = httpx2.ASGITransport(http_app(settings, database, TokenChecker(settings)))
            async with httpx2.AsyncClient(transport=transport, base_url="http://notifications.test") as client:
                yield Planning(database, made.superuser_url, Portal(client, issuer), issuer)
    finally:
        await database.close()
