"""Working groups over HTTP."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import Response

from runtime import ids
from runtime.http import ApiModel, Call, Others, Page, PageQuery, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.partners.api.speaking import (
    CODE,
    READ,
    READERS,
    WRITE,
    Code,
    CodeText,
    OnDay,
    Title,
    day_or_today,
    named,
    organisation_id,
)
from services.partners.commands import groups as commands
from services.partners.domain.groups import Member, Representation, WorkingGroup
from services.partners.domain.organisations import OrganisationKind
from services.partners.domain.periods import Period
from services.partners.store import groups as store
from services.partners.store import organisations

router = APIRouter(prefix="/v1")


class MemberModel(ApiModel):
    """An organisation in a group. `until` is its last day; without it, it stays."""

    organisation: CodeText
    first_day: Annotated[date, Field(alias="from")]
    last_day: Annotated[date | None, Field(alias="until")] = None


class GroupBody(ApiModel):
    """A working group, as it is put. Spearheads by code; `chair` is an organisation's code."""

    title: Title
    spearheads: Annotated[list[CodeText], Field(max_length=50)]
    chair: CodeText | None = None
    members: Annotated[list[MemberModel], Field(max_length=400)]


class GroupView(GroupBody):
    """A working group."""

    id: UUID
    code: str
    version: int


class KindCount(ApiModel):
    """How many organisations of a kind."""

    kind: OrganisationKind
    count: int


class RepresentationView(ApiModel):
    """Who is in a group on a day, by kind (the chair included), and the kinds of partner of the region that it lacks.

    Partners are organisations with a membership on that day, but for applicants.
    """

    on: date
    present: list[KindCount]
    missing: list[OrganisationKind]


@router.put("/working-groups/{code}", response_model=GroupView)
async def put_group(code: Code, body: GroupBody, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Forms a working group or describes it anew; the same again changes nothing."""
    members = (
        Member(organisation_id(call, each.organisation), Period(each.first_day, each.last_day)) for each in body.members
    )
    wanted = WorkingGroup(
        ids.coded_id(call.consortium_id, "working-group", code),
        code,
        body.title,
        tuple(dict.fromkeys(body.spearheads)),
        organisation_id(call, body.chair) if body.chair else None,
        tuple(sorted(members, key=lambda member: member.organisation_id)),
    )
    codes = named(call, [body.chair, *(each.organisation for each in body.members)])
    return await call.run(
        lambda tx: commands.put_group(tx, wanted, codes, call.at),
        lambda put: _group(put.thing, codes),
        version=lambda put: put.thing.version,
        location=lambda put: f"/v1/working-groups/{put.thing.code}",
    )


@router.get("/working-groups/{code}")
async def get_group(code: Code, call: Annotated[Call, may(*READERS, scope=READ, others=Others.SHOWN)]) -> GroupView:
    """One working group."""

    async def read(tx: Tx) -> GroupView:
        found = await store.group(tx, code)
        if found is None:
            raise NotFound(what="working group")
        return _group(found, await organisations.codes(tx, _organisations(found)))

    return await call.read(read)


@router.get("/working-groups")
async def list_groups(
    call: Annotated[Call, may(*READERS, scope=READ, others=Others.SHOWN)],
    paging: Annotated[PageQuery, Depends()],
    spearhead: Annotated[str | None, Query(pattern=CODE, max_length=80, description="Only those that carry it")] = None,
) -> Page[GroupView]:
    """Working groups by code."""
    after = paging.after[0] if paging.after else ""

    async def read(tx: Tx) -> list[GroupView]:
        rows = await store.groups_after(tx, after, paging.limit + 1, spearhead)
        codes = await organisations.codes(tx, {each for group in rows for each in _organisations(group)})
        return [_group(each, codes) for each in rows]

    return paging.page(await call.read(read), lambda each: each, lambda each: [each.code])


@router.get("/working-groups/{code}/representation")
async def get_representation(
    code: Code, call: Annotated[Call, may(*READERS, scope=READ, others=Others.SHOWN)], on: OnDay = None
) -> RepresentationView:
    """Which kinds of partner the group has on a day, and which it lacks."""

    async def read(tx: Tx) -> tuple[date, Representation]:
        day = await day_or_today(tx, call, on)
        return day, await commands.represented(tx, code, day)

    day, found = await call.read(read)
    return RepresentationView(
        on=day,
        present=[KindCount(kind=kind, count=count) for kind, count in found.present],
        missing=list(found.missing),
    )


def _organisations(group: WorkingGroup) -> list[UUID]:
    members = [each.organisation_id for each in group.members]
    return [*members, group.chair_id] if group.chair_id else members


def _group(found: WorkingGroup, codes: dict[UUID, str]) -> GroupView:
    return GroupView(
        id=found.id,
        code=found.code,
        title=found.title,
        spearheads=list(found.spearheads),
        chair=codes[found.chair_id] if found.chair_id else None,
        members=sorted(
            (
                MemberModel(
                    organisation=codes[each.organisation_id], first_day=each.period.first, last_day=each.period.last
                )
                for each in found.members
            ),
            key=lambda member: member.organisation,
        ),
        version=found.version,
    )
