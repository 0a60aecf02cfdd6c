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


_ID = UUID("018f0000-0000-7000-8000-000000000041")

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
)
