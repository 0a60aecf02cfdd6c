"""Taking in what companies' systems send. One command serves Kafka and REST, and every record ends as exactly one of
booked, held, duplicate or refused, with a receipt that says so."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from runtime import counts, inbox
from runtime.consumer import NOBODY
from runtime.event import Context
from runtime.ids import coded_id, consortium_id
from runtime.inbox import Claim, Conflict, Duplicate, Fresh, Verdict
from runtime.postgres import Tx
from services.funding.commands.booking import Work, told, write
from services.funding.domain.contribution import Contribution
from services.funding.domain.fingerprints import Fingerprints
from services.funding.domain.intake import Reason, Record, Sent
from services.funding.domain.judging import Held
from services.funding.domain.world import Booked, Outcome, Stored, TakenBack, World
from services.funding.events import ContributionHeld, ContributionReceipt, ContributionRefused
from services.funding.store import intake as store
from services.funding.store.intake import Kept

CONSUMER = "funding.intake"
TOPIC = "intake.contributions."

Question = tuple[UUID, UUID, date]
"""Region, organisation and day: did it take part?"""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One record as it came in. `record` names the delivery; `sender` is known from the topic or the token.

    `declared_by` is the person who declared it by hand.
    """

    sender: str
    sent: Sent
    record: str
    origin: str
    published_at: datetime
    context: Context
    type: str = ""
    occurred_at: datetime | None = None
    declared_by: UUID | None = None

    @property
    def id(self) -> str:
        """The sender's own id, or the name of the delivery when it gave none that can be used."""
        return self.sent.id or self.record

    @property
    def region(self) -> UUID:
        """The region it names, whether that exists or not; NOBODY when it names none."""
        return consortium_id(self.sent.consortium) if self.sent.consortium else NOBODY

    def claim(self) -> Claim:
        """The claim on its id. The source is the sender's, whichever door it came through."""
        return Claim(
            source=f"urn:kafka:{TOPIC}{self.sender}",
            id=self.id,
            record=self.record,
            published_at=self.published_at,
            body_hash=self.sent.content_hash,
            type=self.type,
            occurred_at=self.occurred_at,
            correlation_id=self.context.correlation_id,
            trace_id=self.context.traceparent[3:35] if self.context.traceparent else None,
        )


def regions(arrivals: Sequence[Arrival]) -> set[UUID]:
    """Whose transaction it is: every region that is named, and nobody's for what names none."""
    return {NOBODY, *(arrival.region for arrival in arrivals)}


def _readable(arrivals: Sequence[Arrival]) -> list[tuple[str, Record]]:
    return [(each.sender, each.sent.found) for each in arrivals if isinstance(each.sent.found, Record)]


async def questions(tx: Tx, arrivals: Sequence[Arrival], keys: Fingerprints, *, at: datetime) -> set[Question]:
    """What partners must be asked before these may be taken: standings that the copy here does not have."""
    readable = _readable(arrivals)
    world = await store.partial_world(tx, readable, keys, at)
    found = (world.doubtful(record, sender) for sender, record in readable)
    return {question for question in found if question is not None}


async def pledged(tx: Tx, asked: Collection[Question]) -> frozenset[Question]:
    """Those of these for which the organisation made a pledge here, whether partners has heard of it or not."""
    return await store.pledged_on(tx, asked)


async def take(
    tx: Tx, arrivals: Sequence[Arrival], answers: Mapping[Question, bool], keys: Fingerprints, *, at: datetime
) -> list[ContributionReceipt]:
    """Takes in these records in this order; the receipt of each that was not answered before.

    `answers` are what partners said to `questions`. Raises StandingUnsure when one is missing. Set-based: some thirty
    statements and a handful more for each region, whatever the number of records.
    """
    verdicts = await inbox.claim_intake(tx, CONSUMER, [arrival.claim() for arrival in arrivals])
    fresh = [arrival for arrival, verdict in zip(arrivals, verdicts, strict=True) if isinstance(verdict, Fresh)]
    named = {each.region for each in fresh}
    world = await store.lock_world(tx, _readable(fresh), keys, at, named, {each.sender for each in fresh})
    world.answers = answers
    seen = zip(arrivals, verdicts, strict=True)
    await _load_firsts(tx, world, [each for each, verdict in seen if isinstance(verdict, Duplicate | Conflict)])
    touched = {NOBODY, *world.regions, *(stored.consortium_id for stored in world.records.values())}
    seals = await store.latest_seals(tx, touched)
    batch = _Batch(world, {region: Work(region, seals.get(region)) for region in touched}, at)
    receipts: list[ContributionReceipt] = []
    for arrival, verdict in zip(arrivals, verdicts, strict=True):
        receipt = batch.take(arrival, verdict)
        if receipt is not None:
            receipts.append(receipt)
    for region in sorted(batch.works):
        await write(tx, batch.works[region], at=at)
    await counts.add(tx, CONSUMER, **batch.counted())
    return receipts


async def _load_firsts(tx: Tx, world: World, again: Sequence[Arrival]) -> None:
    """What became of records that are sent again."""
    named = sorted({(each.sender, each.id) for each in again} - world.records.keys())
    if named:
        for stored in await store.earlier_records(tx, named):
            world.records.setdefault((stored.sender, stored.id), stored)


@dataclass(slots=True)
class _Batch:
    """The batch in hand: each record is judged against what the ones before it did."""

    world: World
    works: dict[UUID, Work]
    at: datetime
    refused: int = 0

    def counted(self) -> dict[str, int]:
        return {"refused": self.refused}

    def take(self, arrival: Arrival, verdict: Verdict) -> ContributionReceipt | None:
        match verdict:
            case Fresh():
                return self._fresh(arrival)
            case Duplicate():
                return self._duplicate(arrival)
            case Conflict():
                return self._conflict(arrival)
            case _:
                return None

    def _work(self, region: UUID) -> Work:
        return self.works.get(region, self.works[NOBODY])

    def _fresh(self, arrival: Arrival) -> ContributionReceipt:
        found = arrival.sent.found
        if isinstance(found, tuple):
            return self._refuse(arrival, None, None, found)
        placed = self.world.place(found)
        region = placed.region.id if placed.region is not None else NOBODY
        contribution_id = coded_id(region, "contribution", f"record/{arrival.sender}/{found.id}")
        outcome: Outcome = self.world.decide(
            found, arrival.sender, arrival.origin, contribution_id, arrival.declared_by
        )
        match outcome:
            case Booked():
                return self._book(arrival, found, region, outcome)
            case TakenBack():
                return self._take_back(arrival, found, region, outcome.earlier)
            case Held(reason=reason):
                return self._hold(arrival, found, region, placed.organisation_id, reason)
            case _:
                return self._refuse(arrival, found, placed.organisation_id, outcome.reasons)

    def _book(self, arrival: Arrival, record: Record, region: UUID, outcome: Booked) -> ContributionReceipt:
        work, new, context = self._work(region), outcome.contribution, arrival.context
        work.book(new, context=context)
        receipt = ContributionReceipt(
            id=arrival.id,
            record=arrival.record,
            outcome="booked",
            contribution_id=new.id,
            value_cents=new.value_cents,
            minutes=new.minutes,
            rule=new.rule,
            state=new.state,
        )
        self._keep(arrival, record, region, "booked", (), new.organisation_id, new.id)
        self.world.records[arrival.sender, arrival.id] = _stored(arrival, region, "booked", new.organisation_id, new)
        work.receipt(arrival.sender, receipt, context)
        if outcome.replaced is not None:
            self._undo(arrival, outcome.replaced, "replaced")
        self.world.note_booked(region, record, new)
        work.claim(new, self.world.claims_of(record, arrival.sender, new, region))
        return receipt

    def _take_back(self, arrival: Arrival, record: Record, region: UUID, earlier: Stored) -> ContributionReceipt:
        before = earlier.contribution
        receipt = ContributionReceipt(
            id=arrival.id,
            record=arrival.record,
            outcome="booked",
            contribution_id=before.id if before is not None else None,
            value_cents=0,
            minutes=0,
            state="reversed",
        )
        contribution_id = before.id if before is not None else None
        self._keep(arrival, record, region, "booked", (), earlier.organisation_id, contribution_id)
        self.world.records[arrival.sender, arrival.id] = _stored(arrival, region, "withdrawn", earlier.organisation_id)
        self._work(region).receipt(arrival.sender, receipt, arrival.context)
        self._undo(arrival, earlier, "withdrawn")
        return receipt

    def _undo(self, arrival: Arrival, earlier: Stored, how: Literal["replaced", "withdrawn"]) -> None:
        """An earlier record is replaced or withdrawn: its contribution leaves the books, and its sender is told."""
        work, before = self._work(earlier.consortium_id), earlier.contribution
        after = None
        if before is not None and before.state not in ("reversed", "rejected"):
            self.world.note_reversed(earlier.consortium_id, before)
            after = work.reverse(before, how, arrival.context)
        self.world.note_settled(earlier, how, arrival.id, after)
        work.settle(earlier.sender, earlier.id, how, arrival.id)
        receipt = ContributionReceipt(
            id=earlier.id,
            record=arrival.record,
            outcome=earlier.outcome,
            contribution_id=before.id if before is not None else None,
            state="reversed",
            settled_by=arrival.id,
        )
        work.receipt(earlier.sender, receipt, arrival.context)

    def _hold(
        self, arrival: Arrival, record: Record, region: UUID, organisation: UUID | None, reason: Reason
    ) -> ContributionReceipt:
        work = self._work(region)
        self._keep(arrival, record, region, "held", (reason,), organisation, None)
        self.world.records[arrival.sender, arrival.id] = _stored(arrival, region, "held", organisation, None, (reason,))
        fact = ContributionHeld(
            record_id=arrival.id,
            code=reason.code,
            sender=arrival.sender,
            organisation_id=organisation,
            line=record.line,
            day=record.day,
        )
        work.fact("record", intake_id(region, arrival.sender, arrival.id), 1, fact, arrival.context)
        receipt = ContributionReceipt(
            id=arrival.id, record=arrival.record, outcome="held", reasons=told((reason,)), state="held"
        )
        work.receipt(arrival.sender, receipt, arrival.context)
        return receipt

    def _refuse(
        self, arrival: Arrival, record: Record | None, organisation: UUID | None, reasons: tuple[Reason, ...]
    ) -> ContributionReceipt:
        region = self._region_of_refusal(arrival)
        self._keep(arrival, record, region, "refused", reasons, organisation, None)
        stored = _stored(arrival, region, "refused", organisation, None, reasons)
        self.world.records[arrival.sender, arrival.id] = stored
        work = self._work(region)
        if region != NOBODY:
            codes = tuple(dict.fromkeys(reason.code for reason in reasons))
            fact = ContributionRefused(record_id=arrival.id, sender=arrival.sender, codes=codes)
            work.fact("record", intake_id(region, arrival.sender, arrival.id), 1, fact, arrival.context)
        self.refused += 1
        receipt = ContributionReceipt(id=arrival.id, record=arrival.record, outcome="refused", reasons=told(reasons))
        work.receipt(arrival.sender, receipt, arrival.context)
        return receipt

    def _region_of_refusal(self, arrival: Arrival) -> UUID:
        """Whose office may see it: of the region that is named, unless what was sent is garbage of a stranger."""
        region = arrival.region
        readable = isinstance(arrival.sent.found, Record)
        known = region in self.world.regions and (readable or self.world.knows(region, arrival.sender))
        return region if known else NOBODY

    def _duplicate(self, arrival: Arrival) -> ContributionReceipt:
        first = self.world.records.get((arrival.sender, arrival.id))
        found = first.contribution if first is not None else None
        receipt = ContributionReceipt(
            id=arrival.id,
            record=arrival.record,
            outcome="duplicate",
            first_outcome=first.outcome if first is not None else None,
            reasons=told(first.reasons) if first is not None else (),
            contribution_id=found.id if found is not None else None,
            value_cents=found.value_cents if found is not None else None,
            minutes=found.minutes if found is not None else None,
            rule=found.rule if found is not None else None,
            state=first.earlier().state if first is not None else None,
        )
        region = first.consortium_id if first is not None else NOBODY
        self._work(region).receipt(arrival.sender, receipt, arrival.context)
        return receipt

    def _conflict(self, arrival: Arrival) -> ContributionReceipt:
        reason = Reason(
            "conflicting-content",
            "id",
            f"{arrival.id} hebt u al eerder gestuurd, met andere inhoud. Stuur een verbetering met een nieuw id en "
            f"replaces {arrival.id}.",
            f"You sent {arrival.id} before, with other content. Send a correction with a new id and replaces "
            f"{arrival.id}.",
        )
        self.refused += 1
        receipt = ContributionReceipt(id=arrival.id, record=arrival.record, outcome="refused", reasons=told((reason,)))
        first = self.world.records.get((arrival.sender, arrival.id))
        self._work(first.consortium_id if first is not None else NOBODY).receipt(
            arrival.sender, receipt, arrival.context
        )
        return receipt

    def _keep(
        self,
        arrival: Arrival,
        record: Record | None,
        region: UUID,
        outcome: str,
        reasons: tuple[Reason, ...],
        organisation: UUID | None,
        contribution: UUID | None,
    ) -> None:
        self._work(region).records.append(
            Kept(
                intake_id(region, arrival.sender, arrival.id),
                arrival.sender,
                arrival.id,
                arrival.record,
                arrival.origin,
                self.at,
                outcome,
                reasons,
                record.plain() if record is not None else None,
                arrival.sent.replaces,
                organisation,
                contribution,
            )
        )


def _stored(
    arrival: Arrival,
    region: UUID,
    state: str,
    organisation: UUID | None,
    contribution: Contribution | None = None,
    reasons: tuple[Reason, ...] = (),
) -> Stored:
    """A record of this very batch, for the ones after it."""
    outcome = "booked" if state == "withdrawn" else state
    return Stored(
        arrival.sender,
        arrival.id,
        region,
        state,
        outcome,
        organisation,
        arrival.sent.replaces,
        None,
        contribution,
        reasons,
    )


def intake_id(region: UUID, sender: str, record_id: str) -> UUID:
    """What a record is called in our own addresses and facts."""
    return coded_id(region, "record", f"{sender}/{record_id}")
