"""Drawing up agreements, circulating them, filling them in and signing them. All of it under the agreement's lock."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from runtime import outbox
from runtime.event import Change
from runtime.http import Upserted
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.partners.commands.organisations import check_known
from services.partners.commands.standing import restand
from services.partners.domain.agreements import Agreement, AgreementState, PartyRole, Signature
from services.partners.domain.regions import RegionNotFounded
from services.partners.events import SOURCE
from services.partners.store import agreements as store
from services.partners.store import regions


async def put_agreement(tx: Tx, wanted: Agreement, named: Mapping[UUID, str]) -> Upserted[Agreement]:
    """Draws up a draft or changes it; nobody is told of a draft. Raises OrganisationUnknown and TextFixed."""
    await check_known(tx, named)
    version = await store.draw_up(tx, wanted)
    if version is not None:
        return Upserted(replace(wanted, version=version), "created")
    before = await _locked(tx, wanted.code)
    changed = before.put(wanted)
    if changed is None:
        return Upserted(before, "unchanged")
    saved, _ = await store.save(tx, changed)
    await store.save_parties(tx, changed)
    return Upserted(saved, "changed")


async def circulate(tx: Tx, code: str, at: datetime) -> Upserted[Agreement]:
    """Fixes the text and lays it before the parties; once. Raises NotFound and NobodyCounts."""
    before = await _locked(tx, code)
    circulated, facts = before.circulate()
    if not facts:
        return Upserted(before, "unchanged")
    saved, told = await store.save(tx, circulated, len(facts))
    await outbox.append(tx, Change("agreement", before.id, told, facts), source=SOURCE, at=at)
    return Upserted(saved, "changed")


async def fill_in(tx: Tx, code: str, organisation_id: UUID, values: Mapping[str, str]) -> Upserted[Agreement]:
    """Keeps what a party filled in. Raises NotFound, FieldUnknown and FieldsSigned."""
    before = await _locked(tx, code)
    changed = before.fill_in(organisation_id, values)
    if changed is None:
        return Upserted(before, "unchanged")
    await store.fill_in(tx, before.id, changed.party(organisation_id))
    saved, _ = await store.save(tx, changed)
    return Upserted(saved, "changed")


async def sign(
    tx: Tx, code: str, organisation_id: UUID, signature: Signature, text_hash: str, at: datetime
) -> Upserted[Agreement]:
    """One party signs; when it is the last that counts, the agreement is in force and standings follow, in one go.

    Raises RegionNotFounded and what `Agreement.sign` raises.
    """
    before = await _locked(tx, code)
    region = await regions.consortium(tx)
    if region is None:
        raise RegionNotFounded()
    signed, facts = before.sign(organisation_id, signature, text_hash=text_hash, today=region.day(at))
    if not facts:
        return Upserted(before, "unchanged")
    await store.sign(tx, before.id, organisation_id, signature, at)
    saved, told = await store.save(tx, signed, len(facts))
    changes = [Change("agreement", before.id, told, facts)]
    if signed.state is AgreementState.IN_FORCE:
        new = {organisation_id} if before.state is AgreementState.IN_FORCE else _signed_parties(signed)
        changes += await restand(tx, new, and_under=True)
    await outbox.append(tx, *changes, source=SOURCE, at=at)
    return Upserted(saved, "created")


def _signed_parties(agreement: Agreement) -> set[UUID]:
    return {each.organisation_id for each in agreement.parties if each.role is PartyRole.PARTY and each.signature}


async def _locked(tx: Tx, code: str) -> Agreement:
    found = await store.lock(tx, code)
    if found is None:
        raise NotFound(what="agreement")
    return found
