"""Lessons that book themselves, and accepting what was verified."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from runtime import ids
from runtime.event import Context
from runtime.postgres import Tx
from runtime.problems import Kind, NotFound, Problem, SamePerson
from services.funding.commands.booking import Work, told, write
from services.funding.commands.days import local_day
from services.funding.domain import contribution as domain
from services.funding.domain.acceptance import Approvals
from services.funding.domain.bounds import bounds, sample_on
from services.funding.domain.contribution import Contribution, Hands, Lesson
from services.funding.domain.intake import Reason
from services.funding.domain.kin import Kin
from services.funding.domain.meeting import held_reason, meet
from services.funding.domain.receiving import of_activity
from services.funding.domain.rejection import Code, reason
from services.funding.domain.scheme import Rule
from services.funding.domain.valuation import Delivered, value
from services.funding.domain.world import bucket
from services.funding.events import ContributionReceipt
from services.funding.store import contributions as store
from services.funding.store import held, intake, schemes


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
    waiting = await store.awaiting_activities(tx, [lessons[each] for each in new]) if new else []
    today = await local_day(tx, at) if waiting else at.date()
    delivered = await intake.deliveries(tx, [*near, *(each.id for each in waiting)])
    for each in confirmed:
        if each.lesson.activity_id not in new:
            continue
        new.discard(each.lesson.activity_id)
        organisation = each.lesson.organisation_id
        meeting = meet(each.lesson, near.values(), kin.whole(region, organisation), kin.akin(region, organisation))
        if meeting.books:
            work.book(_of_lesson(region, each.lesson, rules, at), "school", each.context)
        for found in meeting.confirmed:
            after = work.verify(found, "school", context=each.context)
            near[found.id] = after
            tell(work, delivered, after, (), each.context)
        whole = kin.whole(region, organisation)
        for found in of_activity(each.lesson, waiting, whole):
            limits = bounds(rules, found.kind, found.day, today)
            if limits.activity:
                tell(work, delivered, work.verify(found, "rule", context=each.context), (), each.context)
            elif found.school_id is None and each.lesson.school_id is not None:
                work.ask(found, each.lesson.school_id, each.context)
        for found in meeting.held:
            after = work.hold(found, "already-booked", each.context)
            del near[found.id]
            tell(work, delivered, after, (held_reason(each.lesson),), each.context)
    return work


def _of_lesson(region: UUID, lesson: Lesson, rules: Sequence[Rule], at: datetime) -> Contribution:
    worth = value(Delivered("hours", lesson.day, minutes=lesson.minutes), rules, at.date())
    contribution_id = ids.coded_id(region, "contribution", f"activity/{lesson.activity_id}")
    return domain.of_lesson(contribution_id, lesson, worth)


def tell(
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


_OUTCOMES = {"held": "held", "rejected": "refused"}


def receipt_of(found: Contribution, record: str, reasons: tuple[Reason, ...] = ()) -> ContributionReceipt:
    """A further receipt: what a contribution is now."""
    counts = found.state != "rejected"
    return ContributionReceipt(
        id=found.record_id or str(found.id),
        record=record,
        outcome=_OUTCOMES.get(found.state, "booked"),
        reasons=told(reasons),
        contribution_id=found.id,
        value_cents=found.value_cents if counts else None,
        minutes=found.minutes if counts else None,
        rule=found.rule if counts else None,
        state=found.state,
    )


class NotDeclared(Problem, kind=Kind.CONFLICT):
    """Only what was declared can be verified; this contribution is {state}."""


async def verify(tx: Tx, contribution_id: UUID, *, hands: Hands, at: datetime) -> Contribution:
    """A person found a declared contribution right. Raises NotFound, NotDeclared, AwaitsSchool, and SamePerson to who
    declared it."""
    found, work = await take(tx, contribution_id)
    if found.state != "declared":
        raise NotDeclared(state=found.state)
    after = work.verify(found, "office", hands)
    tell(work, await intake.deliveries(tx, [after.id]), after, ())
    await write(tx, work, at=at)
    return after


async def take(tx: Tx, contribution_id: UUID) -> tuple[Contribution, Work]:
    """A contribution, locked, and what is to be written. Raises NotFound."""
    found = await store.one(tx, contribution_id, lock=True)
    if found is None:
        raise NotFound(what="contribution")
    return found, await open_work(tx)


async def open_work(tx: Tx) -> Work:
    """What is to be written for the region of this transaction."""
    region = tx.consortium_id
    return Work(region, (await intake.latest_seals(tx, [region])).get(region))


class OnlyAController(Problem, kind=Kind.FORBIDDEN):
    """This contribution was accepted, so it counts as realised; only somebody with the role controller rejects it."""


async def reject(
    tx: Tx, contribution_id: UUID, code: Code, note: str, *, hands: Hands, controls: bool, at: datetime
) -> Contribution:
    """A person finds that a contribution does not count, for a reason of the published list: it leaves the books, and
    whoever declared it reads why and may declare it anew.

    What is on hold may be rejected too. `controls`: whether this person may undo an acceptance. Raises NotFound,
    NotRejectable, OnlyAController, and SamePerson for who accepted it.
    """
    organisation = await store.organisation_of(tx, contribution_id)
    if organisation is not None:
        await intake.lock_organisations(tx, [(tx.consortium_id, organisation)])
    found, work = await take(tx, contribution_id)
    if found.state == "accepted" and not controls:
        raise OnlyAController()
    after = work.reject(found, code, note, hands)
    why = (reason(after, code, note),)
    tell(work, await intake.deliveries(tx, [after.id]), after, why)
    await write(tx, work, at=at)
    await held.explain_rejection(tx, after.id, why)
    return after


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What was accepted, what was approved by the first of two, and how many wait for somebody else, those included."""

    accepted: Sequence[Contribution]
    approved: Sequence[Contribution]
    left_for_another: int


async def accept(tx: Tx, up_to: date, *, batch_id: UUID, hands: Hands, at: datetime) -> Acceptance:
    """Accepts all that was verified up to and including a day, except what this person declared, verified or approved.

    From now on it counts as realised; what two must accept (the scheme's rule `approval`) does so at the second. A few
    statements, for thousands at once. Raises SampleAsked where a scheme asks a sample first, and SamePerson when there
    is something to accept and all of it is this person's own work.
    """
    due = await store.lock_due(tx, up_to, hands)
    await _refuse_unsampled(tx, {each.day for each in due}, at)
    done = await accept_all(tx, due, batch_id=batch_id, hands=hands, at=at)
    left = await store.left_for_another(tx, up_to, hands)
    if left and not done:
        raise SamePerson(what="Accepting contributions", do="accept")
    return Acceptance(
        [each for each in done if each.state == "accepted"],
        [each for each in done if each.state == "verified"],
        left,
    )


class SampleAsked(Problem, kind=Kind.CONFLICT):
    """The scheme asks that a sample is looked at before contributions of {day} are accepted together (rule '{rule}').
    Propose the batch at /v1/acceptance-batches, or accept them one by one."""


async def _refuse_unsampled(tx: Tx, days: set[date], at: datetime) -> None:
    """Raises SampleAsked when a scheme asks a sample of what is of one of these days."""
    if not days:
        return
    rules = [rule for scheme in await schemes.schemes(tx) for rule in scheme.rules]
    today = await local_day(tx, at)
    for day in sorted(days):
        if (rule := sample_on(rules, day, today)) is not None:
            raise SampleAsked(day=day, rule=rule.code)


async def accept_one(tx: Tx, contribution_id: UUID, *, batch_id: UUID, hands: Hands, at: datetime) -> Contribution:
    """Accepts one contribution, or approves it as the first of two. Raises NotFound, NotVerified, AwaitsSchool
    and SamePerson."""
    found = await store.one(tx, contribution_id, lock=True)
    if found is None:
        raise NotFound(what="contribution")
    return (await accept_all(tx, [found], batch_id=batch_id, hands=hands, at=at))[0]


async def accept_all(
    tx: Tx, due: Sequence[Contribution], *, batch_id: UUID, hands: Hands, at: datetime
) -> list[Contribution]:
    """Accepts these, which the caller has locked; as they are after it. Raises NotVerified, AwaitsSchool and
    SamePerson."""
    if not due:
        return []
    rules = [rule for scheme in await schemes.schemes(tx) for rule in scheme.rules]
    approvals = Approvals.of(rules, await local_day(tx, at))
    work = await open_work(tx)
    done = [work.accept(each, hands, approvals, batch_id) for each in due]
    told = [each for each in done if each.state == "accepted"]
    delivered = await intake.deliveries(tx, [each.id for each in told if each.sender is not None])
    for each in told:
        tell(work, delivered, each, ())
    await write(tx, work, at=at)
    return done
