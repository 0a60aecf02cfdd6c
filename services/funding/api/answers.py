"""Answering a form over HTTP: filled in here or in a spreadsheet, read over, and signed by its hash."""

import asyncio
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field, StringConstraints
from starlette.responses import Response

from runtime.http import ApiModel, Call, Others, Upserted, may
from runtime.postgres import Tx
from runtime.problems import Kind, NotFound, Problem
from services.funding.api.asking import programme_with
from services.funding.api.promising import MOST_LINES, PromiseBody
from services.funding.api.speaking import READ, READERS, WRITE, Code, Sentence
from services.funding.api.statements import issued
from services.funding.commands import statements as commands
from services.funding.domain.answer import Answer, Signature, Via, document_hash
from services.funding.domain.pledge import Promised
from services.funding.domain.programme import Programme
from services.funding.domain.statement import Statement
from services.funding.form_file import MEDIA_TYPE, FormSheet, read, write
from services.funding.form_file.writing import rows_of
from services.funding.store import partners
from services.funding.store import statements as store

router = APIRouter(prefix="/v1", tags=["statements"])
Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
Filler = Annotated[Call, may("company", "office", scope=WRITE, others=Others.HIDDEN)]
Viewer = Annotated[Call, may(*READERS, "company", scope=READ, others=Others.HIDDEN)]


class SpreadsheetNotTaken(Problem, kind=Kind.UNSUPPORTED):
    """Send the form back as an Excel workbook, with this Content-Type:
    application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"""


class AnswerBody(ApiModel):
    """What an organisation fills in. All of it: what is not named is not promised."""

    lines: Annotated[tuple[PromiseBody, ...], Field(min_length=1, max_length=MOST_LINES)]


class AnswerView(ApiModel):
    """What is filled in now. `sha256` is the hash of the document that is signed: whoever signs sends it back."""

    statement: str
    from_: Annotated[date, Field(alias="from")]
    until: date
    lines: tuple[PromiseBody, ...]
    sha256: Sha256
    filled_by: UUID
    filled_at: datetime
    via: Via
    version: int

    @classmethod
    def of(cls, form: Statement, found: Answer, programme: Programme) -> "AnswerView":
        first, last = form.days(programme)
        return cls(
            statement=form.code,
            from_=first,
            until=last,
            lines=tuple(PromiseBody.of(each) for each in found.lines),
            sha256=document_hash(form, found, first, last),
            filled_by=found.filled_by,
            filled_at=found.filled_at,
            via=found.via,
            version=found.version,
        )


class SignatureBody(ApiModel):
    """The hash of the answer as it was read, and the day it was signed."""

    sha256: Sha256
    signed_on: date
    place: Sentence = ""


class SignatureView(ApiModel):
    """Who signed and when; `document` is the text of which `sha256` is the hash, and `pledgeVersion` what it made."""

    statement: str
    position: int
    signed_by: UUID
    signed_on: date
    signed_at: datetime
    place: str
    sha256: str
    document: str
    statement_version: int
    pledge: str
    pledge_version: int

    @classmethod
    def of(cls, form: str, made: Signature) -> "SignatureView":
        return cls(
            statement=form,
            position=made.position,
            signed_by=made.signed_by,
            signed_on=made.signed_on,
            signed_at=made.signed_at,
            place=made.place,
            sha256=made.sha256,
            document=made.document,
            statement_version=made.form_version,
            pledge=form,
            pledge_version=made.pledge_version,
        )


@router.put("/statements/{code}/answer", response_model=AnswerView)
async def put_answer(code: Code, body: AnswerBody, call: Filler) -> Response:
    """Fills in a form; until its deadline a company its own, after that the office. Nothing is promised by it yet."""
    form = (await issued(call, code)).statement
    return await _fill_in(call, form, tuple(each.promised() for each in body.lines), "rest")


@router.get("/statements/{code}/answer")
async def get_answer(code: Code, call: Viewer) -> AnswerView:
    """What is filled in, with the hash to sign it by; a company sees its own."""
    form = (await issued(call, code)).statement
    found = await call.read(lambda tx: store.answer(tx, form.id))
    if found is None:
        raise NotFound(what="answer to this statement yet")
    return AnswerView.of(form, found, await programme_with(call, ()))


@router.post("/statements/{code}/signatures", status_code=201, response_model=SignatureView)
async def sign_statement(code: Code, body: SignatureBody, call: Filler) -> Response:
    """Signs what is filled in, by its hash. That makes a pledge under the form's code, or signs it anew."""
    form = (await issued(call, code)).statement
    found = await call.read(lambda tx: store.answer(tx, form.id))
    programme = await programme_with(call, {each.line for each in found.lines} if found else ())
    by, office = await call.person(), "office" in call.actor.roles
    return await call.run(
        lambda tx: commands.sign(
            tx, code, body.sha256, body.signed_on, body.place, programme, by=by, office=office, at=call.at
        ),
        lambda made: SignatureView.of(code, made),
        status=201,
        location=lambda _: f"/v1/statements/{code}/signatures",
    )


@router.get("/statements/{code}/signatures")
async def list_signatures(code: Code, call: Viewer) -> list[SignatureView]:
    """Who signed a form, in order; a company sees its own."""
    form = (await issued(call, code)).statement
    return [SignatureView.of(code, each) for each in await call.read(lambda tx: store.signatures(tx, form.id))]


_SHEET: dict[str, Any] = {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}


@router.get(
    "/statements/{code}/spreadsheet",
    response_class=Response,
    responses={200: {**_SHEET, "description": "The form, to fill in and send back"}},
)
async def get_spreadsheet(code: Code, call: Viewer) -> Response:
    """The form as a spreadsheet, with what is asked and what is filled in so far; in the language of the region."""
    found = await issued(call, code)
    form = found.statement
    programme = await programme_with(call, {each.line for each in form.expected})

    async def beside(tx: Tx) -> tuple[str, str, Answer | None]:
        (whose,) = await partners.organisations(tx, {form.organisation_id}) or (None,)
        return (await partners.consortium(tx)).language, whose.name if whose else "", await store.answer(tx, form.id)

    language, name, answered = await call.read(beside)
    rows = rows_of(form.expected, answered.lines if answered else (), sorted(programme.lines))
    titles = {line.code: line.title for line in programme.lines.values()}
    sheet = FormSheet(form.code, form.version, form.title, name, form.deadline, titles, rows)
    content = await asyncio.to_thread(write, sheet, language)
    named = {"Content-Disposition": f'attachment; filename="{form.code}.xlsx"'}
    return Response(content, media_type=MEDIA_TYPE, headers=named)


@router.put(
    "/statements/{code}/spreadsheet",
    response_model=AnswerView,
    openapi_extra={"requestBody": {"required": True, **_SHEET}},
)
async def put_spreadsheet(code: Code, request: Request, call: Filler) -> Response:
    """Fills in a form by the spreadsheet that came back. Every bad cell is named, and then nothing is kept."""
    form = (await issued(call, code)).statement
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise SpreadsheetNotTaken()
    lines = await asyncio.to_thread(read, await request.body(), form.code)
    return await _fill_in(call, form, lines, "spreadsheet")


async def _fill_in(
    call: Call, form: Statement, lines: tuple[Promised, ...], via: Literal["rest", "spreadsheet"]
) -> Response:
    programme = await programme_with(call, {each.line for each in lines})
    by, office = await call.person(), "office" in call.actor.roles

    async def command(tx: Tx) -> Upserted[tuple[Statement, Answer]]:
        now, answer, result = await commands.fill_in(
            tx, form.code, lines, programme, by=by, office=office, via=via, at=call.at
        )
        return Upserted((now, answer), result)

    return await call.run(
        command,
        lambda done: AnswerView.of(*done.thing, programme),
        location=lambda _: f"/v1/statements/{form.code}/answer",
        version=lambda done: done.thing[1].version,
    )
