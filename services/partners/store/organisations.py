"""Organisations: rows to rules and back."""

import json
from collections.abc import Collection
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.partners.domain.organisations import Organisation, OrganisationKind
from services.partners.store import Q


async def save_organisation(tx: Tx, wanted: Organisation) -> int | None:
    """The new version, or None when nothing changed."""
    version: int | None = await Q.save_organisation.value(
        tx,
        tx.consortium_id,
        wanted.id,
        wanted.code,
        wanted.name,
        wanted.kind,
        json.dumps(dict(wanted.registry_numbers)),
        wanted.municipality,
    )
    return version


async def organisation(tx: Tx, code: str) -> Organisation | None:
    row = await Q.organisation_by_code.row(tx, tx.consortium_id, code)
    return _organisation(row) if row else None


async def organisations_after(tx: Tx, code: str, limit: int) -> list[Organisation]:
    return [_organisation(row) for row in await Q.organisations_after.rows(tx, tx.consortium_id, code, limit)]


async def known(tx: Tx, organisations: Collection[UUID]) -> frozenset[UUID]:
    """Which of these the region has."""
    rows = await Q.known_organisations.rows(tx, tx.consortium_id, list(organisations))
    return frozenset(row["organisation_id"] for row in rows)


async def codes(tx: Tx, organisations: Collection[UUID]) -> dict[UUID, str]:
    """The code of each of these."""
    rows = await Q.organisation_codes.rows(tx, tx.consortium_id, list(organisations))
    return {row["organisation_id"]: row["code"] for row in rows}


async def kinds(tx: Tx, organisations: Collection[UUID]) -> list[OrganisationKind]:
    """The kind of each of these that the region has."""
    rows = await Q.kinds_of_organisations.rows(tx, tx.consortium_id, list(organisations))
    return [OrganisationKind(row["kind"]) for row in rows]


async def of_kinds(tx: Tx, wanted: Collection[OrganisationKind]) -> list[UUID]:
    """The organisations of these kinds."""
    rows = await Q.organisations_of_kinds.rows(tx, tx.consortium_id, list(wanted))
    return [row["organisation_id"] for row in rows]


def _organisation(row: Record) -> Organisation:
    return Organisation(
        row["organisation_id"],
        row["code"],
        row["name"],
        OrganisationKind(row["kind"]),
        tuple(sorted(json.loads(row["registry_numbers"]).items())),
        row["municipality"],
        row["version"],
    )
