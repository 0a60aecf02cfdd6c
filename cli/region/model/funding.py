"""The money: what was awarded, how it is divided, what partners promise, and who may declare for them."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from cli.region.model.items import Cents, Code, From, Item, Minutes, Part, Text, Until, UntilAny


class Supplement(Item):
    code: Code
    cents: Cents
    last_day: Until
    awarded_on: date
    reason: Text


class Grant(Item):
    """The award, and what was added to it. What was awarded after `reportOn` is not loaded yet."""

    code: Code
    scheme: Code
    cents: Annotated[int, Field(gt=0, le=10**15)]
    first_day: From
    last_day: Until
    awarded_on: date
    supplements: tuple[Supplement, ...] = ()

    def body(self, *without: str) -> dict[str, Any]:
        return super().body("supplements", *without)


class Claim(Item):
    """One of: a fixed amount, a share in basis points, a weight with a base amount."""

    fixed_cents: Cents | None = None
    share_basis_points: Annotated[int, Field(ge=0, le=10_000)] | None = None
    weight: Annotated[int, Field(ge=0, le=10**9)] | None = None
    base_cents: Cents | None = None

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        given = [self.fixed_cents, self.share_basis_points, self.weight]
        if sum(value is not None for value in given) != 1:
            raise ValueError("give exactly one of fixedCents, shareBasisPoints and weight")
        return self


class AllocationLine(Claim):
    line: Code


class Envelope(Claim):
    code: Code
    kind: Literal["spearhead", "location"]
    lines: tuple[AllocationLine, ...]


class Allocation(Item):
    """How the grant is divided. `what_if` of the region is one that is only calculated."""

    code: Code
    effective_on: date
    reason: Text
    envelopes: tuple[Envelope, ...]


class Form(Item):
    """The form on which organisations say what they will bring in: one statement for each that gets it."""

    code: Code
    title: Text
    deadline: date


class Statement(Item):
    """The form as one organisation gets it."""

    code: Code
    organisation: Code
    deadline: date
    title: Text


class PledgeLine(Part):
    line: Code
    minutes: Minutes = 0
    material_cents: Cents = 0


class Pledge(Item):
    code: Code
    organisation: Code
    statement: Code | None = None
    signed_on: date
    first_day: From
    last_day: Until
    lines: Annotated[tuple[PledgeLine, ...], Field(min_length=1)]


class SenderMandate(Part):
    organisation: Code
    first_day: From
    last_day: UntilAny = None


class Sender(Item):
    """A company's system or a payroll provider, and for whom it may declare."""

    code: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
    title: Text
    mandates: Annotated[tuple[SenderMandate, ...], Field(min_length=1)]
