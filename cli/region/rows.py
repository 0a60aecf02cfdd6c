"""What the rows of a region's spreadsheets mean: companies.csv, pledges.csv and planning.csv."""

from collections.abc import Iterable, Sequence
from datetime import date, time
from itertools import groupby
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from cli.region.model import (
    Agreement,
    AgreementParty,
    Membership,
    Milestone,
    Organisation,
    Person,
    Pledge,
    PledgeLine,
    Statement,
    UmbrellaMandate,
)
from cli.region.model.funding import Form
from cli.region.model.items import Address, Code, Item, Text
from cli.region.sheets import Row, a_day, a_time, an_amount, hours, kvk, whole_numbers, yes
from cli.region.troubles import Trouble

Day = Annotated[date, BeforeValidator(a_day)]
Time = Annotated[time, BeforeValidator(a_time)]
Yes = Annotated[bool, BeforeValidator(yes)]


class CompanyRow(Item):
    """A company. `standing` is why it counts as a partner; `none` is one that does not."""

    code: Code
    name: Text
    kvk: Annotated[str, BeforeValidator(kvk)]
    municipality: Text
    standing: Literal["party", "umbrella", "pledge", "none"]
    through: Code | None = None
    role: Literal["applicant", "lead-partner", "founding-partner", "partner", "supporter"] | None = None
    from_: Annotated[Day | None, Field(alias="from")] = None
    until: Day | None = None
    form: Yes = False
    contact: Text
    email: Address
    brings: Text | None = None
    signs_on: Annotated[Day | None, Field(alias="signs_on")] = None

    @property
    def contact_code(self) -> str:
        return f"contact-{self.code}"


class PledgeRow(Item):
    """What a company promises for one line: hours of work, and material in euro."""

    company: Code
    line: Code
    minutes: Annotated[int, BeforeValidator(hours), Field(alias="hours")] = 0
    material_cents: Annotated[int, BeforeValidator(an_amount), Field(alias="material")] = 0
    signed_on: Annotated[Day, Field(alias="signed_on")]
    from_: Annotated[Day, Field(alias="from")]
    until: Day


class PlanningRow(Item):
    """A milestone; `remind` says how many days before it people are reminded."""

    code: Code
    title: Text
    kind: Literal["deadline", "session", "announcement"]
    day: Day
    starts: Time | None = None
    ends: Time | None = None
    place: Text | None = None
    audience: Text
    remind: Annotated[tuple[int, ...], BeforeValidator(whole_numbers)] = ()
    text: str | None = None
    cancelled: Yes = False
    reason: Text | None = None

    def milestone(self) -> Milestone:
        return Milestone(
            code=self.code,
            title=self.title,
            kind=self.kind,
            day=self.day,
            starts_at=self.starts,
            ends_at=self.ends,
            place=self.place,
            audience=self.audience,
            remind_days_before=self.remind,
            text=self.text,
            cancelled=self.cancelled,
            reason=self.reason,
            provenance=self.provenance,
            source=self.source,
        )


def incomplete(path: Path, rows: Iterable[Row[CompanyRow]]) -> list[Trouble]:
    """What a company must say, given its standing."""
    found = []
    for row in rows:
        said = row.says
        by_standing: dict[str, dict[str, date | str | None]] = {
            "party": {"signs_on": said.signs_on, "from": said.from_},
            "umbrella": {"through": said.through, "from": said.from_},
            "pledge": {"from": said.from_},
        }
        for column, value in by_standing.get(said.standing, {}).items():
            if value is None:
                why = f"is empty, and {said.code} has standing '{said.standing}'. Fill it in."
                found.append(Trouble(path, row.place(column), why))
    return found


def organisation(row: CompanyRow) -> Organisation:
    return Organisation(
        code=row.code,
        name=row.name,
        kind="company",
        municipality=row.municipality,
        registry_numbers={"kvk": row.kvk},
        provenance=row.provenance,
        source=row.source,
    )


def contact(row: CompanyRow, language: Literal["nl", "sv", "en"]) -> Person:
    """The company's contact, who also signs for it when it is a party."""
    return Person(
        code=row.contact_code,
        name=row.contact,
        email=row.email,
        language=language,
        organisation=row.code,
        roles=("contact", "signatory") if row.standing == "party" else ("contact",),
        accounts=(row.contact_code,),
        provenance="invented",
    )


def membership(row: CompanyRow) -> Membership | None:
    if row.role is None or row.from_ is None:
        return None
    return Membership(
        code=row.code,
        organisation=row.code,
        role=row.role,
        first_day=row.from_,
        last_day=row.until,
        provenance=row.provenance,
        source=row.source,
    )


def mandate(row: CompanyRow) -> UmbrellaMandate | None:
    if row.standing != "umbrella" or row.through is None or row.from_ is None:
        return None
    return UmbrellaMandate(
        code=row.code,
        umbrella=row.through,
        member=row.code,
        first_day=row.from_,
        last_day=row.until,
        provenance=row.provenance,
        source=row.source,
    )


def party(row: CompanyRow, agreement: Agreement) -> AgreementParty | None:
    """The company as a party; of the fields of the agreement it fills in `brings` and `seat`."""
    if row.standing != "party" or row.signs_on is None:
        return None
    says = {"brings": row.brings, "seat": row.municipality}
    return AgreementParty(
        organisation=row.code,
        fields={field.key: text for field in agreement.fields if (text := says.get(field.key))},
        signatory=row.contact_code,
        signed_on=row.signs_on,
        provenance=row.provenance,
        source=row.source,
    )


def statement(row: CompanyRow, form: Form | None) -> Statement | None:
    """The form as this company gets it."""
    if form is None or not row.form:
        return None
    return Statement(
        code=f"{form.code}-{row.code}",
        organisation=row.code,
        deadline=form.deadline,
        title=form.title,
        provenance=form.provenance,
        source=form.source,
    )


def pledges(rows: Sequence[Row[PledgeRow]], statements: Iterable[Statement]) -> tuple[Pledge, ...]:
    """One pledge for the rows of a company with the same days."""
    forms = {each.organisation: each.code for each in statements}

    def together(row: Row[PledgeRow]) -> tuple[str, date, date, date]:
        return row.says.company, row.says.from_, row.says.until, row.says.signed_on

    found = []
    for (company, first, last, signed_on), group in groupby(sorted(rows, key=together), together):
        said = [row.says for row in group]
        found.append(
            Pledge(
                code=f"{company}-{first.year}",
                organisation=company,
                statement=forms.get(company),
                signed_on=signed_on,
                first_day=first,
                last_day=last,
                lines=tuple(
                    PledgeLine(line=each.line, minutes=each.minutes, material_cents=each.material_cents)
                    for each in said
                ),
                provenance=said[0].provenance,
                source=said[0].source,
            )
        )
    return tuple(found)
