"""The ledger over HTTP: to read, to verify, and to take away."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime
from starlette.responses import StreamingResponse

from runtime.http import ApiModel, Call, Page, PageQuery, may
from services.funding.api.speaking import READ, READERS
from services.funding.api.streaming import Export, opening, streamed
from services.funding.commands import ledger as commands
from services.funding.domain.chain import Anchor, Seal
from services.funding.domain.ledger import Movement, ReversalCode, reversal_code
from services.funding.store import ledger as store
from services.funding.store import tables
from services.funding.store.ledger import JournalLine

router = APIRouter(prefix="/v1", tags=["ledger"])
Reader = Annotated[Call, may(*READERS, scope=READ)]


class AccountView(ApiModel):
    """A balance: debit positive, credit negative."""

    account: str
    cents: int
    minutes: int
    postings: int

    @classmethod
    def of(cls, moved: Movement) -> "AccountView":
        return cls(account=moved.account, cents=moved.cents, minutes=moved.minutes, postings=moved.postings)


class PostingView(ApiModel):
    account: str
    cents: int
    minutes: int


class EntryView(ApiModel):
    """A journal entry; one that reverses another has the code of its reason. `batch` is the seal that covers it, absent
    for the second in which there is none yet.
    """

    id: UUID
    kind: str
    day: date
    postings: tuple[PostingView, ...]
    reason: str
    subject_kind: str
    subject_id: UUID
    reverses: UUID | None
    reason_code: ReversalCode | None = None
    recorded_at: datetime
    recorded_by: str
    batch: int | None

    @classmethod
    def of(cls, line: JournalLine) -> "EntryView":
        entry = line.recorded
        return cls(
            id=entry.id,
            kind=entry.kind,
            day=entry.day,
            postings=tuple(
                PostingView(account=account, cents=cents, minutes=minutes) for account, cents, minutes in entry.postings
            ),
            reason=entry.reason,
            subject_kind=entry.subject_kind,
            subject_id=entry.subject_id,
            reverses=entry.reverses,
            reason_code=reversal_code(entry.reason) if entry.reverses else None,
            recorded_at=entry.recorded_at,
            recorded_by=entry.recorded_by,
            batch=line.batch,
        )


class SealView(ApiModel):
    """A batch of the chain: entries up to it, the hash before and after it, and the signature."""

    batch: int
    count: int
    previous: str
    head: str
    sealed_at: datetime
    key_id: str
    signature: str

    @classmethod
    def of(cls, seal: Seal) -> "SealView":
        return cls(
            batch=seal.batch,
            count=seal.count,
            previous=seal.previous,
            head=seal.head,
            sealed_at=seal.sealed_at,
            key_id=seal.key_id,
            signature=seal.signature,
        )


class BreakView(ApiModel):
    batch: int | None
    entry: str | None
    why: str


class VerificationView(ApiModel):
    """What a verification found: `brokenAt` names the first batch and entry that are not what was sealed."""

    ok: bool
    entries: int
    batches: int
    head: str
    unsealed: int
    imbalance_cents: int
    imbalance_minutes: int
    wrong_balances: tuple[str, ...]
    broken_at: BreakView | None

    @classmethod
    def of(cls, verdict: commands.Verdict) -> "VerificationView":
        broken = verdict.broken
        return cls(
            ok=verdict.ok,
            entries=verdict.entries,
            batches=verdict.batches,
            head=verdict.head,
            unsealed=verdict.unsealed,
            imbalance_cents=verdict.imbalance_cents,
            imbalance_minutes=verdict.imbalance_minutes,
            wrong_balances=verdict.balances,
            broken_at=BreakView(batch=broken.batch, entry=broken.entry, why=broken.why) if broken else None,
        )


@router.get("/ledger/accounts")
async def list_accounts(
    call: Reader,
    prefix: Annotated[str, Query(max_length=120, description="Only accounts whose name starts so")] = "",
    as_known_on: Annotated[
        AwareDatetime | None,
        Query(alias="asKnownOn", description="As covered by the last seal at or before it"),
    ] = None,
) -> list[AccountView]:
    """The balances."""
    return [
        AccountView.of(moved) for moved in await call.read(lambda tx: store.account_balances(tx, prefix, as_known_on))
    ]


@router.get("/ledger/entries")
async def list_entries(
    call: Reader,
    paging: Annotated[PageQuery, Depends()],
    account: Annotated[str | None, Query(max_length=120)] = None,
    subject_kind: Annotated[str | None, Query(alias="subjectKind", max_length=40)] = None,
    subject_id: Annotated[UUID | None, Query(alias="subjectId")] = None,
) -> Page[EntryView]:
    """The journal in order of arrival: all of it, of one account, or what was booked for one subject."""
    after = int(paging.after[0]) if paging.after else 0
    rows = await call.read(lambda tx: store.page(tx, after, paging.limit + 1, account, subject_kind, subject_id))
    return paging.page(rows, EntryView.of, lambda line: [line.number])


@router.get("/ledger/seals")
async def list_seals(call: Reader, paging: Annotated[PageQuery, Depends()]) -> Page[SealView]:
    """The chain, oldest batch first."""
    after = int(paging.after[0]) if paging.after else 0
    rows = await call.read(lambda tx: store.seals(tx, after, paging.limit + 1))
    return paging.page(rows, SealView.of, lambda seal: [seal.batch])


@router.get("/ledger/verification")
async def verify_ledger(
    call: Reader,
    count: Annotated[int | None, Query(ge=1, description="Count of a seal you kept, with `head`")] = None,
    head: Annotated[str | None, Query(pattern="^[0-9a-f]{64}$", description="Head of a seal you kept")] = None,
) -> VerificationView:
    """Recomputes the chain and the balances from the rows, and looks up the seal you kept."""
    anchors = [Anchor(count, head)] if count is not None and head is not None else []
    return VerificationView.of(await call.read(lambda tx: commands.verify(tx, anchors)))


@router.get(
    "/ledger/export",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/jsonl": {}}, "description": "One document a line"}},
)
async def export_ledger(call: Reader) -> StreamingResponse:
    """The books as JSON lines, with all that the offline verifier needs. Sent as it is read."""
    seen = await call.read(tables.checkpoint)
    return await streamed(
        call,
        commands.export(lambda: opening(call)),
        Export(
            kind="ledger",
            subject="the whole journal",
            rows=seen.count + seen.unsealed,
            media_type="application/jsonl",
            filename="ledger.jsonl",
            format="jsonl",
            checkpoint=seen,
        ),
    )
