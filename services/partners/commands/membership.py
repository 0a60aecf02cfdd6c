"""Starting and ending memberships and umbrella mandates."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from runtime import outbox
from runtime.event import Change
from runtime.http import Upserted
from runtime.postgres import Tx
from services.partners.commands.organisations import check_known
from services.partners.commands.standing import restand
from services.partners.domain.membership import Membership, UmbrellaMandate
from services.partners.events import SOURCE
from services.partners.store import membership as store


async def put_membership(tx: Tx, wanted: Membership, named: Mapping[UUID, str], at: datetime) -> Upserted[Membership]:
    """Starts a membership, changes it or gives it its last day. Raises OrganisationUnknown and OtherOrganisation."""
    await check_known(tx, named)
    saved = await store.save_membership(tx, wanted)
    if saved is None:
        return Upserted(await store.membership(tx, wanted.code) or wanted, "unchanged")
    version, before = saved
    change = Change("membership", wanted.id, version, (wanted.put(before),))
    await outbox.append(tx, change, source=SOURCE, at=at)
    return Upserted(replace(wanted, version=version), "changed" if before else "created")


async def put_mandate(
    tx: Tx, wanted: UmbrellaMandate, named: Mapping[UUID, str], at: datetime
) -> Upserted[UmbrellaMandate]:
    """Gives a mandate, changes it or gives it its last day; the member's standing follows.

    Raises OrganisationUnknown, OtherOrganisation and RegionNotFounded.
    """
    await check_known(tx, named)
    saved = await store.save_mandate(tx, wanted)
    if saved is None:
        return Upserted(await store.mandate(tx, wanted.code) or wanted, "unchanged")
    version, before = saved
    change = Change("umbrella-mandate", wanted.id, version, (wanted.put(before),))
    await outbox.append(tx, change, *await restand(tx, {wanted.member_id}), source=SOURCE, at=at)
    return Upserted(replace(wanted, version=version), "changed" if before else "created")
