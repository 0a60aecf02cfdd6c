"""The Kafka door of notifications: copies of what partners publishes.

Every event carries the full state and the sequence of its aggregate, so a copy is never replaced by an older one.
"""

from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from runtime.consumer import Router, Subscription
from runtime.consumer.outcomes import DeadMessage
from runtime.event import Received
from runtime.postgres import Tx
from services.notifications import store

LANGUAGES = ("nl", "sv", "en")


class _Heard(BaseModel):
    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, populate_by_name=True, frozen=True)


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


async def keep_consortium(tx: Tx, event: Received, data: ConsortiumFounded) -> None:
    """Keeps the region, unless a later event was here first. A language we cannot write becomes English."""
    try:
        ZoneInfo(data.zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise DeadMessage("unknown-zone", "The region's time zone is not known here.") from None
    language = data.language if data.language in LANGUAGES else "en"
    await store.save_consortium(tx, data.code, data.name, data.zone, language, event.sequence or 0)


async def keep_organisation(tx: Tx, event: Received, data: OrganisationRegistered) -> None:
    """Keeps what an organisation is called, unless a later event was here first."""
    await store.save_organisation(tx, data.organisation_id, data.name, event.sequence or 0)


def subscriptions() -> tuple[Subscription, ...]:
    """What notifications hears."""
    partners = Router()
    partners.on("nl.speerpunt.partners.consortium-founded.v1", ConsortiumFounded, keep_consortium)
    partners.on("nl.speerpunt.partners.organisation-registered.v1", OrganisationRegistered, keep_organisation)
    return (Subscription("notifications.partners", partners, topics=("partners.events",)),)
