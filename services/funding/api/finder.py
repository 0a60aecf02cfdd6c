"""Questions that book nothing: which schemes fit a plan, and how things would stand under other rules."""

from datetime import date
from typing import Annotated, Literal, Self

from fastapi import APIRouter
from pydantic import Field, model_validator

from runtime.http import ApiModel, Call, may
from services.funding.api import shipped
from services.funding.api.scheme_terms import Cents, Codes
from services.funding.api.speaking import READ, READERS, Code, CodeText
from services.funding.commands import finding as commands
from services.funding.domain import finder as domain
from services.funding.domain.scheme import Base
from services.funding.domain.what_if import Alternative, Standing

router = APIRouter(prefix="/v1", tags=["schemes"])
Reader = Annotated[Call, may(*READERS, scope=READ)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]


class ParticipantBody(ApiModel):
    """So many of a kind, in a role (`lead-partner`) and with traits (`technical`) when they have those."""

    kind: CodeText
    count: Annotated[int, Field(ge=1, le=100_000)] = 1
    role: CodeText | Literal[""] = ""
    traits: Annotated[tuple[CodeText, ...], Field(max_length=20)] = ()


class YearAsked(ApiModel):
    year: Annotated[int, Field(ge=1990, le=2200)]
    cents: Cents


class Offered(ApiModel):
    kind: CodeText
    cents: Cents


class PlanBody(ApiModel):
    """What a region means to do: who takes part, what, when, what it asks per year and what co-financing it offers."""

    participants: Annotated[tuple[ParticipantBody, ...], Field(max_length=200)]
    activities: Codes
    areas: Annotated[tuple[CodeText, ...], Field(max_length=50)] = ()
    from_: Annotated[date, Field(alias="from")]
    until: date
    asked: Annotated[tuple[YearAsked, ...], Field(min_length=1, max_length=30)]
    cofinancing: Annotated[tuple[Offered, ...], Field(max_length=20)] = ()
    currency: Currency = "EUR"
    on: date | None = None

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if self.until < self.from_:
            raise ValueError("the last day of a plan comes on or after its first")
        if len({each.year for each in self.asked}) < len(self.asked):
            raise ValueError("name every year once")
        if len({each.kind for each in self.cofinancing}) < len(self.cofinancing):
            raise ValueError("name every kind of co-financing once")
        return self

    def plan(self) -> domain.Plan:
        return domain.Plan(
            tuple(domain.Participant(each.kind, each.count, each.role, each.traits) for each in self.participants),
            self.activities,
            self.from_,
            self.until,
            {each.year: each.cents for each in self.asked},
            {each.kind: each.cents for each in self.cofinancing},
            self.areas,
            self.currency,
        )


class FindingView(ApiModel):
    """One requirement answered, in a sentence per language; `flagged` when the rule rests on a weak source."""

    rule: str
    about: str
    answer: domain.Answer
    sentences: dict[str, str]
    source: str
    flagged: bool


class MatchView(ApiModel):
    scheme: str
    title: str
    outcome: domain.Outcome
    findings: tuple[FindingView, ...]

    @classmethod
    def of(cls, found: domain.Match) -> "MatchView":
        findings = tuple(
            FindingView(
                rule=each.rule,
                about=each.about,
                answer=each.answer,
                sentences=dict(each.sentences),
                source=each.source,
                flagged=each.flagged,
            )
            for each in found.findings
        )
        return cls(scheme=found.scheme, title=found.title, outcome=found.outcome, findings=findings)


class RateBody(ApiModel):
    kind: CodeText
    cents_per_hour: Annotated[int, Field(ge=0, le=10_000_000)]


class WhatIfBody(ApiModel):
    """What would be otherwise; what is left out stays as it is. Without `grantCents` the grants under the scheme."""

    basis_points: Annotated[int, Field(ge=0, lt=10_000)] | None = None
    base: Base | None = None
    rates: Annotated[tuple[RateBody, ...], Field(max_length=20)] = ()
    grant_cents: Annotated[int, Field(gt=0, le=10**15)] | None = None
    from_: Annotated[date | None, Field(alias="from")] = None
    until: date | None = None
    known_on: date | None = None

    def alternative(self) -> Alternative:
        return Alternative(self.basis_points, self.base, {each.kind: each.cents_per_hour for each in self.rates})


class ReadingView(ApiModel):
    """What one reading of the base requires. `reachedBasisPoints` is rounded down."""

    base: Base
    required_cents: int
    shortfall_cents: int
    reached_basis_points: int


class StandingView(ApiModel):
    """Where the co-financing stands: `countedCents` is what of the realised is eligible and below the caps."""

    basis_points: int
    realised_cents: int
    realised_minutes: int
    counted_cents: int
    declared_cents: int
    readings: tuple[ReadingView, ...]

    @classmethod
    def of(cls, found: Standing) -> "StandingView":
        readings = tuple(
            ReadingView(
                base=each.base,
                required_cents=each.required_cents,
                shortfall_cents=each.shortfall_cents,
                reached_basis_points=each.reached_basis_points,
            )
            for each in found.readings
        )
        plain = {name: getattr(found, name) for name in cls.model_fields if name != "readings"}
        return cls(**plain, readings=readings)


class KindView(ApiModel):
    """Contributions of one kind: how many, and their value as booked and under the other rate."""

    kind: str
    realised: bool
    count: int
    minutes: int
    cents: int
    other_cents: int


class ComparisonView(ApiModel):
    scheme: str
    grant_cents: int
    kinds: tuple[KindView, ...]
    as_is: StandingView
    what_if: StandingView


@router.post("/schemes/matches")
async def find_schemes(body: PlanBody, call: Reader) -> list[MatchView]:
    """Which schemes fit a plan, which do not and why. The region's own schemes, and those that ship with the service.

    Books nothing, so a repeat is simply asked again.
    """
    on = body.on or call.at.date()
    found = await call.read(lambda tx: commands.find_schemes(tx, body.plan(), shipped.schemes(), on))
    return [MatchView.of(each) for each in found]


@router.post("/schemes/{code}/what-if")
async def what_if(code: Code, body: WhatIfBody, call: Reader) -> ComparisonView:
    """The same contributions under another percentage, base or rate. The books stay as they are."""
    found = await call.read(
        lambda tx: commands.what_if(
            tx,
            code,
            body.alternative(),
            known_at=body.known_on or call.at.date(),
            grant_cents=body.grant_cents,
            first=body.from_,
            last=body.until,
        )
    )
    return ComparisonView(
        scheme=code,
        grant_cents=found.grant_cents,
        kinds=tuple(
            KindView(**{name: getattr(each, name) for name in KindView.model_fields}) for each in found.brought
        ),
        as_is=StandingView.of(found.as_is),
        what_if=StandingView.of(found.what_if),
    )
