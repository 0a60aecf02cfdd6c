"""What happens after the day of the report: a year of corrections, claims and accounts, until the grant is determined.

Every part may be missing; then that part of the story is not played. Neither is what is about a grant without one.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from cli.region.model.items import Cents, Code, From, Item, Minutes, Part, Text, Until

ReasonCode = Literal["mistake", "duplicate", "not-delivered", "not-eligible", "no-evidence", "other"]
Amount = Annotated[int, Field(gt=0, le=10**15)]


class Instalment(Item):
    """Money that the provider of the grant paid."""

    code: Code
    cents: Amount
    received_on: date
    reference: Text


class Move(Part):
    """Money that goes from one line, or from `unallocated`, to another."""

    from_line: Annotated[Code, Field(alias="from")]
    to: Code
    cents: Amount


class Reallocation(Item):
    """The division in force with these moves made: proposed by the office, approved by the controller."""

    code: Code
    effective_on: date
    reason: Text
    moves: Annotated[tuple[Move, ...], Field(min_length=1)]


class Commitment(Item):
    """Money of a line that is set aside for an organisation until a day."""

    code: Code
    line: Code
    organisation: Code
    cents: Amount
    purpose: Text
    expires_on: date


class Proof(Part):
    """A document by its SHA-256, its media type and where it is kept."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    media_type: Text
    kept_at: Text


class ClaimRefused(Part):
    """Why the controller refuses."""

    reason_code: ReasonCode
    reason: Text


class ClaimPaid(Part):
    """When an approved claim was paid."""

    paid_on: date
    reference: Text


class LaterClaim(Item):
    """A claim of the organisation on its commitment, and what becomes of it: refused, or approved and paid."""

    commitment: Code
    cents: Amount
    about: Text
    evidence: Annotated[tuple[Proof, ...], Field(min_length=1)]
    refused: ClaimRefused | None = None
    paid: ClaimPaid | None = None


class LaterReport(Item):
    """The progress report that is made, signed off and taken away."""

    code: Code
    first_day: From
    last_day: Until
    note: Text


class BaseChoice(Item):
    """What two persons decide the percentage of the co-financing is of."""

    base: Literal["of-subsidy", "of-total"]
    valid_from: date
    reason: Text
    ground: Text


class Determined(Item):
    """What of the grant is proved by the accountant's statement."""

    proved_cents: Cents
    reason: Text
    evidence: Text


class FormLine(Part):
    """Hours and material of a line in a term of a year: 1 is January to April, 2 May to August, 3 September on."""

    line: Code
    year: Annotated[int, Field(ge=1990, le=2100)]
    term: Annotated[int, Field(ge=1, le=3)]
    minutes: Minutes = 0
    material_cents: Cents = 0


class FormBack(Part):
    """The form of one organisation as it came back: a sheet, filled in by hand. `mistyped` is what stood in the first
    cell of hours when it came for the first time."""

    organisation: Code
    signed_on: date
    mistyped: Text
    lines: Annotated[tuple[FormLine, ...], Field(min_length=1)]


class LaterForm(Item):
    """The form for the coming year: to everybody in the audiences, what is expected of each, and needed in all."""

    code: Code
    title: Text
    deadline: date
    audiences: Annotated[tuple[Text, ...], Field(min_length=1)]
    first_day: From
    last_day: Until
    expected: Annotated[tuple[FormLine, ...], Field(min_length=1)]
    needed: tuple[FormLine, ...] = ()
    back: FormBack


class HandedIn(Item):
    """Which date of the reporting calendar the report fulfils, and when it was handed in."""

    code: Code
    completed_on: date


class LaterFile(Part):
    """later.yaml. `reportOn` is the day of the second report; `heldBecause`: why corrections are let through."""

    report_on: date
    held_because: Text = "Checked against the company's own sheet."
    close_until: date | None = None
    form: LaterForm | None = None
    instalments: tuple[Instalment, ...] = ()
    reallocation: Reallocation | None = None
    commitments: tuple[Commitment, ...] = ()
    claims: tuple[LaterClaim, ...] = ()
    report: LaterReport | None = None
    handed_in: HandedIn | None = None
    base: BaseChoice | None = None
    determination: Determined | None = None


class Later(LaterFile):
    """All of it, with the records: those of the year, and those that come when their period is closed."""

    year: dict[str, tuple[bytes, ...]]
    closed: dict[str, tuple[bytes, ...]]
