"""Registering organisations."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from runtime import outbox
from runtime.event import Change
from runtime.http import Upserted
from runtime.postgres import Tx
from services.partners.domain.organisations import Organisation, OrganisationUnknown
from services.partners.events import SOURCE
from services.partners.store import organisations as store


async def register_organisation(tx: Tx, wanted: Organisation, at: datetime) -> Upserted[Organisation]:
    """Registers an organisation or describes it anew."""
    version = await store.save_organisation(tx, wanted)
    if version is None:
        return Upserted(await store.organisation(tx, wanted.code) or wanted, "unchanged")
    change = Change("organisation", wanted.id, version, (wanted.registered(),))
    await outbox.append(tx, change, source=SOURCE, at=at)
    return Upserted(replace(wanted, version=version), "created" if version == 1 else "changed")


async def check_known(tx: Tx, named: Mapping[UUID, str]) -> None:
    """Raises OrganisationUnknown for the first of these, by code, that the region does not have."""
    known = await store.known(tx, named)
    for organisation_id, code in sorted(named.items(), key=lambda each: each[1]):
        if organisation_id not in known:
            raise OrganisationUnknown(code=code)
