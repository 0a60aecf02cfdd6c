"""Working standings out anew, for sets of organisations at once.

Whoever writes what standing depends on calls this afterwards, in the same transaction: it first locks the region's
policy, so that the next to come sees all that was written before it, and no two give the same version.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from runtime.event import Change
from runtime.postgres import Tx
from services.partners.domain.regions import RegionNotFounded
from services.partners.domain.standing import Standing, standings
from services.partners.store import standing as store


async def restand(tx: Tx, organisations: Collection[UUID], *, and_under: bool = False) -> Sequence[Change]:
    """The standings among these that changed, written and to be published; with `and_under` also of who these sign for.

    Raises RegionNotFounded.
    """
    policy = await store.lock_policy(tx)
    if policy is None:
        raise RegionNotFounded()
    affected = set(organisations)
    if and_under:
        affected |= set(await store.members_under(tx, affected))
    before = await store.kept(tx, affected)
    now = standings(affected, await store.on_record(tx, affected), policy)
    changed = [
        Standing(each, now[each])
        for each in sorted(affected)
        if now[each] != (before[each].grounds if each in before else ())
    ]
    if not changed:
        return ()
    versions = await store.save(tx, changed)
    return [
        Change("standing", each.organisation_id, versions[each.organisation_id], (each.changed(),)) for each in changed
    ]


async def restand_all(tx: Tx) -> Sequence[Change]:
    """As `restand`, for every organisation that has, or had, a ground. The caller holds the region's policy."""
    return await restand(tx, await store.organisations(tx))
