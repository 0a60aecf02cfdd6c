"""Persons over HTTP. Answers to a put hold no name and no address, so that none is kept with an Idempotency-Key."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from runtime import ids
from runtime.http import ApiModel, Call, Upserted, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.partners.api.speaking import READ, WRITE, Code, CodeText, Title, named, organisation_id
from services.partners.commands import persons as commands
from services.partners.domain.persons import Person, PersonRole
from services.partners.store import organisations
from services.partners.store import persons as store

router = APIRouter(prefix="/v1")

_LINE = r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$"
_EMAIL = r"^[^@\s<>,;:\"()\x00-\x1f\x7f]+@[^@\s<>,;:\"()\x00-\x1f\x7f]+\.[^@\s<>,;:\"()\x00-\x1f\x7f.]+$"


class PersonBody(ApiModel):
    """A person, as it is put."""

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=_LINE)]
    email: Annotated[str, Field(max_length=254, pattern=_EMAIL)]
    language: Annotated[str, Field(pattern="^(nl|sv|en)$")]
    organisation: CodeText | None = None
    roles: Annotated[list[PersonRole], Field(max_length=10)]


class PersonRef(ApiModel):
    """A person without name and address."""

    id: UUID
    code: str
    organisation: str | None
    roles: list[PersonRole]
    version: int


class PersonView(PersonBody):
    """A person."""

    id: UUID
    code: str
    version: int


class AccountBody(ApiModel):
    """Which person is behind an account. Holds ids only."""

    issuer: Title
    subject: Title


@router.put("/persons/{code}", response_model=PersonRef)
async def put_person(code: Code, body: PersonBody, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Keeps a person, or describes them anew; the same again changes nothing. The answer names nobody."""
    wanted = Person(
        ids.coded_id(call.consortium_id, "person", code),
        code,
        body.name,
        body.email,
        body.language,
        organisation_id(call, body.organisation) if body.organisation else None,
        tuple(sorted(set(body.roles))),
    )
    return await call.run(
        lambda tx: commands.keep_person(tx, wanted, named(call, [body.organisation])),
        lambda put: PersonRef(
            id=put.thing.id,
            code=code,
            organisation=body.organisation,
            roles=list(put.thing.roles),
            version=put.thing.version,
        ),
        version=lambda put: put.thing.version,
        location=lambda put: f"/v1/persons/{put.thing.code}",
    )


@router.get("/persons/{code}")
async def get_person(code: Code, call: Annotated[Call, may("office", scope=READ)]) -> PersonView:
    """One person, with name and address: for the programme office only."""

    async def read(tx: Tx) -> tuple[Person, str | None]:
        found = await store.person(tx, code)
        if found is None:
            raise NotFound(what="person")
        codes = await organisations.codes(tx, [found.organisation_id] if found.organisation_id else [])
        return found, codes[found.organisation_id] if found.organisation_id else None

    found, organisation = await call.read(read)
    return PersonView(
        id=found.id,
        code=found.code,
        name=found.name,
        email=found.email,
        language=found.language,
        organisation=organisation,
        roles=list(found.roles),
        version=found.version,
    )


@router.put("/persons/{code}/account", status_code=204)
async def put_account(code: Code, body: AccountBody, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Links an account to the person with this code, so that all of a person's accounts count as one."""
    person_id = ids.coded_id(call.consortium_id, "person", code)

    async def command(tx: Tx) -> Upserted[None]:
        return await commands.link_account(tx, body.issuer, body.subject, person_id)

    return await call.run(command, lambda _: None)
