"""Contributions as rows."""

from datetime import date
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.funding.domain.contribution import Contribution
from services.funding.store import Q


async def add(tx: Tx, new: Contribution) -> bool:
    """False when its activity has a contribution already."""
    return bool(
        await Q.add_contribution.execute(
            tx,
            tx.consortium_id,
            new.id,
            new.organisation_id,
            new.line,
            new.day,
            new.kind,
            new.minutes,
            new.value_cents,
            new.rule,
            new.activity_id,
            new.activity_ref,
        )
    )


async def accept(tx: Tx, up_to: date, by: UUID) -> list[Contribution]:
    """The contributions that are accepted by this, by id."""
    rows = await Q.accept_contributions.rows(tx, tx.consortium_id, up_to, by)
    return sorted((_contribution(row) for row in rows), key=lambda found: found.id)


async def after(tx: Tx, contribution_id: UUID, limit: int) -> list[Contribution]:
    rows = await Q.contributions_after.rows(tx, tx.consortium_id, contribution_id, limit)
    return [_contribution(row) for row in rows]


def _contribution(row: Record) -> Contribution:
    return Contribution(
        row["contribution_id"],
        row["organisation_id"],
        row["line"],
        row["day"],
        row["kind"],
        row["minutes"],
        row["value_cents"],
        row["rule"],
        row["origin"],
        row["activity_id"],
        row["activity_ref"],
        row["state"],
        row["version"],
    )
