"""What progress reports are made from, and the reports as rows."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.funding.domain.chain import Seal
from services.funding.domain.deliverable import Deliverable
from services.funding.domain.progress import Movement, Report, Scope
from services.funding.store import Q
from services.funding.store.deliverables import deliverable_of
from services.funding.store.ledger import seal_of


async def seal_before(tx: Tx, moment: datetime) -> Seal | None:
    """The last seal before a moment."""
    row = await Q.seal_before.row(tx, tx.consortium_id, moment)
    return None if row is None else seal_of(row)


async def seal_of_batch(tx: Tx, batch: int) -> Seal | None:
    row = await Q.seal_of_batch.row(tx, tx.consortium_id, batch)
    return None if row is None else seal_of(row)


async def movements(
    tx: Tx, batch: int, counted_from: date, first: date, last: date, grant_id: UUID
) -> tuple[Movement, ...]:
    """What sealed entries did, per account and calendar year. Contributions count from `counted_from`."""
    rows = await Q.sealed_movements.rows(tx, tx.consortium_id, batch, counted_from, first, last, grant_id)
    return tuple(Movement(row["account"], row["year"], row["in_period"], row["cents"], row["minutes"]) for row in rows)


async def deliverables_at(tx: Tx, versions: Mapping[str, int]) -> list[Deliverable]:
    """Deliverables as they were: code -> version."""
    rows = await Q.deliverables_at.rows(tx, tx.consortium_id, list(versions), list(versions.values()))
    return [deliverable_of(row) for row in rows]


async def reports(tx: Tx, grant: str | None = None, code: str | None = None) -> list[Report]:
    """Reports in order of their days: all, those of a grant, or the one with this code."""
    return [_report(row) for row in await Q.progress_reports.rows(tx, tx.consortium_id, grant, code)]


async def insert(tx: Tx, made: Report) -> bool:
    """Keeps a report; False when its code is on record."""
    return bool(
        await Q.insert_progress_report.execute(
            tx,
            tx.consortium_id,
            made.id,
            made.code,
            made.grant_id,
            made.scope.first,
            made.scope.last,
            made.scope.known_on,
            made.batch,
            made.scheme_version,
            made.text,
            made.sha256,
            made.made_by,
            made.made_at,
        )
    )


def _report(row: Record) -> Report:
    return Report(
        row["report_id"],
        row["code"],
        row["grant_id"],
        row["grant_code"],
        Scope(row["from_day"], row["until_day"], row["known_on"]),
        row["seal_batch"],
        row["scheme_version"],
        row["content"],
        row["sha256"],
        row["made_by"],
        row["made_at"],
    )
