"""What waits for the word of the school that received it, over HTTP."""

from collections.abc import Collection
from datetime import date
from typing import Annotated, get_args
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import ConfigDict, StringConstraints
from starlette.responses import Response

from runtime.http import ApiModel, Call, Others, Page, PageQuery, Reach, may
from runtime.http.paging import CursorUnreadable
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api.asking import hands
from services.funding.api.speaking import READ, READERS, WRITE
from services.funding.commands import verifications as commands
from services.funding.domain.contribution import By, SchoolWord
from services.funding.domain.receiving import SENTENCES, Objection
from services.funding.store import contributions as store
from services.funding.store.contributions import Received

router = APIRouter(prefix="/v1", tags=["contributions"])


class SchoolVerificationView(ApiModel):
    """A contribution as the school that received it sees it; `word` is what the school says of it.

    `organisation`: the code of whose it is. `description`: what its sender wrote of it. `schoolId` is null as long as
    the activity that it names was not confirmed; then only the office sees it.
    """

    contribution_id: UUID
    organisation_id: UUID
    organisation: str
    organisation_name: str
    school_id: UUID | None
    line: str
    day: date
    kind: str
    minutes: int
    value_cents: int
    activity_ref: str | None
    description: str | None
    state: str
    word: SchoolWord | None
    said_by: UUID | None
    verified_how: By | None
    version: int

    @classmethod
    def of(cls, row: Received) -> "SchoolVerificationView":
        found, beside = row.contribution, ("organisation", "organisation_name", "description")
        own = {"contribution_id": found.id, "word": found.school_word, "said_by": found.school_by}
        same = {name: getattr(found, name) for name in cls.model_fields if name not in (*beside, *own)}
        return cls(**same, **own, **{name: getattr(row, name) for name in beside})


class ObjectionBody(ApiModel):
    """Why it is not right: a code of `/v1/school-objection-codes`, and what to add for its sender; no names of
    people."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"code": "less-received", "note": "Er was één docent, niet twee."}]}
    )

    code: Objection
    note: Annotated[str, StringConstraints(max_length=300)] = ""


class ObjectionCodeView(ApiModel):
    """A reason for a school to say no, and what the sender reads, per language."""

    code: str
    message: dict[str, str]


@router.get("/school-verifications")
async def list_school_verifications(
    call: Annotated[Call, may(*READERS, "school", scope=READ, others=Others.HIDDEN)],
    paging: Annotated[PageQuery, Depends()],
    word: Annotated[
        SchoolWord, Query(description="`asked`: what still waits; else what a school said so of")
    ] = "asked",
) -> Page[SchoolVerificationView]:
    """What waits for the word of a school, or what schools said, by id; a school sees what it received."""
    try:
        after = UUID(paging.after[0]) if paging.after else UUID(int=0)
    except ValueError:
        raise CursorUnreadable from None
    rows = await call.read(lambda tx: store.received(tx, after, paging.limit + 1, call.own, (word,)))
    return paging.page(rows, SchoolVerificationView.of, lambda row: [row.contribution.id])


@router.get("/school-verifications/{id}")
async def read_school_verification(
    id: UUID, call: Annotated[Call, may(*READERS, "school", scope=READ, others=Others.HIDDEN)]
) -> SchoolVerificationView:
    """One contribution of which the word of a school is or was asked, and what became of it; a school sees its own."""
    return await call.read(lambda tx: _shown(tx, id, call.own))


@router.get("/school-objection-codes")
async def list_school_objection_codes(
    call: Annotated[
        Call, may(*READERS, "company", "school", "sender", scope=READ, reach=Reach.INSTALLATION, others=Others.SHOWN)
    ],
) -> list[ObjectionCodeView]:
    """The reasons for which a school says no, and what the sender reads."""
    return [
        ObjectionCodeView(code=code, message={"nl": f"{nl}.", "en": f"{en}."}) for code, (nl, en) in SENTENCES.items()
    ]


@router.post("/school-verifications/{id}/confirmation", response_model=SchoolVerificationView)
async def confirm_received(
    id: UUID, call: Annotated[Call, may("school", scope=WRITE, others=Others.HIDDEN)]
) -> Response:
    """The school that received it says that it is right: it is verified, and somebody else has to accept it."""
    who, whose = await hands(call), call.actor.organisations

    async def command(tx: Tx) -> SchoolVerificationView:
        await commands.confirm(tx, id, own=whose, hands=who, at=call.at)
        return await _shown(tx, id, whose)

    return await call.run(command, lambda view: view)


@router.post("/school-verifications/{id}/objection", response_model=SchoolVerificationView)
async def object_to_received(
    id: UUID, body: ObjectionBody, call: Annotated[Call, may("school", scope=WRITE, others=Others.HIDDEN)]
) -> Response:
    """The school says that it is not right: it is on hold until the office has looked, and its sender reads why."""
    who, whose = await hands(call), call.actor.organisations

    async def command(tx: Tx) -> SchoolVerificationView:
        await commands.object_to(tx, id, body.code, body.note, own=whose, hands=who, at=call.at)
        return await _shown(tx, id, whose)

    return await call.run(command, lambda view: view)


async def _shown(tx: Tx, id: UUID, own: Collection[UUID] | None) -> SchoolVerificationView:
    found = await store.received(tx, UUID(int=0), 1, own, get_args(SchoolWord), only=id)
    if not found:
        raise NotFound(what="contribution that a school received")
    return SchoolVerificationView.of(found[0])
