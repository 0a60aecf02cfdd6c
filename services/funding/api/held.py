"""Held records and closed periods over HTTP: what only a person may decide."""

from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import StringConstraints
from starlette.responses import Response

from runtime.http import ApiModel, Call, Page, PageQuery, may
from runtime.http.paging import CursorUnreadable
from runtime.postgres import Tx
from services.funding.api.asking import hands
from services.funding.api.speaking import READ, READERS, WRITE
from services.funding.commands import held as commands
from services.funding.commands import periods
from services.funding.commands.booking import told
from services.funding.domain.rejection import Code
from services.funding.events import ReceiptReason
from services.funding.store import held as store
from services.funding.store import partners
from services.funding.store import periods as closings
from services.funding.store.held import HeldRecord
from services.funding.store.periods import Closing

router = APIRouter(prefix="/v1", tags=["held records"])
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class HeldRecordView(ApiModel):
    """A record as it was sent, why it waits, and the contribution that it is, if it ever was in the books."""

    id: UUID
    sender: str
    record_id: str
    received_at: datetime
    state: str
    reasons: tuple[ReceiptReason, ...]
    content: dict[str, Any]
    organisation_id: UUID | None
    contribution_id: UUID | None

    @classmethod
    def of(cls, found: HeldRecord) -> "HeldRecordView":
        return cls(
            id=found.id,
            sender=found.sender,
            record_id=found.record_id,
            received_at=found.received_at,
            state=found.state,
            reasons=told(found.reasons),
            content=found.content,
            organisation_id=found.organisation_id,
            contribution_id=found.contribution_id,
        )


class DecisionBody(ApiModel):
    """Why, for the sender to read; no names of people."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=300)]


class RefusalBody(DecisionBody):
    """Why, for the sender to read; no names of people. `code` is one of `/v1/rejection-codes`."""

    code: Code = "other"


class ClosingBody(ApiModel):
    """Close all days up to and including this one."""

    until: date


class ClosingView(ApiModel):
    until: date
    closed_at: datetime

    @classmethod
    def of(cls, made: Closing) -> "ClosingView":
        return cls(until=made.until, closed_at=made.at)


@router.get("/held-records")
async def list_held_records(
    call: Annotated[Call, may(*READERS, scope=READ)], paging: Annotated[PageQuery, Depends()]
) -> Page[HeldRecordView]:
    """What waits for a person, longest waiting first."""
    try:
        after = (datetime.fromisoformat(paging.after[0]), UUID(paging.after[1])) if paging.after else None
    except (ValueError, IndexError):
        raise CursorUnreadable from None
    place = after or (LONG_AGO, UUID(int=0))
    rows = await call.read(lambda tx: store.waiting(tx, place, paging.limit + 1))
    return paging.page(rows, HeldRecordView.of, lambda found: [found.received_at.isoformat(), found.id])


@router.post("/held-records/{id}/release", response_model=HeldRecordView)
async def release_held_record(
    id: UUID, body: DecisionBody, call: Annotated[Call, may("office", scope=WRITE)]
) -> Response:
    """It counts: it is booked as verified by this person, so that somebody else has to accept it."""
    who, keys = await hands(call), call.request.app.state.intake.keys
    return await call.run(lambda tx: commands.release(tx, id, hands=who, keys=keys, at=call.at), HeldRecordView.of)


@router.post("/held-records/{id}/refusal", response_model=HeldRecordView)
async def refuse_held_record(
    id: UUID, body: RefusalBody, call: Annotated[Call, may("office", scope=WRITE)]
) -> Response:
    """It does not count: its sender gets a receipt with the reason."""
    who = await hands(call)
    return await call.run(
        lambda tx: commands.refuse(tx, id, reason=body.reason, rejection=body.code, hands=who, at=call.at),
        HeldRecordView.of,
    )


@router.post("/period-closings", status_code=201, response_model=ClosingView)
async def close_period(body: ClosingBody, call: Annotated[Call, may("controller", scope=WRITE)]) -> Response:
    """Closes a period: nothing more is declared or corrected by senders on its days."""
    by = await call.person()

    async def close(tx: Tx) -> Closing:
        today = call.at.astimezone((await partners.consortium(tx)).zone).date()
        return await periods.close(tx, body.until, today=today, by=by, at=call.at)

    return await call.run(close, ClosingView.of, status=201)


@router.get("/period-closings")
async def list_period_closings(call: Annotated[Call, may(*READERS, scope=READ)]) -> list[ClosingView]:
    """What was closed, the latest last."""
    return [ClosingView.of(each) for each in await call.read(closings.closings)]
