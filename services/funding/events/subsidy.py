"""The facts of a subsidy between its scheme and its determination."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from runtime.event import Fact
from services.funding.events.parts import ID, TOPIC


class BaseProposed(Fact):
    """A person proposed which reading of the co-financing's base holds. Both stay shown until another agrees."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.base-proposed.v1"
    topic: ClassVar[str] = TOPIC

    decision_id: UUID
    scheme: str
    base: str
    valid_from: date
    proposed_by: UUID


class BaseDecided(Fact):
    """A second person agreed on which reading of the base holds: from `known_from` on there is one reading."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.base-decided.v1"
    topic: ClassVar[str] = TOPIC

    decision_id: UUID
    scheme: str
    rule: str
    base: str
    valid_from: date
    known_from: date
    decided_by: UUID


class ApplicationDrafted(Fact):
    """An application was put on paper or changed: what it asks, what partners bring in, and what it comes to."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.application-drafted.v1"
    topic: ClassVar[str] = TOPIC

    application_id: UUID
    code: str
    scheme: str
    from_: date = Field(alias="from")
    until: date
    asked_cents: int
    cofinancing_cents: int
    total_cents: int


class ApplicationSubmitted(Fact):
    """A second person handed an application in. It is not edited from then on."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.application-submitted.v1"
    topic: ClassVar[str] = TOPIC

    application_id: UUID
    code: str
    scheme: str
    asked_cents: int
    cofinancing_cents: int
    total_cents: int
    submitted_on: date
    submitted_by: UUID


class ApplicationDecided(Fact):
    """What became of an application; with the grant that it led to when it was awarded."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.application-decided.v1"
    topic: ClassVar[str] = TOPIC

    application_id: UUID
    code: str
    outcome: Literal["awarded", "rejected", "withdrawn"]
    decided_on: date
    asked_cents: int
    grant_id: UUID | None = None
    awarded_cents: int | None = None


class InstalmentReceived(Fact):
    """The provider paid a part of a grant. `received_cents` is what it paid in all."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.instalment-received.v1"
    topic: ClassVar[str] = TOPIC

    grant_id: UUID
    code: str
    instalment_id: UUID
    instalment: str
    cents: int
    received_cents: int
    received_on: date


class InstalmentReversed(Fact):
    """An instalment that was recorded by mistake was taken back by a second person."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.instalment-reversed.v1"
    topic: ClassVar[str] = TOPIC

    grant_id: UUID
    code: str
    instalment_id: UUID
    instalment: str
    cents: int
    received_cents: int
    reason: str


class DeliverablePlanned(Fact):
    """A line promised so many units by a day, or promised otherwise than before."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.deliverable-planned.v1"
    topic: ClassVar[str] = TOPIC

    deliverable_id: UUID
    code: str
    line: str
    planned: int
    unit: str
    due: date


class DeliverableAchieved(Fact):
    """So many units of a deliverable were done; a negative number corrects."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.deliverable-achieved.v1"
    topic: ClassVar[str] = TOPIC

    deliverable_id: UUID
    code: str
    line: str
    number: int
    done: int
    planned: int
    on: date


class DeterminationProposed(Fact):
    """A person proposed what of a grant is determined and what is reclaimed."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.determination-proposed.v1"
    topic: ClassVar[str] = TOPIC

    determination_id: UUID
    grant_id: UUID
    code: str
    number: int
    base: str
    determined_cents: int
    reclaimed_cents: int
    payable_cents: int
    proposed_by: UUID


class GrantDetermined(Fact):
    """A second person approved the determination of a grant: what it came to in the end, and what is reclaimed."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.grant-determined.v1"
    topic: ClassVar[str] = TOPIC

    determination_id: UUID
    grant_id: UUID
    code: str
    base: str
    proved_cents: int
    unproved_cents: int
    shortfall_cents: int
    determined_cents: int
    reclaimed_cents: int
    payable_cents: int
    determined_on: date
    approved_by: UUID | None = None


class ProgressReportMade(Fact):
    """A progress report was frozen: its hash, and the seal of the books that it was made from."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.progress-report-made.v1"
    topic: ClassVar[str] = TOPIC

    report_id: UUID
    code: str
    grant_id: UUID
    from_: date = Field(alias="from")
    until: date
    known_on: date
    sha256: str
    seal_count: int
    seal_head: str


SAMPLES: tuple[Fact, ...] = (
    BaseProposed(
        decision_id=ID[0],
        scheme="sto-2020-2024",
        base="of-subsidy",
        valid_from=date(2020, 1, 1),
        proposed_by=ID[1],
    ),
    BaseDecided(
        decision_id=ID[0],
        scheme="sto-2020-2024",
        rule="base-1-of-subsidy",
        base="of-subsidy",
        valid_from=date(2020, 1, 1),
        known_from=date(2023, 2, 1),
        decided_by=ID[2],
    ),
    ApplicationDrafted(
        application_id=ID[0],
        code="sto-2025",
        scheme="sto-2025-2028",
        from_=date(2025, 1, 1),
        until=date(2028, 12, 31),
        asked_cents=900_000_000,
        cofinancing_cents=100_000_000,
        total_cents=1_000_000_000,
    ),
    ApplicationSubmitted(
        application_id=ID[0],
        code="sto-2025",
        scheme="sto-2025-2028",
        asked_cents=900_000_000,
        cofinancing_cents=100_000_000,
        total_cents=1_000_000_000,
        submitted_on=date(2024, 9, 20),
        submitted_by=ID[2],
    ),
    ApplicationDecided(
        application_id=ID[0],
        code="sto-2025",
        outcome="awarded",
        decided_on=date(2024, 12, 20),
        asked_cents=900_000_000,
        grant_id=ID[1],
        awarded_cents=880_000_000,
    ),
    InstalmentReceived(
        grant_id=ID[1],
        code="sto-2025",
        instalment_id=ID[0],
        instalment="2025-1",
        cents=55_000_000,
        received_cents=55_000_000,
        received_on=date(2025, 1, 31),
    ),
    InstalmentReversed(
        grant_id=ID[1],
        code="sto-2025",
        instalment_id=ID[0],
        instalment="2025-1",
        cents=55_000_000,
        received_cents=0,
        reason="This was another grant's money.",
    ),
    DeliverablePlanned(
        deliverable_id=ID[0],
        code="gastlessen-2026",
        line="robotisering",
        planned=40,
        unit="guest lessons",
        due=date(2026, 12, 31),
    ),
    DeliverableAchieved(
        deliverable_id=ID[0],
        code="gastlessen-2026",
        line="robotisering",
        number=3,
        done=12,
        planned=40,
        on=date(2026, 3, 20),
    ),
    DeterminationProposed(
        determination_id=ID[0],
        grant_id=ID[1],
        code="sto-2020",
        number=1,
        base="of-subsidy",
        determined_cents=985_000_000,
        reclaimed_cents=15_000_000,
        payable_cents=0,
        proposed_by=ID[2],
    ),
    GrantDetermined(
        determination_id=ID[0],
        grant_id=ID[1],
        code="sto-2020",
        base="of-subsidy",
        proved_cents=990_000_000,
        unproved_cents=10_000_000,
        shortfall_cents=5_000_000,
        determined_cents=985_000_000,
        reclaimed_cents=15_000_000,
        payable_cents=0,
        determined_on=date(2025, 6, 2),
    ),
    ProgressReportMade(
        report_id=ID[0],
        code="voortgang-2",
        grant_id=ID[1],
        from_=date(2021, 7, 1),
        until=date(2023, 7, 31),
        known_on=date(2023, 9, 20),
        sha256="5ea1" * 16,
        seal_count=1402,
        seal_head="9f3c" * 16,
    ),
)
