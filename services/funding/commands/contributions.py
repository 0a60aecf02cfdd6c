"""Lessons that book themselves, and accepting what was verified."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from runtime import ids
from runtime.event import Change, Context
from runtime.postgres import Tx
from runtime.problems import Kind, NotFound, Problem, SamePerson
from services.funding.commands.booking import Work, told, write
from services.funding.domain import contribution as domain
from services.funding.domain.contribution import Contribution, Lesson
from services.funding.domain.intake import Reason
from services.funding.domain.kin import Kin
from services.funding.domain.meeting import held_reason, meet
from services.funding.domain.scheme import Rule
from services.funding.domain.valuation import Delivered, value
from services.funding.domain.world import bucket
from services.funding.events import ContributionReceipt
from services.funding.store import contributions as store
from services.funding.store import intake, schemes


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A lesson of a region that its school confirmed, and what told us."""

    region: UUID
    lesson: Lesson
    context: Context


async def book_lessons(tx: Tx, confirmed: Sequence[Confirmed], *, at: datetime) -> list[Contribution]:
    """Has confirmed lessons book their hours, once; what was booked. Hours that a company declared before are met.

    Raises KindNotEligible or NoRuleForKind when a region's rules give such hours no value.
    """
    touched = sorted({(each.region, each.lesson.organisation_id) for each in confirmed})
    await intake.lock_organisations(tx, touched)
    kin = await intake.kin_of(tx, touched)
    activities = {bucket("activity", each.region, each.lesson.activity_ref) for each in confirmed}
    await intake.lock_buckets(tx, activities | {each for place in touched for each in kin.buckets(*place)})
    booked: list[Contribution] = []
    for region in sorted({each.region for each in confirmed}):
        work = await _meet(tx.within(region), [each for each in confirmed if each.region == region], kin, at)
        booked += work.new.values()
        await write(tx, work, at=at)
    return booked


async def _meet(tx: Tx, confirmed: Sequence[Confirmed], kin: Kin, at: datetime) -> Work:
    region = tx.consortium_id
    lessons = {each.lesson.activity_id: each.lesson for each in confirmed}
    new = await store.note_lessons(tx, list(lessons.values()))
    giving = {lessons[each].organisation_id for each in new}
    theirs = {each: kin.whole(region, each) | kin.akin(region, each) for each in giving}
    nearby = await store.near_lessons(tx, [lessons[each] for each in new], theirs) if new else []
    near = {found.id: found for found in nearby}
    rules = [rule for scheme in await schemes.schemes(tx) for rule in scheme.rules]
    work = Work(region, (await intake.latest_seals(tx, [region])).get(region))
    delivered = await intake.deliveries(tx, list(near))
    for each in confirmed:
        if each.lesson.activity_id not in new:
            continue
        new.discard(each.lesson.activity_id)
        organisation = each.lesson.organisation_id
        meeting = meet(each.lesson, near.values(), kin.whole(region, organisation), kin.akin(region, organisation))
        if meeting.books:
            work.book(_of_lesson(region, each.lesson, rules, at), "school", each.context)
        for found in meeting.confirmed:
            after = work.verify(found, "school", None, each.context)
            near[found.id] = after
            _tell(work, delivered, after, (), each.context)
        for found in meeting.held:
            after = work.hold(found, "already-booked", each.context)
            del near[found.id]
            _tell(work, delivered, after, (held_reason(each.lesson),), each.context)
    return work


def _of_lesson(region: UUID, lesson: Lesson, rules: Sequence[Rule], at: datetime) -> Contribution:
    worth = value(Delivered("hours", lesson.day, minutes=lesson.minutes), rules, at.date())
    contribution_id = ids.coded_id(region, "contribution", f"activity/{lesson.activity_id}")
    return domain.of_lesson(contribution_id, lesson, worth)


def _tell(
    work: Work,
    delivered: dict[UUID, str],
    after: Contribution,
    reasons: tuple[Reason, ...],
    context: Context | None = None,
) -> None:
    """The sender of a contribution hears that it fares otherwise."""
    if after.sender is None or after.record_id is None:
        return
    if after.state == "held":
        work.settle(after.sender, after.record_id, "held")
    receipt = receipt_of(after, delivered.get(after.id, after.record_id), reasons)
    work.receipt(after.sender, receipt, context)


def receipt_of(found: Contribution, record: str, reasons: tuple[Reason, ...] = ()) -> ContributionReceipt:
    """A further receipt: what a contribution is now."""
    return ContributionReceipt(
        id=found.record_id or str(found.id),
        record=record,
        outcome="held" if found.state == "held" else "booked",
        reasons=told(reasons),
        contribution_id=found.id,
        value_cents=found.value_cents,
        minutes=found.minutes,
        rule=found.rule,
        state=found.state,
    )


class NotDeclared(Problem, kind=Kind.CONFLICT):
    """Only what was declared can be verified; this contribution is {state}."""


async def verify(tx: Tx, contribution_id: UUID, *, by: UUID, at: datetime) -> Contribution:
    """A person found a declared contribution right. Raises NotFound and NotDeclared."""
    found = await store.one(tx, contribution_id, lock=True)
    if found is None:
        raise NotFound(what="contribution")
    if found.state != "declared":
        raise NotDeclared(state=found.state)
    region = tx.consortium_id
    work = Work(region, (await intake.latest_seals(tx, [region])).get(region))
    after = work.verify(found, "office", by)
    _tell(work, await intake.deliveries(tx, [after.id]), after, ())
    await write(tx, work, at=at)
    return after


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What a batch accepted, and how many wait for somebody else."""

    accepted: Sequence[Contribution]
    left_for_another: int


async def accept(tx: Tx, up_to: date, *, batch_id: UUID, by: UUID, at: datetime) -> Acceptance:
    """Accepts all that was verified up to and including a day, except what this person declared or verified.

    From now on it counts as realised. Set-based, for thousands at once. Raises SamePerson when there is something to
    accept and all of it is this person's own work.
    """
    accepted = await store.accept(tx, up_to, by)
    left = await store.left_for_another(tx, up_to, by)
    if left and not accepted:
        raise SamePerson(what="Accepting contributions", do="accept")
    region = tx.consortium_id
    work = Work(region, (await intake.latest_seals(tx, [region])).get(region))
    delivered = await intake.deliveries(tx, [each.id for each in accepted if each.sender is not None])
    work.entries += [domain.accepted_entry(each) for each in accepted]
    work.changes += [
        Change(domain.SUBJECT, each.id, each.version, (domain.accepted_fact(each, batch_id),)) for each in accepted
    ]
    for each in accepted:
        _tell(work, delivered, each, ())
    await write(tx, work, at=at)
    return Acceptance(accepted, left)
