"""Pledges, as rows."""

from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.funding.domain.pledge import Pledge, ValuedPromise
from services.funding.domain.terms import Term
from services.funding.store import Q


async def lock(tx: Tx, pledge_id: UUID, code: str, organisation_id: UUID) -> Pledge | None:
    """The pledge with this code, locked for whoever signs it; None when it is new and this one's to sign."""
    await Q.open_pledge.execute(tx, tx.consortium_id, pledge_id, code, organisation_id)
    await Q.lock_pledge.row(tx, tx.consortium_id, pledge_id)
    return next(iter(await pledges(tx, code=code, limit=1)), None)


async def save(tx: Tx, before: Pledge | None, after: Pledge) -> None:
    """Adds a signing in the place of the one before, of a pledge that the caller holds."""
    if before is not None:
        await Q.end_pledge_version.execute(tx, tx.consortium_id, before.id, before.version, after.signed_on)
    await Q.insert_pledge_version.execute(
        tx,
        tx.consortium_id,
        after.id,
        after.version,
        after.statement_id,
        after.signed_on,
        after.from_,
        after.until,
    )
    days = [line.days(after.from_, after.until) if line.term else (None, None) for line in after.lines]
    await Q.insert_pledge_lines.execute(
        tx,
        tx.consortium_id,
        after.id,
        after.version,
        [line.line for line in after.lines],
        [line.minutes for line in after.lines],
        [line.material_cents for line in after.lines],
        [line.cents for line in after.lines],
        [line.facilities_cents for line in after.lines],
        [line.cash_cents for line in after.lines],
        [line.term.year if line.term else None for line in after.lines],
        [line.term.number if line.term else None for line in after.lines],
        [first for first, _ in days],
        [last for _, last in days],
    )
    await Q.update_pledge.execute(tx, tx.consortium_id, after.id, after.version)


async def pledges(
    tx: Tx, *, after: str = "", code: str | None = None, organisation_id: UUID | None = None, limit: int
) -> list[Pledge]:
    """Pledges as they hold now, in order of code: of one code or one organisation when given."""
    return [_pledge(row) for row in await Q.pledges.rows(tx, tx.consortium_id, after, code, organisation_id, limit)]


def _pledge(row: Record) -> Pledge:
    amounts = ("lines", "minutes", "material_cents", "cents", "facilities_cents", "cash_cents")
    terms = [Term(*term) if term[0] else None for term in zip(row["term_years"], row["term_numbers"], strict=True)]
    lines = zip(*(row[name] for name in amounts), terms, strict=True)
    return Pledge(
        row["pledge_id"],
        row["code"],
        row["organisation_id"],
        row["statement_id"],
        row["signed_on"],
        row["from_day"],
        row["until_day"],
        tuple(ValuedPromise(*line) for line in lines),
        row["version"],
    )
