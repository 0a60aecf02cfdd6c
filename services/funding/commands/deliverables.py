"""What lines deliver: planned, replanned and done, with or without a grant."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from runtime import ids, outbox
from runtime.event import Change
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.domain.deliverable import Deliverable
from services.funding.events import SOURCE
from services.funding.store import deliverables as store
from services.funding.store import grants

Result = Literal["created", "changed", "unchanged"]


async def put_deliverable(
    tx: Tx,
    code: str,
    line: str,
    title: str,
    unit: str,
    planned: int,
    due: date,
    grant_code: str | None,
    *,
    by: UUID,
    at: datetime,
) -> tuple[Deliverable, Result]:
    """Plans a deliverable or plans it otherwise; what is done stays. Raises NotFound for an unknown grant."""
    if grant_code is not None and not await grants.grants(tx, grant_code):
        raise NotFound(what="grant with this code")
    deliverable_id = ids.coded_id(tx.consortium_id, "deliverable", code)
    asked = Deliverable(deliverable_id, code, line, title, unit, planned, due, grant_code)
    after, facts = asked.plan(None)
    made = await store.claim(tx, after)
    if not made:
        before = await _locked(tx, code)
        after, facts = asked.plan(before)
        if after is before:
            return before, "unchanged"
        await store.save(tx, after)
    await store.note(tx, after, by, at)
    await outbox.append(tx, Change("deliverable", after.id, after.version, facts), source=SOURCE, at=at)
    return after, "created" if made else "changed"


async def achieve(tx: Tx, code: str, number: int, on: date, evidence: str, *, by: UUID, at: datetime) -> Deliverable:
    """Counts so many as done; a negative number corrects. Raises NotFound, NothingAchieved and LessThanNothing."""
    after, facts = (await _locked(tx, code)).achieve(number, on)
    await store.save(tx, after)
    await store.note(tx, after, by, at, number, on, evidence)
    await outbox.append(tx, Change("deliverable", after.id, after.version, facts), source=SOURCE, at=at)
    return after


async def _locked(tx: Tx, code: str) -> Deliverable:
    found = await store.lock(tx, code)
    if found is None:
        raise NotFound(what="deliverable with this code")
    return found
