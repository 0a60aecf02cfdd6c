"""What was asked and promised, and where the co-financing stands."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from runtime.event import Fact
from services.funding.events.parts import ID, TOPIC, Part


class StatementExpected(Part):
    """What a form asks, all lines and terms together."""

    minutes: int = 0
    material_cents: int = 0
    facilities_cents: int = 0
    cash_cents: int = 0


class StatementIssued(Fact):
    """An organisation was asked what it will contribute: the form, with its deadline. Again when it reads otherwise;
    `answered` tells that a pledge was signed for it, so that nobody is reminded."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.statement-issued.v1"
    topic: ClassVar[str] = TOPIC

    statement_id: UUID
    organisation_id: UUID
    deadline: date
    code: str | None = None
    title: str | None = None
    round_id: UUID | None = None
    from_: date | None = Field(default=None, alias="from")
    until: date | None = None
    expected: StatementExpected | None = None
    remind_days_before: tuple[int, ...] = (14, 3)
    answered: bool = False


class StatementReminderDue(Fact):
    """The deadline of a form comes near, and no pledge was signed for it. Once per reminder that the form asks for."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.statement-reminder-due.v1"
    topic: ClassVar[str] = TOPIC

    statement_id: UUID
    organisation_id: UUID
    round_id: UUID | None = None
    code: str
    deadline: date
    days_left: int


class PledgedLine(Part):
    line: str
    minutes: int = 0
    cents: int = 0
    year: int | None = None
    term: int | None = None


class PledgeSigned(Fact):
    """An organisation promised hours and value. `cents` is what the promised hours and material are worth together."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.pledge-signed.v1"
    topic: ClassVar[str] = TOPIC

    pledge_id: UUID
    organisation_id: UUID
    minutes: int
    cents: int
    signed_on: date
    from_: date = Field(alias="from")
    until: date
    statement_id: UUID | None = None
    lines: tuple[PledgedLine, ...]


class PositionReading(Part):
    """The threshold under one reading of the base, and what is short of it now and by forecast, in cents."""

    base: str
    required_cents: int
    shortfall_cents: int
    reached_basis_points: int
    forecast_shortfall_cents: int


class PositionChanged(Fact):
    """The co-financing of a region stands elsewhere, on the day it was told. Full state; not one per contribution."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.position-changed.v1"
    topic: ClassVar[str] = TOPIC

    realised_cents: int
    realised_minutes: int
    declared_cents: int = 0
    declared_minutes: int = 0
    promised_cents: int = 0
    promised_minutes: int = 0
    forecast_cents: int = 0
    as_of: date | None = None
    readings: tuple[PositionReading, ...] = ()


class PeriodClosed(Fact):
    """Nothing more is booked on days up to and including `until`."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.period-closed.v1"
    topic: ClassVar[str] = TOPIC

    until: date


SAMPLES: tuple[Fact, ...] = (
    StatementIssued(
        statement_id=ID[0],
        organisation_id=ID[1],
        deadline=date(2019, 3, 22),
        code="form-2020.acme",
        title="Cofinanciering",
        round_id=ID[2],
        from_=date(2020, 1, 1),
        until=date(2023, 12, 31),
        expected=StatementExpected(minutes=7_200, material_cents=100_000),
        remind_days_before=(14, 3),
    ),
    StatementReminderDue(
        statement_id=ID[0],
        organisation_id=ID[1],
        round_id=ID[2],
        code="form-2020.acme",
        deadline=date(2019, 3, 22),
        days_left=3,
    ),
    PledgeSigned(
        pledge_id=ID[0],
        organisation_id=ID[1],
        minutes=7_200,
        cents=600_000,
        signed_on=date(2019, 3, 20),
        from_=date(2020, 1, 1),
        until=date(2023, 12, 31),
        statement_id=ID[2],
        lines=(
            PledgedLine(line="robotisering", minutes=6_000, cents=500_000),
            PledgedLine(line="robotisering", minutes=1_200, cents=100_000, year=2021, term=3),
        ),
    ),
    PositionChanged(
        realised_cents=52_000_000,
        realised_minutes=624_000,
        declared_cents=1_000_000,
        declared_minutes=12_000,
        promised_cents=80_000_000,
        promised_minutes=960_000,
        forecast_cents=71_000_000,
        as_of=date(2023, 11, 1),
        readings=(
            PositionReading(
                base="of-subsidy",
                required_cents=75_000_000,
                shortfall_cents=23_000_000,
                reached_basis_points=6_933,
                forecast_shortfall_cents=4_000_000,
            ),
        ),
    ),
    PeriodClosed(until=date(2020, 12, 31)),
)
