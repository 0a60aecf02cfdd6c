"""The co-financing position over HTTP: the programme, its lines, its partners, and whom to phone first."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from runtime.http import ApiModel, Call, Page, PageQuery, may
from runtime.http.paging import CursorUnreadable
from runtime.postgres import Tx
from services.funding.api.speaking import READ, READERS
from services.funding.commands import position as commands
from services.funding.commands.position import LinePosition
from services.funding.domain import position as domain
from services.funding.domain.calling import LANGUAGES, sentence
from services.funding.domain.position import CofinancingPosition, Reading, Sums
from services.funding.store import partners, positions
from services.funding.store.partners import Consortium
from services.funding.store.positions import PartnerSums

router = APIRouter(prefix="/v1", tags=["positions"])
T = TypeVar("T")


class ReadingView(ApiModel):
    """The threshold under one reading of the base; `reachedBasisPoints` is rounded down."""

    base: Literal["of-subsidy", "of-total", "of-costs"]
    basis_points: int | None
    required_cents: int
    shortfall_cents: int
    reached_basis_points: int
    forecast_shortfall_cents: int

    @classmethod
    def of(cls, reading: Reading) -> "ReadingView":
        return cls.model_validate({name: getattr(reading, name) for name in cls.model_fields})


class SumsView(ApiModel):
    """Realised is accepted; declared is booked and not yet accepted; promised is pledged, of which `dueCents` by now.

    `forecastCents` is what came in, and what has yet to fall due as far as partners keep their word.
    """

    realised_cents: int
    realised_minutes: int
    declared_cents: int
    declared_minutes: int
    promised_cents: int
    promised_minutes: int
    due_cents: int
    forecast_cents: int


class ProgrammePositionView(SumsView):
    """The whole programme on a day, by the rules as known on a day."""

    as_of: date
    known_on: date
    planned_cents: int
    readings: tuple[ReadingView, ...]
    rule: str | None

    @classmethod
    def of(cls, stands: CofinancingPosition, planned_cents: int) -> "ProgrammePositionView":
        return cls(
            planned_cents=planned_cents,
            as_of=stands.as_of,
            known_on=stands.known_on,
            readings=tuple(ReadingView.of(each) for each in stands.readings),
            rule=", ".join(stands.rules) or None,
            **_sums(stands.sums),
        )


class LinePositionView(SumsView):
    """A spearhead, a location, `unallocated`, or a line that is in no programme any more (`former`)."""

    code: str
    name: str
    kind: Literal["spearhead", "location", "unallocated", "former"]
    allocated_cents: int
    planned_cents: int
    readings: tuple[ReadingView, ...]

    @classmethod
    def of(cls, found: LinePosition) -> "LinePositionView":
        line = found.line
        return cls.model_validate(
            {
                "code": line.code,
                "name": line.title,
                "kind": line.kind,
                "allocated_cents": line.allocated_cents,
                "planned_cents": found.planned_cents,
                "readings": tuple(ReadingView.of(each) for each in found.readings),
                **_sums(line.sums),
            }
        )


class PartnerPositionView(SumsView):
    """An organisation that contributed or promised."""

    organisation_id: UUID
    code: str
    name: str
    kind: str
    delivered_basis_points: int | None
    at_stake_cents: int

    @classmethod
    def of(cls, found: PartnerSums) -> "PartnerPositionView":
        return cls(
            organisation_id=found.organisation_id,
            code=found.code,
            name=found.name,
            kind=found.kind,
            delivered_basis_points=found.sums.delivered_basis_points,
            at_stake_cents=found.sums.at_stake_cents,
            **_sums(found.sums),
        )


class CallView(ApiModel):
    """An organisation to phone: what is at stake fell due and was not delivered. `sentence` is what to say."""

    organisation_id: UUID
    organisation: str
    name: str
    pledged_cents: int
    due_cents: int
    delivered_cents: int
    at_stake_cents: int
    pledged_from: date
    pledged_until: date
    last_day: date | None
    sentence: dict[str, str]

    @classmethod
    def of(cls, call: domain.Call, as_of: date, currency: str) -> "CallView":
        return cls(
            organisation_id=call.organisation_id,
            organisation=call.code,
            name=call.name,
            pledged_cents=call.sums.promised_cents,
            due_cents=call.sums.due_cents,
            delivered_cents=call.sums.delivered_cents,
            at_stake_cents=call.sums.at_stake_cents,
            pledged_from=call.from_,
            pledged_until=call.until,
            last_day=call.last_day,
            sentence={language: sentence(call, as_of, currency, language) for language in LANGUAGES},
        )


class Days:
    """The dependency of a position: the day it is about, and the day whose knowledge of the rules decides."""

    def __init__(
        self,
        as_of: Annotated[
            date | None, Query(alias="asOf", description="Up to and including this day; else today")
        ] = None,
        known_on: Annotated[
            date | None, Query(alias="knownOn", description="By the rules known then; else now")
        ] = None,
    ) -> None:
        self.as_of = as_of
        self.known_on = known_on


@dataclass(frozen=True, slots=True)
class Asked:
    """The region and the days of one question."""

    region: Consortium
    as_of: date
    known_on: date


async def ask(call: Call, days: Days, query: Callable[[Tx, Asked], Awaitable[T]]) -> tuple[Asked, T]:
    """Runs a query with its days filled in: today is what it is in the region. Raises RegionNotKnown."""

    async def asked(tx: Tx) -> tuple[Asked, T]:
        region = await partners.consortium(tx)
        today = call.at.astimezone(region.zone).date()
        about = Asked(region, days.as_of or today, days.known_on or today)
        return about, await query(tx, about)

    return await call.read(asked)


@router.get("/positions/programme")
async def get_programme_position(
    call: Annotated[Call, may(*READERS, scope=READ)], days: Annotated[Days, Depends()]
) -> ProgrammePositionView:
    """The programme against the threshold, under each reading of the base while nobody decided."""

    async def found(tx: Tx, about: Asked) -> tuple[CofinancingPosition, int]:
        planned = await commands.planned_cents(tx, about.as_of)
        return await commands.position(tx, about.as_of, about.known_on), sum(planned.values())

    _, stands = await ask(call, days, found)
    return ProgrammePositionView.of(*stands)


@router.get("/positions/lines")
async def list_line_positions(
    call: Annotated[Call, may(*READERS, scope=READ)],
    days: Annotated[Days, Depends()],
    paging: Annotated[PageQuery, Depends()],
) -> Page[LinePositionView]:
    """The same by spearhead and location, in order of code; each is asked its part by its budget."""
    after = paging.after[0] if paging.after else ""
    _, lines = await ask(call, days, lambda tx, about: commands.positions_of_lines(tx, about.as_of, about.known_on))
    rows = [line for line in lines if line.line.code.encode() > after.encode()][: paging.limit + 1]
    return paging.page(rows, LinePositionView.of, lambda found: [found.line.code])


@router.get("/positions/partners")
async def list_partner_positions(
    call: Annotated[Call, may(*READERS, scope=READ)],
    days: Annotated[Days, Depends()],
    paging: Annotated[PageQuery, Depends()],
) -> Page[PartnerPositionView]:
    """The same by organisation, in order of id."""
    try:
        after = UUID(paging.after[0]) if paging.after else UUID(int=0)
    except ValueError:
        raise CursorUnreadable from None
    _, rows = await ask(call, days, lambda tx, about: positions.partners(tx, about.as_of, after, paging.limit + 1))
    return paging.page(rows, PartnerPositionView.of, lambda found: [found.organisation_id])


@router.get("/positions/calls")
async def list_calls(
    call: Annotated[Call, may(*READERS, scope=READ)],
    days: Annotated[Days, Depends()],
    paging: Annotated[PageQuery, Depends()],
) -> Page[CallView]:
    """Whom to phone first: who is behind its promise, most euros at stake first."""
    after = _cursor(paging.after)
    about, rows = await ask(call, days, lambda tx, asked: positions.calls(tx, asked.as_of, after, paging.limit + 1))
    return paging.page(
        rows,
        lambda found: CallView.of(found, about.as_of, about.region.currency),
        lambda found: [found.sums.at_stake_cents, found.sums.delivered_cents, found.code],
    )


def _cursor(after: list[str] | None) -> tuple[int, int, str] | None:
    if not after:
        return None
    try:
        stake, delivered, code = after
        return int(stake), int(delivered), code
    except ValueError:
        raise CursorUnreadable from None


def _sums(sums: Sums) -> dict[str, int]:
    return {name: getattr(sums, name) for name in SumsView.model_fields}
