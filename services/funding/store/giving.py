"""What of the books is published as grants, page by page."""

import json
from uuid import UUID
from zoneinfo import ZoneInfo

from runtime.postgres import Tx
from services.funding.domain.giving import NO_GRANTS_TO, GivenOn, Payment, recipient
from services.funding.store import Q


async def given_on(
    tx: Tx, lead_partner: UUID, after: UUID | None, limit: int, *, prefix: str, zone: ZoneInfo, titles: dict[str, str]
) -> tuple[list[GivenOn], UUID | None]:
    """A page of what is committed to other organisations and stands; and after which id the next one begins."""
    rows = await Q.given_on.rows(tx, tx.consortium_id, lead_partner, sorted(NO_GRANTS_TO), after, limit)
    found = [
        GivenOn(
            row["code"],
            row["line"],
            titles.get(row["line"], row["line"]),
            row["cents"],
            row["confirmed_at"].astimezone(zone).date(),
            row["expires_on"],
            recipient(row["organisation_id"], row["organisation"], row["name"], json.loads(row["numbers"]), prefix),
            tuple(
                Payment(f"claim-{claim}", day, cents)
                for claim, day, cents in zip(row["paid_ids"], row["paid_days"], row["paid_cents"], strict=True)
            ),
        )
        for row in rows
    ]
    return found, rows[-1]["reservation_id"] if rows else None


async def given_on_total(tx: Tx, lead_partner: UUID) -> int:
    total: int = await Q.given_on_total.value(tx, tx.consortium_id, lead_partner, sorted(NO_GRANTS_TO))
    return total
