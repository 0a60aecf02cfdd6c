"""Schemes over HTTP: their rules are added, never changed."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from runtime.http import ApiModel, Call, Upserted, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api.speaking import READ, READERS, WRITE, Code, CodeText, Sentence
from services.funding.commands import schemes as commands
from services.funding.domain import scheme as domain
from services.funding.store import schemes as store

router = APIRouter(prefix="/v1", tags=["schemes"])
Points = Annotated[int, Field(ge=0, le=10_000)]


class CofinancingTerms(ApiModel):
    about: Literal["cofinancing"]
    basis_points: Annotated[int, Field(ge=0, lt=10_000)]
    base: domain.Base | None = None

    def terms(self) -> domain.Terms:
        return domain.Cofinancing(self.basis_points, self.base)


class EligibleKindsTerms(ApiModel):
    about: Literal["eligible-kinds"]
    kinds: tuple[CodeText, ...]

    def terms(self) -> domain.Terms:
        return domain.EligibleKinds(self.kinds)


class RateTerms(ApiModel):
    about: Literal["rate"]
    kind: CodeText
    cents_per_hour: Annotated[int, Field(ge=0, le=10_000_000)]

    def terms(self) -> domain.Terms:
        return domain.Rate(self.kind, self.cents_per_hour)


class CapTerms(ApiModel):
    about: Literal["cap"]
    kind: CodeText
    minutes_per_day: Annotated[int, Field(ge=0, le=1_440)] | None = None
    cents: Annotated[int, Field(ge=0, le=10**15)] | None = None

    def terms(self) -> domain.Terms:
        return domain.Cap(self.kind, self.minutes_per_day, self.cents)


class SupervisionTerms(ApiModel):
    about: Literal["supervision"]
    basis_points: Points

    def terms(self) -> domain.Terms:
        return domain.Supervision(self.basis_points)


class SupplementLimitTerms(ApiModel):
    about: Literal["supplement-limit"]
    basis_points: Points

    def terms(self) -> domain.Terms:
        return domain.SupplementLimit(self.basis_points)


class DeadlineTerms(ApiModel):
    about: Literal["deadline"]
    what: CodeText
    day: date

    def terms(self) -> domain.Terms:
        return domain.Deadline(self.what, self.day)


TermsBody = Annotated[
    CofinancingTerms
    | EligibleKindsTerms
    | RateTerms
    | CapTerms
    | SupervisionTerms
    | SupplementLimitTerms
    | DeadlineTerms,
    Field(discriminator="about"),
]
_BODIES: dict[type[domain.Terms], type[ApiModel]] = {
    domain.Cofinancing: CofinancingTerms,
    domain.EligibleKinds: EligibleKindsTerms,
    domain.Rate: RateTerms,
    domain.Cap: CapTerms,
    domain.Supervision: SupervisionTerms,
    domain.SupplementLimit: SupplementLimitTerms,
    domain.Deadline: DeadlineTerms,
}


class RuleBody(ApiModel):
    """A rule: what it says, the days it holds for, and the day from which anybody could know it."""

    code: CodeText
    terms: TermsBody
    valid_from: date
    valid_until: date | None = None
    known_from: date
    source: Sentence
    reason: Sentence = ""
    flagged: bool = False

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
        )

    @classmethod
    def of(cls, rule: domain.Rule) -> "RuleBody":
        fields = {name: getattr(rule.terms, name) for name in rule.terms.__dataclass_fields__}
        return cls.model_validate(
            {
                "code": rule.code,
                "terms": _BODIES[type(rule.terms)].model_validate({"about": rule.about, **fields}),
                "valid_from": rule.valid_from,
                "valid_until": rule.valid_until,
                "known_from": rule.known_from,
                "source": rule.source,
                "reason": rule.reason,
                "flagged": rule.flagged,
            }
        )


class SchemeBody(ApiModel):
    title: Sentence
    rules: Annotated[tuple[RuleBody, ...], Field(max_length=200)]


class SchemeView(SchemeBody):
    code: str
    version: int

    @classmethod
    def of(cls, scheme: domain.Scheme) -> "SchemeView":
        rules = tuple(RuleBody.of(rule) for rule in scheme.rules)
        return cls(code=scheme.code, title=scheme.title, rules=rules, version=scheme.version)


@router.get("/schemes")
async def list_schemes(call: Annotated[Call, may(*READERS, scope=READ)]) -> list[SchemeView]:
    """The region's schemes with every rule ever recorded."""
    return [SchemeView.of(scheme) for scheme in await call.read(store.schemes)]


@router.get("/schemes/{code}")
async def get_scheme(code: Code, call: Annotated[Call, may(*READERS, scope=READ)]) -> SchemeView:
    """One scheme."""
    scheme = await call.read(lambda tx: store.scheme(tx, code))
    if scheme is None:
        raise NotFound(what="scheme with this code")
    return SchemeView.of(scheme)


@router.put("/schemes/{code}", response_model=SchemeView)
async def put_scheme(code: Code, body: SchemeBody, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Adds the rules that are new. A rule that is on record stays as it is, also when it is left out."""
    rules = [rule.rule() for rule in body.rules]

    async def command(tx: Tx) -> Upserted[domain.Scheme]:
        return Upserted(*await commands.put_scheme(tx, code, body.title, rules, at=call.at))

    return await call.run(command, lambda done: SchemeView.of(done.thing), version=lambda done: done.thing.version)
