"""The planning: what stands in it, what is told of it, and its reminders."""

from datetime import datetime

from runtime import outbox
from runtime.event import Change, Fact
from runtime.http import Upserted
from runtime.postgres import Tx
from services.notifications.domain import telling
from services.notifications.domain.milestones import Milestone, Said
from services.notifications.domain.telling import About
from services.notifications.events import SOURCE
from services.notifications.store import copies, milestones, tellings
from services.notifications.store.copies import Region


async def put_milestone(
    tx: Tx, wanted: Milestone, at: datetime, *, announce: bool | None = None
) -> Upserted[Milestone]:
    """Plans a milestone, moves it, cancels it, describes it anew, or finds it as it was.

    What happened is told when the milestone is not past, or as `announce` says. Announcing what did not change tells it
    to whom it was not told before. Reminders that would be overdue are never given.
    """
    region = await copies.region(tx)
    wanted = wanted.checked()
    known = await milestones.by_code(tx, wanted.code, lock=True)
    if known is None:
        new, fact, said = wanted.planned()
        saved = await milestones.add(tx, new)
        if saved is not None:
            await _publish(tx, region, saved, fact, said, at, announce)
            return Upserted(saved, "created")
        known = await milestones.by_code(tx, wanted.code, lock=True)
        if known is None:
            raise LookupError("a milestone that was there a moment ago is gone")
    new, changed, told = known.become(wanted)
    if changed is None:
        if announce:
            await tellings.ask_again(tx, telling.of_milestone(known, at, announced=True), at)
        return Upserted(known, "unchanged")
    saved = await milestones.change(tx, new)
    await _publish(tx, region, saved, changed, told, at, announce)
    return Upserted(saved, "changed")


async def _publish(
    tx: Tx, region: Region, saved: Milestone, fact: Fact, said: Said | None, at: datetime, announce: bool | None
) -> None:
    await outbox.append(tx, Change("milestone", saved.id, saved.version, (fact,)), source=SOURCE, at=at)
    days = () if saved.cancelled else saved.remind_days_before
    instants = telling.reminder_instants(saved.day, days, region.zone, at)
    await tellings.plan_reminders(tx, About.MILESTONE, saved.id, instants)
    if said is not None and telling.is_told(saved, region.zone, at, announce):
        await tellings.add(tx, telling.of_milestone(saved, at, announced=bool(announce)), at)
