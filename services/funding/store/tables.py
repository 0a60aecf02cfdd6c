"""What the tables that leave the books are written from, page by page."""

from datetime import date
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.funding.domain.tables import Checkpoint
from services.funding.store import Q, ledger


async def checkpoint(tx: Tx) -> Checkpoint:
    """The head of the chain now, with how many entries wait for a seal."""
    waiting: int = await Q.unsealed_now.value(tx, tx.consortium_id)
    return Checkpoint.of(await ledger.latest_seal(tx), waiting)


async def contributions(tx: Tx, after: UUID, batch: int, first: date, last: date, limit: int) -> list[Record]:
    """A page of contributions by id, with what the books up to a batch hold for each."""
    return await Q.table_contributions.rows(tx, tx.consortium_id, after, batch, first, last, limit)


async def contributions_total(tx: Tx, first: date, last: date) -> int:
    total: int = await Q.table_contributions_total.value(tx, tx.consortium_id, first, last)
    return total


async def journal(tx: Tx, after: tuple[int, int], batch: int, limit: int) -> list[Record]:
    """The postings of a page of entries, after a place in the chain (batch, position)."""
    return await Q.table_journal.rows(tx, tx.consortium_id, *after, batch, limit)


async def journal_total(tx: Tx, batch: int, first: date, last: date) -> int:
    total: int = await Q.table_journal_total.value(tx, tx.consortium_id, batch, first, last)
    return total
