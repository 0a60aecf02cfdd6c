"""Agreements and their parties: rows to rules and back."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.partners.domain.agreements import Agreement, AgreementState, Blank, Party, PartyRole, Signature
from services.partners.domain.periods import Period
from services.partners.store import Q


async def draw_up(tx: Tx, wanted: Agreement) -> int | None:
    """Makes the draft with its parties: its version, or None when there is an agreement of this id already."""
    version: int | None = await Q.draw_up.value(
        tx,
        tx.consortium_id,
        wanted.id,
        wanted.code,
        wanted.title,
        wanted.text,
        wanted.validity.first,
        wanted.validity.last,
        wanted.sign_from,
        wanted.sign_until,
        _blanks(wanted),
    )
    if version is not None:
        await save_parties(tx, wanted)
    return version


async def lock(tx: Tx, code: str) -> Agreement | None:
    """The agreement, held until the end of the transaction."""
    row = await Q.lock_agreement.row(tx, tx.consortium_id, code)
    return (await _agreements(tx, [row]))[0] if row else None


async def agreement(tx: Tx, code: str) -> Agreement | None:
    row = await Q.agreement_by_code.row(tx, tx.consortium_id, code)
    return (await _agreements(tx, [row]))[0] if row else None


async def agreements_after(tx: Tx, code: str, limit: int) -> list[Agreement]:
    return await _agreements(tx, await Q.agreements_after.rows(tx, tx.consortium_id, code, limit))


async def save(tx: Tx, wanted: Agreement, facts: int = 0) -> tuple[Agreement, int]:
    """Writes a locked agreement without its parties: it as it is now, and the version of the last of so many facts."""
    row = await Q.save_agreement.row(
        tx,
        tx.consortium_id,
        wanted.id,
        wanted.title,
        wanted.text,
        wanted.validity.first,
        wanted.validity.last,
        wanted.sign_from,
        wanted.sign_until,
        _blanks(wanted),
        wanted.state,
        wanted.in_force_since,
        facts,
    )
    assert row is not None
    return replace(wanted, version=row["version"]), row["told"]


async def save_parties(tx: Tx, wanted: Agreement) -> None:
    """Writes exactly these parties of a draft."""
    organisations = [each.organisation_id for each in wanted.parties]
    await Q.drop_parties.execute(tx, tx.consortium_id, wanted.id, organisations)
    await Q.save_parties.execute(
        tx,
        tx.consortium_id,
        wanted.id,
        organisations,
        [each.role for each in wanted.parties],
        [each.counts for each in wanted.parties],
        [json.dumps(dict(each.filled_in)) for each in wanted.parties],
    )


async def fill_in(tx: Tx, agreement_id: UUID, party: Party) -> None:
    await Q.fill_in.execute(
        tx, tx.consortium_id, agreement_id, party.organisation_id, json.dumps(dict(party.filled_in))
    )


async def sign(tx: Tx, agreement_id: UUID, organisation_id: UUID, signature: Signature, at: datetime) -> None:
    await Q.sign.execute(
        tx,
        tx.consortium_id,
        agreement_id,
        organisation_id,
        signature.person_id,
        signature.signed_on,
        at,
        signature.place,
    )


async def parties_on(tx: Tx, day: date) -> list[UUID]:
    """The parties of agreements that were circulated and have not ended on a day."""
    return [row["organisation_id"] for row in await Q.parties_on.rows(tx, tx.consortium_id, day)]


async def parties_by_id(tx: Tx, agreement_id: UUID) -> list[UUID]:
    """Who signs a circulated agreement; empty when there is none with this id."""
    return [row["organisation_id"] for row in await Q.parties_by_id.rows(tx, tx.consortium_id, agreement_id)]


async def _agreements(tx: Tx, rows: Sequence[Record]) -> list[Agreement]:
    parties: dict[UUID, list[Party]] = defaultdict(list)
    for row in await Q.parties_of.rows(tx, tx.consortium_id, [row["agreement_id"] for row in rows]):
        parties[row["agreement_id"]].append(_party(row))
    return [_agreement(row, tuple(parties[row["agreement_id"]])) for row in rows]


def _agreement(row: Record, parties: tuple[Party, ...]) -> Agreement:
    return Agreement(
        row["agreement_id"],
        row["code"],
        row["title"],
        row["text"],
        Period(row["first_day"], row["last_day"]),
        row["sign_from"],
        row["sign_until"],
        tuple(Blank(**each) for each in json.loads(row["blanks"])),
        parties,
        AgreementState(row["state"]),
        row["in_force_since"],
        row["version"],
    )


def _party(row: Record) -> Party:
    signature = Signature(row["signed_by"], row["signed_on"], row["place"]) if row["signed_by"] else None
    filled_in = tuple(sorted(json.loads(row["filled_in"]).items()))
    return Party(row["organisation_id"], PartyRole(row["role"]), row["counts"], filled_in, signature)


def _blanks(wanted: Agreement) -> str:
    return json.dumps([{"key": each.key, "label": each.label, "required": each.required} for each in wanted.blanks])
