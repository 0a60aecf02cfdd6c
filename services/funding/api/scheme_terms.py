"""How rules of a scheme look in JSON: over HTTP, and in the files that ship with the service."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from runtime.http import ApiModel
from services.funding.api.speaking import CodeText, Sentence
from services.funding.domain import scheme as domain

Points = Annotated[int, Field(ge=0, le=10_000)]
Cents = Annotated[int, Field(ge=0, le=10**15)]
Codes = Annotated[tuple[CodeText, ...], Field(min_length=1, max_length=50)]
EvidenceType = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\x00]*$")]
Months = Annotated[int, Field(ge=1, le=600)]


class TermsModel(ApiModel):
    """What a rule says. The field `about` tells what kind of rule it is."""

    about: str

    def terms(self) -> domain.Terms:
        fields = {name: getattr(self, name) for name in type(self).model_fields if name != "about"}
        return domain.ABOUT[self.about](**fields)


class CofinancingTerms(TermsModel):
    """The share that partners bring in. Without `base` the readings are in dispute, and all of them are shown."""

    about: Literal["cofinancing"]
    basis_points: Annotated[int, Field(ge=0, lt=10_000)]
    base: domain.Base | None = None
    readings: Annotated[tuple[domain.Base, ...], Field(min_length=1, max_length=3)] = domain.DISPUTED


class EligibleKindsTerms(TermsModel):
    """The kinds of contribution that count."""

    about: Literal["eligible-kinds"]
    kinds: tuple[CodeText, ...]


class RateTerms(TermsModel):
    """What an hour is worth: `advice` of the scheme, or (with a reason) the region's own choice, which goes first."""

    about: Literal["rate"]
    kind: CodeText
    cents_per_hour: Annotated[int, Field(ge=0, le=10_000_000)]
    advice: bool = False


class CapTerms(TermsModel):
    """The most that counts of a kind: per worker (or pupil) and day, per contribution, as a share of all that counts,
    or pupils at once."""

    about: Literal["cap"]
    kind: CodeText
    minutes_per_day: Annotated[int, Field(ge=0, le=1_440)] | None = None
    cents: Cents | None = None
    share_basis_points: Points | None = None
    pupils: Annotated[int, Field(ge=0, le=100_000)] | None = None


class VerificationTerms(TermsModel):
    """When a contribution of a kind is found right by rule; the rest waits for a person.

    `evidenceTypes`: with evidence of one of these types. `activity`: also when it names a confirmed activity of its
    organisation and line. `school`: the rest waits for the school that received it, else for the office.
    """

    about: Literal["verification"]
    kind: CodeText
    minutes_per_day: Annotated[int, Field(ge=0, le=1_440)] | None = None
    evidence: bool = False
    evidence_types: Annotated[tuple[EvidenceType, ...], Field(max_length=20)] = ()
    activity: bool = False
    school: bool = False


class ApprovalTerms(TermsModel):
    """A contribution worth more than this is accepted by two persons."""

    about: Literal["approval"]
    above_cents: Cents


class SampleTerms(TermsModel):
    """How sure a sample must make one that fewer than so many of a batch are wrong, and how many may fail in it."""

    about: Literal["sample"]
    tolerable_basis_points: Annotated[int, Field(ge=1, le=9_999)]
    confidence_basis_points: Annotated[int, Field(ge=1, le=9_999)]
    most_failures: Annotated[int, Field(ge=0, le=20)] = 0


class SupervisionTerms(TermsModel):
    """The share of pupils' presence that counts as supervision."""

    about: Literal["supervision"]
    basis_points: Points


class SupplementLimitTerms(TermsModel):
    """The most by which a grant may be supplemented."""

    about: Literal["supplement-limit"]
    basis_points: Points


class DeadlineTerms(TermsModel):
    """Until when something is handed in, and the days it is about. A later rule about the same `what` moves it."""

    about: Literal["deadline"]
    what: CodeText
    day: date
    from_: Annotated[date | None, Field(alias="from")] = None
    until: date | None = None


class ReclaimTerms(TermsModel):
    """What a co-financing shortfall takes off the subsidy at its determination."""

    about: Literal["reclaim"]
    shortfall: Literal["cent-for-cent", "proportional", "none"]


class ParticipantsTerms(TermsModel):
    """At least so many participants of one of these kinds, in a role and with a trait when given."""

    about: Literal["participants"]
    kinds: Codes
    least: Annotated[int, Field(ge=1, le=1_000)] = 1
    role: CodeText | Literal[""] = ""
    trait: CodeText | Literal[""] = ""


class AmountTerms(TermsModel):
    """How much may be asked, in all and in one calendar year."""

    about: Literal["amount"]
    min_cents: Cents | None = None
    max_cents: Cents | None = None
    year_max_cents: Cents | None = None


class PeriodTerms(TermsModel):
    """Which days a plan may cover, and for how long."""

    about: Literal["period"]
    first: date | None = None
    last: date | None = None
    least_months: Months | None = None
    most_months: Months | None = None


class ActivitiesTerms(TermsModel):
    """At least one of these is in the plan; with `only`, nothing else is."""

    about: Literal["activities"]
    any_of: Codes
    only: bool = False


class WindowTerms(TermsModel):
    """The days on which an application can be handed in."""

    about: Literal["window"]
    first: date
    last: date

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError("the last day of a window comes on or after its first")
        return self


class AreaTerms(TermsModel):
    """Where the scheme is meant for: codes of countries or regions."""

    about: Literal["area"]
    any_of: Codes


class DecidedBaseTerms(TermsModel):
    """Which reading of the base holds, as two persons of the region decided."""

    about: Literal["cofinancing-base"]
    base: domain.Base


_Given = (
    CofinancingTerms
    | EligibleKindsTerms
    | RateTerms
    | CapTerms
    | VerificationTerms
    | ApprovalTerms
    | SampleTerms
    | SupervisionTerms
    | SupplementLimitTerms
    | DeadlineTerms
    | ReclaimTerms
    | ParticipantsTerms
    | AmountTerms
    | PeriodTerms
    | ActivitiesTerms
    | WindowTerms
    | AreaTerms
)
GivenTerms = Annotated[_Given, Field(discriminator="about")]
ShownTerms = Annotated[_Given | DecidedBaseTerms, Field(discriminator="about")]


class _Rule(ApiModel):
    code: CodeText
    valid_from: date
    valid_until: date | None = None
    known_from: date
    source: Sentence
    reason: Sentence = ""
    flagged: bool = False
    replaces: CodeText | None = None


class RuleBody(_Rule):
    """A rule: what it says, the days it holds for, and the day from which anybody could know it."""

    terms: GivenTerms

    def rule(self) -> domain.Rule:
        return domain.Rule(
            self.code,
            self.terms.terms(),
            self.valid_from,
            self.known_from,
            self.source,
            self.valid_until,
            self.reason,
            self.flagged,
            self.replaces,
        )


class RuleView(_Rule):
    """A rule on record; `flagged` when it rests on one party's word and not on the regulation."""

    terms: ShownTerms

    @classmethod
    def of(cls, rule: domain.Rule) -> "RuleView":
        terms = {name: getattr(rule.terms, name) for name in rule.terms.__dataclass_fields__}
        given = {name: getattr(rule, name) for name in _Rule.model_fields}
        return cls.model_validate({**given, "terms": {"about": rule.about, **terms}})


class SchemeBody(ApiModel):
    """A scheme: a title, and its rules. Rules are added, never changed."""

    title: Sentence
    rules: Annotated[tuple[RuleBody, ...], Field(max_length=200)]
