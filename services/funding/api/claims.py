"""Commitments to organisations and the claims on them, over HTTP: a school sees and claims its own."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field, StringConstraints, model_validator
from starlette.responses import Response

from runtime import ids
from runtime.http import ApiModel, Call, Others, Page, PageQuery, Upserted, may
from runtime.http.paging import CursorUnreadable
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api.asking import organisation
from services.funding.api.commitments import CommitmentView
from services.funding.api.speaking import READ, READERS, WRITE, Code, CodeText, Sentence
from services.funding.commands import claims as commands
from services.funding.commands import commitments
from services.funding.domain.claim import Claim, Evidence, State
from services.funding.domain.reservation import Reservation, Terms
from services.funding.events.claims import ReasonCode
from services.funding.store import claims as store
from services.funding.store import reservations
from services.funding.store.reservations import Kept

router = APIRouter(prefix="/v1", tags=["claims"])
OWNERS = ("school", "company")
Id = Annotated[UUID, Path(alias="id")]
Cents = Annotated[int, Field(gt=0, le=10**15)]
Said = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class CommitmentBody(ApiModel):
    """Money of a line, in cents, for an organisation; claimed until and including `expiresOn`. No names of people."""

    line: CodeText
    cents: Cents
    purpose: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    organisation: CodeText | None = None
    expires_on: date | None = None


class DecommitmentBody(ApiModel):
    cents: Cents
    reason: Said


class EvidenceBody(ApiModel):
    """A document: by reference its SHA-256, its media type and where it is kept; or `stored` here, then its SHA-256."""

    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    media_type: Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-z0-9.+-]{1,80}$")] | None = None
    kept_at: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = None
    stored: bool = False

    @model_validator(mode="after")
    def kept_somewhere(self) -> Self:
        if self.stored and (self.media_type or self.kept_at):
            raise ValueError("what is stored here has its type and place from here: give sha256 and stored only")
        if not self.stored and not (self.media_type and self.kept_at):
            raise ValueError("give mediaType and keptAt, or store the file at /v1/evidence-files and say stored")
        return self


class EvidenceView(ApiModel):
    """A document that proves the claim; what is `stored` is at `/v1/claims/{id}/evidence/{sha256}`."""

    sha256: str
    media_type: str
    kept_at: str
    stored: bool


class ClaimBody(ApiModel):
    """A part of a commitment, with what proves it. `about` says what it is for, without names of people."""

    commitment_id: UUID
    cents: Cents
    about: Said
    evidence: Annotated[tuple[EvidenceBody, ...], Field(min_length=1, max_length=50)]


class ReasonBody(ApiModel):
    reason_code: ReasonCode
    reason: Said


class PaymentBody(ApiModel):
    paid_on: date
    reference: Sentence = ""


class ClaimView(ApiModel):
    """A claim: submitted, then approved and paid, or refused, withdrawn or reversed (with the code of its reason)."""

    id: UUID
    commitment_id: UUID
    line: str
    organisation_id: UUID | None
    cents: int
    about: str
    evidence: tuple[EvidenceView, ...]
    state: State
    submitted_by: UUID
    submitted_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    reason_code: str
    reason: str
    paid_on: date | None
    paid_reference: str
    reversed_by: UUID | None
    version: int

    @classmethod
    def of(cls, claim: Claim) -> "ClaimView":
        kept = {name: getattr(claim, name) for name in cls.model_fields if name != "evidence"}
        proofs = tuple(
            EvidenceView(sha256=each.sha256, media_type=each.media_type, kept_at=each.kept_at, stored=each.stored)
            for each in claim.evidence
        )
        return cls(**kept, evidence=proofs)


@router.put("/commitments/{code}", response_model=CommitmentView)
async def put_commitment(
    code: Code, body: CommitmentBody, call: Annotated[Call, may("office", scope=WRITE)]
) -> Response:
    """Commits money of a line, and books it. The same again changes nothing."""
    whose = await organisation(call, body.organisation) if body.organisation else None
    terms = Terms(code, whose.id if whose else None, body.expires_on)

    async def command(tx: Tx) -> Upserted[Kept]:
        made, result = await commitments.put_commitment(
            tx, code, body.line, body.cents, body.purpose, terms, at=call.at
        )
        return Upserted(await _kept(tx, made), result)

    return await call.run(
        command,
        lambda done: CommitmentView.of(done.thing),
        location=lambda done: f"/v1/commitments/{done.thing.reservation.id}",
    )


@router.get("/commitments/{id}")
async def get_commitment(
    id: Id, call: Annotated[Call, may(*READERS, *OWNERS, scope=READ, others=Others.HIDDEN)]
) -> CommitmentView:
    """One commitment; a school or company sees its own."""
    found = await call.read(lambda tx: reservations.page(tx, None, None, None, 1, call.own, id))
    if not found:
        raise NotFound(what="commitment with this id")
    return CommitmentView.of(found[0])


@router.post("/commitments/{id}/decommitments", response_model=CommitmentView)
async def decommit(id: Id, body: DecommitmentBody, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Gives a part of a commitment that nobody claimed back to its line."""

    async def command(tx: Tx) -> Kept:
        return await _kept(tx, await commitments.decommit(tx, id, body.cents, body.reason, at=call.at))

    return await call.run(command, CommitmentView.of)


@router.get("/claims")
async def list_claims(
    call: Annotated[Call, may(*READERS, *OWNERS, scope=READ, others=Others.HIDDEN)],
    paging: Annotated[PageQuery, Depends()],
    commitment: Annotated[UUID | None, Query(description="Id of a commitment")] = None,
    state: State | None = None,
) -> Page[ClaimView]:
    """Claims in order of id; a school or company sees its own."""
    try:
        after = UUID(paging.after[0]) if paging.after else None
    except ValueError:
        raise CursorUnreadable from None

    async def find(tx: Tx) -> list[Claim]:
        return await store.claims(
            tx,
            commitment_id=commitment,
            organisations=call.own,
            state=state,
            after=after,
            limit=paging.limit + 1,
        )

    return paging.page(await call.read(find), ClaimView.of, lambda claim: [claim.id])


@router.get("/claims/{id}")
async def get_claim(
    id: Id, call: Annotated[Call, may(*READERS, *OWNERS, scope=READ, others=Others.HIDDEN)]
) -> ClaimView:
    """One claim; a school or company sees its own."""
    found = await call.read(lambda tx: store.claims(tx, claim_id=id, organisations=call.own))
    if not found:
        raise NotFound(what="claim with this id")
    return ClaimView.of(found[0])


@router.post("/claims", status_code=201, response_model=ClaimView)
async def submit_claim(
    body: ClaimBody, call: Annotated[Call, may("office", *OWNERS, scope=WRITE, others=Others.HIDDEN)]
) -> Response:
    """Claims a part of a commitment; a school or company of its own only. Another person decides on it."""
    by, claim_id = await call.person(), ids.new_id()
    evidence = tuple(
        Evidence(each.sha256, each.media_type or "", each.kept_at or "", each.stored) for each in body.evidence
    )
    return await call.run(
        lambda tx: commands.submit(
            tx, claim_id, body.commitment_id, body.cents, body.about, evidence, own=call.own, by=by, at=call.at
        ),
        ClaimView.of,
        status=201,
        location=lambda claim: f"/v1/claims/{claim.id}",
        version=lambda claim: claim.version,
    )


@router.post("/claims/{id}/approval", response_model=ClaimView)
async def approve_claim(id: Id, call: Annotated[Call, may("controller", scope=WRITE)]) -> Response:
    """Approves a claim. Refused to the person who submitted it."""
    by = await call.person()
    return await call.run(lambda tx: commands.approve(tx, id, by=by, at=call.at), ClaimView.of)


@router.post("/claims/{id}/refusal", response_model=ClaimView)
async def refuse_claim(id: Id, body: ReasonBody, call: Annotated[Call, may("controller", scope=WRITE)]) -> Response:
    """Refuses a claim with a reason; what it asked may be claimed again."""
    by = await call.person()
    return await call.run(
        lambda tx: commands.refuse(tx, id, body.reason_code, body.reason, by=by, at=call.at), ClaimView.of
    )


@router.post("/claims/{id}/withdrawal", response_model=ClaimView)
async def withdraw_claim(
    id: Id, call: Annotated[Call, may("office", *OWNERS, scope=WRITE, others=Others.HIDDEN)]
) -> Response:
    """Takes a claim back before anybody decided on it."""
    return await call.run(lambda tx: commands.withdraw(tx, id, own=call.own, at=call.at), ClaimView.of)


@router.post("/claims/{id}/payment", response_model=ClaimView)
async def pay_claim(id: Id, body: PaymentBody, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Records that an approved claim was paid."""
    return await call.run(lambda tx: commands.pay(tx, id, body.paid_on, body.reference, at=call.at), ClaimView.of)


@router.post("/claims/{id}/reversal", response_model=ClaimView)
async def reverse_claim(id: Id, body: ReasonBody, call: Annotated[Call, may("controller", scope=WRITE)]) -> Response:
    """Undoes an approval before it was paid. Refused to the person who approved it."""
    by = await call.person()
    return await call.run(
        lambda tx: commands.reverse(tx, id, body.reason_code, body.reason, by=by, at=call.at), ClaimView.of
    )


async def _kept(tx: Tx, made: Reservation) -> Kept:
    return (await reservations.page(tx, None, None, None, 1, only=made.id))[0]
