"""Documents that prove claims, over HTTP: stored here, and handed out to who may see the claim."""

from dataclasses import dataclass
from pathlib import Path as PathlibPath
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from runtime.http import ApiModel, Call, Others, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api.claims import OWNERS
from services.funding.api.speaking import READ, READERS, WRITE
from services.funding.commands import evidence as commands
from services.funding.commands.evidence import Stored
from services.funding.domain.evidence import MEDIA_TYPES, EvidenceTooLarge, checked, file_name
from services.funding.store import claims
from services.funding.store import evidence as store

router = APIRouter(prefix="/v1", tags=["claims"])


@dataclass(frozen=True, slots=True)
class Keeping:
    """How this installation keeps documents: in a folder, or in the database without one; so many bytes at most."""

    folder: PathlibPath | None
    most_bytes: int


_FILE = {
    "requestBody": {
        "required": True,
        "content": {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in MEDIA_TYPES},
    }
}


class EvidenceFileView(ApiModel):
    """A document that is stored here: name its hash as evidence of a claim, with `stored`."""

    sha256: str
    media_type: str
    bytes: int

    @classmethod
    def of(cls, stored: Stored) -> "EvidenceFileView":
        return cls(sha256=stored.sha256, media_type=stored.media_type, bytes=stored.size)


@router.post("/evidence-files", status_code=201, response_model=EvidenceFileView, openapi_extra=_FILE)
async def store_evidence(
    request: Request, call: Annotated[Call, may("office", *OWNERS, scope=WRITE, others=Others.SHOWN)]
) -> Response:
    """Stores a document, once per hash. Its content must be of the type that Content-Type says; no names of pupils."""
    keeping: Keeping = request.app.state.evidence
    most, told = keeping.most_bytes, request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > most:
        raise EvidenceTooLarge(size=told, most=most)
    by, content = await call.person(), await request.body()
    media_type = checked(request.headers.get("content-type", ""), content, most)
    return await call.run(
        lambda tx: commands.keep(
            tx,
            media_type,
            content,
            keeping.folder,
            organisations=call.actor.organisations,
            by=by,
            at=call.at,
        ),
        EvidenceFileView.of,
        status=201,
    )


@router.get(
    "/claims/{id}/evidence/{sha256}",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "The document, as an attachment"}},
)
async def get_evidence(
    id: Annotated[UUID, Path()],
    sha256: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")],
    request: Request,
    call: Annotated[Call, may(*READERS, *OWNERS, scope=READ, others=Others.HIDDEN)],
) -> Response:
    """A document that proves a claim, when it is stored here; a school or company sees that of its own claims."""
    keeping: Keeping = request.app.state.evidence

    async def query(tx: Tx) -> tuple[str, bytes]:
        found = await claims.claims(tx, claim_id=id, organisations=call.own)
        proofs = [each for each in (found[0].evidence if found else ()) if each.stored and each.sha256 == sha256]
        if not proofs:
            raise NotFound(what="stored evidence of this claim with this hash")
        return proofs[0].media_type, await store.content(tx, keeping.folder, sha256)

    media_type, content = await call.read(query)
    return Response(
        content,
        headers={
            "Content-Type": media_type,
            "Content-Disposition": f'attachment; filename="{file_name(sha256, media_type)}"',
            "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
        },
    )
