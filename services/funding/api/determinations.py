"""Determinations over HTTP: shown under every reading, proposed by the office, approved by a controller."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path
from starlette.responses import Response

from runtime import ids
from runtime.http import ApiModel, Call, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api.scheme_terms import Cents
from services.funding.api.speaking import READ, READERS, WRITE, Code, Sentence
from services.funding.commands import determinations as commands
from services.funding.domain.determination import Determination, Result
from services.funding.domain.scheme import Base
from services.funding.store import determinations as store
from services.funding.store import grants

router = APIRouter(prefix="/v1", tags=["determinations"])
Reader = Annotated[Call, may(*READERS, scope=READ)]


class ProvedBody(ApiModel):
    """The subsidised costs that are proved, and what the whole project cost when that is known."""

    proved_cents: Cents
    costs_cents: Cents | None = None


class DeterminationBody(ProvedBody):
    """What is proved, on what ground, and where the evidence is (an accountant's statement). No names of people."""

    reason: Sentence
    evidence: Sentence = ""


class ResultView(ApiModel):
    """What follows under one reading of the base."""

    base: Base
    required_cents: int
    shortfall_cents: int
    unproved_cents: int
    reduction_cents: int
    determined_cents: int
    reclaimed_cents: int
    payable_cents: int

    @classmethod
    def of(cls, found: Result) -> "ResultView":
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


class SaidResult(ResultView):
    """What would follow under one reading of the base, said in Dutch and in English too."""

    sentences: dict[str, str]

    @classmethod
    def said(cls, found: Result, currency: str) -> "SaidResult":
        return cls(**ResultView.of(found).model_dump(), sentences=dict(found.sentences(currency)))


class OutlookView(ApiModel):
    """What a determination would come to. `decided` is false while the base has more than one reading."""

    grant: str
    grant_cents: int
    received_cents: int
    proved_cents: int
    counted_cents: int
    costs_cents: int | None
    decided: bool
    shortfall_takes_off: Literal["cent-for-cent", "proportional", "none"]
    rules: tuple[str, ...]
    results: tuple[SaidResult, ...]

    @classmethod
    def of(cls, found: commands.Outlook) -> "OutlookView":
        return cls(
            grant=found.grant.code,
            grant_cents=found.shown.grant_cents,
            received_cents=found.shown.received_cents,
            proved_cents=found.shown.proved_cents,
            counted_cents=found.shown.counted_cents,
            costs_cents=found.shown.costs_cents,
            decided=len(found.results) == 1,
            shortfall_takes_off=found.asked.reclaim.shortfall,
            rules=found.asked.rules,
            results=tuple(SaidResult.said(each, found.currency) for each in found.results),
        )


class DeterminationView(ApiModel):
    id: UUID
    grant: str
    number: int
    state: Literal["proposed", "determined"]
    grant_cents: int
    received_cents: int
    proved_cents: int
    counted_cents: int
    costs_cents: int | None
    result: ResultView
    rules: tuple[str, ...]
    reason: str
    evidence: str
    proposed_by: UUID
    proposed_at: datetime
    approved_by: UUID | None
    approved_at: datetime | None
    determined_on: date | None
    version: int

    @classmethod
    def of(cls, found: Determination) -> "DeterminationView":
        shown = {name: getattr(found.shown, name) for name in found.shown.__dataclass_fields__}
        plain = {name: getattr(found, name) for name in cls.model_fields if name not in {*shown, "result"}}
        return cls(**plain, **shown, result=ResultView.of(found.result))


@router.post("/grants/{code}/determinations/preview")
async def preview_determination(code: Code, body: ProvedBody, call: Reader) -> OutlookView:
    """What would be determined and reclaimed, under every reading that is possible. Books nothing."""
    found = await call.read(lambda tx: commands.outlook(tx, code, body.proved_cents, body.costs_cents, at=call.at))
    return OutlookView.of(found)


@router.get("/grants/{code}/determinations")
async def list_determinations(code: Code, call: Reader) -> list[DeterminationView]:
    """What was proposed and determined of a grant, in order of number."""

    async def query(tx: Tx) -> list[Determination]:
        found = await grants.grants(tx, code)
        if not found:
            raise NotFound(what="grant with this code")
        return await store.determinations(tx, found[0].id)

    return [DeterminationView.of(each) for each in await call.read(query)]


@router.post("/grants/{code}/determinations", status_code=201, response_model=DeterminationView)
async def propose_determination(
    code: Code, body: DeterminationBody, call: Annotated[Call, may("office", scope=WRITE)]
) -> Response:
    """Proposes what a grant comes to in the end. Refused while the base of the co-financing is undecided."""
    by, determination_id = await call.person(), ids.new_id()
    return await call.run(
        lambda tx: commands.propose_determination(
            tx,
            determination_id,
            code,
            body.proved_cents,
            body.costs_cents,
            body.reason,
            body.evidence,
            by=by,
            at=call.at,
        ),
        DeterminationView.of,
        status=201,
        version=lambda proposed: proposed.version,
    )


@router.post("/determinations/{determinationId}/approval", response_model=DeterminationView)
async def approve_determination(
    determination_id: Annotated[UUID, Path(alias="determinationId")],
    call: Annotated[Call, may("controller", scope=WRITE)],
) -> Response:
    """Determines the grant and books what is reclaimed. Refused to the person who proposed it."""
    by = await call.person()
    return await call.run(
        lambda tx: commands.approve_determination(tx, determination_id, by=by, at=call.at),
        DeterminationView.of,
        version=lambda made: made.version,
    )
