"""Memberships and umbrella mandates: rows to rules and back."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.partners.domain.membership import Membership, MembershipRole, UmbrellaMandate
from services.partners.domain.periods import Period
from services.partners.store import Q


async def save_membership(tx: Tx, wanted: Membership) -> tuple[int, Membership | None] | None:
    """The new version and what it was before (None when it is new), or None when nothing changed."""
    row = await Q.save_membership.row(
        tx,
        tx.consortium_id,
        wanted.id,
        wanted.code,
        wanted.organisation_id,
        wanted.role,
        wanted.period.first,
        wanted.period.last,
    )
    if row is None:
        return None
    old = {**row, "membership_id": wanted.id, "code": wanted.code, "version": row["old_version"]}
    return row["version"], _membership(old) if row["old_version"] is not None else None


async def membership(tx: Tx, code: str) -> Membership | None:
    row = await Q.membership_by_code.row(tx, tx.consortium_id, code)
    return _membership(row) if row else None


async def memberships_after(tx: Tx, code: str, limit: int, on: date | None) -> list[Membership]:
    return [_membership(row) for row in await Q.memberships_after.rows(tx, tx.consortium_id, code, limit, on)]


async def members_on(tx: Tx, day: date) -> list[UUID]:
    """The organisations with a membership on a day, but for applicants."""
    return [row["organisation_id"] for row in await Q.members_on.rows(tx, tx.consortium_id, day)]


async def joined_on(tx: Tx, day: date) -> list[UUID]:
    """The organisations with a membership on a day, applicants included."""
    return [row["organisation_id"] for row in await Q.joined_on.rows(tx, tx.consortium_id, day)]


async def under_umbrella_on(tx: Tx, umbrella_id: UUID, day: date) -> list[UUID]:
    """The organisations whose mandate to this one holds on a day."""
    rows = await Q.under_umbrella_on.rows(tx, tx.consortium_id, umbrella_id, day)
    return [row["member_id"] for row in rows]


async def lead_partners_on(tx: Tx, day: date) -> list[UUID]:
    """The organisations that lead the region on a day."""
    return [row["organisation_id"] for row in await Q.lead_partners_on.rows(tx, tx.consortium_id, day)]


async def save_mandate(tx: Tx, wanted: UmbrellaMandate) -> tuple[int, UmbrellaMandate | None] | None:
    """The new version and what it was before (None when it is new), or None when nothing changed."""
    row = await Q.save_mandate.row(
        tx,
        tx.consortium_id,
        wanted.id,
        wanted.code,
        wanted.umbrella_id,
        wanted.member_id,
        wanted.period.first,
        wanted.period.last,
    )
    if row is None:
        return None
    old = {**row, "mandate_id": wanted.id, "code": wanted.code, "version": row["old_version"]}
    return row["version"], _mandate(old) if row["old_version"] is not None else None


async def mandate(tx: Tx, code: str) -> UmbrellaMandate | None:
    row = await Q.mandate_by_code.row(tx, tx.consortium_id, code)
    return _mandate(row) if row else None


def _membership(row: Mapping[str, Any] | Record) -> Membership:
    return Membership(
        row["membership_id"],
        row["code"],
        row["organisation_id"],
        MembershipRole(row["role"]),
        Period(row["first_day"], row["last_day"]),
        row["version"],
    )


def _mandate(row: Mapping[str, Any] | Record) -> UmbrellaMandate:
    return UmbrellaMandate(
        row["mandate_id"],
        row["code"],
        row["umbrella_id"],
        row["member_id"],
        Period(row["first_day"], row["last_day"]),
        row["version"],
    )
