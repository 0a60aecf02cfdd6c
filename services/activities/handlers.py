"""The Kafka door of activities: it keeps copies of the regions, organisations and lines that partners publishes.

Every event carries the full state and the sequence of its aggregate, so a copy is never replaced by an older one.
"""

from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from runtime import closing
from runtime.consumer import Router, Subscription
from runtime.consumer.outcomes import DeadMessage
from runtime.event import Received
from runtime.postgres import Tx
from services.activities.domain.catalogue import STANDARD_KINDS
from services.activities.store import catalogue, copies
from services.activities.store.copies import Line, Organisation


class _Heard(BaseModel):
    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, populate_by_name=True, frozen=True)


class ConsortiumFounded(_Heard):
    """What activities uses of it."""

    code: str
    zone: str


class OrganisationRegistered(_Heard):
    """What activities uses of it."""

    organisation_id: UUID
    code: str
    name: str
    kind: str
    municipality: str | None = None


class PlannedLine(_Heard):
    """A spearhead or location of a programme."""

    code: str
    title: str


class ProgrammePlanned(_Heard):
    """What activities uses of it."""

    programme_id: UUID
    code: str
    from_: date
    until: date
    spearheads: tuple[PlannedLine, ...] = ()
    locations: tuple[PlannedLine, ...] = ()

    model_config = ConfigDict(
        extra="ignore", alias_generator=lambda name: to_camel(name.rstrip("_")), populate_by_name=True, frozen=True
    )


async def keep_consortium(tx: Tx, event: Received, data: ConsortiumFounded) -> None:
    """Keeps the region and gives it the standard kinds, unless it has its own of that code."""
    try:
        ZoneInfo(data.zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise DeadMessage("unknown-zone", "The region's time zone is not known here.") from None
    await copies.save_consortium(tx, data.code, data.zone, event.sequence or 0)
    for kind in STANDARD_KINDS:
        await catalogue.save_kind(tx, kind, only_new=True)


async def keep_organisation(tx: Tx, event: Received, data: OrganisationRegistered) -> None:
    """Keeps an organisation, unless a later event was here first."""
    organisation = Organisation(data.organisation_id, data.code, data.name, data.kind, data.municipality)
    await copies.save_organisation(tx, organisation, event.sequence or 0)


async def keep_programme(tx: Tx, event: Received, data: ProgrammePlanned) -> None:
    """Keeps a programme with exactly its lines, unless a later event was here first."""
    lines = [Line(line.code, "spearhead", line.title) for line in data.spearheads]
    lines += [Line(line.code, "location", line.title) for line in data.locations]
    period = (data.from_, data.until)
    await copies.save_programme(tx, data.programme_id, data.code, period, lines, event.sequence or 0)


def subscriptions() -> tuple[Subscription, ...]:
    """What activities hears."""
    router = Router()
    router.on("nl.speerpunt.partners.consortium-founded.v1", ConsortiumFounded, keep_consortium)
    router.on("nl.speerpunt.partners.organisation-registered.v1", OrganisationRegistered, keep_organisation)
    router.on("nl.speerpunt.partners.programme-planned.v1", ProgrammePlanned, keep_programme)
    closing.listen(router)
    return (Subscription("activities.partners", router, topics=("partners.events",)),)
