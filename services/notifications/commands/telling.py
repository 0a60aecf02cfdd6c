"""Telling people: what was heard becomes something to tell, and what is told is claimed before and settled after.

Lock order: the telling, then its notices. Nothing is asked of others and nothing is sent inside a transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from runtime import outbox
from runtime.event import Change, Fact
from runtime.postgres import Tx
from services.notifications.domain import telling as rules
from services.notifications.domain.milestones import Milestone
from services.notifications.domain.notices import Failed, Notice, NoticeState, NotSent, Outcome, Sent, Uncertain
from services.notifications.domain.telling import About, Subject, SubjectState, Telling
from services.notifications.events import SOURCE
from services.notifications.store import copies, milestones, notices, tellings
from services.notifications.store.copies import Region
from services.notifications.store.tellings import Due

MAIL = "mail"
INSTALLATION = Region(rules.INSTALLATION, "", "Speerpunt", ZoneInfo("Europe/Amsterdam"), "nl")
"""What stands where a region would, in a letter that is of none."""

Value = str | int | date | time | None


@dataclass(frozen=True, slots=True)
class Scene:
    """What a letter about a telling says, of which region, and the day whose partners are its audience."""

    region: Region
    facts: Mapping[str, Value]
    day: date | None
    milestone_id: UUID | None


async def hear(
    tx: Tx, subject: Subject | None, told: Sequence[Telling], happened: datetime | None, at: datetime
) -> None:
    """Keeps what became of a subject, and tells it when it is news."""
    if subject is not None:
        await copies.save_subject(tx, subject)
    if rules.is_fresh(happened, at):
        for each in told:
            await tellings.add(tx, each, at)


async def hear_statement(
    tx: Tx, subject: Subject, told: Telling, days_before: tuple[int, ...], happened: datetime | None, at: datetime
) -> None:
    """As `hear`, and plans the reminders on these days before its deadline; one that is answered is only kept."""
    if subject.state is SubjectState.SETTLED:
        await hear(tx, subject, [], happened, at)
        return
    await hear(tx, subject, [told], happened, at)
    kept = await copies.subject(tx, subject.id)
    if kept is None or kept.deadline is None or kept.sequence != subject.sequence:
        return
    zone = (await copies.region(tx)).zone
    instants = rules.reminder_instants(kept.deadline, days_before, zone, at)
    await tellings.plan_reminders(tx, About.STATEMENT, subject.id, instants)


async def hear_reporting(
    tx: Tx, subject: Subject, told: Sequence[Telling], ahead: Sequence[int], happened: datetime | None, at: datetime
) -> None:
    """Keeps a reporting date as it is now and plans its reminders; tells it when it is news and its day is not over.

    A date that is so near that no reminder of it is left is told at once, if it has not been told of before.
    """
    known = await copies.subject(tx, subject.id)
    await copies.save_subject(tx, subject)
    kept = await copies.subject(tx, subject.id)
    if kept is None or kept.deadline is None or kept.sequence != subject.sequence:
        return
    zone = (await copies.region(tx)).zone
    waits = kept.state is SubjectState.OPEN
    instants = rules.reminder_instants(kept.deadline, tuple(ahead), zone, at) if waits else {}
    await tellings.plan_reminders(tx, About.REPORTING, subject.id, instants)
    over = kept.deadline < at.astimezone(zone).date()
    if over or not rules.is_fresh(happened, at):
        return
    for each in told:
        if each.template != "reporting-date-planned" or (known is None and not instants):
            await tellings.add(tx, each, at)


async def answer_statements(tx: Tx, organisation_id: UUID, statement_id: UUID | None) -> None:
    """An organisation pledged: its forms are answered, and nobody is reminded of them."""
    settled = await copies.settle_statements(tx, organisation_id, statement_id)
    await tellings.forget_reminders(tx, settled)


async def count_held(tx: Tx, records: int, happened: datetime | None, at: datetime) -> None:
    """Counts held records in the office's digest of today, or of tomorrow morning when that was told."""
    await _count(tx, "held", "contributions-held", "office", records, happened, at)


async def count_asked(tx: Tx, school_id: UUID, contributions: int, happened: datetime | None, at: datetime) -> None:
    """Counts contributions that wait for the word of a school in its digest, in the same way."""
    audience = f"organisation:{school_id}"
    await _count(tx, f"asked/{school_id}", "verification-asked", audience, contributions, happened, at)


async def _count(
    tx: Tx, what: str, template: str, audience: str, records: int, happened: datetime | None, at: datetime
) -> None:
    if not rules.is_fresh(happened, at):
        return
    region = await copies.region(tx)
    morning = rules.next_morning(at, region.zone)
    for due in (at + rules.DIGEST_AFTER, morning):
        digest = Telling(
            occasion_id=rules.digest_occasion(tx.consortium_id, what, due.astimezone(region.zone).date()),
            template=template,
            audience=audience,
            about=About.RECORDS,
            about_id=tx.consortium_id,
            about_version=0,
            details={"count": records},
            due_at=due,
        )
        if await tellings.add_to_digest(tx, digest, at):
            return


async def tell_alarm(tx: Tx, told: Telling, at: datetime) -> bool:
    """Adds an alarm to what is to be told; False when it was added before."""
    return await tellings.add(tx, told, at)


async def remind(tx: Tx, at: datetime, most: int) -> int:
    """Makes the reminders that are due something to tell; how many were due. What no longer holds is dropped."""
    due = await tellings.take_reminders(tx, at, most)
    for each in due:
        if each.about is About.MILESTONE:
            milestone = await milestones.by_id(tx, each.about_id)
            if milestone is not None and not milestone.cancelled:
                await tellings.add(tx, rules.reminder_of_milestone(milestone, each.days_before, at), at)
        elif each.about is About.REPORTING:
            date_ = await copies.subject(tx, each.about_id)
            if date_ is not None and date_.state is SubjectState.OPEN:
                for told in rules.reminders_of_reporting(date_, each.days_before, at):
                    await tellings.add(tx, told, at)
        else:
            subject = await copies.subject(tx, each.about_id)
            if subject is not None and subject.state is SubjectState.OPEN:
                await tellings.add(tx, rules.reminder_of_statement(subject, each.days_before, at), at)
    return len(due)


async def scene(tx: Tx, told: Telling) -> Scene:
    """What is known now for a letter about this. Raises RegionNotKnown and OrganisationNotKnown: not yet."""
    region = INSTALLATION if tx.consortium_id == rules.INSTALLATION else await copies.region(tx)
    facts: dict[str, Value] = {**told.details}
    if told.about is About.MILESTONE:
        milestone = await milestones.by_id(tx, told.about_id)
        if milestone is None:
            raise LookupError("a telling is about a milestone that is not there")
        return Scene(region, facts | _described(milestone), milestone.day, milestone.id)
    known = [key for key in facts if key.endswith("_id")]
    names = await copies.names(tx, {UUID(str(facts[key])) for key in known})
    facts |= {key.removesuffix("_id"): names[UUID(str(facts[key]))] for key in known}
    return Scene(region, facts, None, None)


async def claim(
    tx: Tx, due: Due, notice_id: UUID, person_id: UUID, language: str, milestone_id: UUID | None, at: datetime
) -> Notice | None:
    """Claims a person for an occasion; what is to be sent now, or None.

    None when the person was told before, which is counted and published unless this very telling did; and when what
    was to be told no longer holds: then the notice is suppressed, with the reason.
    """
    told = due.telling
    notice = Notice(
        id=notice_id,
        occasion_id=told.occasion_id,
        person_id=person_id,
        channel=MAIL,
        template=told.template,
        language=language,
        milestone_id=milestone_id,
        state=NoticeState.CLAIMED,
        code=None,
        claimed_at=at,
        decided_at=None,
    )
    if not await notices.claim(tx, notice, due):
        again = await notices.claim_again(tx, notice, due)
        if again is None:
            if (known := await notices.add_duplicate(tx, notice, due, at)) is not None:
                await _append(tx, known, known.told_before(), at)
            return None
        notice = again
    if (why := await _outdated(tx, told, at)) is None:
        return notice
    suppressed, fact = notice.suppressed(why, at)
    await _settle(tx, suppressed, fact, at)
    return None


async def settle(tx: Tx, notice: Notice, outcome: Outcome, at: datetime, *, last: bool) -> None:
    """Keeps how sending ended. What surely was not sent gives its claim back, to be tried again, unless it is the last
    try."""
    match outcome:
        case NotSent() if not last and notice.version == 0:
            await notices.release(tx, notice.id)
        case NotSent(code=code):
            await _settle(tx, *notice.settled(Failed(code), at), at)
        case Sent() | Failed():
            await _settle(tx, *notice.settled(outcome, at), at)
        case Uncertain(code=code):
            await notices.settle(tx, notice.uncertain(code, at), 0)


async def _outdated(tx: Tx, told: Telling, at: datetime) -> str | None:
    if told.about in (About.RECORDS, About.ALARM):
        return None
    if told.about is not About.MILESTONE:
        return rules.subject_outdated(told, await copies.subject(tx, told.about_id), at)
    milestone = await milestones.by_id(tx, told.about_id)
    if milestone is None:
        return "gone"
    return rules.milestone_outdated(told, milestone, (await copies.region(tx)).zone, at)


async def _settle(tx: Tx, notice: Notice, fact: Fact, at: datetime) -> None:
    saved = await notices.settle(tx, notice, 1)
    if saved is not None:
        await _append(tx, saved, fact, at)


async def _append(tx: Tx, notice: Notice, fact: Fact, at: datetime) -> None:
    await outbox.append(tx, Change("notice", notice.id, notice.version, (fact,)), source=SOURCE, at=at)


def _described(milestone: Milestone) -> dict[str, Any]:
    return {
        "title": milestone.title,
        "kind": milestone.kind.value,
        "day": milestone.day,
        "starts_at": milestone.starts_at,
        "ends_at": milestone.ends_at,
        "place": milestone.place,
        "text": milestone.text,
        "reason": milestone.reason,
        "from_day": milestone.from_day,
    }
