"""The doors of a region's archive: one to take it away, and those through which it comes in as another region.

What comes in is put page by page, tried, and then loaded in one transaction. Until every service has loaded its part
the region is closed, so nothing half-written is ever used, and the same again goes on where it stopped.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from runtime import closing, ids
from runtime.access import Reach
from runtime.archive import ArchiveUnusable, Loading, Plan, Q, hear_origins, written
from runtime.http.access import may
from runtime.http.app import ApiModel
from runtime.http.call import Call
from runtime.postgres import Tx
from runtime.problems import Kind, Problem

LARGEST_PAGE_BYTES = 4 * 1024 * 1024
MOST_BYTES = 16 * 1024 * 1024 * 1024
CODE = r"^[a-z0-9]+(-[a-z0-9]+)*$"
SETTLE = timedelta(seconds=3)
"""Every process has heard by then where the ids of the region come from, and none was made of them before."""
Code = Annotated[str, Path(pattern=CODE, max_length=80)]
_PAGE = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
Loaded = Callable[[Tx, datetime], Awaitable[None]]


class RegionOpen(Problem, kind=Kind.CONFLICT):
    """This region is open, so the parts of an archive would not be of one moment. Close it first; it can be opened
    again."""


class RegionExists(Problem, kind=Kind.CONFLICT):
    """There is a region with this code here already. An archive comes in as a new region, under a code of its own."""


class NoImport(Problem, kind=Kind.NOT_FOUND):
    """No archive was announced for this region, or it was loaded already. Begin the import anew."""


class TooSoon(Problem, kind=Kind.UNAVAILABLE):
    """Not every process has heard yet where this region comes from. Try again in a moment."""


class ImportBody(ApiModel):
    """What is coming: of which region the archive was first taken, its size, and the SHA-256 of all of it."""

    origin: UUID
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    bytes: Annotated[int, Field(gt=0, le=MOST_BYTES)]


class ImportView(ImportBody):
    """How an import stands; `rows` once it was tried or loaded."""

    state: Literal["loading", "tried", "loaded"]
    rows: int | None = None


def archives(plan: Plan, loaded: Loaded | None = None) -> APIRouter:
    """The routes of a service. `loaded` is done in the transaction that loads a region, after its rows."""
    router = APIRouter(prefix="/v1", tags=["region archives"])
    read, write = f"{plan.service}:read", f"{plan.service}:write"

    @router.get(
        "/region-archives/{code}",
        response_class=StreamingResponse,
        responses={200: {"content": {"application/jsonl": {}}, "description": "All rows of the region, as JSON lines"}},
    )
    async def get_region_archive(
        code: Code, call: Annotated[Call, may("office", scope=read, reach=Reach.NAMED)]
    ) -> StreamingResponse:
        """All that this service keeps of a closed region, to be brought in again elsewhere; personal data too."""
        region = _region(call, code)
        async with call.database.transaction(region) as tx:
            closure = await closing.closure_of(tx)
        if closure is None or not closure.closed:
            raise RegionOpen()

        async def lines() -> AsyncIterator[bytes]:
            async with call.database.transaction(region) as tx:
                async for line in written(tx, plan, code):
                    yield line

        return StreamingResponse(lines(), media_type="application/jsonl")

    @router.put("/region-imports/{code}", response_model=ImportView)
    async def put_region_import(
        code: Code, body: ImportBody, call: Annotated[Call, may("operator", scope=write, reach=Reach.NAMED)]
    ) -> Response:
        """Announces an archive for a new region, which is closed until all of it is there; the same again goes on."""
        region = _region(call, code)

        async def command(tx: Tx) -> ImportView:
            await closing.hold(tx)
            found = await Q.import_of.row(tx, region)
            if found is not None and (found["origin_id"], found["sha256"]) == (body.origin, body.sha256):
                return ImportView(**body.model_dump(), state=found["state"])
            there = f'SELECT true FROM "{plan.region}" WHERE consortium_id = $1'  # noqa: S608 - the plan's own name
            known = await tx.fetchval(there, region)
            if known or (found is not None and found["state"] == "loaded"):
                raise RegionExists()
            await Q.give_up.execute(tx, region)  # another file under this code, that was never loaded
            await Q.begin_import.execute(tx, region, body.origin, body.sha256, body.bytes, call.actor.key, call.at)
            await closing.keep(tx, closing.Closure(region, True, "It is being imported", call.at, 0), call.actor.key)
            return ImportView(**body.model_dump(), state="loading")

        answer = await call.run(command, lambda view: view, consortium_id=region, when_closed=True)
        await hear_origins(call.database.pool)
        return answer

    @router.put("/region-imports/{code}/pages/{page}", status_code=204, openapi_extra=_PAGE)
    async def put_region_import_page(
        code: Code,
        page: Annotated[int, Path(ge=0, le=MOST_BYTES // LARGEST_PAGE_BYTES)],
        request: Request,
        call: Annotated[Call, may("operator", scope=write, reach=Reach.NAMED)],
    ) -> Response:
        """One page of the archive, as it is: at most 4 MiB."""
        region, content = _region(call, code), await request.body()
        if not 0 < len(content) <= LARGEST_PAGE_BYTES:
            raise ArchiveUnusable(why="a page has 1 byte to 4 MiB")

        async def command(tx: Tx) -> None:
            await _coming(tx, region)
            await Q.put_page.execute(tx, region, page, content)

        return await call.run(command, lambda _: None, consortium_id=region, when_closed=True)

    @router.put("/region-imports/{code}/load", response_model=ImportView)
    async def put_region_import_load(
        code: Code,
        call: Annotated[Call, may("operator", scope=write, reach=Reach.NAMED)],
        dry_run: Annotated[bool, Query(alias="dryRun", description="Load, and undo it")] = False,
    ) -> Response:
        """Loads what came, all of it or nothing. Loaded already, it says so."""
        region = _region(call, code)

        async def command(tx: Tx) -> ImportView:
            found = await Q.import_of.row(tx, region)
            if found is None:
                raise NoImport()
            about = {"origin": found["origin_id"], "sha256": found["sha256"], "bytes": found["bytes"]}
            if found["state"] == "loaded":
                return ImportView.model_validate({**about, "state": "loaded"})
            if not dry_run and call.at - found["at"] < SETTLE:
                raise TooSoon(retry_after_seconds=1)
            rows = await _load(tx, plan, code, found["origin_id"])
            if dry_run:
                raise _Tried(ImportView.model_validate({**about, "state": "tried", "rows": rows}))
            await Q.forget_pages.execute(tx, region)
            await Q.loaded.execute(tx, region)
            if loaded is not None:
                await loaded(tx, call.at)
            return ImportView.model_validate({**about, "state": "loaded", "rows": rows})

        try:
            return await call.run(command, lambda view: view, consortium_id=region, when_closed=True)
        except _Tried as tried:
            return Response(tried.view.model_dump_json(by_alias=True), media_type="application/json")

    @router.delete("/region-imports/{code}", status_code=204)
    async def delete_region_import(
        code: Code, call: Annotated[Call, may("operator", scope=write, reach=Reach.NAMED)]
    ) -> Response:
        """Gives up an import that was not loaded: nothing of it is left. What was loaded stays."""
        region = _region(call, code)

        async def command(tx: Tx) -> None:
            if await Q.give_up.execute(tx, region):
                await Q.forget_closure.execute(tx, region)

        return await call.run(command, lambda _: None, consortium_id=region, when_closed=True)

    return router


class _Tried(Exception):
    """Ends the transaction of a dry run."""

    def __init__(self, view: ImportView) -> None:
        self.view = view


def _region(call: Call, code: str) -> UUID:
    """The region with this code, for an actor who may act in it. Raises ForeignConsortium."""
    region = ids.consortium_id(code)
    call.actor.check_consortium(region)
    return region


async def _coming(tx: Tx, region: UUID) -> None:
    found = await Q.import_of.row(tx, region)
    if found is None or found["state"] != "loading":
        raise NoImport()


async def _load(tx: Tx, plan: Plan, code: str, origin: UUID) -> int:
    """Loads all pages; how many rows that were. Raises ArchiveUnusable."""
    loading = Loading(tx, plan, {"code": code}, origin)
    await loading.begin()
    page, rest = 0, b""
    while (content := await Q.page.value(tx, tx.consortium_id, page)) is not None:
        *lines, rest = (rest + content).split(b"\n")
        for line in lines:
            await loading.line(line)
        page += 1
    if rest or not loading.done:
        raise ArchiveUnusable(why="its end is missing")
    return loading.rows
