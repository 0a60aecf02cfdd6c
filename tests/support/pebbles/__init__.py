"""The smallest application behind the HTTP door: it keeps pebbles. For tests of that door."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from runtime import outbox
from runtime.event import Change, Fact
from runtime.http import ApiModel, Call, Page, PageQuery, anyone, hot, may
from runtime.ids import coded_id
from runtime.postgres import Tx
from runtime.problems import NotFound, Problem, Stale
from runtime.together import Done, Together

MIGRATIONS = Path(__file__).parent
router = APIRouter(prefix="/v1/pebbles")

Office = Annotated[Call, may("office", scope="pebbles:write")]
Reader = Annotated[Call, may("office", "accountant", scope="pebbles:read")]


class Gate:
    """Lets a test hold a command in the middle of its transaction."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()


GATES: dict[str, Gate] = {}


class Pebble(ApiModel):
    code: str = Field(max_length=40)
    grams: int = Field(gt=0)


class Kept(ApiModel):
    code: str
    grams: int
    version: int


def _kept(row: Any) -> Kept:
    return Kept(code=row["code"], grams=row["grams"], version=row["version"])


@router.post("", status_code=201, response_model=Kept)
async def keep_a_pebble(pebble: Pebble, call: Office) -> Response:
    async def command(tx: Tx) -> Any:
        row = await tx.fetchrow(
            "INSERT INTO pebbles VALUES ($1, $2, $3) RETURNING *", tx.consortium_id, pebble.code, pebble.grams
        )
        if gate := GATES.get(pebble.code):
            gate.reached.set()
            await gate.opened.wait()
        return row

    return await call.run(
        command,
        _kept,
        status=201,
        location=lambda row: f"/v1/pebbles/{row['code']}",
        version=lambda row: int(row["version"]),
    )


class GrainKept(Fact):
    """A fact, so that what is published by commands that share a transaction can be looked at."""

    fact_type: ClassVar[str] = "nl.speerpunt.pebbles.grain-kept.v1"
    topic: ClassVar[str] = "pebbles.events"

    code: str


class TooHeavy(Problem):
    """A grain weighs at most 100 grams."""


SOURCE = "urn:speerpunt:pebbles"


def _grain(tx: Tx, grain: Pebble) -> Done[Kept]:
    change = Change("grain", coded_id(tx.consortium_id, "grain", grain.code), 1, (GrainKept(code=grain.code),))
    return Done(Kept(code=grain.code, grams=grain.grams, version=1), (change,))


async def _hold(*grains: Pebble) -> None:
    for grain in grains:
        if gate := GATES.get(grain.code):
            gate.reached.set()
            await gate.opened.wait()


async def keep_grain(tx: Tx, asked: Pebble, at: datetime) -> Kept:
    if asked.grams > 100:
        raise TooHeavy
    await tx.execute("INSERT INTO pebbles VALUES ($1, $2, $3)", tx.consortium_id, asked.code, asked.grams)
    done = _grain(tx, asked)
    await outbox.append(tx, *done.changes, source=SOURCE, at=at)
    await _hold(asked)
    return done.thing


async def keep_grains(tx: Tx, asked: Sequence[Pebble], at: datetime) -> Sequence[Done[Kept] | None]:
    light = [grain for grain in asked if grain.grams <= 100]
    await tx.execute(
        "INSERT INTO pebbles SELECT $1, * FROM unnest($2::text[], $3::bigint[])",
        tx.consortium_id,
        [grain.code for grain in light],
        [grain.grams for grain in light],
    )
    await _hold(*light)
    return [_grain(tx, grain) if grain in light else None for grain in asked]


KEEP_GRAIN = Together(keep_grain, keep_grains, SOURCE)
grains = APIRouter(prefix="/v1/grains")


@grains.post("", status_code=201, response_model=Kept)
@hot
async def keep_a_grain(pebble: Pebble, call: Office) -> Response:
    return await call.run_together(
        KEEP_GRAIN, pebble, lambda kept: kept, status=201, location=lambda kept: f"/v1/grains/{kept.code}"
    )


@router.get("", response_model=Page[Kept])
async def list_pebbles(call: Reader, page: Annotated[PageQuery, Depends()]) -> Page[Kept]:
    async def query(tx: Tx) -> Any:
        after = page.after[0] if page.after else ""
        return await tx.fetch("SELECT * FROM pebbles WHERE code > $1 ORDER BY code LIMIT $2", after, page.limit + 1)

    return page.page(await call.read(query), _kept, lambda row: [row["code"]])


@router.patch("/{code}", response_model=Kept)
async def weigh_again(code: str, pebble: Pebble, call: Office) -> Response:
    expected = call.require_version()

    async def command(tx: Tx) -> Any:
        row = await tx.fetchrow("SELECT * FROM pebbles WHERE code = $1 FOR UPDATE", code)
        if row is None:
            raise NotFound(what="pebble")
        if row["version"] != expected:
            raise Stale(what="pebble", version=row["version"])
        return await tx.fetchrow(
            "UPDATE pebbles SET grams = $2, version = version + 1 WHERE code = $1 RETURNING *", code, pebble.grams
        )

    return await call.run(command, _kept, version=lambda row: int(row["version"]))


@router.post("/large-answers", status_code=201)
async def answer_at_length(call: Office) -> Response:
    async def command(tx: Tx) -> int:
        await tx.execute("INSERT INTO pebbles VALUES ($1, 'large', 1)", tx.consortium_id)
        return 1

    return await call.run(command, lambda _: {"text": "x" * 20_000}, status=201)


@router.get("/faults")
async def fail(call: Reader) -> None:
    raise ValueError("the secret word is swordfish")


@router.get("/persons")
async def who_am_i(call: Reader) -> dict[str, UUID]:
    return {"person": await call.person()}


@router.get("/public", dependencies=[anyone()])
async def public() -> dict[str, str]:
    return {"open": "to all"}
