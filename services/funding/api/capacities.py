"""The capacity plan over HTTP: hours needed against hours promised, for each line and term."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from runtime.http import ApiModel, Call, Upserted, may
from runtime.postgres import Tx
from services.funding.api.asking import programme_with
from services.funding.api.promising import Amount, Year
from services.funding.api.speaking import READ, READERS, WRITE, Code
from services.funding.commands import statements as commands
from services.funding.commands.days import local_day
from services.funding.domain.capacity import Need, Place
from services.funding.domain.terms import Term
from services.funding.store import statements as store

router = APIRouter(prefix="/v1", tags=["capacity"])


class NeedBody(ApiModel):
    """Minutes that are needed in a term: 1 is January to April, 2 is May to August, 3 is September to December."""

    year: Year
    term: Annotated[int, Field(ge=1, le=3)]
    minutes: Amount


class NeedsBody(ApiModel):
    """All that is needed for a line. What is not named is not needed."""

    terms: Annotated[tuple[NeedBody, ...], Field(max_length=90)]


class NeedsView(NeedsBody):
    line: str
    version: int

    @classmethod
    def of(cls, line: str, needs: tuple[Need, ...], version: int) -> "NeedsView":
        terms = tuple(NeedBody(year=each.term.year, term=each.term.number, minutes=each.minutes) for each in needs)
        return cls(line=line, terms=terms, version=version)


class PlaceView(ApiModel):
    """A line in a term. `state` says whether people are available in time: covered; short, before it starts; late,
    while it runs; over, when it is past; or not-needed."""

    line: str
    title: str
    kind: Literal["spearhead", "location"]
    year: int
    term: int
    first_day: date
    last_day: date
    needed_minutes: int
    pledged_minutes: int
    gap_minutes: int
    spare_minutes: int
    organisations: int
    state: Literal["covered", "short", "late", "over", "not-needed"]
    sentence: dict[str, str]

    @classmethod
    def of(cls, place: Place) -> "PlaceView":
        return cls(
            line=place.line.code,
            title=place.line.title,
            kind=place.line.kind,
            year=place.term.year,
            term=place.term.number,
            first_day=place.term.first,
            last_day=place.term.last,
            needed_minutes=place.needed_minutes,
            pledged_minutes=place.pledged_minutes,
            gap_minutes=place.gap_minutes,
            spare_minutes=place.spare_minutes,
            organisations=place.organisations,
            state=place.state,
            sentence=dict(place.sentence()),
        )


@router.put("/capacity-needs/{line}", response_model=NeedsView)
async def put_needs(line: Code, body: NeedsBody, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Records how many minutes of people a spearhead or location needs, term by term."""
    programme = await programme_with(call, {line})
    needs = [Need(line, Term(each.year, each.term), each.minutes) for each in body.terms]

    async def command(tx: Tx) -> Upserted[tuple[tuple[Need, ...], int]]:
        return Upserted(*await commands.put_needs(tx, line, needs, programme))

    return await call.run(
        command,
        lambda done: NeedsView.of(line, *done.thing),
        location=lambda _: "/v1/capacity-needs",
        version=lambda done: done.thing[1],
    )


@router.get("/capacity-needs")
async def list_needs(call: Annotated[Call, may(*READERS, scope=READ)]) -> list[NeedsView]:
    """What is needed, by line."""
    return [NeedsView.of(*each) for each in await call.read(store.needs)]


@router.get("/capacities")
async def list_capacities(
    call: Annotated[Call, may(*READERS, scope=READ)],
    year: Annotated[int | None, Query(ge=1990, le=2100, description="Of one year only")] = None,
    as_of: Annotated[date | None, Query(alias="asOf", description="By the pledges that hold then; else today")] = None,
) -> list[PlaceView]:
    """The capacity plan: every line and term in which hours are needed or pledged; are people there in time?"""

    async def found(tx: Tx) -> list[PlaceView]:
        day = as_of or await local_day(tx, call.at)
        return [PlaceView.of(each) for each in await commands.capacity(tx, day, year)]

    return await call.read(found)
