"""Tables of the books, page by page, each page in a short transaction of its own.

Whatever is booked meanwhile, the pages belong together: they hold what the books held at one checkpoint of the chain.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.commands import position as positions
from services.funding.domain.plan_realised import LineYear, compared
from services.funding.domain.position import Reading, Sums
from services.funding.domain.scheme import Base
from services.funding.domain.tables import CONTRIBUTIONS, JOURNAL, PLAN_VERSUS_REALISED, POSITIONS, Checkpoint
from services.funding.store import applications, partners, progress
from services.funding.store import positions as sums
from services.funding.store import tables as store
from services.funding.table_file import TableFile

PAGE = 1_000
NO_ID = UUID(int=0)

Open = Callable[[], AbstractAsyncContextManager[Tx]]
Page = list[list[Any]]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which days a table is about, and the checkpoint that it rests on."""

    checkpoint: Checkpoint
    first: date = date.min
    last: date = date.max
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Plan against books: up to and including a day, as sealed by a checkpoint."""

    as_of: date
    checkpoint: Checkpoint
    applications: tuple[str, ...]
    rows: Sequence[LineYear]


async def write(into: TableFile, pages: AsyncIterator[Page]) -> AsyncIterator[tuple[int, bytes]]:
    """A table, chunk by chunk: how many rows a chunk holds, and what there is to send."""
    yield 0, into.begin()
    async for page in pages:
        yield len(page), into.rows(page)
    yield 0, into.end()


async def contributions_scope(tx: Tx, first: date, last: date) -> Scope:
    return Scope(await store.checkpoint(tx), first, last, await store.contributions_total(tx, first, last))


async def contributions(opening: Open, scope: Scope) -> AsyncIterator[Page]:
    """Every contribution that the books know at the checkpoint, by id."""
    after = NO_ID
    while True:
        async with opening() as tx:
            rows = await store.contributions(tx, after, scope.checkpoint.batch, scope.first, scope.last, PAGE)
        if not rows:
            return
        yield [CONTRIBUTIONS.cells(dict(row)) for row in rows if row["known"]]
        after = rows[-1]["contributionId"]


async def journal_scope(tx: Tx, first: date, last: date) -> Scope:
    seen = await store.checkpoint(tx)
    return Scope(seen, first, last, await store.journal_total(tx, seen.batch, first, last))


async def journal(opening: Open, scope: Scope) -> AsyncIterator[Page]:
    """Every posting up to the checkpoint, in the order of the chain."""
    after = (0, 0)
    while True:
        async with opening() as tx:
            rows = await store.journal(tx, after, scope.checkpoint.batch, PAGE)
        if not rows:
            return
        yield [JOURNAL.cells(dict(row)) for row in rows if scope.first <= row["day"] <= scope.last]
        after = (rows[-1]["batch"], rows[-1]["position"])


async def positions_rows(tx: Tx, as_of: date, known_on: date) -> tuple[Scope, Page]:
    """The programme, its lines and its partners on a day, by the rules known on a day."""
    seen = await store.checkpoint(tx)
    days = {"asOf": as_of, "knownOn": known_on}
    programme = await positions.position(tx, as_of, known_on)
    rows = [_position("programme", "", "", "", days, programme.sums, programme.readings)]
    for found in await positions.positions_of_lines(tx, as_of, known_on):
        line = found.line
        rows.append(
            _position("line", line.code, line.title, line.kind, days, line.sums, found.readings)
            | {"allocatedCents": line.allocated_cents}
        )
    rows += [
        _position("partner", each.code, each.name, each.kind, days, each.sums, ())
        for each in await sums.partners(tx, as_of, NO_ID, None)
    ]
    page = [POSITIONS.cells(row) for row in rows]
    return Scope(seen, rows=len(page)), page


def _position(
    scope: str,
    code: str,
    name: str,
    kind: str,
    days: Mapping[str, date],
    stands: Sums,
    readings: Sequence[Reading],
) -> dict[str, Any]:
    required = {each.base: (each.required_cents, each.shortfall_cents) for each in readings}
    row: dict[str, Any] = {"scope": scope, "code": code, "name": name, "kind": kind, "allocatedCents": None, **days}
    for part in ("realised", "declared", "promised"):
        for unit in ("cents", "minutes"):
            row[f"{part}{unit.title()}"] = getattr(stands, f"{part}_{unit}")
    row |= {"dueCents": stands.due_cents, "forecastCents": stands.forecast_cents}
    for base, name_ in ((Base.OF_SUBSIDY, "OfSubsidy"), (Base.OF_TOTAL, "OfTotal"), (Base.OF_COSTS, "OfCosts")):
        row[f"required{name_}Cents"], row[f"shortfall{name_}Cents"] = required.get(base, (None, None))
    return row


async def plan_realised(
    tx: Tx, application: str | None, as_of: date | None, known_on: date | None, *, at: datetime
) -> Comparison:
    """What was applied for against what the books hold: all applications that were awarded, or the one that is named.

    Raises NotFound and RegionNotKnown.
    """
    zone = (await partners.consortium(tx)).zone
    day = as_of or at.astimezone(zone).date()
    found = await applications.applications(tx, application)
    if application is not None and not found:
        raise NotFound(what="application with this code")
    plans = [each for each in found if application is not None or each.state == "awarded"]
    if known_on is None:
        seen = await store.checkpoint(tx)
    else:
        seal = await progress.seal_before(tx, datetime.combine(known_on + timedelta(days=1), time(), zone))
        seen = Checkpoint.of(seal)
    moved = await progress.movements(tx, seen.batch, date.min, date.min, day, NO_ID)
    lines = {each.code: (each.kind, each.title) for each in reversed(await partners.lines(tx))}
    return Comparison(day, seen, tuple(each.code for each in plans), compared(plans, moved, lines))


def plan_cells(rows: Sequence[LineYear]) -> Page:
    """The rows of a comparison as cells."""
    return [
        PLAN_VERSUS_REALISED.cells(
            {
                "line": row.line,
                "kind": row.kind,
                "title": row.title,
                "year": row.year,
                "plannedSubsidyCents": row.amounts.planned_subsidy_cents,
                "realisedSubsidyCents": row.amounts.realised_subsidy_cents,
                "subsidyDifferenceCents": row.amounts.subsidy_difference_cents,
                "committedChangeCents": row.amounts.committed_change_cents,
                "plannedCofinancingCents": row.amounts.planned_cofinancing_cents,
                "realisedCofinancingCents": row.amounts.realised_cofinancing_cents,
                "cofinancingDifferenceCents": row.amounts.cofinancing_difference_cents,
                "waitingCofinancingCents": row.amounts.waiting_cofinancing_cents,
                "realisedMinutes": row.amounts.realised_minutes,
                "waitingMinutes": row.amounts.waiting_minutes,
                "plannedOwnCents": row.amounts.planned_own_cents,
            }
        )
        for row in rows
    ]


async def one_page(page: Page) -> AsyncIterator[Page]:
    """What is small enough to be one page."""
    yield page
