"""Schemes and their rules, as rows."""

import json
from dataclasses import asdict
from functools import cache
from uuid import UUID

from asyncpg import Record
from pydantic import TypeAdapter

from runtime.postgres import Tx
from services.funding.domain.scheme import ABOUT, Rule, Scheme, Terms
from services.funding.store import Q


async def open_and_lock(tx: Tx, scheme_id: UUID, code: str, title: str) -> tuple[Scheme, bool]:
    """The scheme with this code, locked, and whether it is new."""
    made = await Q.open_scheme.execute(tx, tx.consortium_id, scheme_id, code, title)
    row = await Q.lock_scheme.row(tx, tx.consortium_id, code)
    if row is None:
        raise LookupError("the scheme was not made")
    rules = [_rule(rule) for rule in await Q.scheme_rules.rows(tx, tx.consortium_id, row["scheme_id"])]
    return Scheme(row["scheme_id"], row["code"], row["title"], tuple(rules), row["version"]), made == 1


async def schemes(tx: Tx, code: str | None = None) -> list[Scheme]:
    """The region's schemes with all their rules, or the one with this code."""
    rules: dict[UUID, list[Rule]] = {}
    for row in await Q.scheme_rules.rows(tx, tx.consortium_id, None):
        rules.setdefault(row["scheme_id"], []).append(_rule(row))
    return [
        Scheme(row["scheme_id"], row["code"], row["title"], tuple(rules.get(row["scheme_id"], ())), row["version"])
        for row in await Q.schemes.rows(tx, tx.consortium_id, code)
    ]


async def scheme(tx: Tx, code: str) -> Scheme | None:
    return next(iter(await schemes(tx, code)), None)


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
            )
            for rule in after.rules
            if rule.code not in known
        ],
    )


@cache
def _terms(about: str) -> TypeAdapter[Terms]:
    return TypeAdapter(ABOUT[about])


def _rule(row: Record) -> Rule:
    return Rule(
        row["code"],
        _terms(row["about"]).validate_json(row["terms"]),
        row["valid_from"],
        row["known_from"],
        row["source"],
        row["valid_until"],
        row["reason"],
        row["flagged"],
    )
