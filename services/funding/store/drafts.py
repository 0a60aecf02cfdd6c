"""Drafts of contributions as rows. Whoever asks names the organisations whose drafts may be seen."""

import json
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.funding.domain.draft import Declaration, Draft
from services.funding.domain.intake import Reason
from services.funding.store import Q

NO_ID = UUID(int=0)


async def drafts(tx: Tx, own: Collection[UUID], after: UUID, limit: int) -> list[Draft]:
    """A page of the drafts of these organisations, by id."""
    return [_draft(row) for row in await Q.drafts.rows(tx, tx.consortium_id, list(own), None, after, limit)]


async def one(tx: Tx, draft_id: UUID, own: Collection[UUID]) -> Draft | None:
    """The draft with this id, when it is of one of these organisations."""
    row = await Q.drafts.row(tx, tx.consortium_id, list(own), draft_id, NO_ID, 1)
    return None if row is None else _draft(row)


async def lock(tx: Tx, draft_id: UUID, own: Collection[UUID]) -> Draft | None:
    """The same, and nobody else changes it until this transaction ends. Comes before organisations."""
    if await Q.lock_draft.value(tx, tx.consortium_id, draft_id, list(own)) is None:
        return None
    return await one(tx, draft_id, own)


async def claim(tx: Tx, new: Draft) -> bool:
    """Adds a draft; False when its id is on record."""
    return bool(
        await Q.claim_draft.execute(
            tx, tx.consortium_id, new.id, new.organisation_id, _text(new), new.saved_by, new.saved_at, new.version
        )
    )


async def save(tx: Tx, after: Draft) -> None:
    """Keeps a draft that the caller has locked."""
    await Q.save_draft.execute(
        tx, tx.consortium_id, after.id, _text(after), after.saved_by, after.saved_at, after.version
    )


async def delete(tx: Tx, draft_id: UUID) -> None:
    await Q.delete_draft.execute(tx, tx.consortium_id, draft_id)


async def declare(tx: Tx, after: Draft) -> None:
    """Keeps what became of a draft that the caller has locked, and whose record is kept."""
    made = after.declaration
    assert made is not None
    await Q.declare_draft.execute(
        tx,
        tx.consortium_id,
        after.id,
        made.of_version,
        made.intake_id,
        made.record_id,
        made.outcome,
        made.declared_by,
        made.declared_at,
        after.kept,
    )


async def declarer(tx: Tx, intake_id: UUID) -> UUID | None:
    """The person who declared the draft that this record is, or takes back; None when it is of a company's system."""
    found: UUID | None = await Q.declarer_of_record.value(tx, tx.consortium_id, intake_id)
    return found


async def declared_content(tx: Tx, draft: Draft) -> Mapping[str, Any]:
    """What a draft said when it was declared last; nothing when it was not."""
    if draft.declaration is None:
        return {}
    found: str | None = await Q.content_of_record.value(tx, tx.consortium_id, draft.declaration.intake_id)
    kept: Mapping[str, Any] = json.loads(found or "{}")
    return kept


def _text(draft: Draft) -> str:
    return json.dumps(dict(draft.content), allow_nan=False)


def _draft(row: Record) -> Draft:
    content: Mapping[str, Any] = json.loads(row["content"])
    return Draft(
        row["draft_id"],
        row["organisation_id"],
        content,
        row["saved_by"],
        row["saved_at"],
        row["version"],
        _declaration(row) if row["outcome"] is not None else None,
        row["kept"],
    )


def _declaration(row: Record) -> Declaration:
    return Declaration(
        row["declared_version"],
        row["intake_id"],
        row["record_id"],
        row["outcome"],
        row["declared_by"],
        row["declared_at"],
        row["record_state"],
        tuple(Reason(**each) for each in json.loads(row["reasons"])),
        row["contribution_id"],
        row["stands"],
        row["minutes"],
        row["value_cents"],
        row["rule"],
    )
