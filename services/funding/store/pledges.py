"""Forms and pledges, as rows."""

from dataclasses import dataclass
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.funding.domain.pledge import Pledge, Statement, ValuedPromise
from services.funding.store import Q


@dataclass(frozen=True, slots=True)
class Issued:
    """A form, and the codes of the pledges that answer it."""

    statement: Statement
    pledges: tuple[str, ...]


async def lock_statement(tx: Tx, code: str) -> Statement | None:
    row = await Q.lock_statement.row(tx, tx.consortium_id, code)
    return None if row is None else _statement(row)


async def save_statement(tx: Tx, issued: Statement) -> bool:
    """False when another issued the same version first."""
    version = await Q.save_statement.value(
        tx,
        tx.consortium_id,
        issued.id,
        issued.code,
        issued.organisation_id,
        issued.title,
        issued.deadline,
        issued.version,
    )
    return version is not None


async def statements(tx: Tx, after: str, organisation_id: UUID | None, limit: int) -> list[Issued]:
    """Forms in order of code, of one organisation when given."""
    rows = await Q.statements.rows(tx, tx.consortium_id, after, organisation_id, limit)
    return [Issued(_statement(row), tuple(row["pledges"])) for row in rows]


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
    await Q.insert_pledge_lines.execute(
        tx,
        tx.consortium_id,
        after.id,
        after.version,
        [line.line for line in after.lines],
        [line.minutes for line in after.lines],
        [line.material_cents for line in after.lines],
        [line.cents for line in after.lines],
    )
    await Q.update_pledge.execute(tx, tx.consortium_id, after.id, after.version)


async def pledges(
    tx: Tx, *, after: str = "", code: str | None = None, organisation_id: UUID | None = None, limit: int
) -> list[Pledge]:
    """Pledges as they hold now, in order of code: of one code or one organisation when given."""
    return [_pledge(row) for row in await Q.pledges.rows(tx, tx.consortium_id, after, code, organisation_id, limit)]


def _statement(row: Record) -> Statement:
    return Statement(
        row["statement_id"], row["code"], row["organisation_id"], row["title"], row["deadline"], row["version"]
    )


def _pledge(row: Record) -> Pledge:
    lines = zip(row["lines"], row["minutes"], row["material_cents"], row["cents"], strict=True)
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
