"""Contribution batches over HTTP: the same records as over Kafka, on the same path, with the receipts in the answer."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import JSONResponse, Response

from runtime.auth import RoleMissing
from runtime.consumer import NOBODY
from runtime.event import receive, unpack
from runtime.http import ApiModel, Call, Others, Page, PageQuery, Reach, may
from runtime.http.paging import CursorUnreadable
from runtime.postgres import Tx
from runtime.problems import InvalidInput, Kind, Problem
from services.funding.api.speaking import READ, WRITE
from services.funding.commands import intake
from services.funding.commands.intake import Arrival
from services.funding.domain.intake import read
from services.funding.events import ContributionReceipt, ReceiptReason, ReceiptSeal
from services.funding.store import intake as store
from services.funding.store import senders

router = APIRouter(prefix="/v1", tags=["intake"])

MOST_RECORDS = 5_000
_NUMBERS = ("minutes", "amountCents", "pupils", "minutesEach")


class UnknownSender(Problem, kind=Kind.FORBIDDEN):
    """Your token names no sender that this installation knows. Ask the operator to admit your system."""


class FormatNotTaken(Problem, kind=Kind.UNSUPPORTED):
    """Send records as application/json (an array), application/x-ndjson (a record a line) or text/csv."""


class ReceiptView(ApiModel):
    """What became of one record. Sent again, with the same id, when it fares otherwise later."""

    id: str
    record: str
    outcome: str
    reasons: tuple[ReceiptReason, ...] = ()
    contribution_id: UUID | None = None
    value_cents: int | None = None
    minutes: int | None = None
    rule: str | None = None
    first_outcome: str | None = None
    state: str | None = None
    settled_by: str | None = None
    seal: ReceiptSeal | None = None


class SentReceiptView(ReceiptView):
    """A receipt, with the sender that it went to, and when."""

    sender: str
    at: datetime


class BatchView(ApiModel):
    """What became of the records of a batch, in their order; one that was answered before is not in it."""

    counts: dict[str, int]
    receipts: tuple[ReceiptView, ...]
    dry_run: bool


class _DryRun(Exception):
    """Ends the transaction of a dry run."""

    def __init__(self, receipts: list[ContributionReceipt]) -> None:
        self.receipts = receipts


_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "array", "items": {"type": "object"}, "maxItems": MOST_RECORDS}},
            "application/x-ndjson": {"schema": {"type": "string"}},
            "text/csv": {"schema": {"type": "string"}},
        },
    }
}


@router.post("/contribution-batches", response_model=BatchView, openapi_extra=_BODY)
async def send_batch(
    request: Request,
    call: Annotated[Call, may("sender", scope=WRITE, reach=Reach.MANDATES, others=Others.REFUSED)],
    dry_run: Annotated[bool, Query(alias="dryRun", description="Answer as if, and book nothing")] = False,
) -> Response:
    """Takes in records as an array, as lines or as CSV with the names of the fields as columns.

    Every record gets its receipt here, and on the sender's receipts topic unless it is a dry run.
    """
    sender = await _sender(call)
    records = list(_records(request.headers.get("content-type", ""), await request.body()))
    if len(records) > MOST_RECORDS:
        raise InvalidInput(summary=f"a batch has {MOST_RECORDS} records at most; send it in parts.")
    arrivals = [_arrival(call, sender, number, body) for number, body in enumerate(records)]
    state = request.app.state
    answers = await state.intake.ask(arrivals)
    regions = intake.regions(arrivals)

    async def take(tx: Tx) -> list[ContributionReceipt]:
        return await intake.take(tx, arrivals, answers, state.intake.keys, at=call.at)

    if not dry_run:
        return await call.run(take, lambda receipts: _shown(receipts, False), consortium_id=NOBODY, among=regions)
    try:
        async with call.database.transaction(regions, call.context) as tx:
            raise _DryRun(await take(tx))
    except _DryRun as ended:
        return JSONResponse(_shown(ended.receipts, True))


@router.get("/receipts")
async def list_receipts(
    call: Annotated[Call, may("sender", "office", scope=READ, reach=Reach.MANDATES, others=Others.HIDDEN)],
    paging: Annotated[PageQuery, Depends()],
) -> Page[SentReceiptView]:
    """Receipts in the order in which they were written: a sender's own, or those of the office's region.

    Whoever asks on with the last cursor misses none; what is written this very moment comes a moment later.
    """
    if "office" in call.actor.roles:
        sender, regions = None, {call.consortium_id}
    else:
        sender = await _sender(call)
        async with call.database.transaction(()) as tx:
            regions = {NOBODY, *await senders.regions(tx, sender)}
    try:
        after = (int(paging.after[0]), int(paging.after[1])) if paging.after else (0, 0)
    except (ValueError, IndexError):
        raise CursorUnreadable from None
    async with call.database.transaction(regions, call.context) as tx:
        rows = await store.receipts_after(tx, sender, after, paging.limit + 1)
    return paging.page(
        rows,
        lambda row: SentReceiptView.model_validate({**row.body, "sender": row.sender, "at": row.at}),
        lambda row: list(row.place),
    )


async def _sender(call: Call) -> str:
    """The sender that the token names. Raises UnknownSender."""
    code = call.actor.sender
    if "sender" not in call.actor.roles:
        raise RoleMissing(roles="sender")
    async with call.database.transaction(()) as tx:
        known = await senders.one(tx, code) if code else None
    if known is None:
        raise UnknownSender()
    return known.code


def _arrival(call: Call, sender: str, number: int, body: bytes) -> Arrival:
    """One record of the batch, read as if it had come from Kafka."""
    event = receive(f"{intake.TOPIC}{sender}", 0, number, 0, None, body, [], raw=True)
    return Arrival(
        sender=sender,
        sent=read(body, unpack(event)),
        record=f"contribution-batches/{call.correlation_id}-{number}",
        origin="rest",
        published_at=call.at,
        context=call.context,
    )


def _shown(receipts: list[ContributionReceipt], dry_run: bool) -> dict[str, Any]:
    counts = Counter(each.outcome for each in receipts)
    return {
        "counts": {name: counts[name] for name in ("booked", "held", "duplicate", "refused")},
        "receipts": [json.loads(each.to_json()) for each in receipts],
        "dryRun": dry_run,
    }


def _records(content_type: str, body: bytes) -> Iterator[bytes]:
    """The records in a body, each as the bytes of a JSON document."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        yield from _array(body)
    elif kind in ("application/x-ndjson", "application/jsonl"):
        yield from (line for line in body.splitlines() if line.strip())
    elif kind == "text/csv":
        yield from _rows(body)
    else:
        raise FormatNotTaken()


def _array(body: bytes) -> Iterator[bytes]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidInput(summary="the body is not readable JSON.") from None
    if not isinstance(found, list):
        raise InvalidInput(summary="the body must be an array of records.")
    for each in found:
        yield json.dumps(each).encode()


def _rows(body: bytes) -> Iterator[bytes]:
    """The rows of a spreadsheet. Numbers become numbers, `evidence` is JSON, and an empty cell is left out."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput(summary="the CSV is not UTF-8; save it as 'CSV UTF-8'.") from None
    header = text.partition("\n")[0]
    try:
        sheet = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in header else ",", strict=True)
        rows, columns = list(sheet), sheet.fieldnames or ()
    except csv.Error:
        raise InvalidInput(summary="the CSV cannot be read; check the quotes and the separators.") from None
    if "id" not in columns:
        raise InvalidInput(summary="the first line of the CSV must name the columns, and 'id' is not one of them.")
    for number, row in enumerate(rows, 2):
        if None in row:
            raise InvalidInput(summary=f"row {number} of the CSV has more cells than there are columns; check it.")
        document = {name: _cell(name, value) for name, value in row.items() if value not in (None, "")}
        yield json.dumps(document).encode()


def _cell(name: str | None, value: Any) -> Any:
    if name in _NUMBERS and isinstance(value, str):
        digits = value.strip()
        return int(digits) if digits.removeprefix("-").isdecimal() and len(digits) < 20 else value
    if name == "evidence" and isinstance(value, str):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value
