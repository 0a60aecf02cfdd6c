"""From a request to a held candidate, and on to the next one when it does not answer or says no."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from runtime import ids
from runtime.postgres import Tx
from runtime.problems import NotFound, Problem
from services.activities.commands import publishing
from services.activities.domain.activities import Activity, Party, Speaker, State
from services.activities.domain.calendar import HOLD_WORKING_DAYS, local_day, working_days_after
from services.activities.domain.catalogue import Request, RequestNotOpen, RequestState, check_kind
from services.activities.domain.matching import Candidate, Ranking, rank, session_minutes
from services.activities.store import activities, catalogue, copies


class NoCandidate(Problem):
    """No offer suits this request (any more): {why}"""


class NotACandidate(Problem):
    """The offer {offer} is no candidate for this request: {why}"""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants held: all of it optional, the best candidate at its first moment otherwise."""

    booking_id: UUID
    offer_code: str | None = None
    activity_code: str | None = None
    starts_at: datetime | None = None
    room: str | None = None
    teachers: tuple[UUID, ...] = ()


async def preview(tx: Tx, code: str, at: datetime) -> tuple[Request, Ranking]:
    """The candidates for a request as they would be ranked now. Nothing is written."""
    request = await catalogue.request_by_code(tx, code)
    if request is None:
        raise NotFound(what="request")
    return request, await _ranking(tx, request, at)


async def rank_candidates(tx: Tx, code: str, speaker: Speaker, at: datetime) -> tuple[Request, Ranking]:
    """Ranks the candidates for an open request and keeps the ranking."""
    request = await _locked(tx, code)
    speaker.on_behalf_of("rank candidates for", school_id=request.school_id)
    if request.state is not RequestState.OPEN:
        raise RequestNotOpen(state=request.state.value)
    ranking = await _ranking(tx, request, at)
    await catalogue.replace_candidates(tx, request.id, ranking.candidates)
    return await publishing.save_request(tx, request, at, ranking.fact(request.id)), ranking


async def hold_candidate(tx: Tx, code: str, wish: Wish, speaker: Speaker, at: datetime) -> Activity:
    """Softly holds a candidate for five working days.

    A school holds for its own request, a company offers what is its own, the office does both.
    """
    request = await _locked(tx, code)
    ranking = await _ranking(tx, request, at)
    candidate = _chosen(ranking, wish.offer_code)
    by = speaker.on_behalf_of("hold", school_id=request.school_id, company_id=candidate.offer.company_id)
    held = request.held()
    await catalogue.replace_candidates(tx, request.id, ranking.candidates)
    await publishing.save_request(tx, held, at, ranking.fact(request.id))
    return await _hold(tx, held, candidate, wish, by, at)


async def pass_on(tx: Tx, ended: Activity, at: datetime, booking_id: UUID) -> Activity | None:
    """Gives the next candidate its turn after `ended` lapsed or was declined; None when nobody is left.

    The next hold is the school's or the office's, so that its company can accept it.
    """
    if ended.request_id is None or ended.offer_id is None:
        return None
    request = (await catalogue.lock_request_by_id(tx, ended.request_id)).reopened()
    await catalogue.settle_candidate(tx, request.id, ended.offer_id, "passed")
    passed = {row.offer_id for row in await catalogue.candidates(tx, request.id) if row.outcome == "passed"}
    ranking = await _ranking(tx, request, at)
    left = Ranking(tuple(one for one in ranking.candidates if one.offer.id not in passed), ranking.misfits)
    await catalogue.replace_candidates(tx, request.id, left.candidates)
    if not left.candidates:
        await publishing.save_request(tx, request, at, left.fact(request.id))
        return None
    held = request.held()
    await publishing.save_request(tx, held, at, left.fact(request.id))
    by = Party.OFFICE if ended.held_by is Party.OFFICE else Party.SCHOOL
    return await _hold(tx, held, left.candidates[0], Wish(booking_id), by, at)


async def expire_hold(tx: Tx, activity_id: UUID, at: datetime, booking_id: UUID) -> Activity | None:
    """Ends one hold that has lasted long enough and holds the next candidate; that one, if there is any.

    Nothing happens when the hold was answered in the meantime, so this can be repeated.
    """
    seated = await activities.activity_by_id(tx, activity_id, lock=True)
    if seated is None:
        return None
    lapsed, facts = seated.activity.lapse(at)
    if not facts:
        return None
    saved = await publishing.change_activity(tx, seated.activity, lapsed, facts, at)
    await activities.cancel_bookings(tx, saved.id)
    return await pass_on(tx, saved, at, booking_id)


async def _locked(tx: Tx, code: str) -> Request:
    request = await catalogue.request_by_code(tx, code, lock=True)
    if request is None:
        raise NotFound(what="request")
    return request


async def _ranking(tx: Tx, request: Request, at: datetime) -> Ranking:
    zone = await copies.zone_of(tx)
    kind = check_kind(await catalogue.kinds(tx), request.kind)
    region = await catalogue.region_for(tx, request, kind, zone)
    return rank(request, await catalogue.offers_of_kind(tx, request.kind), region, local_day(at, zone))


def _chosen(ranking: Ranking, offer_code: str | None) -> Candidate:
    if offer_code is None:
        if ranking.candidates:
            return ranking.candidates[0]
        raise NoCandidate(why=ranking.misfits[0].reason if ranking.misfits else "nobody offers anything of this kind.")
    for candidate in ranking.candidates:
        if candidate.offer.code == offer_code:
            return candidate
    for misfit in ranking.misfits:
        if misfit.offer.code == offer_code:
            raise NotACandidate(offer=offer_code, why=misfit.reason)
    raise NotFound(what="offer of this kind")


async def _hold(tx: Tx, request: Request, candidate: Candidate, wish: Wish, by: Party, at: datetime) -> Activity:
    offer = candidate.offer
    starts_at = wish.starts_at or candidate.starts_at
    code = wish.activity_code or f"{request.code}-{request.attempts}"
    wanted = Activity(
        id=ids.coded_id(tx.consortium_id, "activity", code),
        code=code,
        kind=request.kind,
        title=offer.title,
        line=request.line,
        school_id=request.school_id,
        company_id=offer.company_id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=session_minutes(request, offer)),
        seats=offer.max_group,
        state=State.HELD,
        price_cents=offer.price_cents,
        preparation_minutes=offer.preparation_minutes,
        request_id=request.id,
        offer_id=offer.id,
        room=wish.room,
        teachers=wish.teachers,
        held_until=working_days_after(at, HOLD_WORKING_DAYS, await copies.zone_of(tx)),
        held_by=by,
    )
    held, facts = wanted.held()
    saved = await publishing.add_activity(tx, held, facts, at)
    await catalogue.settle_candidate(tx, request.id, offer.id, "held")
    await activities.take_seats(tx, saved.id, request.group_size)
    await activities.add_booking(
        tx,
        activities.Booking(
            wish.booking_id, saved.id, code, request.code, request.school_id, request.group_size, "booked", at
        ),
    )
    return saved


async def plan_request(tx: Tx, request_id: UUID | None, at: datetime) -> None:
    """The request behind an accepted hold has what it asked for."""
    if request_id is not None:
        request = await catalogue.lock_request_by_id(tx, request_id)
        await publishing.save_request(tx, replace(request, state=RequestState.PLANNED), at)
