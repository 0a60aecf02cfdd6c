"""How far exports are, as rows."""

from datetime import datetime
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.funding.domain.tables import Checkpoint
from services.funding.store import Q


async def start(
    tx: Tx,
    export_id: UUID,
    kind: str,
    subject: str,
    format_: str,
    rows_total: int,
    checkpoint: Checkpoint | None,
    asked_by: str,
    at: datetime,
) -> None:
    seal = (checkpoint.count, checkpoint.head) if checkpoint else (None, None)
    await Q.start_export.execute(
        tx, tx.consortium_id, export_id, kind, subject, rows_total, asked_by, at, format_, *seal
    )


async def move(tx: Tx, export_id: UUID, rows: int, sent: int, sha256: str | None, at: datetime) -> None:
    """Notes how far it is; with its hash it is complete."""
    await Q.move_export.execute(tx, tx.consortium_id, export_id, rows, sent, sha256, at)


async def exports(tx: Tx, export_id: UUID | None = None, sha256: str | None = None) -> list[Record]:
    """The latest exports first, 100 at most: all, the one with this id, or those of a file with this hash."""
    return await Q.exports.rows(tx, tx.consortium_id, export_id, sha256)
