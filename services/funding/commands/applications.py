"""Applying for a subsidy: drafted, handed in by a second person, and what became of it."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from runtime import ids, outbox
from runtime.event import Change
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.domain.application import Application, Item, Outcome
from services.funding.events import SOURCE
from services.funding.store import applications as store
from services.funding.store import grants, schemes

Result = Literal["created", "changed", "unchanged"]


async def put_application(
    tx: Tx,
    code: str,
    scheme: str,
    title: str,
    first: date,
    until: date,
    items: tuple[Item, ...],
    *,
    by: UUID,
    at: datetime,
) -> tuple[Application, Result]:
    """Puts a draft on record, or changes it. Again with the same content: unchanged, in whatever state it is.

    Raises NotFound for an unknown scheme, ApplicationFrozen, ApplicationPeriodInverted and ItemOutsidePeriod.
    """
    if await schemes.scheme(tx, scheme) is None:
        raise NotFound(what="scheme with this code")
    application_id = ids.coded_id(tx.consortium_id, "application", code)
    asked = Application(application_id, code, scheme, title, first, until, items, by)
    drafted, facts = asked.draft(None)
    made = await store.claim(tx, drafted)
    if not made:
        before = await _locked(tx, code)
        drafted, facts = asked.draft(before)
        if drafted is before:
            return before, "unchanged"
        await store.save(tx, drafted)
    await outbox.append(tx, Change("application", drafted.id, drafted.version, facts), source=SOURCE, at=at)
    return drafted, "created" if made else "changed"


async def submit_application(tx: Tx, code: str, on: date, *, by: UUID, at: datetime) -> Application:
    """Hands an application in. Raises NotFound, ApplicationFrozen, ApplicationEmpty and SamePerson."""
    submitted, facts = (await _locked(tx, code)).submit(by, on)
    await store.save(tx, submitted)
    await outbox.append(tx, Change("application", submitted.id, submitted.version, facts), source=SOURCE, at=at)
    return submitted


async def decide_application(
    tx: Tx, code: str, outcome: Outcome, on: date, reason: str, grant_code: str | None, *, at: datetime
) -> Application:
    """Records what became of an application; an award names the grant that it led to. Again: unchanged.

    Raises NotFound (also for an award without its grant), NotSubmitted and GrantOfAnotherScheme.
    """
    before = await _locked(tx, code)
    grant = None
    if outcome == "awarded":
        grant = next(iter(await grants.grants(tx, grant_code)), None) if grant_code else None
        if grant is None:
            raise NotFound(what="grant with this code")
    decided, facts = before.decide(outcome, on, reason, grant)
    if decided is before:
        return before
    await store.save(tx, decided)
    await outbox.append(tx, Change("application", decided.id, decided.version, facts), source=SOURCE, at=at)
    return decided


async def _locked(tx: Tx, code: str) -> Application:
    found = await store.lock(tx, code)
    if found is None:
        raise NotFound(what="application with this code")
    return found
