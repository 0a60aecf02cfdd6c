"""Counting weights out of a file, and keeping them under a code for divisions to rest on."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

from runtime import ids
from runtime.postgres import Tx
from services.funding.domain import exam_file, weights
from services.funding.domain.exam_file import Asked
from services.funding.domain.programme import Programme
from services.funding.domain.weights import WeightSet, WeightSetRewritten
from services.funding.store import weights as store

Result = Literal["created", "unchanged"]


async def count(
    tx: Tx,
    code: str,
    body: bytes,
    asked: Asked,
    named: Mapping[str, str],
    programme: Programme,
    *,
    by: UUID,
    at: datetime,
) -> WeightSet:
    """The weights in a file, without keeping them. `named` are branch codes of locations that go before the known ones.

    Raises UnknownLine for a name that is no line, and what `exam_file.count` and `weights.of_lines` raise.
    """
    for line in named:
        programme.line(line)
    text = _text(body)
    if exam_file.is_exam_file(text):
        known = await store.branches(tx)
        found = exam_file.count(text, {**known, **named}, asked)
    else:
        found = weights.of_lines(text, frozenset(programme.lines))
    weight_set_id = ids.coded_id(tx.consortium_id, "weight-set", code)
    return WeightSet(weight_set_id, code, hashlib.sha256(body).hexdigest(), dict(named), found, by, at)


async def put(tx: Tx, made: WeightSet) -> tuple[WeightSet, Result]:
    """Keeps counted weights under their code. The same again: unchanged. Raises WeightSetRewritten."""
    if await store.insert(tx, made):
        return made, "created"
    known = (await store.sets(tx, [made.code]))[0]
    if not known.says(made):
        raise WeightSetRewritten(code=made.code)
    return known, "unchanged"


def _text(body: bytes) -> str:
    """UTF-8, or what spreadsheets on Windows save instead."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("cp1252", errors="replace")
    return text.replace("\0", "")
