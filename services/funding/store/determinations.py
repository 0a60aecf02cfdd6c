"""Determinations as rows."""

from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.funding.domain.determination import Determination, Result, Shown
from services.funding.domain.scheme import Base
from services.funding.store import Q


async def determinations(
    tx: Tx, grant_id: UUID | None = None, determination_id: UUID | None = None
) -> list[Determination]:
    """The determinations of a grant, or the one with this id, in order of number."""
    rows = await Q.determinations.rows(tx, tx.consortium_id, grant_id, determination_id)
    return [_determination(row) for row in rows]


async def made(tx: Tx, grant_id: UUID) -> Determination | None:
    """The determination that was approved, when there is one."""
    return next((each for each in await determinations(tx, grant_id) if each.state == "determined"), None)


async def insert(tx: Tx, new: Determination) -> None:
    """Adds a proposal for a grant that the caller holds."""
    await Q.insert_determination.execute(
        tx,
        tx.consortium_id,
        new.id,
        new.grant_id,
        new.number,
        new.shown.grant_cents,
        new.shown.received_cents,
        new.shown.proved_cents,
        new.shown.counted_cents,
        new.shown.costs_cents,
        new.result.base.value,
        new.result.required_cents,
        new.result.shortfall_cents,
        new.result.unproved_cents,
        new.result.reduction_cents,
        new.result.determined_cents,
        new.result.reclaimed_cents,
        new.result.payable_cents,
        list(new.rules),
        new.reason,
        new.evidence,
        new.proposed_by,
        new.proposed_at,
        new.version,
    )


async def approve(tx: Tx, done: Determination) -> None:
    """Keeps an approval; the caller holds the grant."""
    await Q.approve_determination.execute(
        tx, tx.consortium_id, done.id, done.approved_by, done.approved_at, done.determined_on, done.version
    )


def _determination(row: Record) -> Determination:
    return Determination(
        row["determination_id"],
        row["grant_id"],
        row["grant_code"],
        row["number"],
        Shown(row["grant_cents"], row["received_cents"], row["proved_cents"], row["counted_cents"], row["costs_cents"]),
        Result(
            Base(row["base"]),
            row["required_cents"],
            row["shortfall_cents"],
            row["unproved_cents"],
            row["reduction_cents"],
            row["determined_cents"],
            row["reclaimed_cents"],
            row["payable_cents"],
        ),
        tuple(row["rules"]),
        row["reason"],
        row["evidence"],
        row["proposed_by"],
        row["proposed_at"],
        row["state"],
        row["approved_by"],
        row["approved_at"],
        row["determined_on"],
        row["version"],
    )
