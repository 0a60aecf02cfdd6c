"""Founding regions and planning programmes."""

from dataclasses import replace
from datetime import datetime

from runtime import outbox
from runtime.event import Change
from runtime.http import Upserted
from runtime.postgres import Tx
from services.partners.commands import standing
from services.partners.domain.regions import Consortium, Programme
from services.partners.events import SOURCE
from services.partners.store import regions as store


async def found_consortium(tx: Tx, wanted: Consortium, at: datetime) -> Upserted[Consortium]:
    """Founds a region or describes it anew; another policy is worked out for every standing of the region at once."""
    version = await store.save_consortium(tx, wanted)
    if version is None:
        return Upserted(await store.consortium(tx) or wanted, "unchanged")
    change = Change("consortium", wanted.id, version, (wanted.founded(),))
    restood = await standing.restand_all(tx) if version > 1 else ()
    await outbox.append(tx, change, *restood, source=SOURCE, at=at)
    return Upserted(replace(wanted, version=version), "created" if version == 1 else "changed")


async def plan_programme(tx: Tx, wanted: Programme, at: datetime) -> Upserted[Programme]:
    """Plans a programme or changes its period and lines."""
    version = await store.save_programme(tx, wanted)
    if version is None:
        return Upserted(await store.programme(tx, wanted.code) or wanted, "unchanged")
    change = Change("programme", wanted.id, version, (wanted.planned(),))
    await outbox.append(tx, change, source=SOURCE, at=at)
    return Upserted(replace(wanted, version=version), "created" if version == 1 else "changed")
