"""Deliverables over HTTP: what lines promise, and what is done."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from runtime.http import ApiModel, Call, Upserted, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api.speaking import READ, READERS, WRITE, Code, CodeText, Sentence
from services.funding.commands import deliverables as commands
from services.funding.domain.deliverable import Deliverable
from services.funding.store import deliverables as store
from services.funding.store.deliverables import Achievement

router = APIRouter(prefix="/v1", tags=["deliverables"])
Reader = Annotated[Call, may(*READERS, scope=READ)]
Number = Annotated[int, Field(ge=0, le=10**9)]


class DeliverableBody(ApiModel):
    """So many units by a day, for a line. `grant` when a grant pays for it; a region without money has these too."""

    line: CodeText
    title: Sentence
    unit: Annotated[str, Field(min_length=1, max_length=40)]
    planned: Number
    due: date
    grant: CodeText | None = None


class AchievementBody(ApiModel):
    """So many units done on a day, with where the evidence is; a negative number corrects. No names of people."""

    number: Annotated[int, Field(ge=-(10**9), le=10**9)]
    on: date
    evidence: Sentence = ""


class DeliverableView(DeliverableBody):
    code: str
    done: int
    state: Literal["open", "done", "overdue"]
    version: int

    @classmethod
    def of(cls, found: Deliverable, on: date) -> "DeliverableView":
        plain = {name: getattr(found, name) for name in cls.model_fields if name != "state"}
        return cls(**plain, state=found.state(on))


class AchievementView(AchievementBody):
    done: int
    by: UUID
    at: datetime

    @classmethod
    def of(cls, found: Achievement) -> "AchievementView":
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


@router.get("/deliverables")
async def list_deliverables(
    call: Reader, line: Annotated[str | None, Query(max_length=80)] = None
) -> list[DeliverableView]:
    """What the lines promise and what of it is done, by line and due day."""
    found = await call.read(lambda tx: store.deliverables(tx, line))
    return [DeliverableView.of(each, call.at.date()) for each in found]


@router.get("/deliverables/{code}/achievements")
async def list_achievements(code: Code, call: Reader) -> list[AchievementView]:
    """What was done of a deliverable, oldest first, with its evidence."""

    async def query(tx: Tx) -> list[Achievement]:
        found = await store.deliverables(tx, code=code)
        if not found:
            raise NotFound(what="deliverable with this code")
        return await store.achievements(tx, found[0].id)

    return [AchievementView.of(each) for each in await call.read(query)]


@router.put("/deliverables/{code}", response_model=DeliverableView)
async def put_deliverable(
    code: Code, body: DeliverableBody, call: Annotated[Call, may("office", scope=WRITE)]
) -> Response:
    """Plans a deliverable, or plans it otherwise. What is done stays."""
    by = await call.person()

    async def command(tx: Tx) -> Upserted[Deliverable]:
        return Upserted(
            *await commands.put_deliverable(
                tx, code, body.line, body.title, body.unit, body.planned, body.due, body.grant, by=by, at=call.at
            )
        )

    return await call.run(
        command,
        lambda done: DeliverableView.of(done.thing, call.at.date()),
        version=lambda done: done.thing.version,
    )


@router.post("/deliverables/{code}/achievements", status_code=201, response_model=DeliverableView)
async def achieve(code: Code, body: AchievementBody, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Counts so many units as done."""
    by = await call.person()
    return await call.run(
        lambda tx: commands.achieve(tx, code, body.number, body.on, body.evidence, by=by, at=call.at),
        lambda done: DeliverableView.of(done, call.at.date()),
        status=201,
        version=lambda done: done.version,
    )
