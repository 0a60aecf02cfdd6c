"""What the dashboard uses of the facts of the other services, each with the statement that projects it."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Heard(BaseModel):
    """A fact as far as it is used here. Its class, in snake_case, is the name of the statement that projects it."""

    model_config = ConfigDict(
        extra="ignore",
        alias_generator=lambda name: to_camel(name.rstrip("_")),
        populate_by_name=True,
        frozen=True,
    )


# -- partners


class ConsortiumFounded(Heard):
    code: str
    name: str
    zone: str
    currency: str = "EUR"
    language: str = "nl"


class ConsortiumClosed(Heard):
    """A region was closed or opened again: the type of the event says which."""

    reason: str
    since: datetime


class PlannedLine(Heard):
    code: str
    title: str


class ProgrammePlanned(Heard):
    programme_id: UUID
    code: str
    title: str
    from_: date
    until: date
    spearheads: tuple[PlannedLine, ...] = ()
    locations: tuple[PlannedLine, ...] = ()


class OrganisationRegistered(Heard):
    organisation_id: UUID
    code: str
    name: str
    kind: str


class AgreementCirculated(Heard):
    agreement_id: UUID
    code: str
    title: str
    sign_until: date | None = None
    parties: tuple[UUID, ...]


class AgreementSigned(Heard):
    agreement_id: UUID
    organisation_id: UUID
    signed_on: date


class AgreementEnteredIntoForce(Heard):
    agreement_id: UUID
    since: date
    from_: date
    until: date


# -- funding


class GrantAwarded(Heard):
    grant_id: UUID
    code: str
    scheme: str
    cents: int
    from_: date
    until: date


class GrantSupplemented(Heard):
    grant_id: UUID
    total_cents: int
    until: date


class AllocatedLine(Heard):
    line: str
    kind: str
    cents: int


class AllocationProposed(Heard):
    allocation_id: UUID
    grant_id: UUID
    code: str
    number: int
    lines: tuple[AllocatedLine, ...]
    effective_on: date


class AllocationApproved(AllocationProposed):
    pass


class CommitmentMade(Heard):
    reservation_id: UUID
    line: str
    cents: int


class CommitmentReduced(CommitmentMade):
    left_cents: int


class CommitmentReleased(CommitmentMade):
    pass


class ClaimSubmitted(Heard):
    claim_id: UUID
    reservation_id: UUID
    line: str
    organisation_id: UUID | None = None
    cents: int


class ClaimMoved(Heard):
    """A claim was approved, refused, withdrawn, paid or reversed: the type of the event says which."""

    claim_id: UUID


class StatementIssued(Heard):
    statement_id: UUID
    organisation_id: UUID
    deadline: date
    title: str | None = None


class PledgedLine(Heard):
    line: str
    minutes: int = 0
    cents: int = 0


class PledgeSigned(Heard):
    pledge_id: UUID
    organisation_id: UUID
    minutes: int
    cents: int
    signed_on: date
    from_: date
    until: date
    lines: tuple[PledgedLine, ...] = ()


class ContributionDeclared(Heard):
    contribution_id: UUID
    organisation_id: UUID
    line: str
    day: date
    kind: str
    minutes: int
    value_cents: int
    origin: str
    sender: str | None = None
    record_id: str | None = None


class ContributionMoved(Heard):
    """A contribution was verified, accepted or reversed: the type of the event says which."""

    contribution_id: UUID


class ContributionHeld(Heard):
    record_id: str
    code: str
    sender: str | None = None
    organisation_id: UUID | None = None
    line: str | None = None
    day: date | None = None


class ContributionRefused(Heard):
    record_id: str
    sender: str
    codes: tuple[str, ...]


class PositionReading(Heard):
    base: str
    required_cents: int
    shortfall_cents: int
    reached_basis_points: int
    forecast_shortfall_cents: int


class PositionChanged(Heard):
    realised_cents: int
    realised_minutes: int
    declared_cents: int = 0
    declared_minutes: int = 0
    promised_cents: int = 0
    promised_minutes: int = 0
    forecast_cents: int = 0
    as_of: date | None = None
    readings: tuple[PositionReading, ...] = ()


class PeriodClosed(Heard):
    until: date


class EntriesSealed(Heard):
    batch: int
    count: int
    head: str
    previous: str
    sealed_at: datetime


# -- activities


class OfferPublished(Heard):
    offer_id: UUID
    company_id: UUID
    title: str
    line: str
    available: bool


class RequestPublished(Heard):
    request_id: UUID
    code: str
    school_id: UUID
    line: str
    subject: str
    group_size: int
    from_day: date
    until_day: date
    state: str


class CandidatesRanked(Heard):
    request_id: UUID
    candidates: tuple[Any, ...]


class ActivityMoved(Heard):
    """An activity was held for a school, booked, cancelled, completed or confirmed; each says what it knows."""

    activity_id: UUID
    code: str
    kind: str | None = None
    title: str | None = None
    line: str | None = None
    school_id: UUID | None = None
    company_id: UUID | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    day: date | None = None
    seats: int | None = None
    pupils: int | None = None
    minutes: int | None = None
    reason: str | None = None


# -- notifications


class MilestonePlanned(Heard):
    milestone_id: UUID
    code: str
    title: str
    kind: str
    day: date
    from_day: date | None = None
    starts_at: time | None = None
    ends_at: time | None = None


class NoticeDecided(Heard):
    """A notice was sent, failed or suppressed: the type of the event says which."""

    notice_id: UUID
    milestone_id: UUID | None = None


FACTS: dict[str, dict[str, type[Heard]]] = {
    "partners": {
        "consortium-founded": ConsortiumFounded,
        "consortium-closed": ConsortiumClosed,
        "consortium-reopened": ConsortiumClosed,
        "programme-planned": ProgrammePlanned,
        "organisation-registered": OrganisationRegistered,
        "agreement-circulated": AgreementCirculated,
        "agreement-signed": AgreementSigned,
        "agreement-entered-into-force": AgreementEnteredIntoForce,
    },
    "funding": {
        "grant-awarded": GrantAwarded,
        "grant-supplemented": GrantSupplemented,
        "allocation-proposed": AllocationProposed,
        "allocation-approved": AllocationApproved,
        "commitment-made": CommitmentMade,
        "commitment-reduced": CommitmentReduced,
        "commitment-released": CommitmentReleased,
        "claim-submitted": ClaimSubmitted,
        "claim-approved": ClaimMoved,
        "claim-refused": ClaimMoved,
        "claim-withdrawn": ClaimMoved,
        "claim-paid": ClaimMoved,
        "claim-reversed": ClaimMoved,
        "statement-issued": StatementIssued,
        "pledge-signed": PledgeSigned,
        "contribution-declared": ContributionDeclared,
        "contribution-verified": ContributionMoved,
        "contribution-accepted": ContributionMoved,
        "contribution-reversed": ContributionMoved,
        "contribution-held": ContributionHeld,
        "contribution-refused": ContributionRefused,
        "position-changed": PositionChanged,
        "period-closed": PeriodClosed,
        "entries-sealed": EntriesSealed,
    },
    "activities": {
        "offer-published": OfferPublished,
        "request-published": RequestPublished,
        "candidates-ranked": CandidatesRanked,
        "activity-held": ActivityMoved,
        "activity-booked": ActivityMoved,
        "activity-cancelled": ActivityMoved,
        "activity-completed": ActivityMoved,
        "attendance-confirmed": ActivityMoved,
    },
    "notifications": {
        "milestone-planned": MilestonePlanned,
        "milestone-moved": MilestonePlanned,
        "milestone-cancelled": MilestonePlanned,
        "notice-sent": NoticeDecided,
        "notice-failed": NoticeDecided,
        "notice-suppressed": NoticeDecided,
    },
}
"""By service and short type: what is projected. Whatever else is heard is only noted, so that it can be followed."""
