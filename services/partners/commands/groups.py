"""Forming working groups, and telling whom they lack."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from runtime import outbox
from runtime.event import Change
from runtime.http import Upserted
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.partners.commands.organisations import check_known
from services.partners.domain.groups import Representation, WorkingGroup, representation
from services.partners.events import SOURCE
from services.partners.store import groups as store
from services.partners.store import membership, organisations, regions


async def put_group(tx: Tx, wanted: WorkingGroup, named: Mapping[UUID, str], at: datetime) -> Upserted[WorkingGroup]:
    """Forms a working group or describes it anew. Raises OrganisationUnknown and SpearheadUnknown."""
    await check_known(tx, named)
    wanted.check_spearheads(await regions.planned_spearheads(tx))
    saved = await store.save_group(tx, wanted)
    if saved is None:
        return Upserted(await store.group(tx, wanted.code) or wanted, "unchanged")
    version, before = saved
    await outbox.append(tx, Change("working-group", wanted.id, version, wanted.put(before)), source=SOURCE, at=at)
    return Upserted(replace(wanted, version=version), "changed" if before else "created")


async def represented(tx: Tx, code: str, day: date) -> Representation:
    """Which kinds of partner a group has on a day, and which it lacks. Raises NotFound."""
    found = await store.group(tx, code)
    if found is None:
        raise NotFound(what="working group")
    present = await organisations.kinds(tx, found.present_on(day))
    partners = await organisations.kinds(tx, await membership.members_on(tx, day))
    return representation(present, partners)
