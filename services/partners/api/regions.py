"""Consortia and programmes over HTTP."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field, StringConstraints
from starlette.responses import Response

from runtime import closing, ids
from runtime.closing import Closure
from runtime.http import ApiModel, Call, Others, Reach, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.partners.api.speaking import READ, READERS, WRITE, Code, CodeText, Title
from services.partners.commands import regions as commands
from services.partners.domain.regions import Consortium, Programme
from services.partners.domain.standing import Ground
from services.partners.events import PlannedLocation, PlannedSpearhead
from services.partners.store import regions as store

router = APIRouter(prefix="/v1")


class ConsortiumBody(ApiModel):
    """A region, as it is put."""

    name: Title
    zone: Title
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    language: Annotated[str, Field(pattern="^(nl|sv|en)$")]
    standing_policy: Annotated[list[Ground], Field(min_length=1)]


class ConsortiumView(ConsortiumBody):
    """A region."""

    id: UUID
    code: str
    version: int


class ClosureBody(ApiModel):
    """Whether a region is to be closed, and why it is closed or opened again; no names of people."""

    closed: bool
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class ClosureView(ApiModel):
    """Whether a region is closed, since when that is so, and why. One that never was closed has no `since`."""

    closed: bool
    reason: str = ""
    since: datetime | None = None
    version: int


class SpearheadBody(ApiModel):
    """A spearhead, as it is put."""

    code: CodeText
    title: Title
    hub_organisation: str | None = None
    budgeted: bool = True


class LocationBody(ApiModel):
    """A school site, as it is put."""

    code: CodeText
    title: Title
    branch_code: str | None = None
    organisation: str | None = None


class ProgrammeBody(ApiModel):
    """A programme with all its lines, as it is put."""

    title: Title
    first_day: Annotated[date, Field(alias="from")]
    last_day: Annotated[date, Field(alias="until")]
    spearheads: list[SpearheadBody]
    locations: list[LocationBody]


class ProgrammeView(ApiModel):
    """A programme."""

    id: UUID
    code: str
    title: str
    first_day: Annotated[date, Field(alias="from")]
    last_day: Annotated[date, Field(alias="until")]
    spearheads: list[PlannedSpearhead]
    locations: list[PlannedLocation]
    version: int


@router.put("/consortia/{code}", response_model=ConsortiumView)
async def put_consortium(
    code: Code, body: ConsortiumBody, call: Annotated[Call, may("office", "operator", scope=WRITE, reach=Reach.NAMED)]
) -> Response:
    """Founds a region or describes it anew; the same again changes nothing."""
    consortium_id = ids.consortium_id(code)
    call.actor.check_consortium(consortium_id)
    wanted = Consortium(
        consortium_id, code, body.name, body.zone, body.currency, body.language, tuple(body.standing_policy)
    )
    return await call.run(
        lambda tx: commands.found_consortium(tx, wanted, call.at),
        lambda put: _consortium(put.thing),
        version=lambda put: put.thing.version,
        location=lambda put: f"/v1/consortia/{put.thing.code}",
        consortium_id=consortium_id,
    )


@router.get("/consortia/{code}")
async def get_consortium(
    code: Code, call: Annotated[Call, may(*READERS, scope=READ, others=Others.SHOWN)]
) -> ConsortiumView:
    """The region of this token."""
    found = await call.read(store.consortium)
    if found is None or found.code != code:
        raise NotFound(what="consortium")
    return _consortium(found)


@router.put("/consortia/{code}/closure", response_model=ClosureView)
async def put_closure(
    code: Code, body: ClosureBody, call: Annotated[Call, may("operator", scope=WRITE, reach=Reach.NAMED)]
) -> Response:
    """Closes a region to all commands, in every service, or opens it again; the same again changes nothing.

    A closed region can be read, exported and reported on, and what the law asks is still done: holds and erasures.
    """
    consortium_id = ids.consortium_id(code)
    call.actor.check_consortium(consortium_id)
    turn = commands.close_consortium if body.closed else commands.reopen_consortium
    return await call.run(
        lambda tx: turn(tx, body.reason, call.actor.key, call.at),
        lambda put: _closure(put.thing),
        version=lambda put: put.thing.seq,
        consortium_id=consortium_id,
        when_closed=True,
    )


@router.get("/consortia/{code}/closure")
async def get_closure(code: Code, call: Annotated[Call, may(*READERS, scope=READ, others=Others.SHOWN)]) -> ClosureView:
    """Whether the region of this token is closed."""

    async def query(tx: Tx) -> ClosureView:
        found = await store.consortium(tx)
        if found is None or found.code != code:
            raise NotFound(what="consortium")
        kept = await closing.closure_of(tx)
        return _closure(kept) if kept else ClosureView(closed=False, version=found.version)

    return await call.read(query)


@router.put("/programmes/{code}", response_model=ProgrammeView)
async def put_programme(code: Code, body: ProgrammeBody, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Plans a programme or changes its period and lines; the same again changes nothing."""
    region = call.consortium_id

    def organisation(code: str | None) -> UUID | None:
        return ids.coded_id(region, "organisation", code) if code else None

    wanted = Programme(
        ids.coded_id(region, "programme", code),
        code,
        body.title,
        body.first_day,
        body.last_day,
        tuple(
            PlannedSpearhead(
                id=ids.coded_id(region, "spearhead", each.code),
                code=each.code,
                title=each.title,
                hub_organisation_id=organisation(each.hub_organisation),
                budgeted=each.budgeted,
            )
            for each in body.spearheads
        ),
        tuple(
            PlannedLocation(
                id=ids.coded_id(region, "location", each.code),
                code=each.code,
                title=each.title,
                branch_code=each.branch_code,
                organisation_id=organisation(each.organisation),
            )
            for each in body.locations
        ),
    )
    return await call.run(
        lambda tx: commands.plan_programme(tx, wanted, call.at),
        lambda put: _programme(put.thing),
        version=lambda put: put.thing.version,
        location=lambda put: f"/v1/programmes/{put.thing.code}",
    )


@router.get("/programmes/{code}")
async def get_programme(
    code: Code, call: Annotated[Call, may(*READERS, scope=READ, others=Others.SHOWN)]
) -> ProgrammeView:
    """One programme with its lines."""
    found = await call.read(lambda tx: store.programme(tx, code))
    if found is None:
        raise NotFound(what="programme")
    return _programme(found)


def _consortium(found: Consortium) -> ConsortiumView:
    return ConsortiumView(
        id=found.id,
        code=found.code,
        name=found.name,
        zone=found.zone,
        currency=found.currency,
        language=found.language,
        standing_policy=list(found.standing_policy),
        version=found.version,
    )


def _closure(found: Closure) -> ClosureView:
    never = not found.closed and not found.reason
    return ClosureView(
        closed=found.closed, reason=found.reason, since=None if never else found.since, version=found.seq
    )


def _programme(found: Programme) -> ProgrammeView:
    return ProgrammeView(
        id=found.id,
        code=found.code,
        title=found.title,
        first_day=found.first_day,
        last_day=found.last_day,
        spearheads=list(found.spearheads),
        locations=list(found.locations),
        version=found.version,
    )
