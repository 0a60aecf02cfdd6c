"""Determining a grant: shown under every reading, proposed by one person once there is one, approved by another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from runtime import ids, outbox
from runtime.event import Change
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.commands.days import local_day
from services.funding.commands.ledger import post
from services.funding.domain import determination as domain
from services.funding.domain.determination import Asked, Determination, Result, Shown
from services.funding.domain.grant import Grant
from services.funding.domain.instalment import received_cents
from services.funding.domain.ledger import JournalEntry
from services.funding.domain.scheme import countable_cents
from services.funding.events import SOURCE
from services.funding.store import brought as contributions
from services.funding.store import determinations as store
from services.funding.store import grants, instalments, partners, schemes


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a determination would come to now, under every reading that is possible."""

    grant: Grant
    shown: Shown
    asked: Asked
    results: Sequence[Result]
    currency: str


async def outlook(tx: Tx, grant_code: str, proved_cents: int, costs_cents: int | None, *, at: datetime) -> Outlook:
    """What would be determined, without doing it. Raises NotFound, RegionNotKnown and NoReclaimRule."""
    grant = next(iter(await grants.grants(tx, grant_code)), None)
    if grant is None:
        raise NotFound(what="grant with this code")
    return await _outlook(tx, grant, proved_cents, costs_cents, await local_day(tx, at))


async def propose_determination(
    tx: Tx,
    determination_id: UUID,
    grant_code: str,
    proved_cents: int,
    costs_cents: int | None,
    reason: str,
    evidence: str,
    *,
    by: UUID,
    at: datetime,
) -> Determination:
    """Proposes what a grant comes to in the end. Nothing is booked until another person approves it.

    Raises NotFound, NoReclaimRule, GrantAlreadyDetermined, and BaseUndecided while there is more than one reading.
    """
    grant = await _locked(tx, grant_code)
    before = await store.determinations(tx, grant.id)
    _refuse_twice(before)
    found = await _outlook(tx, grant, proved_cents, costs_cents, await local_day(tx, at))
    result = domain.decided_result(grant, found.asked, found.results)
    number = len(before) + 1
    asked = Determination(
        determination_id, grant.id, grant.code, number, found.shown, result, found.asked.rules, reason, evidence, by, at
    )
    proposed, facts = asked.propose()
    await store.insert(tx, proposed)
    await outbox.append(tx, Change("determination", proposed.id, proposed.version, facts), source=SOURCE, at=at)
    return proposed


async def approve_determination(tx: Tx, determination_id: UUID, *, by: UUID, at: datetime) -> Determination:
    """Determines a grant as proposed, and books what it is reduced by and what is reclaimed.

    Raises NotFound, DeterminationNotProposed, GrantAlreadyDetermined, SamePerson, and DeterminationOutdated when the
    figures are not those of the proposal any more.
    """
    named = next(iter(await store.determinations(tx, None, determination_id)), None)
    if named is None:
        raise NotFound(what="determination with this id")
    grant = await _locked(tx, named.grant)
    before = await store.determinations(tx, grant.id)
    proposed = next(each for each in before if each.id == determination_id)
    if proposed.state == "proposed":
        _refuse_twice(before)
    day = await local_day(tx, at)
    now = await _outlook(tx, grant, proposed.shown.proved_cents, proposed.shown.costs_cents, day)
    made, facts = proposed.approve(now.shown, now.results, len(before), by, at, day)
    await store.approve(tx, made)
    if postings := made.postings():
        entry_id = ids.coded_id(made.id, "entry", "determined")
        entry = JournalEntry(entry_id, "grant-determined", day, postings, made.reason, "grant", grant.id)
        await post(tx, [entry], at=at)
    await outbox.append(tx, Change("determination", made.id, made.version, facts), source=SOURCE, at=at)
    return made


def _refuse_twice(before: Sequence[Determination]) -> None:
    for each in before:
        if each.state == "determined":
            each.refuse_more()


async def _outlook(tx: Tx, grant: Grant, proved_cents: int, costs_cents: int | None, day: date) -> Outlook:
    scheme = await schemes.scheme(tx, grant.scheme)
    rules = scheme.rules if scheme else ()
    asked = domain.asked_by(grant.scheme, rules, grant.from_, day)
    realised: dict[str, int] = {}
    for each in await contributions.brought(tx, grant.from_, grant.until):
        if each.realised:
            realised[each.kind] = realised.get(each.kind, 0) + each.cents
    shown = Shown(
        grant.cents,
        received_cents(await instalments.instalments(tx, grant.id)),
        proved_cents,
        countable_cents(realised, rules, grant.from_, day),
        costs_cents,
    )
    currency = (await partners.consortium(tx)).currency
    return Outlook(grant, shown, asked, domain.results(shown, asked), currency)


async def _locked(tx: Tx, code: str) -> Grant:
    grant = await grants.lock(tx, code)
    if grant is None:
        raise NotFound(what="grant with this code")
    return grant
