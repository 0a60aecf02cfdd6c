"""The use cases of partners: each saves what changed, and publishes the state it has now."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from runtime import outbox
from runtime.event import Change
from runtime.http import Upserted
from runtime.postgres import Tx
from services.partners import store
from services.partners.domain import Consortium, Organisation, Programme
from services.partners.events import SOURCE


async def found_consortium(tx: Tx, wanted: Consortium, at: datetime) -> Upserted[Consortium]:
    """Founds a region or describes it anew."""
    version = await store.save_consortium(tx, wanted)
    if version is None:
        return Upserted(await store.consortium(tx) or wanted, "unchanged")
    change = Change("consortium", wanted.id, version, (wanted.founded(),))
    await outbox.append(tx, change, source=SOURCE, at=at)
    return Upserted(replace(wanted, version=version), "created" if version == 1 else "changed")


async def plan_programme(tx: Tx, wanted: Programme, at: datetime) -> Upserted[Programme]:
    """Plans a programme or changes its period and lines."""
    version = await store.save_programme(tx, wanted)
    if version is None:
        return Upserted(await store.programme(tx, wanted.code) or wanted, "unchanged")
    change = Change("programme", wanted.id, version, (wanted.planned(),))
    await outbox.append(tx, change, source=SOURCE, at=at)
    return Upserted(replace(wanted, version=version), "created" if version == 1 else "changed")


async def register_organisation(tx: Tx, wanted: Organisation, at: datetime) -> Upserted[Organisation]:
    """Registers an organisation or describes it anew."""
    version = await store.save_organisation(tx, wanted)
    if version is None:
        return Upserted(await store.organisation(tx, wanted.code) or wanted, "unchanged")
    change = Change("organisation", wanted.id, version, (wanted.registered(),))
    await outbox.append(tx, change, source=SOURCE, at=at)
    return Upserted(replace(wanted, version=version), "created" if version == 1 else "changed")


async def link_account(tx: Tx, issuer: str, subject: str, person_id: UUID) -> bool:
    """Says which person is behind an account; whether that changed anything."""
    return await store.link_identity(tx, issuer, subject, person_id)
