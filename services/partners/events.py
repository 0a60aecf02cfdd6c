"""The facts that partners publishes. Each carries the full state, so that a copy needs no history."""

from datetime import date
from uuid import UUID

from pydantic import Field

from runtime.event import Fact

SOURCE = "urn:speerpunt:partners"
_TYPE = "nl.speerpunt.partners.{}.v1"


class PartnersFact(Fact):
    """A fact on partners' own topic."""

    topic = "partners.events"


class ConsortiumFounded(PartnersFact):
    """A region exists, or was described anew."""

    fact_type = _TYPE.format("consortium-founded")

    code: str
    name: str
    zone: str
    currency: str
    language: str
    standing_policy: tuple[str, ...]


class PlannedSpearhead(Fact):
    """A programme line that money and hours go to."""

    id: UUID
    code: str
    title: str
    hub_organisation_id: UUID | None = None
    budgeted: bool = True


class PlannedLocation(Fact):
    """A school site that money and hours go to."""

    id: UUID
    code: str
    title: str
    branch_code: str | None = None
    organisation_id: UUID | None = None


class ProgrammePlanned(PartnersFact):
    """A programme was planned, or changed: its period and all its lines."""

    fact_type = _TYPE.format("programme-planned")

    programme_id: UUID
    code: str
    title: str
    first_day: date = Field(alias="from")
    last_day: date = Field(alias="until")
    spearheads: tuple[PlannedSpearhead, ...]
    locations: tuple[PlannedLocation, ...]


class OrganisationRegistered(PartnersFact):
    """An organisation takes part in the region, or was described anew."""

    fact_type = _TYPE.format("organisation-registered")

    organisation_id: UUID
    code: str
    name: str
    kind: str
    registry_numbers: dict[str, str]
    municipality: str | None = None


_ID = UUID("018f0000-0000-7000-8000-000000000001")

SAMPLES: tuple[Fact, ...] = (
    ConsortiumFounded(
        code="sto-voorbeeld",
        name="STO Voorbeeld",
        zone="Europe/Amsterdam",
        currency="EUR",
        language="nl",
        standing_policy=("party", "umbrella", "pledge"),
    ),
    ProgrammePlanned(
        programme_id=_ID,
        code="2020-2023",
        title="Sterk techniekonderwijs",
        first_day=date(2020, 1, 1),
        last_day=date(2023, 12, 31),
        spearheads=(PlannedSpearhead(id=_ID, code="robotisering", title="Robotisering"),),
        locations=(PlannedLocation(id=_ID, code="school-1", title="School 1", branch_code="00AA01"),),
    ),
    OrganisationRegistered(
        organisation_id=_ID, code="acme", name="Acme B.V.", kind="company", registry_numbers={"kvk": "12345678"}
    ),
)
