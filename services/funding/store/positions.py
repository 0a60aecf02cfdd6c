"""The position, added up in the database: by programme, line and partner, and who is behind."""

import json
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date
from typing import Any
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Database, Tx
from services.funding.domain.position import Call, Sums
from services.funding.store import Q


@dataclass(frozen=True, slots=True)
class LineSums:
    """A line with its title, what it was given, and its sums. `kind` is `former` when no programme has it now."""

    code: str
    kind: str
    title: str
    allocated_cents: int
    sums: Sums


@dataclass(frozen=True, slots=True)
class PartnerSums:
    """An organisation and its sums."""

    organisation_id: UUID
    code: str
    name: str
    kind: str
    sums: Sums


async def programme(tx: Tx, as_of: date) -> Sums:
    row = await Q.position_programme.row(tx, tx.consortium_id, as_of)
    return _sums(row) if row is not None else Sums()


async def lines(tx: Tx, as_of: date) -> list[LineSums]:
    """Every line by code, `unallocated` included once there is a grant."""
    return [
        LineSums(row["code"], row["kind"], row["title"], row["allocated_cents"], _sums(row))
        for row in await Q.position_lines.rows(tx, tx.consortium_id, as_of)
    ]


async def partners(
    tx: Tx, as_of: date, after: UUID, limit: int | None, only: Collection[UUID] | None = None
) -> list[PartnerSums]:
    """Organisations that contributed or promised, in order of id; only those with these ids when given."""
    wanted = None if only is None else list(only)
    return [
        PartnerSums(row["organisation_id"], row["code"], row["name"], row["kind"], _sums(row))
        for row in await Q.position_partners.rows(tx, tx.consortium_id, as_of, after, wanted, limit)
    ]


async def calls(tx: Tx, as_of: date, after: tuple[int, int, str] | None, limit: int) -> list[Call]:
    """The call list in its order; `after` is what is at stake, delivered and the code of the last one seen."""
    stake, delivered, code = after or (None, None, None)
    return [
        Call(
            row["organisation_id"],
            row["code"],
            row["name"],
            _sums(row),
            row["from_day"],
            row["until_day"],
            row["last_day"],
        )
        for row in await Q.position_calls.rows(tx, tx.consortium_id, as_of, stake, delivered, code, limit)
    ]


async def lead(tx: Tx) -> bool:
    """Whether this transaction is the one that tells the position of its region now."""
    leads: bool = await Q.lead_position.value(tx, tx.consortium_id)
    return leads


async def take_news(tx: Tx) -> None:
    """Takes note of what was announced so far, and adds up what moved."""
    await Q.take_news.execute(tx, tx.consortium_id)
    await Q.fold_position.execute(tx, tx.consortium_id)


async def tell(tx: Tx, position_id: UUID, told: dict[str, Any]) -> int | None:
    """Keeps what is told; its version, or None when the same was told last."""
    version: int | None = await Q.tell_position.value(tx, tx.consortium_id, position_id, json.dumps(told))
    return version


async def consortia_with_news(database: Database) -> list[UUID]:
    """The regions whose position may have changed since it was told."""
    return [row["consortium_id"] for row in await Q.consortia_with_news.rows(database.pool)]


def _sums(row: Record) -> Sums:
    return Sums(**{each.name: row[each.name] for each in fields(Sums)})
