"""The facts that partners publishes. Each carries the full state, so that a copy needs no history.

Days are days in the zone of the region; a last day (`until`) still counts, and is absent while there is none.
"""

from datetime import UTC, date, datetime
from typing import Literal
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


class ConsortiumClosed(PartnersFact):
    """A region was closed: its services take no commands for it until it is reopened. Its data stays as it is."""

    fact_type = _TYPE.format("consortium-closed")

    code: str
    reason: str
    since: datetime


class ConsortiumReopened(PartnersFact):
    """A region that was closed is open again."""

    fact_type = _TYPE.format("consortium-reopened")

    code: str
    reason: str
    since: datetime


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


class MembershipStarted(PartnersFact):
    """An organisation takes part in the region in some role, or that was described anew."""

    fact_type = _TYPE.format("membership-started")

    membership_id: UUID
    code: str
    organisation_id: UUID
    role: str
    first_day: date = Field(alias="from")
    last_day: date | None = Field(default=None, alias="until")


class MembershipEnded(PartnersFact):
    """A membership was given its last day, or another one."""

    fact_type = _TYPE.format("membership-ended")

    membership_id: UUID
    code: str
    organisation_id: UUID
    role: str
    first_day: date = Field(alias="from")
    last_day: date = Field(alias="until")


class UmbrellaMandateGiven(PartnersFact):
    """An umbrella organisation signs for one of its members, or the days of that were described anew."""

    fact_type = _TYPE.format("umbrella-mandate-given")

    mandate_id: UUID
    code: str
    umbrella_id: UUID
    member_id: UUID
    first_day: date = Field(alias="from")
    last_day: date | None = Field(default=None, alias="until")


class UmbrellaMandateWithdrawn(PartnersFact):
    """An umbrella mandate was given its last day, or another one."""

    fact_type = _TYPE.format("umbrella-mandate-withdrawn")

    mandate_id: UUID
    code: str
    umbrella_id: UUID
    member_id: UUID
    first_day: date = Field(alias="from")
    last_day: date = Field(alias="until")


class GroupMember(Fact):
    """An organisation in a working group."""

    organisation_id: UUID
    first_day: date = Field(alias="from")
    last_day: date | None = Field(default=None, alias="until")


class WorkingGroupFormed(PartnersFact):
    """A working group exists, or was described anew: its spearheads (by code), chair and all its members."""

    fact_type = _TYPE.format("working-group-formed")

    working_group_id: UUID
    code: str
    title: str
    spearheads: tuple[str, ...]
    chair_organisation_id: UUID | None = None
    members: tuple[GroupMember, ...]


class WorkingGroupJoined(PartnersFact):
    """An organisation joined a working group."""

    fact_type = _TYPE.format("working-group-joined")

    working_group_id: UUID
    code: str
    organisation_id: UUID
    first_day: date = Field(alias="from")
    last_day: date | None = Field(default=None, alias="until")


class AgreementCirculated(PartnersFact):
    """The text of an agreement is fixed and lies before its parties to be signed, witnesses and supporters included."""

    fact_type = _TYPE.format("agreement-circulated")

    agreement_id: UUID
    code: str
    title: str
    text_hash: str
    sign_until: date | None = None
    parties: tuple[UUID, ...]


class AgreementSigned(PartnersFact):
    """One party signed. `signed` of the `of` parties that count for the entry into force have signed now."""

    fact_type = _TYPE.format("agreement-signed")

    agreement_id: UUID
    code: str
    organisation_id: UUID
    signed_on: date
    signed: int
    of: int


class AgreementEnteredIntoForce(PartnersFact):
    """All parties that count have signed, the last of them on `since`. It holds for the days `from` to `until`.

    `parties` are those with the role party that have signed.
    """

    fact_type = _TYPE.format("agreement-entered-into-force")

    agreement_id: UUID
    code: str
    since: date
    first_day: date = Field(alias="from")
    last_day: date = Field(alias="until")
    parties: tuple[UUID, ...]


class StandingGround(Fact):
    """Why an organisation counts as a partner on some days, and whether the region's policy lets that suffice."""

    ground: Literal["party", "umbrella", "pledge"]
    first_day: date = Field(alias="from")
    last_day: date | None = Field(default=None, alias="until")
    suffices: bool
    through_organisation_id: UUID | None = None


class StandingChanged(PartnersFact):
    """The standing of an organisation, in full: on a day without a ground that suffices it does not count."""

    fact_type = _TYPE.format("standing-changed")

    organisation_id: UUID
    grounds: tuple[StandingGround, ...]


class PersonErased(PartnersFact):
    """Nobody can be reached as this person any more. With `heldUntil` the name is kept until that day for the books,
    and the fact comes again, without it, when that is gone too."""

    fact_type = _TYPE.format("person-erased")

    person_id: UUID
    held_until: date | None = None


_ID = UUID("018f0000-0000-7000-8000-000000000001")
_OTHER = UUID("018f0000-0000-7000-8000-000000000002")
_FIRST, _LAST = date(2020, 1, 1), date(2023, 12, 31)
_AT = datetime(2025, 6, 30, 12, 0, tzinfo=UTC)

SAMPLES: tuple[Fact, ...] = (
    ConsortiumFounded(
        code="sto-voorbeeld",
        name="STO Voorbeeld",
        zone="Europe/Amsterdam",
        currency="EUR",
        language="nl",
        standing_policy=("party", "umbrella", "pledge"),
    ),
    ConsortiumClosed(code="sto-voorbeeld", reason="Het programma is afgerekend", since=_AT),
    ConsortiumReopened(code="sto-voorbeeld", reason="Een correctie van de accountant", since=_AT),
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
    MembershipStarted(membership_id=_ID, code="acme", organisation_id=_OTHER, role="partner", first_day=_FIRST),
    MembershipEnded(
        membership_id=_ID, code="acme", organisation_id=_OTHER, role="partner", first_day=_FIRST, last_day=_LAST
    ),
    UmbrellaMandateGiven(mandate_id=_ID, code="acme", umbrella_id=_ID, member_id=_OTHER, first_day=_FIRST),
    UmbrellaMandateWithdrawn(
        mandate_id=_ID, code="acme", umbrella_id=_ID, member_id=_OTHER, first_day=_FIRST, last_day=_LAST
    ),
    WorkingGroupFormed(
        working_group_id=_ID,
        code="robotica",
        title="Werkgroep robotica",
        spearheads=("robotisering",),
        chair_organisation_id=_OTHER,
        members=(GroupMember(organisation_id=_OTHER, first_day=_FIRST),),
    ),
    WorkingGroupJoined(working_group_id=_ID, code="robotica", organisation_id=_OTHER, first_day=_FIRST),
    AgreementCirculated(
        agreement_id=_ID,
        code="samenwerking",
        title="Samenwerkingsovereenkomst",
        text_hash="9f3c" * 16,
        sign_until=date(2019, 3, 27),
        parties=(_OTHER,),
    ),
    AgreementSigned(
        agreement_id=_ID, code="samenwerking", organisation_id=_OTHER, signed_on=date(2019, 3, 27), signed=1, of=1
    ),
    AgreementEnteredIntoForce(
        agreement_id=_ID,
        code="samenwerking",
        since=date(2019, 3, 27),
        first_day=_FIRST,
        last_day=_LAST,
        parties=(_OTHER,),
    ),
    StandingChanged(
        organisation_id=_OTHER,
        grounds=(
            StandingGround(ground="party", first_day=_FIRST, last_day=_LAST, suffices=True),
            StandingGround(
                ground="umbrella", first_day=_FIRST, last_day=_LAST, suffices=True, through_organisation_id=_ID
            ),
        ),
    ),
    PersonErased(person_id=_ID, held_until=date(2030, 12, 31)),
)
