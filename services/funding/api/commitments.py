"""Budgets and what is spoken for of them, over HTTP: to read. Money is committed over gRPC, or to an organisation."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from runtime.http import ApiModel, Call, Others, Page, PageQuery, may
from services.funding.api.speaking import READ, READERS
from services.funding.events import LineKind
from services.funding.store import allocations as budgets
from services.funding.store import reservations as store
from services.funding.store.reservations import Kept

router = APIRouter(prefix="/v1", tags=["commitments"])


class CommitmentView(ApiModel):
    """Money of a line that is set aside (`reserved`), committed (`confirmed`) or given back (`released`).

    A commitment is claimed in parts: `leftCents` can still be claimed or given back.
    """

    id: UUID
    code: str | None
    organisation_id: UUID | None
    line: str
    cents: int
    purpose: str
    state: Literal["reserved", "confirmed", "released"]
    claimed_cents: int
    decommitted_cents: int
    left_cents: int
    expires_on: date | None
    expired: bool
    reserved_at: datetime
    confirmed_at: datetime | None
    released_at: datetime | None

    @classmethod
    def of(cls, kept: Kept) -> "CommitmentView":
        made = kept.reservation
        return cls(
            id=made.id,
            code=made.terms.code,
            organisation_id=made.terms.organisation_id,
            line=made.line or "",
            cents=made.cents,
            purpose=made.purpose,
            state=made.state,
            claimed_cents=made.claimed_cents,
            decommitted_cents=made.decommitted_cents,
            left_cents=made.left_cents,
            expires_on=made.terms.expires_on,
            expired=made.expired,
            reserved_at=kept.reserved_at,
            confirmed_at=kept.confirmed_at,
            released_at=kept.released_at,
        )


class BudgetView(ApiModel):
    line: str
    kind: LineKind
    allocated_cents: int
    reserved_cents: int
    committed_cents: int
    claimed_cents: int
    available_cents: int


@router.get("/commitments")
async def list_commitments(
    call: Annotated[Call, may(*READERS, "school", "company", scope=READ, others=Others.HIDDEN)],
    paging: Annotated[PageQuery, Depends()],
    line: Annotated[str | None, Query(max_length=80)] = None,
    state: Literal["reserved", "confirmed", "released"] | None = None,
) -> Page[CommitmentView]:
    """Reservations in order of id; a school or company sees what is committed to it."""
    after = UUID(paging.after[0]) if paging.after else None
    rows = await call.read(lambda tx: store.page(tx, line, state, after, paging.limit + 1, call.own))
    return paging.page(rows, CommitmentView.of, lambda kept: [kept.reservation.id])


@router.get("/budgets")
async def list_budgets(call: Annotated[Call, may(*READERS, scope=READ)]) -> list[BudgetView]:
    """What every line was given, has reserved and committed, and has left; `unallocated` included."""
    return [
        BudgetView.model_validate(
            {
                "line": budget.line,
                "kind": kind,
                "allocated_cents": budget.allocated_cents,
                "reserved_cents": budget.reserved_cents,
                "committed_cents": budget.committed_cents,
                "claimed_cents": budget.claimed_cents,
                "available_cents": budget.available_cents,
            }
        )
        for kind, budget in await call.read(budgets.budgets)
    ]
