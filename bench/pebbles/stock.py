"""The same SQL as a FastAPI tutorial would write it: a pool, a body model, a response model. It checks no token.

The statements and their order are those that the ours sends, tenant setting, idempotency row and outbox row included.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import FastAPI, Header
from pydantic import BaseModel
from uuid6 import uuid7

from bench.pebbles import sql


class Pebble(BaseModel):
    code: str
    grams: int


class Kept(BaseModel):
    id: UUID
    code: str
    grams: int
    version: int


def app(url: str, tenant: UUID) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(url, min_size=10, max_size=10) as pool:
            app.state.pool = pool
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/v1/pebbles", status_code=201)
    async def keep(pebble: Pebble, idempotency_key: Annotated[str, Header()]) -> Kept:
        pebble_id = UUID(int=uuid7().int)
        async with app.state.pool.acquire() as connection:
            kept = Kept(id=pebble_id, code=pebble.code, grams=pebble.grams, version=1)
            await sql.command(
                connection,
                tenant,
                idempotency_key,
                pebble_id,
                pebble.code,
                pebble.grams,
                datetime.now(UTC),
                json.dumps(pebble.model_dump()).encode(),
                kept.model_dump_json().encode(),
            )
            return kept

    return app
