"""Contributions counted per kind in the database: as booked, and as other rates would value them."""

from collections.abc import Mapping
from datetime import date

from runtime.postgres import Tx
from services.funding.domain.what_if import Brought
from services.funding.store import Q


async def brought(tx: Tx, first: date, last: date, rates: Mapping[str, int] | None = None) -> list[Brought]:
    """What the region's contributions of these days come to. `rates` are cents an hour per kind."""
    other = rates or {}
    rows = await Q.contributions_revalued.rows(tx, tx.consortium_id, first, last, list(other), list(other.values()))
    return [
        Brought(row["kind"], row["realised"], row["count"], row["minutes"], row["cents"], row["other_cents"])
        for row in rows
    ]
