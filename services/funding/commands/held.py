"""Deciding about what was held: it counts after all, or not. Whoever releases has verified it, and cannot accept it."""

from dataclasses import replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from runtime.ids import coded_id
from runtime.postgres import Tx
from runtime.problems import Kind, NotFound, Problem, SamePerson
from services.funding.commands.booking import Work, told, write
from services.funding.commands.contributions import receipt_of
from services.funding.domain import contribution as domain
from services.funding.domain.bounds import bounds
from services.funding.domain.contribution import Contribution, Hands
from services.funding.domain.fingerprints import Fingerprints
from services.funding.domain.intake import Reason, Record, parse
from services.funding.domain.judging import Held, Refused
from services.funding.domain.receiving import right_by_rule
from services.funding.domain.rejection import Code
from services.funding.domain.world import Booked, Stored, TakenBack, World, worth_of
from services.funding.events import ContributionReceipt, ContributionRefused
from services.funding.store import contributions, drafts, intake
from services.funding.store import held as store
from services.funding.store.held import HeldRecord


class NotHeld(Problem, kind=Kind.CONFLICT):
    """This record does not wait for a decision any more: it is {state}."""


class CannotRelease(Problem, kind=Kind.CONFLICT):
    """This record cannot be released as things are: {why} Refuse it, or mend the cause first."""


async def release(tx: Tx, intake_id: UUID, *, hands: Hands, keys: Fingerprints, at: datetime) -> HeldRecord:
    """A person says that a record counts. Raises NotFound, NotHeld, CannotRelease, and SamePerson to its own sender."""
    held, work = await _take(tx, intake_id)
    if hands.sender is not None and hands.sender == held.sender:
        raise SamePerson(what="Releasing a record", do="release it")
    declared_by = await drafts.declarer(tx, intake_id)
    if hands.person == declared_by:
        raise SamePerson(what="Releasing a record", do="release it")
    record = parse(held.content)
    assert isinstance(record, Record)
    current = await contributions.one(tx, held.contribution_id, lock=True) if held.contribution_id else None
    if current is not None and current.state == "held":
        after = work.release(current, hands)
        work.receipt(held.sender, receipt_of(after, held.record))
        return await _decided(tx, held, work, "booked", after.id, (), at)
    world = await intake.lock_world(tx, [(held.sender, record)], keys, at)
    if (question := world.doubtful(record, held.sender)) is not None:
        world.answers = {question: True}
    contribution_id = coded_id(tx.consortium_id, "contribution", f"record/{held.sender}/{record.id}")
    outcome = world.decide(record, held.sender, held.origin, contribution_id)
    if isinstance(outcome, Refused):
        raise CannotRelease(why=outcome.reasons[0].en)
    earlier = world.find(held.sender, record.refers_to)
    if record.withdraws is not None or isinstance(outcome, TakenBack):
        _undo(work, held, earlier, "withdrawn")
        gone = earlier.contribution if earlier is not None else None
        receipt = ContributionReceipt(
            id=held.record_id, record=held.record, outcome="booked", value_cents=0, minutes=0, state="reversed"
        )
        work.receipt(held.sender, receipt)
        return await _decided(tx, held, work, "booked", gone.id if gone else None, (), at)
    new = _book(world, record, held, outcome, contribution_id, hands.person)
    new = replace(new, declared_by=declared_by)
    work.book(new, "office")
    work.claim(new, world.claims_of(record, held.sender, new, tx.consortium_id))
    work.receipt(held.sender, receipt_of(new, held.record))
    if earlier is not None and earlier.state != "refused":
        _undo(work, held, earlier, "replaced")
    return await _decided(tx, held, work, "booked", new.id, (), at)


async def refuse(tx: Tx, intake_id: UUID, *, reason: str, rejection: Code, hands: Hands, at: datetime) -> HeldRecord:
    """A person says that a record does not count; its sender reads why. `rejection` is kept with its contribution, if
    it was in the books before. Raises NotFound and NotHeld.
    """
    held, work = await _take(tx, intake_id)
    code = held.reasons[0].code if held.reasons else "already-booked"
    why = (Reason(code, None, f"Het programmabureau: {reason}", f"The programme office: {reason}"),)
    current = await contributions.one(tx, held.contribution_id, lock=True) if held.contribution_id else None
    if current is not None and current.state == "held":
        work.reject(current, rejection, reason, hands)
    refused = ContributionRefused(record_id=held.record_id, sender=held.sender, codes=(code,))
    work.fact("record", held.id, held.version + 1, refused)
    receipt = ContributionReceipt(
        id=held.record_id,
        record=held.record,
        outcome="refused",
        reasons=told(why),
        contribution_id=held.contribution_id,
        state="rejected",
    )
    work.receipt(held.sender, receipt)
    return await _decided(tx, held, work, "refused", None, why, at)


async def _take(tx: Tx, intake_id: UUID) -> tuple[HeldRecord, Work]:
    """The record, with its organisation locked first."""
    organisation = await store.organisation_of(tx, intake_id)
    if organisation is not None:
        await intake.lock_organisations(tx, [(tx.consortium_id, organisation)])
    held = await store.lock(tx, intake_id)
    if held is None:
        raise NotFound(what="held record")
    if held.state != "held":
        raise NotHeld(state=held.state)
    seals = await intake.latest_seals(tx, [tx.consortium_id])
    return held, Work(tx.consortium_id, seals.get(tx.consortium_id))


def _book(
    world: World, record: Record, held: HeldRecord, outcome: Booked | Held | TakenBack, id: UUID, by: UUID
) -> Contribution:
    """The contribution as the rules value it now, verified by this person, or declared where its school has the
    word."""
    if isinstance(outcome, Booked):
        new = outcome.contribution
    else:
        placed = world.place(record)
        assert placed.region is not None
        assert placed.organisation_id is not None
        worth = worth_of(record, placed.region)
        if isinstance(worth, Held):
            raise CannotRelease(why=worth.reason.en)
        if isinstance(worth, Refused):
            raise CannotRelease(why=worth.reasons[0].en)
        receiver = world.receiver(record, placed.region.id, placed.organisation_id)
        limits = bounds(placed.region.rules, record.kind, record.day, placed.region.today)
        right = right_by_rule(record, limits, 0, receiver)
        new = domain.of_record(
            id,
            placed.organisation_id,
            record,
            worth,
            sender=held.sender,
            origin=held.origin,
            verified=right or not limits.school,
            asks_school=limits.school,
            school_id=receiver.school_id if limits.school else None,
        )
    if new.school_word == "asked":
        return new
    return replace(new, state="verified", version=2, verified_by=by, verified_how="office")


def _undo(work: Work, held: HeldRecord, earlier: Stored | None, how: Literal["replaced", "withdrawn"]) -> None:
    """The earlier record gives way to the one that is released."""
    if earlier is None or earlier.state in ("refused", "replaced", "withdrawn"):
        return
    before = earlier.contribution
    work.settle(earlier.sender, earlier.id, how, held.record_id)
    if before is None or before.state in ("reversed", "rejected"):
        return
    after = work.reverse(before, how)
    receipt = receipt_of(after, held.record).model_copy(update={"settled_by": held.record_id})
    work.receipt(earlier.sender, receipt)


async def _decided(
    tx: Tx,
    held: HeldRecord,
    work: Work,
    state: str,
    contribution_id: UUID | None,
    reasons: tuple[Reason, ...],
    at: datetime,
) -> HeldRecord:
    await write(tx, work, at=at)
    await store.decide(tx, held.id, state, contribution_id, reasons or held.reasons)
    return replace(held, state=state, contribution_id=contribution_id or held.contribution_id)
