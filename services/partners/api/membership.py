"""Memberships and umbrella mandates over HTTP."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.responses import Response

from runtime import ids
from runtime.http import ApiModel, Call, Others, Page, PageQuery, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.partners.api.speaking import READ, READERS, WRITE, Code, CodeText, OnDay, named, organisation_id
from services.partners.commands import membership as commands
from services.partners.domain.membership import Membership, MembershipRole, UmbrellaMandate
from services.partners.domain.periods import Period
from services.partners.store import membership as store
from services.partners.store import organisations

router = APIRouter(prefix="/v1")


class MembershipBody(ApiModel):
    """A membership, as it is put. `until` is the last day; without it the membership goes on."""

    organisation: CodeText
    role: MembershipRole
    first_day: Annotated[date, Field(alias="from")]
    last_day: Annotated[date | None, Field(alias="until")] = None


class MembershipView(MembershipBody):
    """A membership."""

    id: UUID
    code: str
    organisation_id: UUID
    version: int


class MandateBody(ApiModel):
    """An umbrella mandate, as it is put: on these days the umbrella organisation signs for the member."""

    umbrella: CodeText
    member: CodeText
    first_day: Annotated[date, Field(alias="from")]
    last_day: Annotated[date | None, Field(alias="until")] = None


class MandateView(MandateBody):
    """An umbrella mandate."""

    id: UUID
    code: str
    umbrella_id: UUID
    member_id: UUID
    version: int


@router.put("/memberships/{code}", response_model=MembershipView)
async def put_membership(
    code: Code, body: MembershipBody, call: Annotated[Call, may("office", scope=WRITE)]
) -> Response:
    """Starts a membership, changes it, or gives it its last day; the same again changes nothing."""
    wanted = Membership(
        ids.coded_id(call.consortium_id, "membership", code),
        code,
        organisation_id(call, body.organisation),
        body.role,
        Period(body.first_day, body.last_day),
    )
    codes = named(call, [body.organisation])
    return await call.run(
        lambda tx: commands.put_membership(tx, wanted, codes, call.at),
        lambda put: _membership(put.thing, codes),
        version=lambda put: put.thing.version,
        location=lambda put: f"/v1/memberships/{put.thing.code}",
    )


@router.get("/memberships/{code}")
async def get_membership(
    code: Code, call: Annotated[Call, may(*READERS, scope=READ, others=Others.SHOWN)]
) -> MembershipView:
    """One membership."""

    async def read(tx: Tx) -> MembershipView:
        found = await store.membership(tx, code)
        if found is None:
            raise NotFound(what="membership")
        return _membership(found, await organisations.codes(tx, [found.organisation_id]))

    return await call.read(read)


@router.get("/memberships")
async def list_memberships(
    call: Annotated[Call, may(*READERS, scope=READ, others=Others.SHOWN)],
    paging: Annotated[PageQuery, Depends()],
    on: OnDay = None,
) -> Page[MembershipView]:
    """Memberships by code: all of them, or those that hold on a day."""
    after = paging.after[0] if paging.after else ""

    async def read(tx: Tx) -> list[MembershipView]:
        rows = await store.memberships_after(tx, after, paging.limit + 1, on)
        codes = await organisations.codes(tx, [each.organisation_id for each in rows])
        return [_membership(each, codes) for each in rows]

    return paging.page(await call.read(read), lambda each: each, lambda each: [each.code])


@router.put("/umbrella-mandates/{code}", response_model=MandateView)
async def put_mandate(code: Code, body: MandateBody, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Gives a mandate, changes it, or gives it its last day; the member's standing follows at once."""
    wanted = UmbrellaMandate(
        ids.coded_id(call.consortium_id, "umbrella-mandate", code),
        code,
        organisation_id(call, body.umbrella),
        organisation_id(call, body.member),
        Period(body.first_day, body.last_day),
    )
    codes = named(call, [body.umbrella, body.member])
    return await call.run(
        lambda tx: commands.put_mandate(tx, wanted, codes, call.at),
        lambda put: _mandate(put.thing, codes),
        version=lambda put: put.thing.version,
        location=lambda put: f"/v1/umbrella-mandates/{put.thing.code}",
    )


@router.get("/umbrella-mandates/{code}")
async def get_mandate(code: Code, call: Annotated[Call, may(*READERS, scope=READ, others=Others.SHOWN)]) -> MandateView:
    """One umbrella mandate."""

    async def read(tx: Tx) -> MandateView:
        found = await store.mandate(tx, code)
        if found is None:
            raise NotFound(what="umbrella mandate")
        return _mandate(found, await organisations.codes(tx, [found.umbrella_id, found.member_id]))

    return await call.read(read)


def _membership(found: Membership, codes: dict[UUID, str]) -> MembershipView:
    return MembershipView(
        id=found.id,
        code=found.code,
        organisation=codes[found.organisation_id],
        organisation_id=found.organisation_id,
        role=found.role,
        first_day=found.period.first,
        last_day=found.period.last,
        version=found.version,
    )


def _mandate(found: UmbrellaMandate, codes: dict[UUID, str]) -> MandateView:
    return MandateView(
        id=found.id,
        code=found.code,
        umbrella=codes[found.umbrella_id],
        member=codes[found.member_id],
        umbrella_id=found.umbrella_id,
        member_id=found.member_id,
        first_day=found.period.first,
        last_day=found.period.last,
        version=found.version,
    )
