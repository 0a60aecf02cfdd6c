"""Organisations over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.responses import Response

from runtime.http import ApiModel, Call, Others, Page, PageQuery, may
from runtime.problems import NotFound
from services.partners.api.speaking import READ, READERS, WRITE, Code, Title, organisation_id
from services.partners.commands import organisations as commands
from services.partners.domain.organisations import Organisation, OrganisationKind, registry_number
from services.partners.store import organisations as store

router = APIRouter(prefix="/v1")


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


@router.put("/organisations/{code}", response_model=OrganisationView)
async def put_organisation(
    code: Code, body: OrganisationBody, call: Annotated[Call, may("office", scope=WRITE)]
) -> Response:
    """Registers an organisation or describes it anew; the same again changes nothing."""
    numbers = sorted((registry, registry_number(registry, value)) for registry, value in body.registry_numbers.items())
    wanted = Organisation(
        organisation_id(call, code),
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
async def get_organisation(
    code: Code, call: Annotated[Call, may(*READERS, scope=READ, others=Others.SHOWN)]
) -> OrganisationView:
    """One organisation."""
    found = await call.read(lambda tx: store.organisation(tx, code))
    if found is None:
        raise NotFound(what="organisation")
    return _organisation(found)


@router.get("/organisations")
async def list_organisations(
    call: Annotated[Call, may(*READERS, scope=READ, others=Others.SHOWN)], paging: Annotated[PageQuery, Depends()]
) -> Page[OrganisationView]:
    """Organisations by code."""
    after = paging.after[0] if paging.after else ""
    rows = await call.read(lambda tx: store.organisations_after(tx, after, paging.limit + 1))
    return paging.page(rows, _organisation, lambda each: [each.code])


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
