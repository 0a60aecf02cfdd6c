"""Records that wait for a person, as rows."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.funding.domain.intake import Reason
from services.funding.store import Q


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A record that a person has to decide about, as it was sent and why it waits."""

    id: UUID
    sender: str
    record_id: str
    record: str
    origin: str
    received_at: datetime
    state: str
    reasons: tuple[Reason, ...]
    content: dict[str, Any]
    organisation_id: UUID | None
    contribution_id: UUID | None
    version: int


async def waiting(tx: Tx, after: tuple[datetime, UUID], limit: int) -> list[HeldRecord]:
    """Those that wait longest come first."""
    return [_held(row) for row in await Q.held_records.rows(tx, tx.consortium_id, *after, limit)]


async def organisation_of(tx: Tx, intake_id: UUID) -> UUID | None:
    """Whose record it is."""
    found: UUID | None = await Q.organisation_of_record.value(tx, tx.consortium_id, intake_id)
    return found


async def lock(tx: Tx, intake_id: UUID) -> HeldRecord | None:
    row = await Q.intake_record.row(tx, tx.consortium_id, intake_id)
    return _held(row) if row else None


async def decide(tx: Tx, intake_id: UUID, state: str, contribution_id: UUID | None, reasons: Sequence[Reason]) -> None:
    told = json.dumps([asdict(each) for each in reasons])
    await Q.decide_record.execute(tx, tx.consortium_id, intake_id, state, contribution_id, told)


async def explain_rejection(tx: Tx, contribution_id: UUID, reasons: Sequence[Reason]) -> None:
    """The record of a rejected contribution, if it came as one, says why."""
    told = json.dumps([asdict(each) for each in reasons])
    await Q.explain_rejection.execute(tx, tx.consortium_id, contribution_id, told)


async def explain(tx: Tx, contribution_id: UUID, reasons: Sequence[Reason]) -> None:
    """The record of a contribution that was put on hold says why it waits."""
    told = json.dumps([asdict(each) for each in reasons])
    await Q.explain_hold.execute(tx, tx.consortium_id, contribution_id, told)


def _held(row: Record) -> HeldRecord:
    return HeldRecord(
        row["intake_id"],
        row["sender"],
        row["record_id"],
        row["record"],
        row["origin"],
        row["received_at"],
        row["state"],
        tuple(Reason(**each) for each in json.loads(row["reasons"])),
        json.loads(row["content"]) if row["content"] else {},
        row["organisation_id"],
        row["contribution_id"],
        row["version"],
    )
