"""Kinds, offers, requests and rankings, as rows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Record

from runtime.postgres import Tx
from services.activities.domain.calendar import Window
from services.activities.domain.catalogue import ActivityKind, Behaviour, Offer, Request, RequestState, Side
from services.activities.domain.matching import Candidate, Region
from services.activities.store import Q, copies


@dataclass(frozen=True, slots=True)
class RankedRow:
    """A candidate as it was ranked last. `outcome` is proposed, held or passed."""

    offer_id: UUID
    offer_code: str
    company_id: UUID
    rank: int
    score: int
    travel_minutes: int | None
    starts_at: datetime
    reasons: tuple[str, ...]
    outcome: str


async def kinds(tx: Tx) -> list[ActivityKind]:
    return [
        ActivityKind(row["code"], row["title"], Behaviour(row["behaviour"]), Side(row["place"]), row["cancel_hours"])
        for row in await Q.kinds.rows(tx, tx.consortium_id)
    ]


async def save_kind(tx: Tx, kind: ActivityKind, *, only_new: bool = False) -> None:
    """Adds a kind, or changes it unless `only_new`."""
    statement = Q.add_kind if only_new else Q.save_kind
    await statement.execute(
        tx, tx.consortium_id, kind.code, kind.title, kind.behaviour.value, kind.place.value, kind.cancel_hours
    )


async def offer_by_code(tx: Tx, code: str, *, lock: bool = False) -> Offer | None:
    row = await (Q.lock_offer if lock else Q.offer_by_code).row(tx, tx.consortium_id, code)
    return None if row is None else _offer(row)


async def offers_of_kind(tx: Tx, kind: str) -> list[Offer]:
    return [_offer(row) for row in await Q.offers_of_kind.rows(tx, tx.consortium_id, kind)]


async def list_offers(tx: Tx, after: str, limit: int, line: str | None, company_id: UUID | None) -> list[Offer]:
    return [_offer(row) for row in await Q.list_offers.rows(tx, tx.consortium_id, after, limit, line, company_id)]


async def save_offer(tx: Tx, offer: Offer, facts: int) -> Offer:
    """Adds or changes the offer; the same with its new version."""
    version = await Q.save_offer.value(
        tx,
        tx.consortium_id,
        offer.id,
        offer.code,
        offer.kind,
        offer.title,
        offer.company_id,
        offer.line,
        offer.subject,
        list(offer.levels),
        offer.language,
        offer.min_group,
        offer.max_group,
        offer.minutes,
        offer.preparation_minutes,
        offer.workers,
        offer.price_cents,
        offer.municipality,
        offer.max_travel_minutes,
        _windows_json(offer.windows),
        offer.from_day,
        offer.until_day,
        offer.available,
        facts,
    )
    return replace(offer, version=version)


async def request_by_code(tx: Tx, code: str, *, lock: bool = False) -> Request | None:
    row = await (Q.lock_request if lock else Q.request_by_code).row(tx, tx.consortium_id, code)
    return None if row is None else _request(row)


async def lock_request_by_id(tx: Tx, request_id: UUID) -> Request:
    row = await Q.lock_request_by_id.row(tx, tx.consortium_id, request_id)
    if row is None:
        raise LookupError("an activity names a request that is not there")
    return _request(row)


async def list_requests(tx: Tx, after: str, limit: int, state: str | None, school_id: UUID | None) -> list[Request]:
    return [_request(row) for row in await Q.list_requests.rows(tx, tx.consortium_id, after, limit, state, school_id)]


async def save_request(tx: Tx, request: Request, facts: int) -> Request:
    """Adds or changes the request; the same with its new version."""
    version = await Q.save_request.value(
        tx,
        tx.consortium_id,
        request.id,
        request.code,
        request.kind,
        request.school_id,
        request.line,
        request.subject,
        request.level,
        request.group_size,
        request.language,
        request.from_day,
        request.until_day,
        request.minutes,
        request.municipality,
        _windows_json(request.windows),
        list(request.closed),
        request.state.value,
        request.attempts,
        facts,
    )
    return replace(request, version=version)


async def region_for(tx: Tx, request: Request, kind: ActivityKind, zone: ZoneInfo) -> Region:
    """What ranking needs to know of the region, read now."""
    load = await Q.company_load.rows(tx, tx.consortium_id, request.school_id)
    begin = datetime.combine(request.from_day, time(), zone).astimezone(UTC)
    end = datetime.combine(request.until_day + timedelta(days=1), time(), zone).astimezone(UTC)
    taken: dict[UUID, list[tuple[datetime, datetime]]] = {}
    for row in await Q.offers_taken.rows(tx, tx.consortium_id, begin, end):
        taken.setdefault(row["offer_id"], []).append((row["starts_at"], row["ends_at"]))
    return Region(
        zone=zone,
        place=kind.place,
        places=await copies.places(tx),
        company_activities={row["company_id"]: row["activities"] for row in load},
        together={row["company_id"]: row["together"] for row in load},
        taken=taken,
    )


async def replace_candidates(tx: Tx, request_id: UUID, candidates: Sequence[Candidate]) -> None:
    """Keeps this ranking, behind the candidates that had their turn already."""
    await Q.forget_candidates.execute(tx, tx.consortium_id, request_id)
    for candidate in candidates:
        await Q.add_candidate.execute(
            tx,
            tx.consortium_id,
            request_id,
            candidate.offer.id,
            candidate.score,
            candidate.travel_minutes,
            candidate.starts_at,
            list(candidate.reasons),
        )


async def candidates(tx: Tx, request_id: UUID) -> list[RankedRow]:
    """The last ranking, best first, with those who had their turn."""
    return [
        RankedRow(
            row["offer_id"],
            row["offer_code"],
            row["company_id"],
            row["rank"],
            row["score"],
            row["travel_minutes"],
            row["starts_at"],
            tuple(row["reasons"]),
            row["outcome"],
        )
        for row in await Q.candidates.rows(tx, tx.consortium_id, request_id)
    ]


async def settle_candidate(tx: Tx, request_id: UUID, offer_id: UUID, outcome: str) -> None:
    await Q.settle_candidate.execute(tx, tx.consortium_id, request_id, offer_id, outcome)


def _windows_json(windows: Sequence[Window]) -> str:
    return json.dumps([[w.weekday, w.opens.isoformat("minutes"), w.closes.isoformat("minutes")] for w in windows])


def _windows(text: str) -> tuple[Window, ...]:
    return tuple(
        Window(weekday, time.fromisoformat(opens), time.fromisoformat(closes))
        for weekday, opens, closes in json.loads(text)
    )


def _offer(row: Record) -> Offer:
    return Offer(
        id=row["offer_id"],
        code=row["code"],
        kind=row["kind"],
        title=row["title"],
        company_id=row["company_id"],
        line=row["line"],
        subject=row["subject"],
        levels=tuple(row["levels"]),
        language=row["language"],
        min_group=row["min_group"],
        max_group=row["max_group"],
        minutes=row["minutes"],
        preparation_minutes=row["preparation_minutes"],
        workers=row["workers"],
        price_cents=row["price_cents"],
        municipality=row["municipality"],
        max_travel_minutes=row["max_travel_minutes"],
        windows=_windows(row["windows"]),
        from_day=row["from_day"],
        until_day=row["until_day"],
        available=row["available"],
        version=row["version"],
    )


def _request(row: Record) -> Request:
    closed: list[date] = row["closed"]
    return Request(
        id=row["request_id"],
        code=row["code"],
        kind=row["kind"],
        school_id=row["school_id"],
        line=row["line"],
        subject=row["subject"],
        level=row["level"],
        group_size=row["group_size"],
        language=row["language"],
        from_day=row["from_day"],
        until_day=row["until_day"],
        minutes=row["minutes"],
        municipality=row["municipality"],
        windows=_windows(row["windows"]),
        closed=tuple(closed),
        state=RequestState(row["state"]),
        attempts=row["attempts"],
        version=row["version"],
    )
