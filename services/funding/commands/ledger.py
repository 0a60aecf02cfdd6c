"""Booking, sealing what was booked, and proving it. Every command that moves cents or minutes ends in `post`."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from runtime import ids, outbox
from runtime.event import Change
from runtime.postgres import Tx
from services.funding.domain import chain
from services.funding.domain.chain import FORM, Anchor, Break, Seal, SealingKey, Verifier, canonical, seal_document
from services.funding.domain.ledger import JournalEntry
from services.funding.events import SOURCE, EntriesSealed
from services.funding.store import ledger as books
from services.funding.store import periods


async def post(tx: Tx, entries: Sequence[JournalEntry], *, at: datetime) -> None:
    """Books these entries, all or none, as recorded at `at` by whoever the transaction acts for.

    The one rule of closed periods: an entry whose day is in one is booked on the first open day instead and says so,
    and nobody closes a period until this transaction ends. Set-based: four statements whatever the number of entries,
    one balance update per account, accounts made when first used and locked in the order of their names. Journal rows
    are only ever added.
    Raises asyncpg.UniqueViolationError when an entry with the same id is booked already.
    """
    if entries:
        closed_until = await periods.keep_open(tx)
        booked = [entry.on_open_day(closed_until) for entry in entries]
        await books.insert_entries(tx, booked, at)
        await books.move_balances(tx, booked)


async def seal_next(tx: Tx, key: SealingKey, *, at: datetime, most: int = 1_000) -> Seal | None:
    """Seals the next entries of the region and publishes the seal; None when there are none, or another seals now.

    What has to be sealed is what no seal covers, never what comes after a cursor: an entry whose transaction commits
    late is simply in a later batch.
    """
    if not await books.lead_sealing(tx):
        return None
    entries = await books.take_unsealed(tx, most)
    if not entries:
        return None
    made, hashed = chain.seal(ids.origin_of(tx.consortium_id), entries, await books.latest_seal(tx), key, at)
    await books.keep_public_key(tx, key, at)
    await books.insert_seal(tx, made, hashed)
    fact = EntriesSealed(
        batch=made.batch,
        count=made.count,
        head=made.head,
        previous=made.previous,
        sealed_at=made.sealed_at,
        key_id=made.key_id,
        signature=made.signature,
    )
    ledger_id = ids.coded_id(tx.consortium_id, "ledger", "journal")
    await outbox.append(tx, Change("ledger", ledger_id, made.batch, (fact,)), source=SOURCE, at=at)
    return made


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found. `unsealed` entries are not in the chain yet; `balances` names accounts that differ
    from the sum of their postings."""

    entries: int
    batches: int
    head: str
    unsealed: int
    imbalance_cents: int
    imbalance_minutes: int
    balances: tuple[str, ...]
    broken: Break | None

    @property
    def ok(self) -> bool:
        return self.broken is None and not self.balances and not self.imbalance_cents and not self.imbalance_minutes


async def verify(tx: Tx, anchors: Sequence[Anchor] = ()) -> Verdict:
    """Recomputes the region's whole chain from its rows, and its balances from the postings."""
    verifier = Verifier(str(ids.origin_of(tx.consortium_id)), await books.public_keys(tx), anchors=anchors)
    async for sealed, present in books.chain(tx):
        verifier.batch(sealed, present)
    broken = verifier.finish()
    off = await books.imbalance(tx)
    return Verdict(
        verifier.entries,
        verifier.batches,
        verifier.head,
        await books.unsealed_count(tx),
        off.cents,
        off.minutes,
        await books.balance_mismatches(tx),
        broken,
    )


ENTRIES_AT_A_TIME = 2_000

Open = Callable[[], AbstractAsyncContextManager[Tx]]
Chunk = tuple[int, bytes]
"""Entries in this chunk, and what there is to send."""
Batch = tuple[Seal, list[tuple[str, str]], list[dict[str, Any]]]
"""A seal, the ids and hashes of its entries, and the entries that there are."""


async def export(opening: Open) -> AsyncIterator[Chunk]:
    """The books as JSON lines, with all that `services.funding.verify` needs without us: see the README.

    A few batches at a time, each in a short transaction. What no seal covers when the last batch was read comes last,
    also when it is sealed before it is sent: no entry is left out, and none is there twice.
    """
    async with opening() as tx:
        consortium = ids.origin_of(tx.consortium_id)
        yield 0, chain_line(str(consortium), await books.public_keys(tx))
    after = 0
    while True:
        async with opening() as tx:
            found = await next_batches(tx, after)
            if not found:
                waiting = await books.unsealed_ids(tx)
                found = await next_batches(tx, after)
        if not found:
            break
        yield sum(len(pairs) for _, pairs, _ in found), batch_lines(found)
        after = found[-1][0].batch
    for place in range(0, len(waiting), 16 * ENTRIES_AT_A_TIME):
        part = waiting[place : place + 16 * ENTRIES_AT_A_TIME]
        wanted = [UUID(bytes=part[each : each + 16]) for each in range(0, len(part), 16)]
        async with opening() as tx:
            entries = await books.entries(tx, wanted)
        yield len(entries), b"".join(export_line("unsealed", entry.document(consortium)) for entry in entries)


async def next_batches(tx: Tx, after: int, last: int | None = None) -> list[Batch]:
    """The next few batches after one, up to `last`: as many as hold some two thousand entries together."""
    seals = [each for each in await books.seals(tx, after, 200) if last is None or each.batch <= last]
    fit = [each for each in seals if each.count - seals[0].count < ENTRIES_AT_A_TIME]
    return await books.batches(tx, after, fit) if fit else []


def chain_line(consortium: str, keys: Mapping[str, str]) -> bytes:
    """The first line of an export: whose books, and the keys that they were sealed with."""
    return export_line("chain", {"form": FORM, "consortium": consortium, "keys": keys})


def batch_lines(found: Sequence[Batch]) -> bytes:
    """Batches as lines: each seal with the list of its entries, then the entries that there are."""
    text = bytearray()
    for sealed, pairs, present in found:
        text += export_line("seal", seal_document(sealed, pairs))
        for document in present:
            text += export_line("entry", document)
    return bytes(text)


def export_line(kind: str, document: Mapping[str, Any]) -> bytes:
    return b'{"type":"%s",%s\n' % (kind.encode(), canonical(document)[1:])
