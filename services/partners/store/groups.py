"""Working groups: rows to rules and back."""

import json
from datetime import date
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.partners.domain.groups import Member, WorkingGroup
from services.partners.domain.periods import Period
from services.partners.store import Q


async def save_group(tx: Tx, wanted: WorkingGroup) -> tuple[int, WorkingGroup | None] | None:
    """The new version and what it was before (None when it is new), or None when nothing changed."""
    members = [
        {
            "organisationId": str(each.organisation_id),
            "from": each.period.first.isoformat(),
            "until": each.period.last.isoformat() if each.period.last else None,
        }
        for each in wanted.members
    ]
    row = await Q.save_group.row(
        tx,
        tx.consortium_id,
        wanted.id,
        wanted.code,
        wanted.title,
        list(wanted.spearheads),
        wanted.chair_id,
        json.dumps(members),
    )
    if row is None:
        return None
    if row["old_version"] is None:
        return row["version"], None
    before = WorkingGroup(
        wanted.id,
        wanted.code,
        wanted.title,
        wanted.spearheads,
        wanted.chair_id,
        _members(row["members"]),
        row["old_version"],
    )
    return row["version"], before


async def group(tx: Tx, code: str) -> WorkingGroup | None:
    row = await Q.group_by_code.row(tx, tx.consortium_id, code)
    return _group(row) if row else None


async def group_by_id(tx: Tx, group_id: UUID) -> WorkingGroup | None:
    row = await Q.group_by_id.row(tx, tx.consortium_id, group_id)
    return _group(row) if row else None


async def groups_after(tx: Tx, code: str, limit: int, spearhead: str | None) -> list[WorkingGroup]:
    return [_group(row) for row in await Q.groups_after.rows(tx, tx.consortium_id, code, limit, spearhead)]


def _group(row: Record) -> WorkingGroup:
    return WorkingGroup(
        row["working_group_id"],
        row["code"],
        row["title"],
        tuple(row["spearheads"]),
        row["chair_id"],
        _members(row["members"]),
        row["version"],
    )


def _members(kept: str) -> tuple[Member, ...]:
    return tuple(
        Member(
            UUID(each["organisationId"]),
            Period(date.fromisoformat(each["from"]), date.fromisoformat(each["until"]) if each["until"] else None),
        )
        for each in json.loads(kept)
    )
