"""The use cases of notifications: each saves what changed, and publishes what there is to say."""

from datetime import datetime

from runtime import outbox
from runtime.event import Change
from runtime.http import Upserted
from runtime.postgres import Tx
from services.notifications import store
from services.notifications.domain.milestones import Milestone
from services.notifications.events import SOURCE


async def put_milestone(tx: Tx, wanted: Milestone, at: datetime) -> Upserted[Milestone]:
    """Plans a milestone, moves it, cancels it, describes it anew, or finds it as it was."""
    await store.region(tx)
    wanted = wanted.checked()
    known = await store.milestone_by_code(tx, wanted.code, lock=True)
    if known is None:
        new, fact, _ = wanted.planned()
        saved = await store.add_milestone(tx, new)
        if saved is not None:
            await outbox.append(tx, Change("milestone", saved.id, saved.version, (fact,)), source=SOURCE, at=at)
            return Upserted(saved, "created")
        known = await store.milestone_by_code(tx, wanted.code, lock=True)
        if known is None:
            raise LookupError("a milestone that was there a moment ago is gone")
    new, changed, _ = known.become(wanted)
    if changed is None:
        return Upserted(known, "unchanged")
    saved = await store.change_milestone(tx, new)
    await outbox.append(tx, Change("milestone", saved.id, saved.version, (changed,)), source=SOURCE, at=at)
    return Upserted(saved, "changed")
