"""Who takes part, in what, and what they sign."""

from datetime import date, time
from typing import Annotated, Any, Literal

from pydantic import Field

from cli.region.model.items import Address, Code, From, Item, Language, Part, Text, Until, UntilAny

Ground = Literal["party", "umbrella", "pledge"]
OrganisationKind = Literal[
    "vmbo",
    "mbo",
    "hogeschool",
    "university",
    "company",
    "branch-organisation",
    "training-company",
    "municipality",
    "government",
    "foundation",
    "other",
]


class Consortium(Item):
    name: Text
    zone: Text
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    language: Language
    standing_policy: Annotated[tuple[Ground, ...], Field(min_length=1)]


class Spearhead(Item):
    code: Code
    title: Text
    hub_organisation: Code | None = None
    budgeted: bool = True


class Location(Item):
    code: Code
    title: Text
    branch_code: str | None = None
    organisation: Code | None = None


class Programme(Item):
    code: Code
    title: Text
    first_day: From
    last_day: Until
    spearheads: tuple[Spearhead, ...]
    locations: tuple[Location, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The codes that hours and money can be booked on."""
        return (*(each.code for each in self.spearheads), *(each.code for each in self.locations))

    def body(self, *without: str) -> dict[str, Any]:
        return super().body("code", *without)


class Organisation(Item):
    code: Code
    name: Text
    kind: OrganisationKind
    municipality: Text | None = None
    registry_numbers: dict[str, str] = Field(default_factory=dict)


class Person(Item):
    """Somebody, by a role-like name and an address that cannot exist. `accounts` are the subjects they sign in as."""

    code: Code
    name: Text
    email: Address
    language: Language
    organisation: Code | None = None
    roles: tuple[Literal["contact", "signatory", "office", "teacher", "ambassador"], ...]
    accounts: tuple[Text, ...] = ()


class Membership(Item):
    code: Code
    organisation: Code
    role: Literal["applicant", "lead-partner", "founding-partner", "partner", "supporter"]
    first_day: From
    last_day: UntilAny = None


class UmbrellaMandate(Item):
    """The umbrella signs for the member."""

    code: Code
    umbrella: Code
    member: Code
    first_day: From
    last_day: UntilAny = None


class GroupMember(Part):
    organisation: Code
    first_day: From
    last_day: UntilAny = None


class WorkingGroup(Item):
    code: Code
    title: Text
    spearheads: Annotated[tuple[Code, ...], Field(min_length=1)]
    chair: Code | None = None
    members: tuple[GroupMember, ...]


class AgreementField(Part):
    """Something every party fills in."""

    key: Code
    label: Text
    required: bool = True


class AgreementParty(Item):
    """Who signs, with what it fills in, by whom and when."""

    organisation: Code
    role: Literal["party", "witness", "supporter"] = "party"
    counts: bool = True
    fields: dict[str, str] = Field(default_factory=dict)
    signatory: Code
    signed_on: date
    place: Text | None = None


class Agreement(Item):
    """One text that many parties sign. `from` and `until` are its validity, apart from the days of signing."""

    code: Code
    title: Text
    text: Annotated[str, Field(min_length=1)]
    first_day: From
    last_day: Until
    sign_from: date | None = None
    sign_until: date | None = None
    fields: tuple[AgreementField, ...]
    parties: Annotated[tuple[AgreementParty, ...], Field(min_length=1)]


class Milestone(Item):
    """Something in the planning. `starts_at` and `ends_at` are in the region's zone."""

    code: Code
    title: Text
    kind: Literal["deadline", "session", "announcement"]
    day: date
    starts_at: time | None = None
    ends_at: time | None = None
    place: Text | None = None
    audience: Text
    remind_days_before: tuple[Annotated[int, Field(ge=0, le=366)], ...] = ()
    text: str | None = None
    cancelled: bool = False
    reason: Text | None = None
