"""The books as tables over HTTP: contributions, journal, positions, plan versus realised; streamed, in four forms."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import ConfigDict
from starlette.responses import StreamingResponse

from runtime.http import ApiModel, Call, may
from runtime.postgres import Tx
from runtime.problems import Kind, Problem
from services.funding.api.formats import Wanted, answers
from services.funding.api.speaking import READ, READERS, CodeText
from services.funding.api.streaming import CheckpointView, Export, opening, streamed
from services.funding.commands import tables as commands
from services.funding.commands.tables import Page, Scope
from services.funding.domain.plan_realised import Amounts, total, totals
from services.funding.domain.tables import CONTRIBUTIONS, JOURNAL, PLAN_VERSUS_REALISED, POSITIONS, TABLES, Table
from services.funding.store import partners

router = APIRouter(prefix="/v1", tags=["tables"])
Reader = Annotated[Call, may(*READERS, scope=READ)]
Negotiated = Annotated[Wanted, Depends()]
First = Annotated[date, Query(alias="from", description="From this day on", examples=["2020-01-01"])]
Last = Annotated[date, Query(alias="until", description="Up to and including this day", examples=["2020-12-31"])]
AsOf = Annotated[date | None, Query(alias="asOf", description="Up to and including this day; today when absent")]
KnownOn = Annotated[date | None, Query(alias="knownOn", description="As known by the end of this day; else now")]
Plan = Annotated[
    CodeText | None,
    Query(description="Code of one application; else all that were awarded", examples=["aanvraag-2020"]),
]


class DaysInverted(Problem, kind=Kind.INVALID):
    """The last day ({last}) comes before the first ({first}). Swap the two, or leave one out."""


class ColumnView(ApiModel):
    name: str
    meaning: str


class TableView(ApiModel):
    """A table that can be taken away. A column keeps its name and its meaning; new ones come at the end."""

    name: str
    title: str
    columns: tuple[ColumnView, ...]

    @classmethod
    def of(cls, table: Table) -> "TableView":
        columns = tuple(ColumnView(name=each.name, meaning=each.meaning) for each in table.columns)
        return cls(name=table.name, title=table.title, columns=columns)


class AmountsView(ApiModel):
    """Planned and realised, in cents and minutes. A difference is planned less realised."""

    planned_subsidy_cents: int
    realised_subsidy_cents: int
    subsidy_difference_cents: int
    committed_change_cents: int
    planned_cofinancing_cents: int
    realised_cofinancing_cents: int
    cofinancing_difference_cents: int
    waiting_cofinancing_cents: int
    realised_minutes: int
    waiting_minutes: int
    planned_own_cents: int


def _amounts(found: Amounts) -> dict[str, Any]:
    return {name: getattr(found, name) for name in AmountsView.model_fields}


class LineYearView(AmountsView):
    line: str
    kind: str
    title: str
    year: int


class LineTotalView(AmountsView):
    line: str


class KindTotalView(AmountsView):
    kind: str


class YearTotalView(AmountsView):
    year: int


class PlanRealisedView(ApiModel):
    """What was applied for against what the sealed books hold: per line and calendar year, and what that comes to per
    line, per kind (spearheads, locations), per year and in all."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "asOf": "2023-11-01",
                    "applications": ["aanvraag-2020"],
                    "checkpoint": {"count": 1402, "head": "9f3c" * 16},
                    "rows": [],
                    "lines": [],
                    "kinds": [],
                    "years": [],
                    "total": dict.fromkeys(
                        [
                            *("plannedSubsidyCents", "realisedSubsidyCents", "subsidyDifferenceCents"),
                            *("committedChangeCents", "plannedCofinancingCents", "realisedCofinancingCents"),
                            *("cofinancingDifferenceCents", "waitingCofinancingCents", "realisedMinutes"),
                            *("waitingMinutes", "plannedOwnCents"),
                        ],
                        0,
                    ),
                }
            ]
        }
    )

    as_of: date
    applications: tuple[str, ...]
    checkpoint: CheckpointView
    rows: tuple[LineYearView, ...]
    lines: tuple[LineTotalView, ...]
    kinds: tuple[KindTotalView, ...]
    years: tuple[YearTotalView, ...]
    total: AmountsView


@dataclass(frozen=True, slots=True)
class Ready:
    """A table that is about to be sent: what it is about in words, its scope, and its pages."""

    subject: str
    scope: Scope
    pages: AsyncIterator[Page]


@router.get("/tables")
async def list_tables(_call: Reader) -> list[TableView]:
    """Which tables there are, and what their columns mean."""
    return [TableView.of(table) for table in TABLES]


@router.get("/tables/contributions", response_class=StreamingResponse, responses=answers(CONTRIBUTIONS))
async def get_contributions(
    call: Reader, wanted: Negotiated, first: First = date.min, last: Last = date.max
) -> StreamingResponse:
    """Every contribution, with what the books hold for it at the checkpoint."""
    _in_order(first, last)

    async def prepare(tx: Tx) -> Ready:
        scope = await commands.contributions_scope(tx, first, last)
        return Ready(_days(first, last), scope, commands.contributions(lambda: opening(call), scope))

    return await send(call, wanted, CONTRIBUTIONS, prepare)


@router.get("/tables/journal", response_class=StreamingResponse, responses=answers(JOURNAL))
async def get_journal(
    call: Reader, wanted: Negotiated, first: First = date.min, last: Last = date.max
) -> StreamingResponse:
    """Every posting of the sealed journal, in the order of the chain."""
    _in_order(first, last)

    async def prepare(tx: Tx) -> Ready:
        scope = await commands.journal_scope(tx, first, last)
        return Ready(_days(first, last), scope, commands.journal(lambda: opening(call), scope))

    return await send(call, wanted, JOURNAL, prepare)


@router.get("/tables/positions", response_class=StreamingResponse, responses=answers(POSITIONS))
async def get_positions(
    call: Reader, wanted: Negotiated, as_of: AsOf = None, known_on: KnownOn = None
) -> StreamingResponse:
    """Where the co-financing stands: programme, lines and partners. It rests on all that is booked: `unsealed` tells
    how many entries came after the checkpoint."""

    async def prepare(tx: Tx) -> Ready:
        today = call.at.astimezone((await partners.consortium(tx)).zone).date()
        scope, page = await commands.positions_rows(tx, as_of or today, known_on or today)
        return Ready(f"as of {as_of or today}", scope, commands.one_page(page))

    return await send(call, wanted, POSITIONS, prepare)


@router.get("/tables/plan-versus-realised", response_class=StreamingResponse, responses=answers(PLAN_VERSUS_REALISED))
async def get_plan_versus_realised_table(
    call: Reader, wanted: Negotiated, application: Plan = None, as_of: AsOf = None, known_on: KnownOn = None
) -> StreamingResponse:
    """Plan versus realised, one row per line and calendar year."""

    async def prepare(tx: Tx) -> Ready:
        found = await commands.plan_realised(tx, application, as_of, known_on, at=call.at)
        page = commands.plan_cells(found.rows)
        scope = Scope(found.checkpoint, rows=len(page))
        return Ready(f"as of {found.as_of}", scope, commands.one_page(page))

    return await send(call, wanted, PLAN_VERSUS_REALISED, prepare)


@router.get("/plan-versus-realised")
async def get_plan_versus_realised(
    call: Reader, application: Plan = None, as_of: AsOf = None, known_on: KnownOn = None
) -> PlanRealisedView:
    """What was applied for (price x quantity), against what the sealed books hold, per line and calendar year."""
    found = await call.read(lambda tx: commands.plan_realised(tx, application, as_of, known_on, at=call.at))
    rows = found.rows
    return PlanRealisedView(
        as_of=found.as_of,
        applications=found.applications,
        checkpoint=CheckpointView(count=found.checkpoint.count, head=found.checkpoint.head),
        rows=tuple(
            LineYearView(line=each.line, kind=each.kind, title=each.title, year=each.year, **_amounts(each.amounts))
            for each in rows
        ),
        lines=tuple(LineTotalView(line=key, **_amounts(sums)) for key, sums in totals(rows, "line").items()),
        kinds=tuple(KindTotalView(kind=key, **_amounts(sums)) for key, sums in totals(rows, "kind").items()),
        years=tuple(YearTotalView(year=key, **_amounts(sums)) for key, sums in totals(rows, "year").items()),
        total=AmountsView(**_amounts(total(rows))),
    )


async def send(
    call: Call, wanted: Wanted, table: Table, prepare: Callable[[Tx], Awaitable[Ready]]
) -> StreamingResponse:
    async def ready(tx: Tx) -> tuple[str, Ready]:
        return (await partners.consortium(tx)).language, await prepare(tx)

    language, made = await call.read(ready)
    checkpoint = made.scope.checkpoint
    return await streamed(
        call,
        commands.write(wanted.file(table, checkpoint, language, call.at), made.pages),
        Export(
            kind=table.name,
            subject=made.subject,
            rows=made.scope.rows,
            media_type=wanted.media_type,
            filename=f"{table.name}-{checkpoint.count}-{checkpoint.head[:12]}.{wanted.format.value}",
            format=wanted.format.value,
            checkpoint=checkpoint,
        ),
    )


def _in_order(first: date, last: date) -> None:
    if last < first:
        raise DaysInverted(first=first, last=last)


def _days(first: date, last: date) -> str:
    parts = [f"from {first}"] * (first > date.min) + [f"until {last}"] * (last < date.max)
    return " ".join(parts) or "all days"
