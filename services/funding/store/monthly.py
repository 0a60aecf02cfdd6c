"""What came in and was recorded in a month, added up in the database."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from runtime.postgres import Tx
from services.funding.domain.intake import Reason
from services.funding.domain.monthly import Came, MonthlyStatement, Recorded, statements
from services.funding.store import Q

Moments = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class SentRecord:
    """A record that was sent, what came of it, and its contribution with the months in which that is booked."""

    id: UUID
    sender: str
    record_id: str
    received_at: datetime
    line: str | None
    day: str | None
    kind: str | None
    outcome: str
    state: str
    reasons: tuple[Reason, ...]
    settled_by: str | None
    contribution_id: UUID | None
    minutes: int | None
    value_cents: int | None
    rule: str | None
    stands: str | None
    periods: tuple[str, ...]


async def monthly(tx: Tx, moments: Moments, only: Collection[UUID] | None, batch: int) -> list[MonthlyStatement]:
    """The statements of all organisations, or of these, with what the first batches of the chain hold."""
    wanted = None if only is None else sorted(only)
    came = [
        Came(row["organisation_id"], row["outcome"], row["state"], tuple(row["codes"]), row["records"])
        for row in await Q.monthly_outcomes.rows(tx, tx.consortium_id, *moments, wanted)
    ]
    rows = await Q.monthly_bookings.rows(tx, tx.consortium_id, *moments, wanted, batch)
    return statements(came, [Recorded(**dict(row)) for row in rows])


async def sent_records(
    tx: Tx, organisation_id: UUID, moments: Moments, state: str | None, after: UUID, limit: int
) -> list[SentRecord]:
    """A page of an organisation's records of a month by id; only those in a state when given."""
    rows = await Q.monthly_records.rows(tx, tx.consortium_id, organisation_id, *moments, after, state, limit)
    return [
        SentRecord(
            **{
                **{name: value for name, value in dict(row).items() if name != "intake_id"},
                "id": row["intake_id"],
                "reasons": tuple(Reason(**each) for each in json.loads(row["reasons"])),
                "periods": tuple(row["periods"]),
            }
        )
        for row in rows
    ]
