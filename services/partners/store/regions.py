"""Consortia and programmes: rows to rules and back."""

import json
from typing import Any

from asyncpg import Record

from runtime.postgres import Tx
from services.partners.domain.regions import Consortium, Programme
from services.partners.domain.standing import Ground
from services.partners.events import PlannedLocation, PlannedSpearhead
from services.partners.store import Q


async def save_consortium(tx: Tx, wanted: Consortium) -> int | None:
    """The new version, or None when nothing changed."""
    version: int | None = await Q.save_consortium.value(
        tx,
        wanted.id,
        wanted.code,
        wanted.name,
        wanted.zone,
        wanted.currency,
        wanted.language,
        list(wanted.standing_policy),
    )
    return version


async def consortium(tx: Tx, *, lock: bool = False) -> Consortium | None:
    row = await (Q.lock_consortium if lock else Q.consortium).row(tx, tx.consortium_id)
    if row is None:
        return None
    return Consortium(
        row["consortium_id"],
        row["code"],
        row["name"],
        row["zone"],
        row["currency"],
        row["language"],
        tuple(Ground(each) for each in row["standing_policy"]),
        row["version"],
    )


async def step_consortium(tx: Tx) -> int:
    """Something else happened to the region than a new description: its new version."""
    version: int = await Q.step_consortium.value(tx, tx.consortium_id)
    return version


async def save_programme(tx: Tx, wanted: Programme) -> int | None:
    """The new version, or None when nothing changed."""
    lines = {
        "spearheads": [line.model_dump(mode="json") for line in wanted.spearheads],
        "locations": [line.model_dump(mode="json") for line in wanted.locations],
    }
    version: int | None = await Q.save_programme.value(
        tx,
        tx.consortium_id,
        wanted.id,
        wanted.code,
        wanted.title,
        wanted.first_day,
        wanted.last_day,
        json.dumps(lines),
    )
    return version


async def programme(tx: Tx, code: str) -> Programme | None:
    row = await Q.programme_by_code.row(tx, tx.consortium_id, code)
    return _programme(row) if row else None


async def programmes(tx: Tx) -> list[Programme]:
    """All programmes of the region, by code."""
    return [_programme(row) for row in await Q.programmes.rows(tx, tx.consortium_id)]


async def latest_programme(tx: Tx) -> Programme | None:
    """The programme that started last."""
    row = await Q.latest_programme.row(tx, tx.consortium_id)
    return _programme(row) if row else None


def _programme(row: Record) -> Programme:
    lines: dict[str, list[dict[str, Any]]] = json.loads(row["lines"])
    return Programme(
        row["programme_id"],
        row["code"],
        row["title"],
        row["first_day"],
        row["last_day"],
        tuple(PlannedSpearhead.model_validate(line) for line in lines["spearheads"]),
        tuple(PlannedLocation.model_validate(line) for line in lines["locations"]),
        row["version"],
    )


async def planned_spearheads(tx: Tx) -> frozenset[str]:
    """The codes of all spearheads of the region's programmes."""
    return frozenset(row["code"] for row in await Q.planned_spearheads.rows(tx, tx.consortium_id))
