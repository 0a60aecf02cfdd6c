"""Keeping what organisations promise."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from runtime import ids, outbox
from runtime.event import Change
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.commands import ledger
from services.funding.domain.pledge import OtherOrganisation, Pledge, Promised, valued, within
from services.funding.domain.programme import Programme
from services.funding.domain.valuation import KindNotEligible, NoRuleForKind
from services.funding.events import SOURCE
from services.funding.store import ledger as books
from services.funding.store import pledges as store
from services.funding.store import schemes, statements

Result = Literal["created", "changed", "unchanged"]


async def put_pledge(
    tx: Tx,
    code: str,
    organisation_id: UUID,
    statement: str | None,
    signed_on: date,
    first_day: date,
    until: date,
    promised: Sequence[Promised],
    programme: Programme,
    *,
    at: datetime,
) -> tuple[Pledge, Result]:
    """Signs a pledge, valued by the rules of its first day as known when it was signed, and books it off the balance.

    A pledge that takes another's place reverses that one's entry, so the books keep what was promised when. The same
    promise again: unchanged. Raises NotFound for an unknown statement, and what `Pledge.sign` and `valued` raise.
    """
    statement_id = await _statement_of(tx, statement, organisation_id)
    pledge_id = ids.coded_id(tx.consortium_id, "pledge", code)
    before = await store.lock(tx, pledge_id, code, organisation_id)
    rules = [rule for scheme in await schemes.schemes(tx) for rule in scheme.rules]
    try:
        lines = valued(promised, programme, rules, first_day, until, signed_on)
    except (KindNotEligible, NoRuleForKind):
        within(programme, first_day, until)
        raise
    asked = Pledge(pledge_id, code, organisation_id, statement_id, signed_on, first_day, until, lines)
    signed, facts = asked.sign(before, programme)
    if not facts:
        return signed, "unchanged"
    await store.save(tx, before, signed)
    entries = [signed.entry(_entry_id(signed))]
    booked = None if before is None else await books.entry(tx, _entry_id(before))
    if booked is not None:
        undone = ids.coded_id(booked.id, "entry", "reversed")
        entries.insert(0, booked.reversal(undone, signed_on, "signed-anew", f"pledge {code} signed anew"))
    await ledger.post(tx, entries, at=at)
    await outbox.append(tx, Change("pledge", signed.id, signed.version, facts), source=SOURCE, at=at)
    return signed, "created" if before is None else "changed"


async def _statement_of(tx: Tx, code: str | None, organisation_id: UUID) -> UUID | None:
    if code is None:
        return None
    found = await statements.lock(tx, code)
    if found is None:
        raise NotFound(what="statement with this code")
    if found.organisation_id != organisation_id:
        raise OtherOrganisation(what="Statement", code=code)
    return found.id


def _entry_id(pledge: Pledge) -> UUID:
    return ids.coded_id(pledge.id, "entry", f"signed/{pledge.version}")
