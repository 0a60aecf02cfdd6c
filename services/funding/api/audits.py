"""Reports signed off and taken away to be checked, over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.responses import Response, StreamingResponse

from runtime.http import ApiModel, Call, may
from services.funding.api.speaking import READ, READERS, WRITE, Code, Sentence
from services.funding.api.streaming import Export, opening, streamed
from services.funding.commands import audit
from services.funding.commands import sign_offs as commands
from services.funding.domain.sign_off import SignOff
from services.funding.domain.tables import Checkpoint

router = APIRouter(prefix="/v1", tags=["progress reports"])
Reader = Annotated[Call, may(*READERS, scope=READ)]


class SignOffBody(ApiModel):
    """The hash of the report as it was read. No names of people in the note."""

    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
    note: Sentence = ""


class SignOffView(ApiModel):
    report: str
    position: int
    role: str
    signed_by: UUID
    signed_at: datetime
    sha256: str
    note: str

    @classmethod
    def of(cls, made: SignOff) -> "SignOffView":
        return cls(
            report=made.report,
            position=made.position,
            role=made.role,
            signed_by=made.signed_by,
            signed_at=made.signed_at,
            sha256=made.sha256,
            note=made.note,
        )


@router.get("/progress-reports/{code}/sign-offs")
async def list_sign_offs(code: Code, call: Reader) -> list[SignOffView]:
    """Who signed a report off, in order."""
    return [SignOffView.of(each) for each in await call.read(lambda tx: commands.sign_offs(tx, code))]


@router.post("/progress-reports/{code}/sign-offs", status_code=201, response_model=SignOffView)
async def sign_report_off(
    code: Code, body: SignOffBody, call: Annotated[Call, may("controller", scope=WRITE)]
) -> Response:
    """Signs a report off. Refused to the person who made it, and when the hash is of something else."""
    by = await call.person()
    return await call.run(
        lambda tx: commands.sign_off(tx, code, "controller", body.sha256, body.note, by=by, at=call.at),
        SignOffView.of,
        status=201,
        when_closed=True,
    )


@router.get(
    "/progress-reports/{code}/audit-file",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/zip": {}}, "description": "A zip to read and check without us"}},
)
async def get_audit_file(code: Code, call: Reader) -> StreamingResponse:
    """Everything a report rests on, from each number to its evidence, with a program that checks it."""
    source = await call.read(lambda tx: audit.source(tx, code))
    seal = source.content["seal"]
    return await streamed(
        call,
        audit.write(lambda: opening(call), source),
        Export(
            kind="audit-file",
            subject=code,
            rows=source.rows,
            media_type="application/zip",
            filename=f"audit-{code}.zip",
            format="zip",
            checkpoint=Checkpoint(seal["count"], seal["head"], seal["batch"]),
        ),
    )
