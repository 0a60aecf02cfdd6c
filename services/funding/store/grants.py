"""Grants and their supplements, as rows."""

from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.funding.domain.grant import Grant, Supplement
from services.funding.store import Q


async def insert(tx: Tx, grant: Grant) -> bool:
    """Adds a grant; False when its code is on record."""
    rows = await Q.insert_grant.execute(
        tx,
        tx.consortium_id,
        grant.id,
        grant.code,
        grant.scheme,
        grant.awarded_cents,
        grant.from_,
        grant.first_until,
        grant.awarded_on,
        grant.version,
    )
    return rows == 1


async def lock(tx: Tx, code: str | None = None, grant_id: UUID | None = None) -> Grant | None:
    """The grant with this code or id, locked."""
    row = await Q.lock_grant.row(tx, tx.consortium_id, code, grant_id)
    return None if row is None else _grant(row, await _supplements(tx))


async def grants(tx: Tx, code: str | None = None) -> list[Grant]:
    """The region's grants, oldest first, or the one with this code."""
    supplements = await _supplements(tx)
    return [_grant(row, supplements) for row in await Q.grants.rows(tx, tx.consortium_id, code)]


async def add_supplement(tx: Tx, grant: Grant) -> None:
    """Adds the last supplement of a grant that the caller holds."""
    added = grant.supplements[-1]
    await Q.insert_supplement.execute(
        tx,
        tx.consortium_id,
        grant.id,
        added.id,
        added.code,
        added.cents,
        added.until,
        added.awarded_on,
        added.reason,
        len(grant.supplements),
    )
    await Q.update_grant_version.execute(tx, tx.consortium_id, grant.id, grant.version)


async def _supplements(tx: Tx) -> dict[UUID, list[Supplement]]:
    found: dict[UUID, list[Supplement]] = {}
    for row in await Q.supplements.rows(tx, tx.consortium_id):
        found.setdefault(row["grant_id"], []).append(
            Supplement(
                row["supplement_id"], row["code"], row["cents"], row["until_day"], row["awarded_on"], row["reason"]
            )
        )
    return found


def _grant(row: Record, supplements: dict[UUID, list[Supplement]]) -> Grant:
    return Grant(
        row["grant_id"],
        row["code"],
        row["scheme"],
        row["awarded_cents"],
        row["from_day"],
        row["until_day"],
        row["awarded_on"],
        tuple(supplements.get(row["grant_id"], ())),
        row["version"],
    )
