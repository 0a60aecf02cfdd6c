"""Founding, closing and reopening regions, and planning programmes."""

from dataclasses import replace
from datetime import datetime

from runtime import closing, outbox
from runtime.closing import Closure
from runtime.event import Change
from runtime.http import Upserted
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.partners.commands import standing
from services.partners.domain.regions import Consortium, Programme
from services.partners.events import SOURCE
from services.partners.store import organisations
from services.partners.store import regions as store

IMPORTED = "It was imported"
MOST_ORGANISATIONS = 100_000


async def found_consortium(tx: Tx, wanted: Consortium, at: datetime) -> Upserted[Consortium]:
    """Founds a region or describes it anew; another policy is worked out for every standing of the region at once."""
    version = await store.save_consortium(tx, wanted)
    if version is None:
        return Upserted(await store.consortium(tx) or wanted, "unchanged")
    change = Change("consortium", wanted.id, version, (wanted.founded(),))
    restood = await standing.restand_all(tx) if version > 1 else ()
    await outbox.append(tx, change, *restood, source=SOURCE, at=at)
    return Upserted(replace(wanted, version=version), "created" if version == 1 else "changed")


async def close_consortium(tx: Tx, reason: str, by: str, at: datetime) -> Upserted[Closure]:
    """Closes a region to all commands; closed for another reason, that is kept and the day it closed too.

    Raises NotFound when there is no such region.
    """
    return await _turn(tx, True, reason, by, at)


async def reopen_consortium(tx: Tx, reason: str, by: str, at: datetime) -> Upserted[Closure]:
    """Takes commands for a closed region again; nothing happens to one that is open. Raises NotFound."""
    return await _turn(tx, False, reason, by, at)


async def _turn(tx: Tx, closed: bool, reason: str, by: str, at: datetime) -> Upserted[Closure]:
    await closing.hold(tx)
    region = await store.consortium(tx, lock=True)
    if region is None:
        raise NotFound(what="consortium")
    before = await closing.closure_of(tx) or Closure(region.id, False, "", at, region.version)
    if before.closed == closed and (not closed or before.reason == reason):
        return Upserted(before, "unchanged")
    since = before.since if before.closed and closed else at
    turned = Closure(region.id, closed, reason, since, await store.step_consortium(tx))
    await closing.keep(tx, turned, by)
    told = region.closed(reason, since) if closed else region.reopened(reason, since)
    await outbox.append(tx, Change("consortium", region.id, turned.seq, (told,)), source=SOURCE, at=at)
    return Upserted(turned, "changed")


async def open_imported(tx: Tx, at: datetime) -> None:
    """Tells of a region that came out of an archive, with its programmes and organisations, and opens it."""
    region = await store.consortium(tx, lock=True)
    if region is None:
        raise NotFound(what="consortium")
    await store.step_consortium(tx)
    version = await store.step_consortium(tx)
    await closing.keep(tx, Closure(region.id, False, IMPORTED, at, version))
    opened = Change("consortium", region.id, version, (region.founded(), region.reopened(IMPORTED, at)))
    programmes = [Change("programme", each.id, each.version, (each.planned(),)) for each in await store.programmes(tx)]
    named = [
        Change("organisation", each.id, each.version, (each.registered(),))
        for each in await organisations.organisations_after(tx, "", MOST_ORGANISATIONS)
    ]
    await outbox.append(tx, opened, *programmes, *named, source=SOURCE, at=at)


async def plan_programme(tx: Tx, wanted: Programme, at: datetime) -> Upserted[Programme]:
    """Plans a programme or changes its period and lines."""
    version = await store.save_programme(tx, wanted)
    if version is None:
        return Upserted(await store.programme(tx, wanted.code) or wanted, "unchanged")
    change = Change("programme", wanted.id, version, (wanted.planned(),))
    await outbox.append(tx, change, source=SOURCE, at=at)
    return Upserted(replace(wanted, version=version), "created" if version == 1 else "changed")
