"""Sets of weights, and the branches of the locations, as rows."""

import json
from collections.abc import Collection

from pydantic import TypeAdapter

from runtime.postgres import Tx
from services.funding.domain.weights import Counted, WeightSet
from services.funding.store import Q

_COUNTED: TypeAdapter[Counted] = TypeAdapter(Counted)


async def branches(tx: Tx) -> dict[str, str | None]:
    """Location -> branch code, None when neither programme nor organisation tells one of a branch."""
    rows = await Q.location_branches.rows(tx, tx.consortium_id)
    return {row["code"]: _branch(row["branch_code"]) for row in rows}


def _branch(code: str | None) -> str | None:
    """The branch code; a code of a school alone (4 characters) names no branch."""
    return code.upper() if code is not None and len(code) == 6 else None


async def insert(tx: Tx, made: WeightSet) -> bool:
    """False when the code is on record."""
    added = await Q.insert_weight_set.value(
        tx,
        tx.consortium_id,
        made.id,
        made.code,
        made.sha256,
        json.dumps(dict(made.branches)),
        _COUNTED.dump_json(made.counted).decode(),
        made.imported_by,
        made.imported_at,
    )
    return added is not None


async def sets(tx: Tx, codes: Collection[str] | None = None) -> list[WeightSet]:
    """Sets, the latest first: all, or those with these codes."""
    rows = await Q.weight_sets.rows(tx, tx.consortium_id, None if codes is None else list(codes))
    return [
        WeightSet(
            row["weight_set_id"],
            row["code"],
            row["sha256"],
            json.loads(row["branches"]),
            _COUNTED.validate_json(row["counted"]),
            row["imported_by"],
            row["imported_at"],
        )
        for row in rows
    ]
