"""Schemes and their rules, as rows."""

import json
from dataclasses import asdict
from functools import cache
from uuid import UUID

from asyncpg import Record
from pydantic import TypeAdapter

from runtime.postgres import Tx
from services.funding.domain.scheme import ABOUT, Base, BaseDecision, Rule, Scheme, Terms
from services.funding.store import Q


async def open_and_lock(tx: Tx, scheme_id: UUID, code: str, title: str) -> tuple[Scheme, bool]:
    """The scheme with this code, locked, and whether it is new."""
    made = await Q.open_scheme.execute(tx, tx.consortium_id, scheme_id, code, title)
    row = await Q.lock_scheme.row(tx, tx.consortium_id, code)
    if row is None:
        raise LookupError("the scheme was not made")
    rules = [rule_of(rule) for rule in await Q.scheme_rules.rows(tx, tx.consortium_id, row["scheme_id"], None)]
    return Scheme(row["scheme_id"], row["code"], row["title"], tuple(rules), row["version"]), made == 1


async def schemes(tx: Tx, code: str | None = None, recorded_until: int | None = None) -> list[Scheme]:
    """The region's schemes with all their rules, or the one with this code.

    With `recorded_until`: the rules that were on record when the scheme was at that version.
    """
    rules: dict[UUID, list[Rule]] = {}
    for row in await Q.scheme_rules.rows(tx, tx.consortium_id, None, recorded_until):
        rules.setdefault(row["scheme_id"], []).append(rule_of(row))
    return [
        Scheme(row["scheme_id"], row["code"], row["title"], tuple(rules.get(row["scheme_id"], ())), row["version"])
        for row in await Q.schemes.rows(tx, tx.consortium_id, code)
    ]


async def scheme(tx: Tx, code: str, recorded_until: int | None = None) -> Scheme | None:
    return next(iter(await schemes(tx, code, recorded_until)), None)


async def lock(tx: Tx, code: str) -> Scheme | None:
    """The scheme with this code, locked for whoever adds rules to it."""
    row = await Q.lock_scheme.row(tx, tx.consortium_id, code)
    return None if row is None else await scheme(tx, code)


async def save(tx: Tx, before: Scheme, after: Scheme) -> None:
    await Q.update_scheme.execute(tx, tx.consortium_id, after.id, after.title, after.version)
    known = {rule.code for rule in before.rules}
    await Q.insert_scheme_rule.each(
        tx,
        [
            (
                tx.consortium_id,
                after.id,
                rule.code,
                rule.about,
                json.dumps(asdict(rule.terms), default=str),
                rule.valid_from,
                rule.valid_until,
                rule.known_from,
                rule.source,
                rule.reason,
                rule.flagged,
                rule.replaces,
                after.version,
            )
            for rule in after.rules
            if rule.code not in known
        ],
    )


@cache
def _terms(about: str) -> TypeAdapter[Terms]:
    return TypeAdapter(ABOUT[about])


def rule_of(row: Record) -> Rule:
    """A rule from its row."""
    return Rule(
        row["code"],
        _terms(row["about"]).validate_json(row["terms"]),
        row["valid_from"],
        row["known_from"],
        row["source"],
        row["valid_until"],
        row["reason"],
        row["flagged"],
        row["replaces"],
    )


async def insert_decision(tx: Tx, proposed: BaseDecision, scheme_id: UUID) -> None:
    await Q.insert_base_decision.execute(
        tx,
        tx.consortium_id,
        proposed.id,
        scheme_id,
        proposed.base.value,
        proposed.valid_from,
        proposed.reason,
        proposed.source,
        proposed.proposed_by,
        proposed.proposed_at,
        proposed.version,
    )


async def decisions(tx: Tx, scheme: str | None = None, decision_id: UUID | None = None) -> list[BaseDecision]:
    """The decisions on a base, oldest first: all of a scheme, or the one with this id."""
    return [
        BaseDecision(
            row["decision_id"],
            row["scheme"],
            Base(row["base"]),
            row["valid_from"],
            row["reason"],
            row["source"],
            row["state"],
            row["proposed_by"],
            row["proposed_at"],
            row["decided_by"],
            row["decided_at"],
            row["rule"],
            row["version"],
        )
        for row in await Q.base_decisions.rows(tx, tx.consortium_id, scheme, decision_id)
    ]


async def save_decision(tx: Tx, decided: BaseDecision) -> None:
    """Keeps a decision that was made; the caller holds its scheme."""
    await Q.decide_base.execute(
        tx, tx.consortium_id, decided.id, decided.decided_by, decided.decided_at, decided.rule, decided.version
    )
