"""The smallest application behind the HTTP door: it keeps pebbles. For tests of that door."""

import asyncio
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from runtime.http import ApiModel, Call, Page, PageQuery, anyone, may
from runtime.postgres import Tx
from runtime.problems import NotFound, Stale

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
