"""What happened to the contributions and records of one region in one transaction, written in one go.

A command fills a `Work`; `write` then takes a handful of statements, whatever the number of records.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from runtime import ids, outbox
from runtime.event import Change, Context, Fact
from runtime.postgres import Tx, abreast
from services.funding.commands import ledger
from services.funding.domain import acceptance, holding, receiving, rejection
from services.funding.domain import contribution as domain
from services.funding.domain.acceptance import Approvals
from services.funding.domain.contribution import By, Contribution, Hands
from services.funding.domain.fingerprints import Claimed
from services.funding.domain.intake import BY_HAND, Reason
from services.funding.domain.ledger import JournalEntry
from services.funding.events import SOURCE, ContributionReceipt, ReceiptReason, ReceiptSeal
from services.funding.store import contributions as store
from services.funding.store import intake as kept
from services.funding.store.intake import Kept

RECEIPTS = "receipts.contributions."


@dataclass(slots=True)
class Work:
    """What is to be written for one region, in the order in which it happened."""

    region: UUID
    seal: ReceiptSeal | None = None
    new: dict[UUID, Contribution] = field(default_factory=dict)
    moved: dict[UUID, Contribution] = field(default_factory=dict)
    entries: list[JournalEntry] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    records: list[Kept] = field(default_factory=list)
    settled: dict[tuple[str, str], tuple[str, str | None]] = field(default_factory=dict)
    receipts: list[tuple[UUID, str, ContributionReceipt]] = field(default_factory=list)
    claims: list[tuple[bytes, UUID, bytes]] = field(default_factory=list)
    freed: set[UUID] = field(default_factory=set)

    def book(self, new: Contribution, by: By = "rule", context: Context | None = None) -> None:
        """A contribution goes into the books."""
        self.new[new.id] = new
        self.entries += domain.booking_entries(new, by)
        self._tell(new, domain.booking_facts(new, by), context)

    def claim(self, new: Contribution, claimed: Iterable[Claimed]) -> None:
        """What a contribution claims, so that nobody claims it again elsewhere."""
        self.claims += [(fingerprint, new.id, place) for fingerprint, place in claimed]

    def reverse(
        self, found: Contribution, how: Literal["replaced", "withdrawn"], context: Context | None = None
    ) -> Contribution:
        """A contribution is taken back."""
        after, entries, fact = domain.reverse(found, how)
        self._move(after, entries, fact, context)
        self.freed.add(found.id)
        self.claims = [claim for claim in self.claims if claim[1] != found.id]
        return after

    def hold(self, found: Contribution, code: str, context: Context | None = None) -> Contribution:
        """A contribution is put on hold."""
        after, entries, fact = holding.hold(found, code)
        self._move(after, entries, fact, context)
        return after

    def release(self, found: Contribution, hands: Hands) -> Contribution:
        """A contribution that was on hold counts after all."""
        after, entries, fact = holding.release(found, hands)
        self._move(after, entries, fact, None)
        return after

    def verify(
        self, found: Contribution, by: By, hands: Hands | None = None, context: Context | None = None
    ) -> Contribution:
        """A declared contribution was found right."""
        after, fact = domain.verify(found, by, hands)
        self._move(after, (domain.verified_entry(after, by),), fact, context)
        return after

    def ask(self, found: Contribution, school_id: UUID, context: Context | None = None) -> Contribution:
        """The school of a contribution became known, and has the word."""
        after, fact = receiving.ask(found, school_id)
        self._move(after, (), fact, context)
        return after

    def object_to(self, found: Contribution, code: receiving.Objection, hands: Hands) -> Contribution:
        """The school does not confirm a contribution: it is put on hold."""
        after, entries, fact = receiving.object_to(found, code, hands)
        self._move(after, entries, fact, None)
        return after

    def accept(self, found: Contribution, hands: Hands, approvals: Approvals, batch_id: UUID) -> Contribution:
        """A verified contribution is accepted, or approved by the first of two."""
        after = acceptance.accept(found, hands, approvals)
        if after.state == "accepted":
            self._move(after, (domain.accepted_entry(after),), domain.accepted_fact(after, batch_id), None)
        else:
            fact = domain.approved_fact(after, hands.person, approvals.above(after.day) or 0)
            self._move(after, (), fact, None)
        return after

    def reject(self, found: Contribution, code: rejection.Code, note: str, hands: Hands) -> Contribution:
        """A contribution does not count: it leaves the books for good, and what it claimed is free again."""
        after, entries, fact = domain.reject(found, code, note, hands)
        self._move(after, entries, fact, None)
        self.freed.add(found.id)
        return after

    def settle(self, sender: str, record_id: str, state: str, by: str | None = None) -> None:
        """An earlier record fares otherwise from now on."""
        self.settled[sender, record_id] = (state, by)

    def receipt(self, sender: str, receipt: ContributionReceipt, context: Context | None = None) -> None:
        """A sender is told."""
        receipt_id = ids.new_id()
        told = receipt.model_copy(update={"seal": self.seal})
        self.receipts.append((receipt_id, sender, told))
        if sender == BY_HAND:
            return  # it has no topic: whoever wrote the draft reads it there
        topic, key = f"{RECEIPTS}{sender}", receipt.id
        self.changes.append(Change("receipt", receipt_id, 1, (told,), topic=topic, key=key, context=context))

    def fact(self, kind: str, aggregate_id: UUID, version: int, fact: Fact, context: Context | None = None) -> None:
        """Something else that others hear."""
        self.changes.append(Change(kind, aggregate_id, version, (fact,), context=context))

    def _move(
        self, after: Contribution, entries: tuple[JournalEntry, ...], fact: Fact, context: Context | None
    ) -> None:
        self.moved[after.id] = after
        self.entries += entries
        self._tell(after, (fact,), context)

    def _tell(self, found: Contribution, facts: tuple[Fact, ...], context: Context | None) -> None:
        self.changes.append(Change(domain.SUBJECT, found.id, found.version, facts, context=context))


async def write(tx: Tx, work: Work, *, at: datetime) -> None:
    """Writes it. The caller holds the locks; accounts are locked here, as the last."""
    tx = tx.within(work.region)
    await abreast(
        store.add(tx, list(work.new.values())),
        store.move(tx, list(work.moved.values())),
        _claim(tx, work),
        kept.add_records(tx, work.records),
        kept.settle(tx, [(*record, *state) for record, state in work.settled.items()]),
        kept.add_receipts(tx, work.receipts, at),
        ledger.post(tx, work.entries, at=at),
        outbox.append(tx, *work.changes, source=SOURCE, at=at),
    )


async def _claim(tx: Tx, work: Work) -> None:
    """What is freed first: a correction claims again what the record before it claimed."""
    await kept.free(tx, work.freed)
    await kept.claim(tx, work.claims)


def told(reasons: tuple[Reason, ...]) -> tuple[ReceiptReason, ...]:
    """Reasons as a receipt has them."""
    return tuple(
        ReceiptReason(code=each.code, field=each.field, suggestion=each.suggestion, message=_message(each))
        for each in reasons
    )


def _message(reason: Reason) -> dict[str, str]:
    return {"nl": reason.nl, "en": reason.en}
