"""Keeping persons and their accounts. No fact tells of them: name and address leave only over gRPC."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from runtime.http import Upserted
from runtime.postgres import Tx
from services.partners.commands.organisations import check_known
from services.partners.domain.erasure import PersonErased
from services.partners.domain.persons import Person
from services.partners.store import erasure
from services.partners.store import persons as store


async def keep_person(tx: Tx, wanted: Person, named: Mapping[UUID, str]) -> Upserted[Person]:
    """Keeps a person or describes them anew. Raises OrganisationUnknown and PersonErased."""
    await check_known(tx, named)
    version = await store.save_person(tx, wanted)
    if version is None:
        if await erasure.is_erased(tx, wanted.id):
            raise PersonErased
        return Upserted(await store.person(tx, wanted.code) or wanted, "unchanged")
    return Upserted(replace(wanted, version=version), "created" if version == 1 else "changed")


async def link_account(tx: Tx, issuer: str, subject: str, person_id: UUID) -> Upserted[None]:
    """Says which person is behind an account; whether that was new, or changed anything. Raises PersonErased."""
    if await erasure.is_erased(tx, person_id):
        raise PersonErased
    return Upserted(None, await store.link_identity(tx, issuer, subject, person_id))
