"""Statements (the co-financing form) and pledges over HTTP: the office asks, an organisation promises."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import Response

from runtime.http import ApiModel, Call, Page, PageQuery, Upserted, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api.asking import organisation, programme_with
from services.funding.api.speaking import READ, READERS, WRITE, Code, CodeText, Sentence
from services.funding.commands import pledges as commands
from services.funding.domain.pledge import Pledge, Promised, Statement
from services.funding.store import partners
from services.funding.store import pledges as store
from services.funding.store.pledges import Issued

router = APIRouter(prefix="/v1", tags=["pledges"])
Amount = Annotated[int, Field(ge=0, le=10**12)]
Organisation = Annotated[str | None, Query(max_length=80, description="Code of one organisation")]


class StatementBody(ApiModel):
    """To whom the form goes, and until when it can be answered."""

    organisation: CodeText
    deadline: date
    title: Sentence = ""


class StatementView(ApiModel):
    """A form, and the codes of the pledges that answer it."""

    id: UUID
    code: str
    organisation: str
    title: str
    deadline: date
    pledges: tuple[str, ...]
    version: int

    @classmethod
    def of(cls, form: Statement, organisation: str, pledges: tuple[str, ...] = ()) -> "StatementView":
        return cls(
            id=form.id,
            code=form.code,
            organisation=organisation,
            title=form.title,
            deadline=form.deadline,
            pledges=pledges,
            version=form.version,
        )


class PromiseBody(ApiModel):
    """What is promised for one spearhead or location: minutes of work, and material in cents."""

    line: CodeText
    minutes: Amount = 0
    material_cents: Amount = 0


class PledgeBody(ApiModel):
    """What an organisation promises, from the first day to the last, and when it signed."""

    organisation: CodeText
    statement: CodeText | None = None
    signed_on: date
    from_: Annotated[date, Field(alias="from")]
    until: date
    lines: Annotated[tuple[PromiseBody, ...], Field(min_length=1, max_length=100)]


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
                PromiseView(line=each.line, minutes=each.minutes, material_cents=each.material_cents, cents=each.cents)
                for each in pledge.lines
            ),
            version=pledge.version,
        )


@router.put("/statements/{code}", response_model=StatementView)
async def put_statement(code: Code, body: StatementBody, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Issues a form to an organisation; again when the title or the deadline changed."""
    asked = await organisation(call, body.organisation)

    async def command(tx: Tx) -> Upserted[Statement]:
        return Upserted(*await commands.put_statement(tx, code, asked.id, body.title, body.deadline, at=call.at))

    return await call.run(
        command,
        lambda done: StatementView.of(done.thing, asked.code),
        location=lambda done: f"/v1/statements/{done.thing.code}",
        version=lambda done: done.thing.version,
    )


@router.get("/statements")
async def list_statements(
    call: Annotated[Call, may(*READERS, scope=READ)],
    paging: Annotated[PageQuery, Depends()],
    organisation: Organisation = None,
) -> Page[StatementView]:
    """Forms in order of code."""

    async def found(tx: Tx) -> list[tuple[Issued, str]]:
        only = await _named(tx, organisation)
        rows = await store.statements(tx, paging.after[0] if paging.after else "", only, paging.limit + 1)
        codes = await _codes(tx, {row.statement.organisation_id for row in rows})
        return [(row, codes[row.statement.organisation_id]) for row in rows]

    return paging.page(
        await call.read(found),
        lambda row: StatementView.of(row[0].statement, row[1], row[0].pledges),
        lambda row: [row[0].statement.code],
    )


@router.put("/pledges/{code}", response_model=PledgeView)
async def put_pledge(
    code: Code, body: PledgeBody, call: Annotated[Call, may("company", "office", scope=WRITE)]
) -> Response:
    """Signs a pledge, or signs it anew; a company only its own. It is booked on memorandum accounts."""
    whose = await organisation(call, body.organisation)
    call.actor.check_organisation(whose.id)
    promised = [Promised(each.line, each.minutes, each.material_cents) for each in body.lines]
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
        only = await _named(tx, organisation)
        after = paging.after[0] if paging.after else ""
        rows = await store.pledges(tx, after=after, organisation_id=only, limit=paging.limit + 1)
        codes = await _codes(tx, {row.organisation_id for row in rows})
        return [(row, codes[row.organisation_id]) for row in rows]

    return paging.page(await call.read(found), lambda row: PledgeView.of(*row), lambda row: [row[0].code])


@router.get("/pledges/{code}")
async def get_pledge(code: Code, call: Annotated[Call, may(*READERS, "company", scope=READ)]) -> PledgeView:
    """A pledge as it holds now; a company sees its own."""

    async def found(tx: Tx) -> tuple[Pledge, str] | None:
        rows = await store.pledges(tx, code=code, limit=1)
        return (rows[0], (await _codes(tx, {rows[0].organisation_id}))[rows[0].organisation_id]) if rows else None

    shown = await call.read(found)
    own = shown is not None and shown[0].organisation_id in call.actor.organisations
    if shown is None or not (own or call.actor.roles & frozenset(READERS)):
        raise NotFound(what="pledge with this code")
    return PledgeView.of(*shown)


async def _named(tx: Tx, code: str | None) -> UUID | None:
    if code is None:
        return None
    found = await partners.organisation_by_reference(tx, code)
    if found is None:
        raise NotFound(what="organisation with this code")
    return found.id


async def _codes(tx: Tx, organisations: set[UUID]) -> dict[UUID, str]:
    """The codes of these organisations; the id for one whose copy is gone."""
    known = {each.id: each.code for each in await partners.organisations(tx, organisations)}
    return {each: known.get(each, str(each)) for each in organisations}
