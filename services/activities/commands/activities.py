"""What people do with an activity: accept, plan, import, cancel, report as done, confirm.

Lock order: the activity, then its request.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from runtime import ids
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.activities.commands import Result, bookings, catalogue, matching, publishing
from services.activities.domain.activities import Activity, Attendance, Party, Reason, Speaker, State
from services.activities.domain.catalogue import check_kind
from services.activities.store import activities, copies
from services.activities.store import catalogue as kinds_store
from services.activities.store.activities import Seated


@dataclass(frozen=True, slots=True)
class Plan:
    """An activity to be put without a hold. `activity.id` is overwritten by what its code or reference says."""

    activity: Activity
    booking_id: UUID
    pupils: int | None = None
    cancelled: bool = False


async def accept(tx: Tx, code: str, speaker: Speaker, at: datetime) -> Activity:
    """Books what was held, or lets it wait for its budget when it costs something."""
    held = await _locked(tx, code)
    by = speaker.on_behalf_of("accept", school_id=held.school_id, company_id=held.company_id)
    accepted, facts = held.accept(by, at)
    saved = await publishing.change_activity(tx, held, accepted, facts, at)
    if saved.state is State.WAITING_FOR_BUDGET:
        await activities.plan_budget_step(tx, saved.id, "reserve", at)
    await matching.plan_request(tx, held.request_id, at)
    return saved


async def put(tx: Tx, plan: Plan, speaker: Speaker, at: datetime) -> tuple[Activity, Result]:
    """Plans an activity by its code, moves it, or finds it as it was. A company its own, the office every one."""
    wanted = plan.activity
    speaker.on_behalf_of("plan", company_id=wanted.company_id)
    await activities.await_turn(tx, f"code/{wanted.code}")
    seated = await activities.activity_by_code(tx, wanted.code, lock=True)
    if seated is not None:
        speaker.on_behalf_of("change", company_id=seated.activity.company_id)
    return await _put(tx, plan, seated, at)


async def import_sign_up(tx: Tx, plan: Plan, speaker: Speaker, at: datetime) -> tuple[Activity, Result]:
    """Takes over a sign-up from an outside platform by its reference there; the same again changes nothing.

    A platform imports what one of its own organisations takes part in, the office everything.
    """
    wanted = plan.activity
    if wanted.external_ref is None:
        raise ValueError("an import has the reference of the outside platform")
    speaker.on_behalf_of("import", school_id=wanted.school_id, company_id=wanted.company_id)
    await activities.await_turn(tx, f"import/{wanted.external_ref}")
    seated = await activities.lock_imported(tx, wanted.external_ref)
    if seated is not None:
        known = seated.activity
        speaker.on_behalf_of("change", school_id=known.school_id, company_id=known.company_id)
    return await _put(tx, plan, seated, at)


async def _put(tx: Tx, plan: Plan, seated: Seated | None, at: datetime) -> tuple[Activity, Result]:
    wanted = plan.activity
    await catalogue.check_references(tx, wanted.kind, wanted.line)
    await catalogue.check_parties(tx, wanted.school_id, wanted.company_id)
    if seated is None:
        fresh = replace(wanted, id=ids.coded_id(tx.consortium_id, "activity", wanted.code))
        opened, facts = fresh.open()
        saved = await publishing.add_activity(tx, opened, facts, at)
        result = Result.CREATED
        if saved.state is State.WAITING_FOR_BUDGET:
            await activities.plan_budget_step(tx, saved.id, "reserve", at)
    else:
        known = seated.activity
        moved, facts = known.moved(wanted)
        saved = await publishing.change_activity(tx, known, moved, facts, at)
        result = Result.CHANGED if facts else Result.UNCHANGED
    alive = saved.state in (State.BOOKED, State.WAITING_FOR_BUDGET)
    if plan.pupils is not None and alive:
        booked = await bookings.put_sign_up(tx, saved, plan.booking_id, plan.pupils, at)
        result = Result.CHANGED if booked and result is Result.UNCHANGED else result
    if plan.cancelled and alive:
        saved = await _end(tx, saved, Reason.ELSEWHERE, Party.OFFICE, at)
        result = Result.CHANGED if result is Result.UNCHANGED else result
    return saved, result


async def cancel(tx: Tx, code: str, reason: Reason, speaker: Speaker, at: datetime, booking_id: UUID) -> Activity:
    """Cancels an activity; the money set aside goes back.

    A hold that the company cannot meet goes to the next candidate (`booking_id` is for that one's sign-up); else the
    request is open again.
    """
    known = await _locked(tx, code)
    by = speaker.on_behalf_of("cancel", school_id=known.school_id, company_id=known.company_id)
    ended = await _end(tx, known, reason, by, at)
    if known.request_id is not None:
        if known.state is State.HELD and (by is Party.COMPANY or reason in (Reason.DECLINED, Reason.COMPANY_CANNOT)):
            await matching.pass_on(tx, ended, at, booking_id)
        else:
            await catalogue.reopen(tx, known.request_id, at)
    return ended


async def complete(tx: Tx, code: str, attendance: Attendance, speaker: Speaker, at: datetime) -> Activity:
    """Reports an activity as done, with heads and minutes."""
    known = await _locked(tx, code)
    speaker.on_behalf_of("complete", school_id=known.school_id, company_id=known.company_id)
    done, facts = known.complete(attendance, _person(speaker), at, await copies.zone_of(tx))
    return await publishing.change_activity(tx, known, done, facts, at)


async def confirm(tx: Tx, code: str, attendance: Attendance | None, speaker: Speaker, at: datetime) -> Activity:
    """The school confirms who came, once; funding books the hours from the fact."""
    known = await _locked(tx, code)
    by = speaker.on_behalf_of("confirm", school_id=known.school_id, company_id=known.company_id)
    organisations = frozenset[UUID]() if by is Party.OFFICE else speaker.organisations
    zone = await copies.zone_of(tx)
    done, facts = known.confirm(attendance, organisations, by, _person(speaker), at, zone)
    return await publishing.change_activity(tx, known, done, facts, at)


async def grant_budget(tx: Tx, step: activities.BudgetStep, at: datetime) -> None:
    """Funding set the money aside: the activity is booked, and the reservation is to be confirmed."""
    if not await activities.settle_budget_step(tx, step, "confirm", at):
        return
    seated = await activities.activity_by_id(tx, step.activity_id, lock=True)
    if seated is not None and seated.activity.state is State.WAITING_FOR_BUDGET:
        booked, facts = seated.activity.budget_granted()
        await publishing.change_activity(tx, seated.activity, booked, facts, at)


async def refuse_budget(tx: Tx, step: activities.BudgetStep, at: datetime) -> None:
    """Funding said no: the activity is cancelled for lack of budget, and its request is open again."""
    if not await activities.settle_budget_step(tx, step, "done", at):
        return
    seated = await activities.activity_by_id(tx, step.activity_id, lock=True)
    if seated is not None and seated.activity.state is State.WAITING_FOR_BUDGET:
        await _end(tx, seated.activity, Reason.NO_BUDGET, Party.OFFICE, at, release=False)
        if seated.activity.request_id is not None:
            await catalogue.reopen(tx, seated.activity.request_id, at)


async def _end(tx: Tx, known: Activity, reason: Reason, by: Party, at: datetime, *, release: bool = True) -> Activity:
    kind = check_kind(await kinds_store.kinds(tx), known.kind)
    ended, facts = known.cancel(reason, by, at, kind.cancel_hours)
    saved = await publishing.change_activity(tx, known, ended, facts, at)
    await activities.cancel_bookings(tx, saved.id)
    if release and known.state in (State.WAITING_FOR_BUDGET, State.BOOKED) and known.price_cents > 0:
        await activities.plan_budget_step(tx, saved.id, "release", at)
    return saved


async def _locked(tx: Tx, code: str) -> Activity:
    seated = await activities.activity_by_code(tx, code, lock=True)
    if seated is None:
        raise NotFound(what="activity")
    return seated.activity


def _person(speaker: Speaker) -> UUID:
    if speaker.person is None:
        raise ValueError("whoever reports or confirms is a person")
    return speaker.person
