"""The Kafka door of notifications: copies of what partners publishes, and people told of what happens elsewhere.

A copy is never replaced by an older event. What happened long before it is heard is kept and not told.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import partial
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from runtime import closing
from runtime.consumer import Router, Subscription
from runtime.consumer.outcomes import DeadMessage
from runtime.event import Received
from runtime.postgres import Tx
from services.notifications.commands import telling as commands
from services.notifications.domain.telling import (
    STATEMENT_REMINDERS,
    About,
    Details,
    Subject,
    SubjectState,
    Telling,
    details_of_reporting,
)
from services.notifications.letters import LANGUAGES
from services.notifications.store import copies

Clock = Callable[[], datetime]


class _Heard(BaseModel):
    model_config = ConfigDict(
        extra="ignore", alias_generator=lambda name: to_camel(name.rstrip("_")), populate_by_name=True, frozen=True
    )


class ConsortiumFounded(_Heard):
    """What notifications uses of it."""

    code: str
    name: str
    zone: str
    language: str


class OrganisationRegistered(_Heard):
    """What notifications uses of it."""

    organisation_id: UUID
    name: str


class AgreementCirculated(_Heard):
    """What notifications uses of it."""

    agreement_id: UUID
    title: str
    sign_until: date | None = None


class AgreementEnteredIntoForce(_Heard):
    """What notifications uses of it."""

    agreement_id: UUID
    code: str
    since: date
    from_: date
    until: date


class StatementIssued(_Heard):
    """What notifications uses of it."""

    statement_id: UUID
    organisation_id: UUID
    deadline: date
    title: str | None = None
    remind_days_before: tuple[int, ...] = STATEMENT_REMINDERS
    answered: bool = False


class PledgeSigned(_Heard):
    """What notifications uses of it."""

    organisation_id: UUID
    statement_id: UUID | None = None


class ReportingDate(_Heard):
    """What notifications uses of it, whatever became of it."""

    reporting_date_id: UUID
    title: str
    day: date
    from_: date | None = None
    until: date | None = None
    tells: tuple[str, ...] = ()
    remind_days_before: tuple[int, ...] = ()
    from_day: date | None = None
    reason: str | None = None


class ContributionHeld(_Heard):
    """What notifications uses of it: that there is one."""

    record_id: str


class VerificationAsked(_Heard):
    """What notifications uses of it: whose word it is, once that is known."""

    contribution_id: UUID
    school_id: UUID | None = None


class ActivityHeld(_Heard):
    """What notifications uses of it."""

    activity_id: UUID
    code: str
    school_id: UUID
    company_id: UUID
    starts_at: datetime
    ends_at: datetime
    until: datetime


class ActivityBooked(_Heard):
    """What notifications uses of it."""

    activity_id: UUID
    title: str
    school_id: UUID
    company_id: UUID
    starts_at: datetime
    ends_at: datetime


class ActivityCancelled(_Heard):
    """What notifications uses of it."""

    activity_id: UUID
    code: str
    school_id: UUID
    company_id: UUID
    reason: str
    starts_at: datetime


async def keep_consortium(tx: Tx, event: Received, data: ConsortiumFounded) -> None:
    """Keeps the region, unless a later event was here first. A language we cannot write becomes English."""
    try:
        ZoneInfo(data.zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise DeadMessage("unknown-zone", "The region's time zone is not known here.") from None
    language = data.language if data.language in LANGUAGES else "en"
    await copies.save_consortium(tx, data.code, data.name, data.zone, language, event.sequence or 0)


async def keep_organisation(tx: Tx, event: Received, data: OrganisationRegistered) -> None:
    """Keeps what an organisation is called, unless a later event was here first."""
    await copies.save_organisation(tx, data.organisation_id, data.name, event.sequence or 0)


async def tell_circulated(clock: Clock, tx: Tx, event: Received, data: AgreementCirculated) -> None:
    """Asks the signatories of all parties to sign."""
    at = clock()
    subject = Subject(data.agreement_id, About.AGREEMENT, SubjectState.OPEN, event.sequence or 0, data.title)
    details: Details = {"title": data.title, "sign_until": data.sign_until.isoformat() if data.sign_until else None}
    audience = f"agreement:{data.agreement_id}"
    told = [_telling(event, "agreement-circulated", audience, subject, details, at)]
    await commands.hear(tx, subject, told, event.time, at)


async def tell_in_force(clock: Clock, tx: Tx, event: Received, data: AgreementEnteredIntoForce) -> None:
    """Tells all parties that what they signed holds."""
    at = clock()
    known = await copies.subject(tx, data.agreement_id)
    subject = Subject(data.agreement_id, About.AGREEMENT, SubjectState.SETTLED, event.sequence or 0)
    details: Details = {
        "title": known.title if known is not None and known.title else data.code,
        "since": data.since.isoformat(),
        "first_day": data.from_.isoformat(),
        "last_day": data.until.isoformat(),
    }
    audience = f"agreement:{data.agreement_id}"
    told = [_telling(event, "agreement-in-force", audience, subject, details, at)]
    await commands.hear(tx, subject, told, event.time, at)


async def tell_statement(clock: Clock, tx: Tx, event: Received, data: StatementIssued) -> None:
    """Tells an organisation's contacts that its form is waiting, and reminds them before the deadline.

    One that is signed already and was issued anew is kept as answered, and nobody is told.
    """
    at = clock()
    state = SubjectState.SETTLED if data.answered else SubjectState.OPEN
    subject = Subject(
        data.statement_id,
        About.STATEMENT,
        state,
        event.sequence or 0,
        data.title,
        data.organisation_id,
        data.deadline,
    )
    details: Details = {
        "title": data.title,
        "deadline": data.deadline.isoformat(),
        "organisation_id": str(data.organisation_id),
    }
    audience = f"organisation:{data.organisation_id}"
    told = _telling(event, "statement-issued", audience, subject, details, at)
    await commands.hear_statement(tx, subject, told, data.remind_days_before, event.time, at)


async def note_pledge(tx: Tx, _event: Received, data: PledgeSigned) -> None:
    """A form that is answered is not reminded of."""
    await commands.answer_statements(tx, data.organisation_id, data.statement_id)


async def tell_reporting(
    clock: Clock, template: str, state: SubjectState, tx: Tx, event: Received, data: ReportingDate
) -> None:
    """Keeps a date of the reporting calendar, plans its reminders, and tells whom it concerns that it is another."""
    at = clock()
    subject = Subject(
        data.reporting_date_id,
        About.REPORTING,
        state,
        event.sequence or 0,
        data.title,
        deadline=data.day,
        audiences=tuple(data.tells),
        first_day=data.from_,
        last_day=data.until,
    )
    details: Details = {
        **details_of_reporting(subject),
        "from_day": data.from_day.isoformat() if data.from_day else None,
        "reason": data.reason,
    }
    told = [_telling(event, template, audience, subject, details, at) for audience in data.tells if template]
    await commands.hear_reporting(tx, subject, told, data.remind_days_before, event.time, at)


async def count_held(clock: Clock, tx: Tx, held: Sequence[tuple[Received, ContributionHeld]]) -> None:
    """Counts what is held in the office's digest: one mail a day, however many there are."""
    at = clock()
    for consortium_id in sorted({event.consortium_id for event, _ in held if event.consortium_id is not None}):
        happened = [event.time or at for event, _ in held if event.consortium_id == consortium_id]
        await commands.count_held(tx.within(consortium_id), len(happened), max(happened), at)


async def count_asked(clock: Clock, tx: Tx, asked: Sequence[tuple[Received, VerificationAsked]]) -> None:
    """Counts what waits for the word of a school in its digest: one mail a day, however many there are."""
    at = clock()
    counted: dict[tuple[UUID, UUID], list[datetime]] = {}
    for event, data in asked:
        if event.consortium_id is not None and data.school_id is not None:
            counted.setdefault((event.consortium_id, data.school_id), []).append(event.time or at)
    for (consortium_id, school_id), happened in sorted(counted.items()):
        await commands.count_asked(tx.within(consortium_id), school_id, len(happened), max(happened), at)


async def tell_held(clock: Clock, tx: Tx, event: Received, data: ActivityHeld) -> None:
    """Asks the company whether it can come."""
    at = clock()
    subject = _activity(event, data.activity_id, SubjectState.OPEN, data.ends_at)
    details: Details = {
        "code": data.code,
        "school_id": str(data.school_id),
        "company_id": str(data.company_id),
        "starts_at": data.starts_at.isoformat(),
        "ends_at": data.ends_at.isoformat(),
        "until": data.until.isoformat(),
    }
    told = [_telling(event, "activity-held", f"organisation:{data.company_id}", subject, details, at)]
    await commands.hear(tx, subject, told, event.time, at)


async def tell_booked(clock: Clock, tx: Tx, event: Received, data: ActivityBooked) -> None:
    """Tells school and company when it takes place."""
    at = clock()
    subject = _activity(event, data.activity_id, SubjectState.OPEN, data.ends_at, data.title)
    details: Details = {
        "title": data.title,
        "school_id": str(data.school_id),
        "company_id": str(data.company_id),
        "starts_at": data.starts_at.isoformat(),
        "ends_at": data.ends_at.isoformat(),
    }
    parties = (data.school_id, data.company_id)
    told = [_telling(event, "activity-booked", f"organisation:{each}", subject, details, at) for each in parties]
    await commands.hear(tx, subject, told, event.time, at)


async def tell_cancelled(clock: Clock, tx: Tx, event: Received, data: ActivityCancelled) -> None:
    """Tells school and company that it does not take place."""
    at = clock()
    known = await copies.subject(tx, data.activity_id)
    subject = _activity(event, data.activity_id, SubjectState.CANCELLED, None)
    details: Details = {
        "title": known.title if known is not None and known.title else data.code,
        "school_id": str(data.school_id),
        "company_id": str(data.company_id),
        "starts_at": data.starts_at.isoformat(),
        "reason": data.reason,
    }
    parties = (data.school_id, data.company_id)
    told = [_telling(event, "activity-cancelled", f"organisation:{each}", subject, details, at) for each in parties]
    await commands.hear(tx, subject, told, event.time, at)


def _activity(
    event: Received, activity_id: UUID, state: SubjectState, ends_at: datetime | None, title: str | None = None
) -> Subject:
    return Subject(activity_id, About.ACTIVITY, state, event.sequence or 0, title, ends_at=ends_at)


def _telling(
    event: Received, template: str, audience: str, subject: Subject, details: Details, at: datetime
) -> Telling:
    return Telling(
        occasion_id=_occasion(event),
        template=template,
        audience=audience,
        about=subject.kind,
        about_id=subject.id,
        about_version=subject.sequence,
        details=details,
        due_at=at,
    )


def _occasion(event: Received) -> UUID:
    """The event's own id; what another system called otherwise gets an id of its own, always the same."""
    try:
        return UUID(event.id)
    except ValueError:
        return uuid5(UUID(int=0), f"{event.source}/{event.id}")


def now() -> datetime:
    """The clock of this door."""
    return datetime.now(UTC)


def subscriptions(clock: Clock = now) -> tuple[Subscription, ...]:
    """What notifications hears."""
    partners, funding, activities = Router(), Router(), Router()
    partners.on("nl.speerpunt.partners.consortium-founded.v1", ConsortiumFounded, keep_consortium)
    partners.on("nl.speerpunt.partners.organisation-registered.v1", OrganisationRegistered, keep_organisation)
    partners.on("nl.speerpunt.partners.agreement-circulated.v1", AgreementCirculated, partial(tell_circulated, clock))
    partners.on(
        "nl.speerpunt.partners.agreement-entered-into-force.v1",
        AgreementEnteredIntoForce,
        partial(tell_in_force, clock),
    )
    closing.listen(partners)
    funding.on("nl.speerpunt.funding.statement-issued.v1", StatementIssued, partial(tell_statement, clock))
    funding.on("nl.speerpunt.funding.pledge-signed.v1", PledgeSigned, note_pledge)
    for name, state in (
        ("planned", SubjectState.OPEN),
        ("moved", SubjectState.OPEN),
        ("cancelled", SubjectState.CANCELLED),
        ("completed", SubjectState.SETTLED),
    ):
        template = "" if state is SubjectState.SETTLED else f"reporting-date-{name}"
        heard = partial(tell_reporting, clock, template, state)
        funding.on(f"nl.speerpunt.funding.reporting-date-{name}.v1", ReportingDate, heard)
    funding.on_many("nl.speerpunt.funding.contribution-held.v1", ContributionHeld, partial(count_held, clock))
    funding.on_many("nl.speerpunt.funding.verification-asked.v1", VerificationAsked, partial(count_asked, clock))
    activities.on("nl.speerpunt.activities.activity-held.v1", ActivityHeld, partial(tell_held, clock))
    activities.on("nl.speerpunt.activities.activity-booked.v1", ActivityBooked, partial(tell_booked, clock))
    activities.on("nl.speerpunt.activities.activity-cancelled.v1", ActivityCancelled, partial(tell_cancelled, clock))
    return (
        Subscription("notifications.partners", partners, topics=("partners.events",)),
        Subscription("notifications.funding", funding, topics=("funding.events",)),
        Subscription("notifications.activities", activities, topics=("activities.events",)),
    )
