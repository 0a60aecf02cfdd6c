"""The command as any service of ours has it: token, tenant, idempotency key, state and fact in one transaction."""

from typing import Annotated, Any, ClassVar
from uuid import UUID

from fastapi import APIRouter, FastAPI, Response
from pydantic import Field

from runtime import outbox
from runtime.auth import TokenChecker
from runtime.event import Change, Fact
from runtime.http import ApiModel, Call, create_app, may
from runtime.ids import new_id
from runtime.postgres import Database, Tx
from runtime.settings import Settings

router = APIRouter(prefix="/v1/pebbles")


class PebbleKept(Fact):
    fact_type: ClassVar[str] = "nl.speerpunt.bench.pebble-kept.v1"
    topic: ClassVar[str] = "bench.events"

    pebble_id: UUID
    code: str
    grams: int


class Pebble(ApiModel):
    code: str = Field(max_length=80)
    grams: int = Field(gt=0)


class Kept(Pebble):
    id: UUID
    version: int


INSERT = "INSERT INTO pebbles VALUES ($1, $2, $3, $4) RETURNING version"


@router.post("", status_code=201, response_model=Kept)
async def keep(pebble: Pebble, call: Annotated[Call, may("office", scope="bench:write")]) -> Response:
    pebble_id = new_id()

    async def command(tx: Tx) -> Kept:
        version = await tx.fetchval(INSERT, tx.consortium_id, pebble_id, pebble.code, pebble.grams)
        fact = PebbleKept(pebble_id=pebble_id, code=pebble.code, grams=pebble.grams)
        change = Change("pebble", pebble_id, version, (fact,))
        await outbox.append(tx, change, source="urn:speerpunt:bench", at=call.at)
        return Kept(id=pebble_id, code=pebble.code, grams=pebble.grams, version=version)

    return await call.run(
        command,
        _same,
        status=201,
        location=lambda kept: f"/v1/pebbles/{kept.id}",
        version=lambda kept: kept.version,
    )


def _same(kept: Any) -> Any:
    return kept


def app(settings: Settings, database: Database) -> FastAPI:
    return create_app(
        service="bench",
        title="Pebbles",
        description="Benchmarked",
        version="0.1.0",
        routers=[router],
        settings=settings,
        database=database,
        tokens=TokenChecker(settings),
    )
