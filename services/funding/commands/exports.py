"""What becomes of a file that leaves the books: how far it is, and that it was complete, with its hash."""

from datetime import datetime
from uuid import UUID

from runtime import outbox
from runtime.event import Change
from runtime.postgres import Tx
from services.funding.domain.tables import Checkpoint
from services.funding.events import SOURCE
from services.funding.events.reporting import ExportCompleted
from services.funding.store import exports as store


async def complete(
    tx: Tx,
    export_id: UUID,
    kind: str,
    subject: str,
    checkpoint: Checkpoint | None,
    rows: int,
    sent: int,
    sha256: str,
    *,
    at: datetime,
) -> None:
    """Notes that all of a file was sent, and publishes its hash: who meets the file later can tell that it is ours."""
    await store.move(tx, export_id, rows, sent, sha256, at)
    fact = ExportCompleted(
        export_id=export_id,
        kind=kind,
        subject=subject,
        rows=rows,
        bytes=sent,
        sha256=sha256,
        seal_count=checkpoint.count if checkpoint else None,
        seal_head=checkpoint.head if checkpoint else None,
    )
    await outbox.append(tx, Change("export", export_id, 1, (fact,)), source=SOURCE, at=at)
