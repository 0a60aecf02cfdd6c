"""Registering what the subsidy provider awards."""

from datetime import date, datetime
from typing import Literal

from runtime import ids, outbox
from runtime.event import Change
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.commands.ledger import post
from services.funding.domain.grant import Grant, Supplement
from services.funding.domain.ledger import RECEIVABLE, UNALLOCATED, UNALLOCATED_LINE, JournalEntry, transfer
from services.funding.events import SOURCE
from services.funding.store import allocations as budgets
from services.funding.store import determinations, schemes
from services.funding.store import grants as store

Result = Literal["created", "unchanged"]


async def put_grant(
    tx: Tx,
    code: str,
    scheme: str,
    cents: int,
    first_day: date,
    until: date,
    awarded_on: date,
    *,
    at: datetime,
) -> tuple[Grant, Result]:
    """Registers a grant and books it as unallocated money. Again with the same content: unchanged.

    Raises NotFound for an unknown scheme, GrantPeriodInverted, and GrantRewritten when the code has another award.
    """
    if await schemes.scheme(tx, scheme) is None:
        raise NotFound(what="scheme with this code")
    grant_id = ids.coded_id(tx.consortium_id, "grant", code)
    asked = Grant(grant_id, code, scheme, cents, first_day, until, awarded_on)
    grant, facts = asked.award()
    if not await store.insert(tx, grant):
        known = await store.lock(tx, code)
        if known is None or not known.same_award(asked):
            raise NotFound(what="grant with this code")
        return known, "unchanged"
    await _book(tx, grant, "grant-awarded", "award", cents, awarded_on, f"grant {code} awarded", at)
    await outbox.append(tx, Change("grant", grant.id, grant.version, facts), source=SOURCE, at=at)
    return grant, "created"


async def supplement_grant(
    tx: Tx, grant_code: str, code: str, cents: int, until: date, awarded_on: date, reason: str, *, at: datetime
) -> tuple[Grant, Result]:
    """Adds money, time or both to a grant, and books the money as unallocated. The same supplement again: unchanged.

    Raises NotFound, SupplementRewritten, GrantShortened and SupplementTooLarge, and GrantAlreadyDetermined for a new
    one once the grant is determined.
    """
    before = await store.lock(tx, grant_code)
    if before is None:
        raise NotFound(what="grant with this code")
    supplement_id = ids.coded_id(tx.consortium_id, "supplement", f"{grant_code}/{code}")
    added = Supplement(supplement_id, code, cents, until, awarded_on, reason)
    after, facts = before.supplement(added, await schemes.scheme(tx, before.scheme))
    if after is before:
        return after, "unchanged"
    if (determined := await determinations.made(tx, before.id)) is not None:
        determined.refuse_more()
    await store.add_supplement(tx, after)
    if cents:
        await _book(tx, after, "grant-supplemented", f"supplement/{code}", cents, awarded_on, reason, at)
    await outbox.append(tx, Change("grant", after.id, after.version, facts), source=SOURCE, at=at)
    return after, "created"


async def _book(tx: Tx, grant: Grant, kind: str, step: str, cents: int, day: date, reason: str, at: datetime) -> None:
    await budgets.lock_budgets(tx, {UNALLOCATED_LINE: "unallocated"})
    await budgets.move_budgets(tx, {UNALLOCATED_LINE: cents})
    entry_id = ids.coded_id(tx.consortium_id, "entry", f"grant/{grant.code}/{step}")
    entry = JournalEntry(entry_id, kind, day, transfer(RECEIVABLE, UNALLOCATED, cents), reason, "grant", grant.id)
    await post(tx, [entry], at=at)
