"""The reporting calendar as rows: dates with their moves, and series."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Database, Tx
from services.funding.domain.recurrence import Recurrence
from services.funding.domain.reporting_date import Move, ReportingDate, Tells
from services.funding.store import Q


@dataclass(frozen=True, slots=True)
class Series:
    """Dates that come back: when, what they are called, who is reminded, and of which grant."""

    id: UUID
    code: str
    title: str
    when: Recurrence
    tells: tuple[Tells, ...]
    remind_days_before: tuple[int, ...]
    grant: str | None = None
    version: int = 0


async def lock(tx: Tx) -> None:
    """Lets one at a time plan series and derive dates in the region."""
    await Q.lock_calendar.execute(tx, tx.consortium_id)


async def dates(tx: Tx, date_id: UUID | None = None, series: str | None = None) -> list[ReportingDate]:
    """The calendar by day: all dates, the one with this id, or those of a series."""
    moves = await _moves(tx, date_id)
    return [_date(row, moves) for row in await Q.reporting_dates.rows(tx, tx.consortium_id, date_id, series)]


async def locked(tx: Tx, date_id: UUID) -> ReportingDate | None:
    """One date, held until the transaction ends."""
    row = await Q.lock_reporting_date.row(tx, tx.consortium_id, date_id)
    return None if row is None else _date(row, await _moves(tx, date_id))


async def insert(tx: Tx, new: ReportingDate) -> bool:
    """Adds a date with its moves; False when its code is on record."""
    made = await Q.insert_reporting_date.execute(
        tx,
        tx.consortium_id,
        new.id,
        new.code,
        new.title,
        new.origin,
        new.day,
        new.first_day,
        new.known_from,
        list(new.tells),
        list(new.remind_days_before),
        new.from_,
        new.until,
        new.grant_id,
        new.grant,
        new.series,
        new.rule,
        new.state,
        new.reason,
        new.completed_on,
        new.report,
        new.report_id,
        new.version,
    )
    if made:
        await _add_moves(tx, new, 0)
    return bool(made)


async def save(tx: Tx, before: ReportingDate, after: ReportingDate) -> None:
    """Keeps a date that the caller holds, with the moves that it did not have before."""
    await Q.update_reporting_date.execute(
        tx,
        tx.consortium_id,
        after.id,
        after.title,
        after.day,
        list(after.tells),
        list(after.remind_days_before),
        after.from_,
        after.until,
        after.grant_id,
        after.grant,
        after.rule,
        after.state,
        after.reason,
        after.completed_on,
        after.report,
        after.report_id,
        after.version,
    )
    await _add_moves(tx, after, len(before.moves))


async def series(tx: Tx, code: str | None = None) -> list[Series]:
    """The region's series by code, or the one with this code."""
    return [
        Series(
            row["series_id"],
            row["code"],
            row["title"],
            Recurrence(row["first_day"], row["last_day"], row["every"], row["step"]),
            tuple(row["tells"]),
            tuple(row["remind_days_before"]),
            row["grant_code"],
            row["version"],
        )
        for row in await Q.reporting_series.rows(tx, tx.consortium_id, code)
    ]


async def save_series(tx: Tx, new: Series) -> int | None:
    """The new version; None when nothing changed."""
    version: int | None = await Q.save_reporting_series.value(
        tx,
        tx.consortium_id,
        new.id,
        new.code,
        new.title,
        new.when.first,
        new.when.last,
        new.when.every,
        new.when.interval,
        list(new.tells),
        list(new.remind_days_before),
        new.grant,
    )
    return version


async def with_news(database: Database, day: date) -> list[UUID]:
    """The regions whose calendar may be another, as far as known by a day."""
    return [row["consortium_id"] for row in await Q.regions_with_reporting_news.rows(database.pool, day)]


async def take_news(tx: Tx, day: date) -> None:
    await Q.take_reporting_news.execute(tx, tx.consortium_id, day)


async def _moves(tx: Tx, date_id: UUID | None) -> dict[UUID, list[Move]]:
    found: dict[UUID, list[Move]] = {}
    for row in await Q.reporting_date_moves.rows(tx, tx.consortium_id, date_id):
        found.setdefault(row["reporting_date_id"], []).append(
            Move(
                row["from_day"],
                row["to_day"],
                row["reason"],
                row["known_from"],
                row["moved_at"],
                row["rule"],
                row["moved_by"],
            )
        )
    return found


async def _add_moves(tx: Tx, of: ReportingDate, known: int) -> None:
    added = of.moves[known:]
    if added:
        names = ("from_day", "to_day", "reason", "known_from", "moved_at", "rule", "moved_by")
        columns = ([getattr(move, name) for move in added] for name in names)
        await Q.insert_reporting_date_moves.execute(tx, tx.consortium_id, of.id, known, *columns)


def _date(row: Record, moves: dict[UUID, list[Move]]) -> ReportingDate:
    return ReportingDate(
        row["reporting_date_id"],
        row["code"],
        row["title"],
        row["origin"],
        row["day"],
        row["first_day"],
        row["known_from"],
        tuple(row["tells"]),
        tuple(row["remind_days_before"]),
        row["from_day"],
        row["until_day"],
        row["grant_id"],
        row["grant_code"],
        row["series"],
        row["rule"],
        row["state"],
        row["reason"],
        row["completed_on"],
        row["report_code"],
        row["report_id"],
        tuple(moves.get(row["reporting_date_id"], ())),
        row["version"],
    )
