"""Senders, and for whom they may declare, as rows."""

from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from runtime.postgres import Tx
from services.funding.store import Q

Result = Literal["created", "changed", "unchanged"]


@dataclass(frozen=True, slots=True)
class Sender:
    """A company's system, or a payroll provider for many companies."""

    code: str
    title: str


@dataclass(frozen=True, slots=True)
class Mandate:
    """For which organisation a sender may declare, for work on which days."""

    organisation: str
    from_: date
    until: date | None


async def put(tx: Tx, sender: Sender) -> Result:
    return _result(await Q.put_sender.value(tx, sender.code, sender.title))


async def one(tx: Tx, code: str) -> Sender | None:
    row = await Q.sender.row(tx, code)
    return Sender(row["code"], row["title"]) if row else None


async def all_of_them(tx: Tx) -> list[Sender]:
    return [Sender(row["code"], row["title"]) for row in await Q.senders.rows(tx)]


async def put_mandate(tx: Tx, sender: str, organisation_id: UUID, from_: date, until: date | None) -> Result:
    return _result(await Q.put_mandate.value(tx, tx.consortium_id, sender, organisation_id, from_, until))


async def end(tx: Tx, sender: str, on: date) -> int:
    """Ends its mandates on this day, in every region; how many that changed."""
    withdrawn, ended = await Q.withdraw_mandates.rows(tx, sender, on), await Q.end_mandates.rows(tx, sender, on)
    return len(withdrawn) + len(ended)


async def mandates(tx: Tx, sender: str) -> list[Mandate]:
    """What a sender may declare in the region."""
    rows = await Q.mandates_in_region.rows(tx, tx.consortium_id, sender)
    return [Mandate(row["organisation"], row["from_day"], row["until_day"]) for row in rows]


async def regions(tx: Tx, sender: str) -> set[UUID]:
    """In which regions a sender has, or had, a mandate."""
    return {row["consortium_id"] for row in await Q.regions_of_sender.rows(tx, sender)}


def _result(created: bool | None) -> Result:
    return "unchanged" if created is None else "created" if created else "changed"
