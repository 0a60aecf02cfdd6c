"""Schemes over HTTP: their rules are added, never changed, and a disputed base is decided by two persons."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from runtime import ids
from runtime.http import ApiModel, Call, Upserted, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api import shipped
from services.funding.api.scheme_terms import RuleView, SchemeBody
from services.funding.api.speaking import READ, READERS, WRITE, Code, Sentence
from services.funding.commands import schemes as commands
from services.funding.domain import scheme as domain
from services.funding.store import schemes as store

router = APIRouter(prefix="/v1", tags=["schemes"])
Reader = Annotated[Call, may(*READERS, scope=READ)]
KnownOn = Annotated[date | None, Query(alias="knownOn", description="Only what could be known on this day")]


class SchemeView(ApiModel):
    code: str
    title: Sentence
    rules: tuple[RuleView, ...]
    version: int

    @classmethod
    def of(cls, scheme: domain.Scheme, known_on: date | None = None) -> "SchemeView":
        rules = tuple(RuleView.of(rule) for rule in scheme.rules if known_on is None or rule.known_from <= known_on)
        return cls(code=scheme.code, title=scheme.title, rules=rules, version=scheme.version)


class TermsInForce(ApiModel):
    """What a scheme asks on a day, as far as known on another: one rule about each thing.

    `possibleBases` has more than one reading as long as the base of the co-financing is undecided.
    """

    scheme: str
    on: date
    known_on: date
    rules: tuple[RuleView, ...]
    possible_bases: tuple[domain.Base, ...]


class DecisionBody(ApiModel):
    """Which reading of the base holds, from which day, and on what ground. Another person decides."""

    base: domain.Base
    valid_from: date
    reason: Sentence
    source: Sentence


class DecisionView(DecisionBody):
    id: UUID
    scheme: str
    state: Literal["proposed", "decided"]
    proposed_by: UUID
    proposed_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    rule: str | None
    version: int

    @classmethod
    def of(cls, found: domain.BaseDecision) -> "DecisionView":
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


@router.get("/schemes")
async def list_schemes(call: Reader, known_on: KnownOn = None) -> list[SchemeView]:
    """The region's schemes with every rule ever recorded, or as far as known on a day."""
    return [SchemeView.of(scheme, known_on) for scheme in await call.read(store.schemes)]


@router.get("/shipped-schemes")
async def list_shipped_schemes(call: Reader) -> list[SchemeView]:
    """The schemes that come with the service: public rules, each with its source. Put one to make it the region's."""
    return [SchemeView.of(scheme) for scheme in shipped.schemes()]


@router.get("/schemes/{code}")
async def get_scheme(code: Code, call: Reader, known_on: KnownOn = None) -> SchemeView:
    """One scheme, with every rule ever recorded or as far as known on a day."""
    return SchemeView.of(await _found(call, code), known_on)


@router.get("/schemes/{code}/terms")
async def get_terms(code: Code, call: Reader, on: date | None = None, known_on: KnownOn = None) -> TermsInForce:
    """What the scheme asks on a day, as far as known on another; today when left out."""
    scheme = await _found(call, code)
    day, known_at = on or call.at.date(), known_on or call.at.date()
    asked = domain.cofinancing_on(scheme.rules, day, known_at)
    return TermsInForce(
        scheme=code,
        on=day,
        known_on=known_at,
        rules=tuple(RuleView.of(rule) for rule in domain.in_force(scheme.rules, day, known_at)),
        possible_bases=asked.possible if asked else (),
    )


@router.put("/schemes/{code}", response_model=SchemeView)
async def put_scheme(code: Code, body: SchemeBody, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Adds the rules that are new. A rule that is on record stays as it is, also when it is left out."""
    rules = [rule.rule() for rule in body.rules]

    async def command(tx: Tx) -> Upserted[domain.Scheme]:
        return Upserted(*await commands.put_scheme(tx, code, body.title, rules, at=call.at))

    return await call.run(command, lambda done: SchemeView.of(done.thing), version=lambda done: done.thing.version)


@router.get("/schemes/{code}/base-decisions")
async def list_base_decisions(code: Code, call: Reader) -> list[DecisionView]:
    """Who proposed and who decided which reading of the base holds, oldest first."""
    return [DecisionView.of(found) for found in await call.read(lambda tx: store.decisions(tx, code))]


@router.post("/schemes/{code}/base-decisions", status_code=201, response_model=DecisionView)
async def propose_base(code: Code, body: DecisionBody, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Proposes which reading of a disputed base holds. Both stay shown until another person decides."""
    by, decision_id = await call.person(), ids.new_id()
    return await call.run(
        lambda tx: commands.propose_base(
            tx, decision_id, code, body.base, body.valid_from, body.reason, body.source, by=by, at=call.at
        ),
        DecisionView.of,
        status=201,
        version=lambda proposed: proposed.version,
    )


@router.post("/schemes/{code}/base-decisions/{decisionId}/approval", response_model=DecisionView)
async def decide_base(
    code: Code,
    decision_id: Annotated[UUID, Path(alias="decisionId")],
    call: Annotated[Call, may("controller", scope=WRITE)],
) -> Response:
    """Decides: from this day on there is one reading. Refused to the person who proposed it."""
    by = await call.person()
    return await call.run(
        lambda tx: commands.decide_base(tx, code, decision_id, by=by, at=call.at),
        DecisionView.of,
        version=lambda decided: decided.version,
    )


async def _found(call: Call, code: str) -> domain.Scheme:
    scheme = await call.read(lambda tx: store.scheme(tx, code))
    if scheme is None:
        raise NotFound(what="scheme with this code")
    return scheme
