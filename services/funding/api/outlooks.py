"""What the position means in euros, over HTTP: at risk, year by year, and without an organisation."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends

from runtime.http import ApiModel, Call, may
from services.funding.api.asking import organisation
from services.funding.api.positions import Days, ask
from services.funding.api.speaking import READ, READERS, Code
from services.funding.commands import outlooks as commands
from services.funding.domain import outlook as domain
from services.funding.domain.outlook import AtRisk, LineAtStake, Pace, Year

router = APIRouter(prefix="/v1", tags=["positions"])
BaseText = Literal["of-subsidy", "of-total", "of-costs"]


class AtRiskView(ApiModel):
    """What of the grant the shortfall would take off under one reading; null when no rule says what it takes off."""

    base: BaseText
    required_cents: int
    shortfall_cents: int
    at_risk_cents: int | None
    forecast_shortfall_cents: int
    forecast_at_risk_cents: int | None
    pace_shortfall_cents: int
    pace_at_risk_cents: int | None
    sentence: dict[str, str]

    @classmethod
    def of(cls, found: AtRisk, currency: str) -> "AtRiskView":
        return cls(
            base=found.reading.base.value,
            required_cents=found.reading.required_cents,
            shortfall_cents=found.reading.shortfall_cents,
            at_risk_cents=found.now_cents,
            forecast_shortfall_cents=found.reading.forecast_shortfall_cents,
            forecast_at_risk_cents=found.forecast_cents,
            pace_shortfall_cents=found.pace_shortfall_cents,
            pace_at_risk_cents=found.pace_cents,
            sentence=dict(found.sentence(currency)),
        )


class PaceView(ApiModel):
    """What came in over the last year (or since the programme began), and what all comes to on its last day like that.

    The forecast beside it asks something else: how far partners keep their word on what they promised.
    """

    since: date
    days: int
    delivered_cents: int
    until: date
    forecast_cents: int

    @classmethod
    def of(cls, pace: Pace) -> "PaceView":
        return cls(
            since=pace.since,
            days=pace.days,
            delivered_cents=pace.late_cents,
            until=pace.until,
            forecast_cents=pace.forecast_cents,
        )


class ShortfallView(ApiModel):
    """The grants that ask co-financing, and what of them is at risk."""

    granted_cents: int
    pace: PaceView
    readings: tuple[AtRiskView, ...]


class YearReadingView(ApiModel):
    """A year's part of the threshold under one reading, and what of it was not realised in that year."""

    base: BaseText
    required_cents: int
    shortfall_cents: int


class YearView(ApiModel):
    """A calendar year: planned (applications), promised (pledges, along a straight line), what came in, and its part of
    the threshold: in proportion to what is planned, without a plan to the days of the grants."""

    year: int
    planned_cents: int
    promised_cents: int
    promised_minutes: int
    declared_cents: int
    declared_minutes: int
    realised_cents: int
    realised_minutes: int
    readings: tuple[YearReadingView, ...]

    @classmethod
    def of(cls, found: Year) -> "YearView":
        return cls(
            year=found.year,
            planned_cents=found.planned_cents,
            promised_cents=found.promised_cents,
            promised_minutes=found.promised_minutes,
            declared_cents=found.brought.declared_cents,
            declared_minutes=found.brought.declared_minutes,
            realised_cents=found.brought.realised_cents,
            realised_minutes=found.brought.realised_minutes,
            readings=tuple(
                YearReadingView(base=base.value, required_cents=cents, shortfall_cents=found.shortfall_cents(base))
                for base, cents in found.required.items()
            ),
        )


class LineWithoutView(ApiModel):
    """A line without the organisation: `toComeCents` is what is still expected of it, `shortCents` what then lacks.

    `requiredCents` is the most that any reading of the base asks of the line.
    """

    line: str
    promised_cents: int
    promised_minutes: int
    delivered_cents: int
    to_come_cents: int
    forecast_cents: int
    forecast_without_cents: int
    required_cents: int
    short_cents: int
    spare_cents: int

    @classmethod
    def of(cls, found: LineAtStake) -> "LineWithoutView":
        return cls(
            line=found.line,
            promised_cents=found.promised_cents,
            promised_minutes=found.promised_minutes,
            delivered_cents=found.delivered_cents,
            to_come_cents=found.to_come_cents,
            forecast_cents=found.forecast_cents,
            forecast_without_cents=found.without_cents,
            required_cents=found.asked_cents,
            short_cents=found.short_cents,
            spare_cents=found.spare_cents,
        )


class CoverView(ApiModel):
    """A line with something to spare makes up for one that is short."""

    from_line: str
    to_line: str
    cents: int


class DepartureView(ApiModel):
    """What it means when an organisation leaves. What it delivered stays."""

    organisation_id: UUID
    organisation: str
    name: str
    lines: tuple[LineWithoutView, ...]
    covers: tuple[CoverView, ...]
    missing_cents: int
    sentence: dict[str, str]


@router.get("/positions/shortfall")
async def get_shortfall(
    call: Annotated[Call, may(*READERS, scope=READ)], days: Annotated[Days, Depends()]
) -> ShortfallView:
    """What of the grant is at risk when the co-financing stays short, by the scheme's reclaim rule."""
    about, found = await ask(call, days, lambda tx, on: commands.at_risk(tx, on.as_of, on.known_on))
    return ShortfallView(
        granted_cents=found.granted_cents,
        pace=PaceView.of(found.pace),
        readings=tuple(AtRiskView.of(each, about.region.currency) for each in found.readings),
    )


@router.get("/positions/years")
async def list_years(
    call: Annotated[Call, may(*READERS, scope=READ)], days: Annotated[Days, Depends()]
) -> tuple[YearView, ...]:
    """Planned beside promised, declared and realised, by calendar year."""
    _, found = await ask(call, days, lambda tx, on: commands.years(tx, on.as_of, on.known_on))
    return tuple(YearView.of(each) for each in found)


@router.get("/positions/departures/{code}")
async def get_departure(
    code: Code, call: Annotated[Call, may(*READERS, scope=READ)], days: Annotated[Days, Depends()]
) -> DepartureView:
    """What to re-allocate when an organisation leaves: its promise, which lines fall short, what covers them."""
    whose = await organisation(call, code)
    about, found = await ask(call, days, lambda tx, on: commands.departure(tx, whose.id, on.as_of, on.known_on))
    return DepartureView(
        organisation_id=whose.id,
        organisation=whose.code,
        name=whose.name,
        lines=tuple(LineWithoutView.of(each) for each in found.lines),
        covers=tuple(
            CoverView(from_line=each.from_line, to_line=each.to_line, cents=each.cents) for each in found.covers
        ),
        missing_cents=found.missing_cents,
        sentence=dict(domain.leaving(whose.name, found.lines, found.missing_cents, about.region.currency)),
    )
