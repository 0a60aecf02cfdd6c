"""Standing over HTTP: whether an organisation counts as a partner on a day, as published."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from runtime.http import ApiModel, Call, Others, Page, PageQuery, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.partners.api.speaking import CODE, READ, READERS, OnDay, day_or_today
from services.partners.domain.standing import Ground
from services.partners.events import StandingGround
from services.partners.store import standing as store

router = APIRouter(prefix="/v1")

Organisation = Annotated[str | None, Query(pattern=CODE, max_length=80, description="Code of one organisation")]


class StandingView(ApiModel):
    """The standing of an organisation on a day, and all its dated grounds.

    `ground` is one that suffices when the day has one, else any; absent when the day has none. `throughOrganisationId`
    is the umbrella organisation that signed. `version` counts the standing-changed facts of this organisation.
    """

    organisation: str
    organisation_id: UUID
    on: date
    ground: Ground | None
    suffices: bool
    through_organisation_id: UUID | None
    grounds: list[StandingGround]
    version: int


@router.get("/standings")
async def list_standings(
    call: Annotated[Call, may(*READERS, scope=READ, others=Others.SHOWN)],
    paging: Annotated[PageQuery, Depends()],
    on: OnDay = None,
    organisation: Organisation = None,
) -> Page[StandingView]:
    """The standing of every organisation of the region on a day, by code; or of one organisation."""
    after = paging.after[0] if paging.after else ""

    async def read(tx: Tx) -> tuple[date, list[store.Listed]]:
        day = await day_or_today(tx, call, on)
        if organisation is None:
            return day, await store.listed_after(tx, after, paging.limit + 1)
        found = await store.listed(tx, organisation)
        if found is None:
            raise NotFound(what="organisation")
        return day, [found]

    day, rows = await call.read(read)
    return paging.page(rows, lambda each: _standing(each, day), lambda each: [each.code])


def _standing(found: store.Listed, day: date) -> StandingView:
    answer = found.standing.on(day)
    return StandingView(
        organisation=found.code,
        organisation_id=found.standing.organisation_id,
        on=day,
        ground=answer.ground,
        suffices=answer.suffices,
        through_organisation_id=answer.through,
        grounds=list(found.standing.changed().grounds),
        version=found.standing.version,
    )
