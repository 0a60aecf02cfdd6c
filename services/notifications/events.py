"""The facts that notifications publishes: ids, codes and days. Never a name or an address."""

from datetime import date, time
from typing import ClassVar
from uuid import UUID

from runtime.event import Fact

SOURCE = "urn:speerpunt:notifications"


class _NotificationsFact(Fact):
    topic: ClassVar[str] = "notifications.events"


class MilestonePlanned(_NotificationsFact):
    """Something stands in the planning. Full state, published again when it is described anew. Times are local."""

    fact_type: ClassVar[str] = "nl.speerpunt.notifications.milestone-planned.v1"

    milestone_id: UUID
    code: str
    title: str
    kind: str
    day: date
    starts_at: time | None = None
    ends_at: time | None = None
    audience: str


class MilestoneMoved(_NotificationsFact):
    """It takes place on another day, at another hour or elsewhere. `fromDay` is the day it stood on before."""

    fact_type: ClassVar[str] = "nl.speerpunt.notifications.milestone-moved.v1"

    milestone_id: UUID
    code: str
    title: str
    kind: str
    from_day: date
    day: date
    starts_at: time | None = None
    ends_at: time | None = None
    audience: str


class MilestoneCancelled(_NotificationsFact):
    """It does not take place."""

    fact_type: ClassVar[str] = "nl.speerpunt.notifications.milestone-cancelled.v1"

    milestone_id: UUID
    code: str
    title: str
    kind: str
    day: date
    audience: str


class _NoticeFact(_NotificationsFact):
    notice_id: UUID
    occasion_id: UUID
    person_id: UUID
    template: str
    channel: str
    milestone_id: UUID | None = None


class NoticeSent(_NoticeFact):
    """A person was told. `occasionId` is the event it was about, or what stands for a reminder or a digest."""

    fact_type: ClassVar[str] = "nl.speerpunt.notifications.notice-sent.v1"


class NoticeFailed(_NoticeFact):
    """A person was surely not told; `code` says why, for instance `smtp-550`."""

    fact_type: ClassVar[str] = "nl.speerpunt.notifications.notice-failed.v1"

    code: str


class NoticeSuppressed(_NoticeFact):
    """A person was not told on purpose: it no longer held, or they were told before (`told-before`)."""

    fact_type: ClassVar[str] = "nl.speerpunt.notifications.notice-suppressed.v1"

    reason: str


_ID = UUID("018f0000-0000-7000-8000-000000000041")
_OCCASION = UUID("018f0000-0000-7000-8000-000000000042")
_PERSON = UUID("018f0000-0000-7000-8000-000000000043")

SAMPLES: tuple[Fact, ...] = (
    MilestonePlanned(
        milestone_id=_ID,
        code="vragenuur",
        title="Vragenuur",
        kind="session",
        day=date(2019, 3, 22),
        starts_at=time(14, 30),
        ends_at=time(15, 30),
        audience="everyone",
    ),
    MilestoneMoved(
        milestone_id=_ID,
        code="vragenuur",
        title="Vragenuur",
        kind="session",
        from_day=date(2019, 3, 22),
        day=date(2019, 3, 25),
        starts_at=time(14, 30),
        ends_at=time(15, 30),
        audience="everyone",
    ),
    MilestoneCancelled(
        milestone_id=_ID,
        code="slotdag",
        title="Slotdag",
        kind="session",
        day=date(2019, 3, 29),
        audience="everyone",
    ),
    NoticeSent(
        notice_id=_ID,
        occasion_id=_OCCASION,
        person_id=_PERSON,
        template="milestone-cancelled",
        channel="mail",
        milestone_id=_ID,
    ),
    NoticeFailed(
        notice_id=_ID,
        occasion_id=_OCCASION,
        person_id=_PERSON,
        template="statement-issued",
        channel="mail",
        code="smtp-550",
    ),
    NoticeSuppressed(
        notice_id=_ID,
        occasion_id=_OCCASION,
        person_id=_PERSON,
        template="milestone-reminder",
        channel="mail",
        milestone_id=_ID,
        reason="cancelled-meanwhile",
    ),
)
