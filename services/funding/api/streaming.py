"""Exports that are sent as they are made: what is in memory is a chunk, and how far it is can be asked meanwhile."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Annotated, Any, Literal
from uuid import UUID

from asyncpg import Record
from fastapi import APIRouter, Path, Query
from pydantic import ConfigDict
from pydantic.config import JsonDict
from starlette.responses import StreamingResponse

from runtime import ids
from runtime.http import ApiModel, Call, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api.speaking import READ, READERS
from services.funding.commands.exports import complete
from services.funding.domain.tables import Checkpoint
from services.funding.store import exports as store

router = APIRouter(prefix="/v1", tags=["exports"])
Reader = Annotated[Call, may(*READERS, scope=READ)]
TOLD_EVERY_SECONDS = 0.5
SILENT = timedelta(minutes=2)
EXAMPLE: JsonDict = {
    "id": "018f0000-0000-7000-8000-000000000001",
    "kind": "contributions",
    "subject": "2020-01-01 - 2020-12-31",
    "format": "xlsx",
    "state": "running",
    "rowsDone": 120000,
    "rowsTotal": 500000,
    "bytesSent": 9600000,
    "sha256": None,
    "startedAt": "2023-11-01T09:00:00Z",
    "movedAt": "2023-11-01T09:00:07Z",
    "checkpoint": {"count": 1402, "head": "9f3c" * 16},
}


class CheckpointView(ApiModel):
    """A seal of the chain: the entries up to it, and the hash over them."""

    count: int
    head: str


class ExportView(ApiModel):
    """How far an export is. `stopped`: nothing moved for two minutes, so whoever asked for it hung up. The hash is of
    all that was sent, and is there when it is complete. `checkpoint` is the seal that it rests on."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: UUID
    kind: str
    subject: str
    format: str
    state: Literal["running", "complete", "stopped"]
    rows_done: int
    rows_total: int
    bytes_sent: int
    sha256: str | None
    started_at: datetime
    moved_at: datetime
    checkpoint: CheckpointView | None

    @classmethod
    def of(cls, row: Record, at: datetime) -> "ExportView":
        state: Literal["running", "complete", "stopped"] = "running"
        if row["sha256"]:
            state = "complete"
        elif at - row["moved_at"] > SILENT:
            state = "stopped"
        return cls(
            id=row["export_id"],
            kind=row["kind"],
            subject=row["subject"],
            format=row["format"],
            state=state,
            rows_done=row["rows_done"],
            rows_total=row["rows_total"],
            bytes_sent=row["bytes_sent"],
            sha256=row["sha256"],
            started_at=row["started_at"],
            moved_at=row["moved_at"],
            checkpoint=CheckpointView(count=row["checkpoint_count"], head=row["checkpoint_head"])
            if row["checkpoint_head"]
            else None,
        )


def opening(call: Call) -> AbstractAsyncContextManager[Tx]:
    """A short transaction of this call, for one page of an export."""
    return call.database.transaction(call.consortium_id, call.context)


@dataclass(frozen=True, slots=True)
class Export:
    """What is about to be sent."""

    kind: str
    subject: str
    rows: int
    media_type: str
    filename: str
    format: str = ""
    checkpoint: Checkpoint | None = None


async def streamed(call: Call, chunks: AsyncIterator[tuple[int, bytes]], export: Export) -> StreamingResponse:
    """Answers with chunks as they come. The header Export-Id names what `GET /v1/exports/{exportId}` tells of it."""
    export_id = ids.new_id()
    async with opening(call) as tx:
        asked_by = call.context.actor or "unknown"
        await store.start(
            tx,
            export_id,
            export.kind,
            export.subject,
            export.format,
            export.rows,
            export.checkpoint,
            asked_by,
            call.at,
        )
    headers = {
        "Export-Id": str(export_id),
        "Content-Disposition": f'attachment; filename="{export.filename}"',
    }
    if export.checkpoint is not None:
        headers["Checkpoint"] = str(export.checkpoint)
    sent = _counted(call, export_id, chunks, export)
    return StreamingResponse(sent, media_type=export.media_type, headers=headers)


async def _counted(
    call: Call, export_id: UUID, chunks: AsyncIterator[tuple[int, bytes]], export: Export
) -> AsyncIterator[bytes]:
    rows, sent, digest, told = 0, 0, hashlib.sha256(), monotonic()
    async for more, content in chunks:
        rows, sent = rows + more, sent + len(content)
        digest.update(content)
        if content:
            yield content
        if monotonic() - told > TOLD_EVERY_SECONDS:
            told = monotonic()
            async with opening(call) as tx:
                await store.move(tx, export_id, rows, sent, None, datetime.now(UTC))
    async with opening(call) as tx:
        await complete(
            tx,
            export_id,
            export.kind,
            export.subject,
            export.checkpoint,
            rows,
            sent,
            digest.hexdigest(),
            at=datetime.now(UTC),
        )


@router.get("/exports")
async def list_exports(
    call: Reader,
    sha256: Annotated[
        str | None, Query(pattern="^[0-9a-f]{64}$", description="Only those of a file with this hash")
    ] = None,
) -> list[ExportView]:
    """The latest exports first, 100 at most; with the hash of a file, what it is and what it rests on."""
    return [ExportView.of(row, call.at) for row in await call.read(lambda tx: store.exports(tx, sha256=sha256))]


@router.get("/exports/{exportId}")
async def get_export(export_id: Annotated[UUID, Path(alias="exportId")], call: Reader) -> ExportView:
    """How far one export is: the header Export-Id of its answer names it."""
    found: list[Any] = await call.read(lambda tx: store.exports(tx, export_id))
    if not found:
        raise NotFound(what="export with this id")
    return ExportView.of(found[0], call.at)
