"""Copies of partners: regions, lines, organisations and standings. Every event carries the full state and the sequence
of its aggregate, so a copy is never replaced by an older one."""

from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from runtime import closing
from runtime.consumer import DeadMessage, Router
from runtime.event import Received
from runtime.postgres import Tx
from services.funding.store import partners as copies
from services.funding.store.partners import Branch, Organisation, Standing


class _Heard(BaseModel):
    model_config = ConfigDict(
        extra="ignore", alias_generator=lambda name: to_camel(name.rstrip("_")), populate_by_name=True, frozen=True
    )


class ConsortiumFounded(_Heard):
    """What funding uses of it."""

    code: str
    zone: str
    currency: str = "EUR"
    language: str = "nl"


class PlannedLine(_Heard):
    """A spearhead or location of a programme."""

    code: str
    title: str
    budgeted: bool = True
    branch_code: str | None = None
    organisation_id: UUID | None = None


class ProgrammePlanned(_Heard):
    """What funding uses of it."""

    programme_id: UUID
    code: str
    from_: date
    until: date
    spearheads: tuple[PlannedLine, ...] = ()
    locations: tuple[PlannedLine, ...] = ()


class OrganisationRegistered(_Heard):
    """What funding uses of it."""

    organisation_id: UUID
    code: str
    name: str
    kind: str
    registry_numbers: dict[str, str] = {}


class Ground(_Heard):
    """Why an organisation counts as a partner, from when until when."""

    ground: str
    from_: date
    until: date | None = None
    suffices: bool
    through_organisation_id: UUID | None = None


class StandingChanged(_Heard):
    """All grounds of one organisation. Published again for everybody when the region's policy changes."""

    organisation_id: UUID
    grounds: tuple[Ground, ...]


async def keep_consortium(tx: Tx, event: Received, data: ConsortiumFounded) -> None:
    """Keeps the region. Its zone says which day it is there."""
    try:
        ZoneInfo(data.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise DeadMessage("unknown-zone", "The region's time zone is not known here.") from None
    await copies.save_consortium(tx, data.code, data.zone, data.currency, data.language, event.sequence or 0)


async def keep_programme(tx: Tx, event: Received, data: ProgrammePlanned) -> None:
    """Keeps a programme with exactly its lines."""
    lines = [(line.code, "spearhead", line.title, line.budgeted) for line in data.spearheads]
    lines += [(line.code, "location", line.title, line.budgeted) for line in data.locations]
    branches = {line.code: Branch(line.branch_code, line.organisation_id) for line in data.locations}
    sequence = event.sequence or 0
    await copies.save_programme(tx, data.programme_id, data.code, data.from_, data.until, lines, sequence, branches)


async def keep_organisation(tx: Tx, event: Received, data: OrganisationRegistered) -> None:
    """Keeps an organisation and the numbers that it goes by."""
    organisation = Organisation(data.organisation_id, data.code, data.name, data.kind, data.registry_numbers)
    await copies.save_organisation(tx, organisation, event.sequence or 0)


async def keep_standing(tx: Tx, event: Received, data: StandingChanged) -> None:
    """Keeps when and why an organisation counts as a partner."""
    grounds = [
        Standing(
            data.organisation_id,
            each.ground,
            each.from_,
            each.until,
            each.suffices,
            each.through_organisation_id,
        )
        for each in data.grounds
    ]
    await copies.save_standing(tx, data.organisation_id, grounds, event.sequence or 0)


def router() -> Router:
    """What funding hears of partners."""
    made = Router()
    made.on("nl.speerpunt.partners.consortium-founded.v1", ConsortiumFounded, keep_consortium)
    made.on("nl.speerpunt.partners.programme-planned.v1", ProgrammePlanned, keep_programme)
    made.on("nl.speerpunt.partners.organisation-registered.v1", OrganisationRegistered, keep_organisation)
    made.on("nl.speerpunt.partners.standing-changed.v1", StandingChanged, keep_standing)
    closing.listen(made)
    return made
