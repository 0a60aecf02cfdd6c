"""Claiming a commitment in parts: one person submits, another decides, and the money that is owed is paid.

The commitment is locked before its claim, so that whatever runs in parallel, no more is claimed than was committed.
"""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from runtime import ids, outbox
from runtime.event import Change, Fact
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.commands import commitments
from services.funding.commands.days import local_day
from services.funding.commands.evidence import claimable
from services.funding.commands.ledger import post
from services.funding.domain.claim import SUBJECT, Claim, Evidence
from services.funding.domain.reservation import Reservation
from services.funding.events import SOURCE
from services.funding.events.claims import ReasonCode
from services.funding.store import claims as store
from services.funding.store import ledger as books
from services.funding.store import reservations


async def submit(
    tx: Tx,
    claim_id: UUID,
    commitment_id: UUID,
    cents: int,
    about: str,
    evidence: tuple[Evidence, ...],
    *,
    own: Collection[UUID] | None,
    by: UUID,
    at: datetime,
) -> Claim:
    """Claims a part of a commitment; `own` bounds whose commitments this person may claim of.

    Raises NotFound, NotCommitted, CommitmentEnded and CommitmentExceeded, and EvidenceNotStored.
    """
    evidence = await claimable(tx, evidence, by, own)
    before = await commitments.locked(tx, commitment_id)
    whose = before.terms.organisation_id
    if before.line is None or (own is not None and whose not in own):
        raise NotFound(what="commitment with this id")
    after = before.claim(cents)
    claim = Claim(claim_id, commitment_id, before.line, whose, cents, about, evidence, by, at)
    await reservations.save_claimed(tx, after, at)
    await store.insert(tx, claim)
    await _tell(tx, claim, claim.submitted(), at)
    return claim


async def approve(tx: Tx, claim_id: UUID, *, by: UUID, at: datetime) -> Claim:
    """Approves a claim: the money is owed, and counts against the line for good.

    Raises NotFound, ClaimSettled and SamePerson.
    """
    _, claim = await _locked(tx, claim_id)
    after, fact = claim.approve(by, at)
    await store.save(tx, after)
    await reservations.move_budget(tx, after.line, committed_cents=-after.cents, claimed_cents=after.cents)
    entry = after.approval_entry(_entry_id(after, "approved"), await local_day(tx, at))
    await post(tx, [entry], at=at)
    await _tell(tx, after, fact, at)
    return after


async def refuse(tx: Tx, claim_id: UUID, code: ReasonCode, reason: str, *, by: UUID, at: datetime) -> Claim:
    """Refuses a claim: what it asked may be claimed again. Raises NotFound, ClaimSettled and SamePerson."""
    commitment, claim = await _locked(tx, claim_id)
    after, fact = claim.refuse(code, reason, by, at)
    await store.save(tx, after)
    await _give_back(tx, commitment, after, at)
    await _tell(tx, after, fact, at)
    return after


async def withdraw(tx: Tx, claim_id: UUID, *, own: Collection[UUID] | None, at: datetime) -> Claim:
    """Takes a claim back before anybody decided on it. Raises NotFound and ClaimSettled."""
    commitment, claim = await _locked(tx, claim_id)
    if own is not None and claim.organisation_id not in own:
        raise NotFound(what="claim with this id")
    after, fact = claim.withdraw()
    await store.save(tx, after)
    await _give_back(tx, commitment, after, at)
    await _tell(tx, after, fact, at)
    return after


async def pay(tx: Tx, claim_id: UUID, on: date, reference: str, *, at: datetime) -> Claim:
    """Records that an approved claim was paid, and books it on that day.

    Raises NotFound, ClaimNotApproved and PaidInFuture.
    """
    _, claim = await _locked(tx, claim_id)
    after, fact = claim.pay(on, reference, await local_day(tx, at))
    await store.save(tx, after)
    await post(tx, [after.payment_entry(_entry_id(after, "paid"), on)], at=at)
    await _tell(tx, after, fact, at)
    return after


async def reverse(tx: Tx, claim_id: UUID, code: ReasonCode, reason: str, *, by: UUID, at: datetime) -> Claim:
    """Undoes an approval before it was paid: the entry is reversed, with the code of the reason.

    Raises NotFound, ClaimNotApproved and SamePerson.
    """
    commitment, claim = await _locked(tx, claim_id)
    after, fact = claim.reverse(code, reason, by)
    booked = await books.entry(tx, _entry_id(after, "approved"))
    if booked is None:
        raise NotFound(what="entry of this claim")
    await store.save(tx, after)
    await reservations.move_budget(tx, after.line, committed_cents=after.cents, claimed_cents=-after.cents)
    undone = booked.reversal(_entry_id(after, "reversed"), booked.day, code, reason)
    await post(tx, [undone], at=at)
    await _give_back(tx, commitment, after, at)
    await _tell(tx, after, fact, at)
    return after


async def _give_back(tx: Tx, commitment: Reservation, claim: Claim, at: datetime) -> None:
    """What a claim does not take any more can be claimed again; of an expired commitment it goes back to the line."""
    after = commitment.unclaim(claim.cents)
    facts: tuple[Fact, ...] = ()
    if after.expired:
        after, facts = after.expire()
    await commitments.keep(tx, commitment, after, facts, f"claim {claim.state} after the last day", at=at)


async def _locked(tx: Tx, claim_id: UUID) -> tuple[Reservation, Claim]:
    commitment_id = await store.commitment_of(tx, claim_id)
    commitment = await reservations.lock(tx, commitment_id) if commitment_id else None
    claim = await store.lock(tx, claim_id) if commitment else None
    if commitment is None or claim is None:
        raise NotFound(what="claim with this id")
    return commitment, claim


async def _tell(tx: Tx, claim: Claim, fact: Fact, at: datetime) -> None:
    await outbox.append(tx, Change(SUBJECT, claim.id, claim.version, (fact,)), source=SOURCE, at=at)


def _entry_id(claim: Claim, step: str) -> UUID:
    return ids.coded_id(claim.id, "entry", step)
