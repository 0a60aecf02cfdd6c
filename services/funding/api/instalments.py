"""Instalments of a grant over HTTP."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import Field
from starlette.responses import Response

from runtime.http import ApiModel, Call, Upserted, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api.speaking import READ, READERS, WRITE, Code, Sentence
from services.funding.commands import instalments as commands
from services.funding.domain.instalment import Instalment
from services.funding.events.claims import ReasonCode
from services.funding.store import grants
from services.funding.store import instalments as store

router = APIRouter(prefix="/v1", tags=["grants"])
InstalmentCode = Annotated[str, Path(alias="instalment", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
Reason = Annotated[str, Field(min_length=1, max_length=500)]


class InstalmentBody(ApiModel):
    """Money that came in, in cents, on a day. `reference` is the provider's own; no names of people."""

    cents: Annotated[int, Field(gt=0, le=10**15)]
    received_on: date
    reference: Sentence = ""


class ReversalBody(ApiModel):
    """Why it is taken back: a code and a sentence, which the entry says both."""

    reason_code: ReasonCode = "mistake"
    reason: Reason


class InstalmentView(InstalmentBody):
    """An instalment; `reversedBy` when it was taken back, with the reason."""

    code: str
    recorded_by: UUID
    reversed_by: UUID | None
    reason: str

    @classmethod
    def of(cls, found: Instalment) -> "InstalmentView":
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


@router.get("/grants/{code}/instalments")
async def list_instalments(code: Code, call: Annotated[Call, may(*READERS, scope=READ)]) -> list[InstalmentView]:
    """What was paid on a grant, in order of day."""

    async def query(tx: Tx) -> list[Instalment]:
        found = await grants.grants(tx, code)
        if not found:
            raise NotFound(what="grant with this code")
        return await store.instalments(tx, found[0].id)

    return [InstalmentView.of(each) for each in await call.read(query)]


@router.put("/grants/{code}/instalments/{instalment}", response_model=InstalmentView)
async def put_instalment(
    code: Code, instalment: InstalmentCode, body: InstalmentBody, call: Annotated[Call, may("office", scope=WRITE)]
) -> Response:
    """Records money that came in, and books it as cash. The same again changes nothing."""
    by = await call.person()

    async def command(tx: Tx) -> Upserted[Instalment]:
        return Upserted(
            *await commands.put_instalment(
                tx, code, instalment, body.cents, body.received_on, body.reference, by=by, at=call.at
            )
        )

    return await call.run(command, lambda done: InstalmentView.of(done.thing))


@router.post("/grants/{code}/instalments/{instalment}/reversal", response_model=InstalmentView)
async def take_back_instalment(
    code: Code, instalment: InstalmentCode, body: ReversalBody, call: Annotated[Call, may("controller", scope=WRITE)]
) -> Response:
    """Takes back what was recorded by mistake. Refused to the person who recorded it."""
    by = await call.person()
    return await call.run(
        lambda tx: commands.take_back_instalment(
            tx, code, instalment, body.reason_code, body.reason, by=by, at=call.at
        ),
        InstalmentView.of,
    )
