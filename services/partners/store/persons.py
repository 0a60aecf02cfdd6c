"""Persons and the accounts behind which they are: rows to rules and back."""

from collections.abc import Collection
from typing import Literal
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.partners.domain.persons import Person, PersonRole
from services.partners.store import Q


async def save_person(tx: Tx, wanted: Person) -> int | None:
    """The new version, or None when nothing changed."""
    version: int | None = await Q.save_person.value(
        tx,
        tx.consortium_id,
        wanted.id,
        wanted.code,
        wanted.name,
        wanted.email,
        wanted.language,
        wanted.organisation_id,
        list(wanted.roles),
    )
    return version


async def person(tx: Tx, code: str) -> Person | None:
    row = await Q.person_by_code.row(tx, tx.consortium_id, code)
    return _person(row) if row else None


async def person_by_id(tx: Tx, person_id: UUID) -> Person | None:
    row = await Q.person_by_id.row(tx, tx.consortium_id, person_id)
    return _person(row) if row else None


async def everyone(tx: Tx) -> list[Person]:
    return [_person(row) for row in await Q.everyone.rows(tx, tx.consortium_id)]


async def with_role(tx: Tx, role: PersonRole) -> list[Person]:
    return [_person(row) for row in await Q.persons_with_role.rows(tx, tx.consortium_id, role)]


async def of_organisations(tx: Tx, organisations: Collection[UUID], role: PersonRole) -> list[Person]:
    """The persons of these organisations that have the role."""
    rows = await Q.persons_of_organisations.rows(tx, tx.consortium_id, list(organisations), role)
    return [_person(row) for row in rows]


async def link_identity(
    tx: Tx, issuer: str, subject: str, person_id: UUID
) -> Literal["created", "changed", "unchanged"]:
    """Whether the account was new, or of somebody else before."""
    new: bool | None = await Q.link_identity.value(tx, tx.consortium_id, issuer, subject, person_id)
    return "unchanged" if new is None else "created" if new else "changed"


async def person_of(tx: Tx, issuer: str, subject: str) -> UUID | None:
    found: UUID | None = await Q.person_of.value(tx, tx.consortium_id, issuer, subject)
    return found


def _person(row: Record) -> Person:
    return Person(
        row["person_id"],
        row["code"],
        row["name"],
        row["email"],
        row["language"],
        row["organisation_id"],
        tuple(PersonRole(each) for each in row["roles"]),
        row["version"],
    )
