"""Writing down what will be declared, and declaring it: the record goes the way of every other, once."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Literal, cast
from uuid import UUID

from runtime.event import Context
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.commands import intake
from services.funding.commands.intake import Arrival, Question
from services.funding.domain import draft as domain
from services.funding.domain.draft import Declaration, Draft, Outcome
from services.funding.domain.fingerprints import Fingerprints
from services.funding.domain.intake import BY_HAND, Reason
from services.funding.events import ContributionReceipt
from services.funding.store import drafts as store
from services.funding.store import partners

Result = Literal["created", "changed", "unchanged"]
Own = Collection[UUID]
"""The organisations of whoever asks: of others no draft is there."""


async def put(tx: Tx, asked: Draft, own: Own, *, expected: int | None) -> tuple[Draft, Result]:
    """Keeps a draft, complete or not. Again with the same content: unchanged.

    Raises NotFound when its id is another organisation's, Stale, and what `Draft.save` raises.
    """
    new = asked.save(None)
    if expected is None and await store.claim(tx, new):
        return new, "created"
    before = await locked(tx, asked.id, own)
    before.check_version(expected)
    after = asked.save(before)
    if after is before:
        return before, "unchanged"
    await store.save(tx, after)
    return after, "changed"


async def delete(tx: Tx, draft_id: UUID, own: Own, *, expected: int | None) -> None:
    """Takes a draft away. Raises NotFound, Stale and DraftKept."""
    found = await locked(tx, draft_id, own)
    found.check_version(expected)
    found.check_deletable()
    await store.delete(tx, draft_id)


async def arrival(
    tx: Tx, draft: Draft, *, record_id: str, by: UUID, context: Context, at: datetime
) -> Arrival | tuple[Reason, ...]:
    """A draft as a record that comes in, or all that keeps it from being one. Raises RegionNotKnown and NotFound."""
    region = await partners.consortium(tx)
    (whose,) = await partners.organisations(tx, {draft.organisation_id}) or (None,)
    if whose is None:
        raise NotFound(what="organisation of this draft")
    found = draft.read(record_id, region.code, whose.code)
    if isinstance(found, tuple):
        return found
    return Arrival(
        sender=BY_HAND,
        sent=domain.sent(found),
        record=f"contribution-drafts/{draft.id}/{record_id}",
        origin="rest",
        published_at=at,
        context=context,
        declared_by=by,
    )


async def declare(
    tx: Tx,
    region: UUID,
    draft_id: UUID,
    own: Own,
    answers: Mapping[Question, bool],
    keys: Fingerprints,
    *,
    record_id: str,
    expected: int | None,
    by: UUID,
    at: datetime,
) -> Draft:
    """Declares a draft: its record is judged and booked by `intake.take`, as any other. Again: what became of it,
    unless it was refused for what may be otherwise by now.

    `tx` is of the region and of nobody. Raises NotFound, Stale, DraftIncomplete, StandingUnsure.
    """
    ours = tx.within(region)
    found = await locked(ours, draft_id, own)
    found.check_version(expected)
    if not found.to_declare:
        return found
    came = await arrival(ours, found, record_id=record_id, by=by, context=tx.context, at=at)
    if isinstance(came, tuple):
        raise domain.incomplete(came)
    (receipt,) = await intake.take(tx, [came], answers, keys, at=at)
    outcome = cast(Outcome, receipt.outcome)
    made = Declaration(
        found.version, intake.intake_id(region, BY_HAND, record_id), record_id, outcome, declared_by=by, declared_at=at
    )
    await store.declare(ours, found.declared(made))
    return await locked(ours, draft_id, own)


async def taking_back(tx: Tx, draft: Draft, *, by: UUID, context: Context, at: datetime) -> Arrival:
    """The record that takes back what a draft declared. Raises RegionNotKnown, NotFound and NothingDeclared."""
    region = await partners.consortium(tx)
    (whose,) = await partners.organisations(tx, {draft.organisation_id}) or (None,)
    if whose is None:
        raise NotFound(what="organisation of this draft")
    said = await store.declared_content(tx, draft)
    record = draft.take_back(said, region.code, whose.code)
    return Arrival(
        sender=BY_HAND,
        sent=domain.sent(record),
        record=f"contribution-drafts/{draft.id}/{record.id}",
        origin="rest",
        published_at=at,
        context=context,
        declared_by=by,
    )


async def take_back(
    tx: Tx, region: UUID, draft_id: UUID, own: Own, keys: Fingerprints, *, expected: int | None, by: UUID, at: datetime
) -> Draft:
    """Takes back what a draft declared: out of the books, or held for the office where it was accepted. Again: what
    became of it.

    `tx` is of the region and of nobody. Raises NotFound, Stale, NothingDeclared, and NotTakenBack, which keeps nothing.
    """
    ours = tx.within(region)
    found = await locked(ours, draft_id, own)
    found.check_version(expected)
    if found.declaration is not None and found.declaration.state == "withdrawn":
        return found
    came = await taking_back(ours, found, by=by, context=tx.context, at=at)
    for receipt in await intake.take(tx, [came], {}, keys, at=at):
        if receipt.outcome == "refused":
            raise domain.not_taken_back(receipt.reasons)
    return await locked(ours, draft_id, own)


async def foresee(
    tx: Tx, came: Arrival, answers: Mapping[Question, bool], keys: Fingerprints, *, at: datetime
) -> ContributionReceipt:
    """What would become of it now. The caller rolls this transaction back. Raises StandingUnsure."""
    (receipt,) = await intake.take(tx, [came], answers, keys, at=at)
    return receipt


async def locked(tx: Tx, draft_id: UUID, own: Own) -> Draft:
    """The draft, for whoever changes or declares it. Raises NotFound."""
    found = await store.lock(tx, draft_id, own)
    if found is None:
        raise NotFound(what="draft with this id")
    return found
