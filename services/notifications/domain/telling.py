"""Who is told what, and when it no longer makes sense to say it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from services.notifications.domain.milestones import Milestone, Said

FRESH = timedelta(hours=48)
"""Facts heard later than this are kept and not told: else a service that starts anew tells the whole past."""

STATEMENT_REMINDERS = (14, 3)
"""Days before the deadline of a statement on which its organisation is reminded, unless the statement says others."""

REMIND_AT = time(9)
DIGEST_AFTER = timedelta(minutes=1)

Details = Mapping[str, str | int | None]


class About(StrEnum):
    """What something that is told is about."""

    MILESTONE = "milestone"
    AGREEMENT = "agreement"
    STATEMENT = "statement"
    ACTIVITY = "activity"
    RECORDS = "records"
    REPORTING = "reporting-date"
    ALARM = "alarm"


OPERATORS = "operators"
"""The audience of what is amiss with the installation: those that a setting names, no people of a region."""

OF_THE_OFFICE = frozenset({"deadline", "unverified"})
"""Alarms that the office of a region can do something about; the others go to the operators."""

INSTALLATION = UUID(int=0)
"""Whose a telling is that is of no region."""


class SubjectState(StrEnum):
    """How far a subject is: waiting for somebody or still to come, done with, or not taking place."""

    OPEN = "open"
    SETTLED = "settled"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Subject:
    """What another service owns and people are told about, as of the event with this sequence."""

    id: UUID
    kind: About
    state: SubjectState
    sequence: int
    title: str | None = None
    organisation_id: UUID | None = None
    deadline: date | None = None
    ends_at: datetime | None = None
    audiences: tuple[str, ...] = ()
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class Telling:
    """Something to be told to an audience. One occasion is told to one person once, through whichever audience.

    `about_version` is the version of the subject that is told; `announced` means the office wants it told though it is
    past. `asked` counts how often it was asked.
    """

    occasion_id: UUID
    template: str
    audience: str
    about: About
    about_id: UUID
    about_version: int
    details: Details
    due_at: datetime
    announced: bool = False
    asked: int = 1

    def id(self) -> UUID:
        return uuid5(self.occasion_id, f"telling/{self.audience}")


def is_fresh(happened: datetime | None, at: datetime) -> bool:
    """Whether what happened then is still news."""
    return happened is None or at - happened <= FRESH


def of_milestone(milestone: Milestone, at: datetime, *, announced: bool) -> Telling:
    """What there is to tell of a milestone since it was last planned, moved or cancelled."""
    return Telling(
        occasion_id=occasion(milestone),
        template=f"milestone-{milestone.said.value}",
        audience=milestone.audience,
        about=About.MILESTONE,
        about_id=milestone.id,
        about_version=milestone.said_version,
        details={},
        due_at=at,
        announced=announced,
    )


def occasion(milestone: Milestone) -> UUID:
    """What stands for the last planning, move or cancellation of a milestone."""
    return uuid5(milestone.id, f"said/{milestone.said_version}")


def is_told(milestone: Milestone, zone: ZoneInfo, at: datetime, announce: bool | None) -> bool:
    """Whether a planning, move or cancellation is told: as the office says, else if it is not past."""
    return milestone.ends(zone) > at if announce is None else announce


def reminder_of_milestone(milestone: Milestone, days_before: int, at: datetime) -> Telling:
    """A reminder, so many days before the day on which the milestone stands now."""
    return Telling(
        occasion_id=uuid5(occasion(milestone), f"reminder/{days_before}"),
        template="milestone-reminder",
        audience=milestone.audience,
        about=About.MILESTONE,
        about_id=milestone.id,
        about_version=milestone.said_version,
        details={"days_left": days_before},
        due_at=at,
    )


def reminder_of_statement(subject: Subject, days_before: int, at: datetime) -> Telling:
    """A reminder of a form that was not answered yet."""
    if subject.deadline is None or subject.organisation_id is None:
        raise ValueError("a statement has a deadline and an organisation")
    return Telling(
        occasion_id=uuid5(subject.id, f"reminder/{subject.sequence}/{days_before}"),
        template="statement-reminder",
        audience=f"organisation:{subject.organisation_id}",
        about=About.STATEMENT,
        about_id=subject.id,
        about_version=subject.sequence,
        details={
            "days_left": days_before,
            "title": subject.title,
            "deadline": subject.deadline.isoformat(),
            "organisation_id": str(subject.organisation_id),
        },
        due_at=at,
    )


def details_of_reporting(subject: Subject) -> dict[str, str | int | None]:
    """What a letter about a reporting date says of it."""
    if subject.deadline is None:
        raise ValueError("a reporting date has a day")
    return {
        "title": subject.title,
        "day": subject.deadline.isoformat(),
        "first_day": subject.first_day.isoformat() if subject.first_day else None,
        "last_day": subject.last_day.isoformat() if subject.last_day else None,
    }


def reminders_of_reporting(subject: Subject, days_before: int, at: datetime) -> list[Telling]:
    """Reminders of what is still to be handed in, one per audience; who is in two of them is told once."""
    return [
        Telling(
            occasion_id=uuid5(subject.id, f"reminder/{subject.deadline}/{days_before}"),
            template="reporting-date-reminder",
            audience=audience,
            about=About.REPORTING,
            about_id=subject.id,
            about_version=subject.sequence,
            details={**details_of_reporting(subject), "days_left": days_before},
            due_at=at,
        )
        for audience in subject.audiences
    ]


def reminder_instants(day: date, days_before: tuple[int, ...], zone: ZoneInfo, at: datetime) -> dict[int, datetime]:
    """When to remind, per number of days before: at nine in the morning there. What would be overdue is left out."""
    instants = {
        each: datetime.combine(day - timedelta(days=each), REMIND_AT, zone).astimezone(UTC) for each in days_before
    }
    return {each: instant for each, instant in instants.items() if instant > at}


def of_alarm(alarm_id: UUID, region: UUID, kind: str, details: Details, at: datetime, *, cleared: bool) -> Telling:
    """That an alarm was raised, or cleared: each is one occasion."""
    office = kind in OF_THE_OFFICE and region != INSTALLATION
    return Telling(
        occasion_id=uuid5(alarm_id, "cleared" if cleared else "raised"),
        template="alarm-over" if cleared else f"alarm-{kind}",
        audience="office" if office else OPERATORS,
        about=About.ALARM,
        about_id=alarm_id,
        about_version=int(cleared),
        details=details,
        due_at=at,
    )


def digest_occasion(consortium_id: UUID, what: str, day: date) -> UUID:
    """What stands for all of a sort that waits for the same people on a local day: they are told once a day."""
    return uuid5(consortium_id, f"{what}/{day.isoformat()}")


def next_morning(at: datetime, zone: ZoneInfo) -> datetime:
    """Nine in the morning there, on the next local day."""
    tomorrow = at.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, REMIND_AT, zone).astimezone(UTC)


def milestone_outdated(telling: Telling, milestone: Milestone, zone: ZoneInfo, at: datetime) -> str | None:
    """Why not to say it any more, as a code; None when it still holds."""
    if telling.about_version != milestone.said_version:
        return {Said.CANCELLED: "cancelled-meanwhile", Said.MOVED: "moved-meanwhile"}.get(
            milestone.said, "planned-meanwhile"
        )
    if not telling.announced and milestone.ends(zone) <= at:
        return "past"
    return None


def subject_outdated(telling: Telling, subject: Subject | None, at: datetime) -> str | None:
    """Why not to say it any more, as a code; None when it still holds.

    A form and an agreement that wait for an answer are told however late; an activity that is over is not.
    """
    if subject is None:
        return None
    if telling.about is About.REPORTING:
        return _reporting_outdated(telling, subject)
    if telling.about_version < subject.sequence:
        return "cancelled-meanwhile" if subject.state is SubjectState.CANCELLED else "overtaken"
    if telling.about is About.STATEMENT and subject.state is SubjectState.SETTLED:
        return "settled-meanwhile"
    if telling.about is About.ACTIVITY and subject.ends_at is not None and subject.ends_at <= at:
        return "past"
    return None


def _reporting_outdated(telling: Telling, subject: Subject) -> str | None:
    """A date that only got another title still holds; one that is on another day, settled or cancelled does not."""
    if subject.state is SubjectState.SETTLED:
        return "settled-meanwhile"
    if subject.state is SubjectState.CANCELLED:
        return None if telling.about_version == subject.sequence else "cancelled-meanwhile"
    if subject.deadline is not None and telling.details["day"] != subject.deadline.isoformat():
        return "moved-meanwhile"
    return None
