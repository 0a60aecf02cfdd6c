"""The HTTP door of partners: it translates, and calls one command."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import Field
from starlette.responses import Response

from runtime import ids
from runtime.http import ApiModel, Call, Page, PageQuery, Upserted, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.partners import commands, store
from services.partners.domain import Consortium, Ground, Organisation, OrganisationKind, Programme, registry_number
from services.partners.events import PlannedLocation, PlannedSpearhead

READ, WRITE = "partners:read", "partners:write"
READERS = ("office", "controller", "school", "company", "accountant", "operator", "service")

router = APIRouter(prefix="/v1")
Code = Annotated[str, Path(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80, description="Lower case, with dashes")]
Title = Annotated[str, Field(min_length=1, max_length=200)]
LineCode = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]


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


class SpearheadBody(ApiModel):
    """A spearhead, as it is put."""

    code: LineCode
    title: Title
    hub_organisation: str | None = None
    budgeted: bool = True


class LocationBody(ApiModel):
    """A school site, as it is put."""

    code: LineCode
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


class OrganisationBody(ApiModel):
    """An organisation, as it is put. Registers: kvk, brin, rsin, kbo, orgnr."""

    name: Title
    kind: OrganisationKind
    registry_numbers: Annotated[dict[str, str], Field(default_factory=dict)]
    municipality: str | None = None


class OrganisationView(OrganisationBody):
    """An organisation."""

    id: UUID
    code: str
    version: int


class AccountBody(ApiModel):
    """Which person is behind an account. Holds ids only."""

    issuer: Title
    subject: Title


@router.put("/consortia/{code}", response_model=ConsortiumView)
async def put_consortium(
    code: Code, body: ConsortiumBody, call: Annotated[Call, may("office", "operator", scope=WRITE)]
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
async def get_consortium(code: Code, call: Annotated[Call, may(*READERS, scope=READ)]) -> ConsortiumView:
    """The region of this token."""
    found = await call.read(store.consortium)
    if found is None or found.code != code:
        raise NotFound(what="consortium")
    return _consortium(found)


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
async def get_programme(code: Code, call: Annotated[Call, may(*READERS, scope=READ)]) -> ProgrammeView:
    """One programme with its lines."""
    found = await call.read(lambda tx: store.programme(tx, code))
    if found is None:
        raise NotFound(what="programme")
    return _programme(found)


@router.put("/organisations/{code}", response_model=OrganisationView)
async def put_organisation(
    code: Code, body: OrganisationBody, call: Annotated[Call, may("office", scope=WRITE)]
) -> Response:
    """Registers an organisation or describes it anew; the same again changes nothing."""
    numbers = sorted((registry, registry_number(registry, value)) for registry, value in body.registry_numbers.items())
    wanted = Organisation(
        ids.coded_id(call.consortium_id, "organisation", code),
        code,
        body.name,
        body.kind,
        tuple(numbers),
        body.municipality,
    )
    return await call.run(
        lambda tx: commands.register_organisation(tx, wanted, call.at),
        lambda put: _organisation(put.thing),
        version=lambda put: put.thing.version,
        location=lambda put: f"/v1/organisations/{put.thing.code}",
    )


@router.get("/organisations/{code}")
async def get_organisation(code: Code, call: Annotated[Call, may(*READERS, scope=READ)]) -> OrganisationView:
    """One organisation."""
    found = await call.read(lambda tx: store.organisation(tx, code))
    if found is None:
        raise NotFound(what="organisation")
    return _organisation(found)


@router.get("/organisations")
async def list_organisations(
    call: Annotated[Call, may(*READERS, scope=READ)], paging: Annotated[PageQuery, Depends()]
) -> Page[OrganisationView]:
    """Organisations by code."""
    after = paging.after[0] if paging.after else ""
    rows = await call.read(lambda tx: store.organisations_after(tx, after, paging.limit + 1))
    return paging.page(rows, _organisation, lambda each: [each.code])


@router.put("/persons/{code}/account", status_code=204)
async def put_account(code: Code, body: AccountBody, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Links an account to the person with this code, so that all of a person's accounts count as one."""
    person_id = ids.coded_id(call.consortium_id, "person", code)

    async def command(tx: Tx) -> Upserted[None]:
        changed = await commands.link_account(tx, body.issuer, body.subject, person_id)
        return Upserted(None, "changed" if changed else "unchanged")

    return await call.run(command, lambda _: None)


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


def _organisation(found: Organisation) -> OrganisationView:
    return OrganisationView(
        id=found.id,
        code=found.code,
        name=found.name,
        kind=found.kind,
        registry_numbers=dict(found.registry_numbers),
        municipality=found.municipality,
        version=found.version,
    )
