"""Instalments as rows: added, and taken back beside themselves."""

from datetime import datetime
from uuid import UUID

from runtime.postgres import Tx
from services.funding.domain.grant import Grant
from services.funding.domain.instalment import Instalment
from services.funding.store import Q


async def instalments(tx: Tx, grant_id: UUID) -> list[Instalment]:
    """What was paid on a grant, in order of day and code."""
    return [
        Instalment(
            row["instalment_id"],
            row["code"],
            row["cents"],
            row["received_on"],
            row["reference"],
            row["recorded_by"],
            row["reversed_by"],
            row["reason"] or "",
        )
        for row in await Q.instalments.rows(tx, tx.consortium_id, grant_id)
    ]


async def add(tx: Tx, grant: Grant, added: Instalment, at: datetime) -> None:
    """Adds an instalment to a grant that the caller holds."""
    await Q.insert_instalment.execute(
        tx,
        tx.consortium_id,
        grant.id,
        added.id,
        added.code,
        added.cents,
        added.received_on,
        added.reference,
        added.recorded_by,
        at,
    )
    await Q.update_grant_version.execute(tx, tx.consortium_id, grant.id, grant.version)


async def take_back(tx: Tx, grant: Grant, taken: Instalment, at: datetime) -> None:
    """Takes an instalment of a grant back that the caller holds."""
    await Q.reverse_instalment.execute(tx, tx.consortium_id, grant.id, taken.id, taken.reversed_by, at, taken.reason)
    await Q.update_grant_version.execute(tx, tx.consortium_id, grant.id, grant.version)
