"""Recording what a subsidy scheme asks."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from runtime import ids, outbox
from runtime.event import Change
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.commands.days import local_day
from services.funding.domain.scheme import Base, BaseDecision, Rule, Scheme
from services.funding.events import SOURCE
from services.funding.store import schemes as store

Result = Literal["created", "changed", "unchanged"]


async def put_scheme(tx: Tx, code: str, title: str, rules: Sequence[Rule], *, at: datetime) -> tuple[Scheme, Result]:
    """Adds the rules that are new; what is on record stays. The scheme, and whether anything changed.

    Raises RuleRewritten when a rule of the same code says something else, RuleNeverHolds and RateWithoutReason.
    """
    scheme_id = ids.coded_id(tx.consortium_id, "scheme", code)
    before, is_new = await store.open_and_lock(tx, scheme_id, code, title)
    after, facts = before.describe(title, rules)
    if after == before and not is_new:
        return after, "unchanged"
    await store.save(tx, before, after)
    await outbox.append(tx, Change("scheme", after.id, after.version, facts), source=SOURCE, at=at)
    return after, "created" if is_new else "changed"


async def propose_base(
    tx: Tx,
    decision_id: UUID,
    scheme_code: str,
    base: Base,
    valid_from: date,
    reason: str,
    source: str,
    *,
    by: UUID,
    at: datetime,
) -> BaseDecision:
    """Proposes which reading of a disputed base holds; both stay shown until another person decides.

    Raises NotFound for an unknown scheme, RegionNotKnown and BaseNotOpen.
    """
    scheme = await _locked(tx, scheme_code)
    asked = BaseDecision(decision_id, scheme_code, base, valid_from, reason, source, "proposed", by, at)
    proposed, facts = asked.propose(scheme, await local_day(tx, at))
    await store.insert_decision(tx, proposed, scheme.id)
    await outbox.append(tx, Change("base-decision", proposed.id, proposed.version, facts), source=SOURCE, at=at)
    return proposed


async def decide_base(tx: Tx, scheme_code: str, decision_id: UUID, *, by: UUID, at: datetime) -> BaseDecision:
    """Makes a proposed decision hold: it becomes a rule of the scheme, known from this day on.

    Raises NotFound, RegionNotKnown, SamePerson, BaseAlreadyDecided and BaseNotOpen.
    """
    scheme = await _locked(tx, scheme_code)
    proposed = next(iter(await store.decisions(tx, scheme_code, decision_id)), None)
    if proposed is None:
        raise NotFound(what="proposal on the base with this id")
    decided, rule, facts = proposed.decide(scheme, by, at, await local_day(tx, at))
    after, recorded = scheme.describe(scheme.title, [rule])
    await store.save(tx, scheme, after)
    await store.save_decision(tx, decided)
    await outbox.append(
        tx,
        Change("scheme", after.id, after.version, recorded),
        Change("base-decision", decided.id, decided.version, facts),
        source=SOURCE,
        at=at,
    )
    return decided


async def _locked(tx: Tx, code: str) -> Scheme:
    scheme = await store.lock(tx, code)
    if scheme is None:
        raise NotFound(what="scheme with this code")
    return scheme
