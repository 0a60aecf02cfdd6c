"""Contributions over HTTP: to read, and to accept."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from runtime import ids
from runtime.http import ApiModel, Call, Page, PageQuery, may
from runtime.http.paging import CursorUnreadable
from services.funding.api.speaking import READ, READERS, WRITE
from services.funding.commands import contributions as commands
from services.funding.domain.contribution import Contribution
from services.funding.store import contributions as store

router = APIRouter(prefix="/v1", tags=["contributions"])


class ContributionView(ApiModel):
    """A contribution: worked minutes, and their value in cents by the rule it names."""

    id: UUID
    organisation_id: UUID
    line: str
    day: date
    kind: str
    minutes: int
    value_cents: int
    rule: str
    origin: str
    activity_id: UUID | None
    activity_ref: str | None
    state: str
    version: int

    @classmethod
    def of(cls, found: Contribution) -> "ContributionView":
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


class AcceptanceBody(ApiModel):
    """Accept everything that was verified, for days up to and including this one."""

    up_to: date


class AcceptanceView(ApiModel):
    """What a batch accepted. `leftForAnother`: this person declared or verified those, so somebody else must accept."""

    batch_id: UUID
    accepted: int
    minutes: int
    value_cents: int
    left_for_another: int


@router.get("/contributions")
async def list_contributions(
    call: Annotated[Call, may(*READERS, scope=READ)], paging: Annotated[PageQuery, Depends()]
) -> Page[ContributionView]:
    """All contributions of the region, by id."""
    try:
        after = UUID(paging.after[0]) if paging.after else UUID(int=0)
    except ValueError:
        raise CursorUnreadable from None
    rows = await call.read(lambda tx: store.after(tx, after, paging.limit + 1))
    return paging.page(rows, ContributionView.of, lambda found: [found.id])


@router.post("/contribution-acceptances", status_code=201, response_model=AcceptanceView)
async def accept_contributions(body: AcceptanceBody, call: Annotated[Call, may("controller", scope=WRITE)]) -> Response:
    """Accepts in a batch what was verified: from now on it counts as realised."""
    by, batch_id = await call.person(), ids.new_id()
    return await call.run(
        lambda tx: commands.accept(tx, body.up_to, batch_id=batch_id, by=by, at=call.at),
        lambda made: AcceptanceView(
            batch_id=batch_id,
            accepted=len(made.accepted),
            minutes=sum(each.minutes for each in made.accepted),
            value_cents=sum(each.value_cents for each in made.accepted),
            left_for_another=made.left_for_another,
        ),
        status=201,
    )
