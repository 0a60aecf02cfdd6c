"""What became of each contribution of an organisation. Whoever asks names the organisations."""

import json
from collections.abc import Collection
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.funding.domain.fate import Fate, State
from services.funding.domain.intake import Reason
from services.funding.store import Q

NO_ID = UUID(int=0)


async def fates(tx: Tx, own: Collection[UUID], state: State | None, after: UUID, limit: int) -> list[Fate]:
    """A page of what these organisations contributed, by id; only what is in a state when given."""
    return [_fate(row) for row in await Q.fates.rows(tx, tx.consortium_id, list(own), None, after, state, limit)]


async def one(tx: Tx, id: UUID, own: Collection[UUID]) -> Fate | None:
    """What one of these organisations contributed under this id."""
    row = await Q.fates.row(tx, tx.consortium_id, list(own), id, NO_ID, None, 1)
    return None if row is None else _fate(row)


def _fate(row: Record) -> Fate:
    found = {name: value for name, value in dict(row).items() if name != "intake_id"}
    return Fate(**{**found, "told": tuple(Reason(**each) for each in json.loads(row["told"]))})
