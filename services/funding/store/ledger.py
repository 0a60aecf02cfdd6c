"""The journal, its balances and its seals, as rows."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from runtime import ids
from runtime.postgres import Database, Tx
from services.funding.domain.chain import Recorded, Seal, SealingKey, seal_document
from services.funding.domain.ledger import JournalEntry, Movement, Posting, movements
from services.funding.store import Q

_BATCHES_AT_A_TIME = 50


async def insert_entries(tx: Tx, entries: Sequence[JournalEntry], at: datetime) -> None:
    rows = [
        (
            entry.id,
            entry.kind,
            entry.day,
            entry.reason,
            entry.subject_kind,
            entry.subject_id,
            entry.reverses,
            len(entry.postings),
        )
        for entry in entries
    ]
    await Q.insert_entries.execute(tx, tx.consortium_id, *_columns(rows), at, tx.context.actor or "service:funding")
    postings = [
        (entry.id, position, posting.account, posting.cents, posting.minutes)
        for entry in entries
        for position, posting in enumerate(entry.postings, start=1)
    ]
    await Q.insert_postings.execute(tx, tx.consortium_id, *_columns(postings))


async def move_balances(tx: Tx, entries: Sequence[JournalEntry]) -> None:
    rows = [(moved.account, moved.cents, moved.minutes, moved.postings) for moved in movements(entries)]
    await Q.move_balances.execute(tx, tx.consortium_id, *_columns(rows))


async def entry(tx: Tx, entry_id: UUID) -> JournalEntry | None:
    """The entry with this id, for whoever reverses it."""
    row = await Q.entry.row(tx, tx.consortium_id, entry_id)
    return None if row is None else _entry(row)


async def account_balances(tx: Tx, prefix: str = "", as_known_on: datetime | None = None) -> list[Movement]:
    """The balances of the accounts whose name starts with `prefix`: now, or as sealed by the last seal at a moment."""
    if as_known_on is None:
        rows = await Q.accounts.rows(tx, tx.consortium_id, prefix)
    else:
        rows = await Q.accounts_as_known.rows(tx, tx.consortium_id, prefix, as_known_on)
    return [Movement(row["account"], row["cents"], row["minutes"], row["postings"]) for row in rows]


async def latest_seal(tx: Tx) -> Seal | None:
    """The head of the region's chain: what a receipt prints. None before the first batch is sealed."""
    row = await Q.latest_seal.row(tx, tx.consortium_id)
    return None if row is None else seal_of(row)


async def seal_containing(tx: Tx, entry_id: UUID) -> Seal | None:
    """The seal that covers an entry: what a statement prints. None as long as it is not sealed."""
    row = await Q.seal_containing.row(tx, tx.consortium_id, entry_id)
    return None if row is None else seal_of(row)


async def seals(tx: Tx, after_batch: int, limit: int) -> list[Seal]:
    return [seal_of(row) for row in await Q.seals.rows(tx, tx.consortium_id, after_batch, limit)]


async def take_unsealed(tx: Tx, limit: int) -> list[Recorded]:
    """Takes the next entries that await a seal, in the order in which they are hashed."""
    return [_recorded(row) for row in await Q.take_unsealed.rows(tx, tx.consortium_id, limit)]


async def unsealed_ids(tx: Tx) -> bytes:
    """The ids of the entries that await a seal, in order, 16 bytes each."""
    ids: bytes = await Q.unsealed_ids.value(tx, tx.consortium_id)
    return ids


async def entries(tx: Tx, ids: Sequence[UUID]) -> list[Recorded]:
    """These entries, in order of their ids."""
    return [_recorded(row) for row in await Q.entries_of_ids.rows(tx, tx.consortium_id, list(ids))]


async def lead_sealing(tx: Tx) -> bool:
    """Whether this transaction is the one that seals for its region now."""
    leads: bool = await Q.lead_sealing.value(tx, tx.consortium_id)
    return leads


async def keep_public_key(tx: Tx, key: SealingKey, at: datetime) -> None:
    await Q.insert_seal_key.execute(tx, key.id, key.public_key, at)


async def insert_seal(tx: Tx, seal: Seal, entries: Sequence[tuple[str, str]]) -> None:
    """Adds a batch; `entries` are pairs of id and hash in their order."""
    await Q.insert_seal.execute(
        tx,
        tx.consortium_id,
        seal.batch,
        seal.count,
        seal.previous,
        seal.head,
        seal.sealed_at,
        seal.key_id,
        seal.signature,
    )
    await Q.insert_sealed_entries.execute(tx, tx.consortium_id, seal.batch, *_columns(entries))


async def public_keys(tx: Tx) -> dict[str, str]:
    """Key id -> public key in hexadecimal, of every key that seals were ever signed with."""
    return {row["key_id"]: row["public_key"] for row in await Q.seal_keys.rows(tx)}


async def chain(tx: Tx) -> AsyncIterator[tuple[dict[str, Any], dict[str, dict[str, Any]]]]:
    """The whole chain as documents: each seal with those of its entries that are still there, by id."""
    after = 0
    while found := await seals(tx, after, _BATCHES_AT_A_TIME):
        listed: dict[int, list[tuple[str, str]]] = {}
        present: dict[int, dict[str, dict[str, Any]]] = {}
        for row in await Q.sealed_between.rows(tx, tx.consortium_id, after, found[-1].batch):
            listed.setdefault(row["batch"], []).append((str(row["entry_id"]), row["entry_hash"]))
            if row["kind"] is not None:
                document = _recorded(row).document(ids.origin_of(tx.consortium_id))
                present.setdefault(row["batch"], {})[document["id"]] = document
        for seal in found:
            yield seal_document(seal, listed.get(seal.batch, [])), present.get(seal.batch, {})
        after = found[-1].batch


async def batches(
    tx: Tx, after: int, seals: Sequence[Seal]
) -> list[tuple[Seal, list[tuple[str, str]], list[dict[str, Any]]]]:
    """These seals, which follow on batch `after`, each with its list of entries and the documents that there are."""
    made: dict[int, tuple[Seal, list[tuple[str, str]], list[dict[str, Any]]]] = {
        seal.batch: (seal, [], []) for seal in seals
    }
    for row in await Q.sealed_between.rows(tx, tx.consortium_id, after, seals[-1].batch):
        _, pairs, present = made[row["batch"]]
        pairs.append((str(row["entry_id"]), row["entry_hash"]))
        if row["kind"] is not None:
            present.append(_recorded(row).document(ids.origin_of(tx.consortium_id)))
    return list(made.values())


async def imbalance(tx: Tx) -> Movement:
    """How far the whole journal is from zero: the sum of every posting, and the number of entries."""
    row = await Q.imbalance.row(tx, tx.consortium_id)
    return Movement("", row["cents"], row["minutes"], row["entries"]) if row else Movement("", 0, 0, 0)


async def unbalanced(tx: Tx) -> dict[UUID, Movement]:
    """The regions of this transaction whose kept balances do not add up to zero, with how far they are off."""
    rows = await Q.unbalanced_regions.rows(tx)
    return {row["consortium_id"]: Movement("", row["cents"], row["minutes"], 0) for row in rows}


async def balance_mismatches(tx: Tx) -> tuple[str, ...]:
    """Accounts whose kept balance is not the sum of their postings."""
    return tuple(row["account"] for row in await Q.balance_mismatches.rows(tx, tx.consortium_id))


async def unsealed_count(tx: Tx) -> int:
    count: int = await Q.unsealed_count.value(tx, tx.consortium_id)
    return count


def _columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _postings(row: Record) -> tuple[tuple[str, int, int], ...]:
    return tuple(zip(row["accounts"], row["cents"], row["minutes"], strict=True))


def _entry(row: Record) -> JournalEntry:
    return JournalEntry(
        row["entry_id"],
        row["kind"],
        row["day"],
        tuple(Posting(*posting) for posting in _postings(row)),
        row["reason"],
        row["subject_kind"],
        row["subject_id"],
        row["reverses"],
    )


def _recorded(row: Record) -> Recorded:
    return Recorded(
        row["entry_id"],
        row["kind"],
        row["day"],
        _postings(row),
        row["reason"],
        row["subject_kind"],
        row["subject_id"],
        row["reverses"],
        row["recorded_at"],
        row["recorded_by"],
    )


def seal_of(row: Record) -> Seal:
    return Seal(
        row["batch"],
        row["entry_count"],
        row["previous"],
        row["head"],
        row["sealed_at"],
        row["key_id"],
        row["signature"],
    )


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One entry of a page of the journal: what was recorded, where it stands, and the batch that seals it."""

    recorded: Recorded
    number: int
    batch: int | None


async def page(
    tx: Tx, after: int, limit: int, account: str | None, subject_kind: str | None, subject_id: UUID | None
) -> list[JournalLine]:
    """Entries in order of arrival, of one account or one subject when given."""
    rows = await Q.entries.rows(tx, tx.consortium_id, after, account, subject_kind, subject_id, limit)
    return [JournalLine(_recorded(row), row["entry_no"], row["batch"]) for row in rows]


async def consortia_to_seal(database: Database) -> list[UUID]:
    """The regions with entries that no seal covers yet."""
    return [row["consortium_id"] for row in await Q.consortia_to_seal.rows(database.pool)]
