"""Keeping the reporting calendar: what schemes ask of grants, what comes back, and what the office adds or moves."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from runtime import ids, outbox
from runtime.event import Change
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.commands.days import local_day
from services.funding.domain import reporting_date as domain
from services.funding.domain.grant import Grant
from services.funding.domain.recurrence import Recurrence
from services.funding.domain.reporting_date import ReportingDate, Tells
from services.funding.events import SOURCE
from services.funding.store import calendar as store
from services.funding.store import grants, progress, schemes
from services.funding.store.calendar import Series

Result = Literal["created", "changed", "unchanged"]


async def put_date(
    tx: Tx,
    code: str,
    title: str,
    day: date,
    about: tuple[date | None, date | None],
    grant: str | None,
    tells: Sequence[Tells],
    remind_days_before: Sequence[int],
    *,
    at: datetime,
) -> tuple[ReportingDate, Result]:
    """Plans a date of the office's own, or says otherwise what a date is about and who is reminded; never its day.

    Raises NotFound for an unknown grant, MovedWithoutReason, DateSettled, ReportDaysInverted and UnfitReminders.
    """
    today, whose = await local_day(tx, at), await _grant(tx, grant)
    asked = ReportingDate(
        _id(tx, code),
        code,
        title,
        "office",
        day,
        day,
        today,
        tuple(tells),
        tuple(remind_days_before),
        *about,
        whose.id if whose else None,
        whose.code if whose else None,
    )
    after, facts = asked.plan(None)
    if await store.insert(tx, after):
        await _publish(tx, after, facts, at)
        return after, "created"
    before = await _locked(tx, code)
    after, facts = asked.plan(before)
    if after is before:
        return before, "unchanged"
    await store.save(tx, before, after)
    await _publish(tx, after, facts, at)
    return after, "changed"


async def move(tx: Tx, code: str, day: date, reason: str, *, by: UUID, at: datetime) -> ReportingDate:
    """A person moves a date, and says why. Raises NotFound, DateSettled and DateIsThere."""
    today, before = await local_day(tx, at), await _locked(tx, code)
    return await _changed(tx, before, before.move(day, reason, today, at, by=by), at)


async def cancel(tx: Tx, code: str, reason: str, *, at: datetime) -> ReportingDate:
    """Nothing has to be handed in after all. Raises NotFound and DateSettled."""
    before = await _locked(tx, code)
    return await _changed(tx, before, before.cancel(reason), at)


async def complete(tx: Tx, code: str, on: date, report: str | None, *, at: datetime) -> ReportingDate:
    """It was handed in, with one of our progress reports when it is named. Raises NotFound, DateSettled and
    CompletedInFuture."""
    today, before = await local_day(tx, at), await _locked(tx, code)
    made = None
    if report is not None:
        found = await progress.reports(tx, code=report)
        if not found:
            raise NotFound(what="progress report with this code")
        made = (found[0].code, found[0].id)
    return await _changed(tx, before, before.complete(on, today, made), at)


async def put_series(
    tx: Tx,
    code: str,
    title: str,
    when: Recurrence,
    grant: str | None,
    tells: Sequence[Tells],
    remind_days_before: Sequence[int],
    *,
    at: datetime,
) -> tuple[Series, Result]:
    """Plans dates that come back. What a change adds is planned, what it leaves out from today on is cancelled; dates
    that were moved, completed or cancelled stay as they are.

    Raises NotFound for an unknown grant, SeriesInverted, SeriesTooLong and UnfitReminders.
    """
    days, today, whose = when.days(), await local_day(tx, at), await _grant(tx, grant)
    await store.lock(tx)
    series_id = ids.coded_id(tx.consortium_id, "reporting-series", code)
    told, ahead = tuple(sorted(set(tells))), tuple(sorted(remind_days_before, reverse=True))
    asked = Series(series_id, code, title, when, told, ahead, grant)
    version = await store.save_series(tx, asked)
    if version is None:
        return (await store.series(tx, code))[0], "unchanged"
    known = {each.first_day: each for each in await store.dates(tx, series=code)}
    for day in days:
        wanted = ReportingDate(
            _id(tx, f"{code}-{day}"),
            f"{code}-{day}",
            title,
            "series",
            day,
            day,
            today,
            told,
            ahead,
            grant_id=whose.id if whose else None,
            grant=grant,
            series=code,
        )
        if (before := known.get(day)) is None:
            after, facts = wanted.plan(None)
            if await store.insert(tx, after):
                await _publish(tx, after, facts, at)
        elif before.state == "planned":
            held = await _locked(tx, before.code)
            if held.state == "planned":
                await _changed(tx, held, replace(wanted, day=held.day).plan(held), at)
    for gone in (each for first, each in known.items() if first not in days):
        held = await _locked(tx, gone.code)
        if held.state == "planned" and held.day >= today and not held.moves:
            await _changed(tx, held, held.cancel("no longer in its series"), at)
    return replace(asked, version=version), "created" if version == 1 else "changed"


async def derive(tx: Tx, *, at: datetime) -> int:
    """Brings the calendar up to what the region's schemes ask of its grants, as known today; how many dates changed.

    Raises RegionNotKnown.
    """
    today = await local_day(tx, at)
    await store.lock(tx)
    await store.take_news(tx, today)
    rules = {scheme.code: scheme.rules for scheme in await schemes.schemes(tx)}
    changed = 0
    for grant in await grants.grants(tx):
        for deadline in domain.due(grant, rules.get(grant.scheme, ()), today):
            code = f"{grant.code}-{deadline.what}"[:80]
            date_id = _id(tx, code)
            before = await store.locked(tx, date_id)
            after, facts = domain.derived(before, date_id, code, grant, deadline, at)
            if not facts:
                continue
            if before is None:
                await store.insert(tx, after)
            else:
                await store.save(tx, before, after)
            await _publish(tx, after, facts, at)
            changed += 1
    return changed


async def _changed(
    tx: Tx, before: ReportingDate, outcome: tuple[ReportingDate, tuple[domain.Change, ...]], at: datetime
) -> ReportingDate:
    after, facts = outcome
    if facts:
        await store.save(tx, before, after)
        await _publish(tx, after, facts, at)
    return after


async def _publish(tx: Tx, after: ReportingDate, facts: tuple[domain.Change, ...], at: datetime) -> None:
    await outbox.append(tx, Change("reporting-date", after.id, after.version, facts), source=SOURCE, at=at)


async def _grant(tx: Tx, code: str | None) -> Grant | None:
    if code is None:
        return None
    found = await grants.grants(tx, code)
    if not found:
        raise NotFound(what="grant with this code")
    return found[0]


async def find(tx: Tx, code: str) -> ReportingDate:
    """The date with this code. Raises NotFound."""
    found = await store.dates(tx, _id(tx, code))
    if not found:
        raise NotFound(what="reporting date with this code")
    return found[0]


async def _locked(tx: Tx, code: str) -> ReportingDate:
    held = await store.locked(tx, _id(tx, code))
    if held is None:
        raise NotFound(what="reporting date with this code")
    return held


def _id(tx: Tx, code: str) -> UUID:
    return ids.coded_id(tx.consortium_id, "reporting-date", code)
