"""The statement of a month over HTTP: of each company for the programme office, of its own for a company."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import ConfigDict, StringConstraints
from starlette.responses import StreamingResponse

from runtime.http import ApiModel, Call, Others, Page, PageQuery, may
from runtime.http.paging import CursorUnreadable
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api.formats import answers
from services.funding.api.promising import codes_of, named
from services.funding.api.speaking import READ, READERS
from services.funding.api.streaming import CheckpointView
from services.funding.api.tables import Negotiated, Ready, send
from services.funding.commands import tables as commands
from services.funding.commands.booking import told
from services.funding.domain.monthly import Month, MonthlyStatement, Recorded
from services.funding.domain.tables import MONTHLY_STATEMENTS, Checkpoint
from services.funding.events import ReceiptReason
from services.funding.store import monthly as store
from services.funding.store import partners
from services.funding.store.monthly import SentRecord
from services.funding.store.tables import checkpoint

router = APIRouter(prefix="/v1", tags=["monthly statements"])
Viewer = Annotated[Call, may(*READERS, "company", scope=READ, others=Others.HIDDEN)]
_MONTH = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"
_MEANS = "Calendar month in the zone of the region, as YYYY-MM"
InPath = Annotated[str, Path(pattern=_MONTH, description=_MEANS, examples=["2023-05"])]
InQuery = Annotated[
    str, Query(alias="month", description=_MEANS, examples=["2023-05"]), StringConstraints(pattern=_MONTH)
]
Organisation = Annotated[str, Query(max_length=100, description="Code, or registry number")]
Some = Annotated[str | None, Query(max_length=100, description="Code, or registry number; else all that one may see")]
State = Literal["booked", "held", "refused", "replaced", "withdrawn"]


class SentView(ApiModel):
    """Records that came in in the month, each once however often it was sent, by what came of it at first."""

    records: int
    booked: int
    held: int
    refused: int


class NowView(ApiModel):
    """The same records by what they are now."""

    booked: int
    held: int
    refused: int
    replaced: int
    withdrawn: int


class ReasonView(ApiModel):
    """For how many records this was a reason; a record counts under each of its reasons."""

    outcome: Literal["held", "refused"]
    code: str
    records: int


class BookingView(ApiModel):
    """What the books recorded in the month for a line, by the month in which it is booked. What was taken back, or went
    on hold, is a line of its own, with negative amounts."""

    period: str
    line: str
    what: Literal["booked", "taken-back"]
    entries: int
    minutes: int
    value_cents: int

    @classmethod
    def of(cls, found: Recorded) -> "BookingView":
        return cls(
            period=f"{found.period:%Y-%m}",
            line=found.line,
            what="taken-back" if found.taken_back else "booked",
            entries=found.entries,
            minutes=found.minutes,
            value_cents=found.cents,
        )


class MonthlyStatementView(ApiModel):
    """What one organisation sent in a month, what came of it, and what the sealed books recorded for it in that month,
    lessons included. All months together are its account, `memo/contributed/{organisationId}`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "month": "2023-05",
                    "zone": "Europe/Amsterdam",
                    "organisation": "acme",
                    "organisationId": "0197a3f2-6b1c-7d3e-9f00-000000000001",
                    "checkpoint": {"count": 1402, "head": "9f3c" * 16},
                    "sent": {"records": 3, "booked": 1, "held": 1, "refused": 1},
                    "now": {"booked": 1, "held": 1, "refused": 1, "replaced": 0, "withdrawn": 0},
                    "reasons": [
                        {"outcome": "held", "code": "already-booked", "records": 1},
                        {"outcome": "refused", "code": "unknown-line", "records": 1},
                    ],
                    "bookings": [
                        {
                            "period": "2023-05",
                            "line": "robotisering",
                            "what": "booked",
                            "entries": 1,
                            "minutes": 135,
                            "valueCents": 11_250,
                        }
                    ],
                    "minutes": 135,
                    "valueCents": 11_250,
                }
            ]
        }
    )

    month: str
    zone: str
    organisation: str
    organisation_id: UUID
    checkpoint: CheckpointView
    sent: SentView
    now: NowView
    reasons: tuple[ReasonView, ...]
    bookings: tuple[BookingView, ...]
    minutes: int
    value_cents: int

    @classmethod
    def of(cls, month: str, zone: str, code: str, seen: Checkpoint, found: MonthlyStatement) -> "MonthlyStatementView":
        return cls(
            month=month,
            zone=zone,
            organisation=code,
            organisation_id=found.organisation_id,
            checkpoint=CheckpointView(count=seen.count, head=seen.head),
            sent=SentView(records=found.sent, **{each: found.outcomes[each] for each in ("booked", "held", "refused")}),
            now=NowView(**{each: found.states[each] for each in NowView.model_fields}),
            reasons=tuple(
                ReasonView.model_validate({"outcome": outcome, "code": code, "records": records})
                for (outcome, code), records in sorted(found.reasons.items())
            ),
            bookings=tuple(BookingView.of(each) for each in found.recorded),
            minutes=found.minutes,
            value_cents=found.cents,
        )


class SentRecordView(ApiModel):
    """A record as it came in, what came of it, and the months in which its contribution is booked."""

    id: UUID
    sender: str
    record_id: str
    received_at: datetime
    line: str | None
    day: str | None
    kind: str | None
    outcome: str
    state: str
    reasons: tuple[ReceiptReason, ...]
    settled_by: str | None
    contribution_id: UUID | None
    contribution_state: str | None
    minutes: int | None
    value_cents: int | None
    rule: str | None
    periods: tuple[str, ...]

    @classmethod
    def of(cls, found: SentRecord) -> "SentRecordView":
        same = {
            each: getattr(found, each) for each in cls.model_fields if each not in ("reasons", "contribution_state")
        }
        return cls(**same, reasons=told(found.reasons), contribution_state=found.stands)


@router.get("/monthly-statements/{month}")
async def get_monthly_statement(month: InPath, organisation: Organisation, call: Viewer) -> MonthlyStatementView:
    """What an organisation sent and had booked in a month; a company its own."""
    asked = Month.parse(month)

    async def find(tx: Tx) -> MonthlyStatementView:
        whose, zone = await _one(tx, call, organisation), (await partners.consortium(tx)).zone
        seen = await checkpoint(tx)
        (found,) = await store.monthly(tx, asked.moments(zone), {whose}, seen.batch) or [MonthlyStatement.empty(whose)]
        code = (await codes_of(tx, {whose}))[whose]
        return MonthlyStatementView.of(month, zone.key, code, seen, found)

    return await call.read(find)


@router.get("/monthly-statements/{month}/records")
async def list_monthly_records(
    month: InPath,
    organisation: Organisation,
    call: Viewer,
    paging: Annotated[PageQuery, Depends()],
    state: Annotated[State | None, Query(description="Only those that are this now")] = None,
) -> Page[SentRecordView]:
    """The records that a statement counts, by id, with their reasons in words; a company its own."""
    try:
        after = UUID(paging.after[0]) if paging.after else commands.NO_ID
    except ValueError:
        raise CursorUnreadable from None

    async def find(tx: Tx) -> list[SentRecord]:
        whose, zone = await _one(tx, call, organisation), (await partners.consortium(tx)).zone
        return await store.sent_records(tx, whose, Month.parse(month).moments(zone), state, after, paging.limit + 1)

    return paging.page(await call.read(find), SentRecordView.of, lambda found: [str(found.id)])


@router.get("/tables/monthly-statements", response_class=StreamingResponse, responses=answers(MONTHLY_STATEMENTS))
async def get_monthly_statements_table(
    call: Viewer, wanted: Negotiated, month: InQuery, organisation: Some = None
) -> StreamingResponse:
    """The statements of a month: of all organisations, or of one; a company gets its own."""

    async def prepare(tx: Tx) -> Ready:
        only = await _whose(tx, call, organisation)
        zone, seen = (await partners.consortium(tx)).zone, await checkpoint(tx)
        found = await store.monthly(tx, Month.parse(month).moments(zone), only, seen.batch)
        known = {each.id: each for each in await partners.organisations(tx, {each.organisation_id for each in found})}
        page = []
        for each in found:
            of = known.get(each.organisation_id)
            who = {
                "month": month,
                "organisation": of.code if of is not None else str(each.organisation_id),
                "organisationName": of.name if of is not None else "",
            }
            page += [MONTHLY_STATEMENTS.cells({**who, **row}) for row in each.rows()]
        return Ready(month, commands.Scope(seen, rows=len(page)), commands.one_page(page))

    return await send(call, wanted, MONTHLY_STATEMENTS, prepare)


async def _whose(tx: Tx, call: Call, organisation: str | None) -> Collection[UUID] | None:
    """The organisations that are asked for, as far as the caller may see them; None when that is everybody."""
    if organisation is not None:
        return {await _one(tx, call, organisation)}
    return call.own


async def _one(tx: Tx, call: Call, organisation: str) -> UUID:
    """The organisation with this code. Raises NotFound, also when a company asks for another's."""
    found = await named(tx, organisation)
    if found is None or (call.own is not None and found not in call.own):
        raise NotFound(what="organisation with this code")
    return found
