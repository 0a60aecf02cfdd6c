"""The command as any service of ours has it: token, tenant, idempotency key, state and fact in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from fastapi import APIRouter, FastAPI, Response
from pydantic import Field

from runtime import outbox
from runtime.auth import TokenChecker
from runtime.event import Change, Fact
from runtime.http import ApiModel, Call, create_app, hot, may
from runtime.ids import new_id
from runtime.postgres import Database, Tx
from runtime.settings import Settings
from runtime.together import Done, Together

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


ALONE = "INSERT INTO pebbles VALUES ($1, $2, $3, $4) RETURNING version"
MANY = """INSERT INTO pebbles SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::bigint[])
RETURNING version"""
SOURCE = "urn:speerpunt:bench"


def _kept(pebble: "Asked", version: int) -> tuple[Kept, Change]:
    pebble_id, body = pebble
    fact = PebbleKept(pebble_id=pebble_id, code=body.code, grams=body.grams)
    kept = Kept(id=pebble_id, code=body.code, grams=body.grams, version=version)
    return kept, Change("pebble", pebble_id, version, (fact,))


async def keep_one(tx: Tx, asked: "Asked", at: datetime) -> Kept:
    pebble_id, body = asked
    kept, change = _kept(asked, await tx.fetchval(ALONE, tx.consortium_id, pebble_id, body.code, body.grams))
    await outbox.append(tx, change, source=SOURCE, at=at)
    return kept


async def keep_many(tx: Tx, asked: Sequence["Asked"], at: datetime) -> Sequence[Done[Kept]]:
    columns = zip(*((pebble_id, body.code, body.grams) for pebble_id, body in asked), strict=True)
    rows = await tx.fetch(MANY, tx.consortium_id, *(list(column) for column in columns))
    done = (_kept(each, row["version"]) for each, row in zip(asked, rows, strict=True))
    return [Done(kept, (change,)) for kept, change in done]


Asked = tuple[UUID, Pebble]
KEEP = Together(keep_one, keep_many, SOURCE)


@router.post("", status_code=201, response_model=Kept)
@hot
async def keep(pebble: Pebble, call: Annotated[Call, may("office", scope="bench:write")]) -> Response:
    return await call.run_together(
        KEEP,
        (new_id(), pebble),
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
