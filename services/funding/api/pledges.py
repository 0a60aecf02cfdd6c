"""Pledges over HTTP: what an organisation promises, on paper or in answer to a form."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import Response

from runtime.http import ApiModel, Call, Others, Page, PageQuery, Upserted, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api.asking import organisation, programme_with
from services.funding.api.promising import MOST_LINES, PromiseBody, codes_of, named
from services.funding.api.speaking import READ, READERS, WRITE, Code, CodeText
from services.funding.commands import pledges as commands
from services.funding.domain.pledge import Pledge
from services.funding.store import pledges as store

router = APIRouter(prefix="/v1", tags=["pledges"])
Organisation = Annotated[str | None, Query(max_length=80, description="Code of one organisation")]


class PledgeBody(ApiModel):
    """What an organisation promises, from the first day to the last, and when it signed."""

    organisation: CodeText
    statement: CodeText | None = None
    signed_on: date
    from_: Annotated[date, Field(alias="from")]
    until: date
    lines: Annotated[tuple[PromiseBody, ...], Field(min_length=1, max_length=MOST_LINES)]


class PromiseView(PromiseBody):
    """The same, with what both are worth together by the rules known when it was signed."""

    cents: int


class PledgeView(ApiModel):
    id: UUID
    code: str
    organisation: str
    signed_on: date
    from_: Annotated[date, Field(alias="from")]
    until: date
    minutes: int
    cents: int
    lines: tuple[PromiseView, ...]
    version: int

    @classmethod
    def of(cls, pledge: Pledge, organisation: str) -> "PledgeView":
        return cls(
            id=pledge.id,
            code=pledge.code,
            organisation=organisation,
            signed_on=pledge.signed_on,
            from_=pledge.from_,
            until=pledge.until,
            minutes=pledge.minutes,
            cents=pledge.cents,
            lines=tuple(
                PromiseView.model_validate({**PromiseBody.of(each.said).model_dump(), "cents": each.cents})
                for each in pledge.lines
            ),
            version=pledge.version,
        )


@router.put("/pledges/{code}", response_model=PledgeView)
async def put_pledge(
    code: Code, body: PledgeBody, call: Annotated[Call, may("company", "office", scope=WRITE, others=Others.REFUSED)]
) -> Response:
    """Signs a pledge, or signs it anew; a company only its own. It is booked on memorandum accounts."""
    whose = await organisation(call, body.organisation)
    call.check_organisation(whose.id)
    promised = [each.promised() for each in body.lines]
    programme = await programme_with(call, {each.line for each in promised})

    async def command(tx: Tx) -> Upserted[Pledge]:
        return Upserted(
            *await commands.put_pledge(
                tx,
                code,
                whose.id,
                body.statement,
                body.signed_on,
                body.from_,
                body.until,
                promised,
                programme,
                at=call.at,
            )
        )

    return await call.run(
        command,
        lambda done: PledgeView.of(done.thing, whose.code),
        location=lambda done: f"/v1/pledges/{done.thing.code}",
        version=lambda done: done.thing.version,
    )


@router.get("/pledges")
async def list_pledges(
    call: Annotated[Call, may(*READERS, scope=READ)],
    paging: Annotated[PageQuery, Depends()],
    organisation: Organisation = None,
) -> Page[PledgeView]:
    """Pledges as they hold now, in order of code."""

    async def found(tx: Tx) -> list[tuple[Pledge, str]]:
        only = await named(tx, organisation)
        after = paging.after[0] if paging.after else ""
        rows = await store.pledges(tx, after=after, organisation_id=only, limit=paging.limit + 1)
        codes = await codes_of(tx, {row.organisation_id for row in rows})
        return [(row, codes[row.organisation_id]) for row in rows]

    return paging.page(await call.read(found), lambda row: PledgeView.of(*row), lambda row: [row[0].code])


@router.get("/pledges/{code}")
async def get_pledge(
    code: Code, call: Annotated[Call, may(*READERS, "company", scope=READ, others=Others.HIDDEN)]
) -> PledgeView:
    """A pledge as it holds now; a company sees its own."""

    async def found(tx: Tx) -> tuple[Pledge, str] | None:
        rows = await store.pledges(tx, code=code, limit=1)
        return (rows[0], (await codes_of(tx, {rows[0].organisation_id}))[rows[0].organisation_id]) if rows else None

    shown = await call.read(found)
    if shown is None or (call.own is not None and shown[0].organisation_id not in call.own):
        raise NotFound(what="pledge with this code")
    return PledgeView.of(*shown)
