"""Recording what a subsidy scheme asks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from runtime import ids, outbox
from runtime.event import Change
from runtime.postgres import Tx
from services.funding.domain.scheme import Rule, Scheme
from services.funding.events import SOURCE
from services.funding.store import schemes as store

Result = Literal["created", "changed", "unchanged"]


async def put_scheme(tx: Tx, code: str, title: str, rules: Sequence[Rule], *, at: datetime) -> tuple[Scheme, Result]:
    """Adds the rules that are new; what is on record stays. The scheme, and whether anything changed.

    Raises RuleRewritten when a rule of the same code says something else.
    """
    scheme_id = ids.coded_id(tx.consortium_id, "scheme", code)
    before, is_new = await store.open_and_lock(tx, scheme_id, code, title)
    after, facts = before.describe(title, rules)
    if after == before and not is_new:
        return after, "unchanged"
    await store.save(tx, before, after)
    await outbox.append(tx, Change("scheme", after.id, after.version, facts), source=SOURCE, at=at)
    return after, "created" if is_new else "changed"
