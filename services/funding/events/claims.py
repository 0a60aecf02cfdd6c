"""What becomes of a commitment: claimed in parts, decided on, paid, given back."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from runtime.event import Fact
from services.funding.events.parts import ID, TOPIC

ReasonCode = Literal["mistake", "duplicate", "not-delivered", "not-eligible", "no-evidence", "other"]


class ClaimSubmitted(Fact):
    """A part of a commitment was claimed. It waits for another person; the money stays committed."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.claim-submitted.v1"
    topic: ClassVar[str] = TOPIC

    claim_id: UUID
    reservation_id: UUID
    line: str
    organisation_id: UUID | None = None
    cents: int
    evidence: int
    """How many documents prove it."""


class ClaimApproved(Fact):
    """Another person approved a claim: the money is owed."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.claim-approved.v1"
    topic: ClassVar[str] = TOPIC

    claim_id: UUID
    reservation_id: UUID
    line: str
    organisation_id: UUID | None = None
    cents: int
    approved_by: UUID


class ClaimRefused(Fact):
    """Another person refused a claim: what it asked can be claimed again."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.claim-refused.v1"
    topic: ClassVar[str] = TOPIC

    claim_id: UUID
    reservation_id: UUID
    line: str
    organisation_id: UUID | None = None
    cents: int
    reason_code: ReasonCode
    reason: str


class ClaimWithdrawn(Fact):
    """A claim was taken back before anybody decided on it."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.claim-withdrawn.v1"
    topic: ClassVar[str] = TOPIC

    claim_id: UUID
    reservation_id: UUID
    line: str
    organisation_id: UUID | None = None
    cents: int


class ClaimPaid(Fact):
    """An approved claim was paid."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.claim-paid.v1"
    topic: ClassVar[str] = TOPIC

    claim_id: UUID
    reservation_id: UUID
    line: str
    organisation_id: UUID | None = None
    cents: int
    paid_on: date


class ClaimReversed(Fact):
    """The approval of a claim was undone by yet another person, before it was paid."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.claim-reversed.v1"
    topic: ClassVar[str] = TOPIC

    claim_id: UUID
    reservation_id: UUID
    line: str
    organisation_id: UUID | None = None
    cents: int
    reason_code: ReasonCode
    reason: str


class CommitmentReduced(Fact):
    """A part of a commitment went back to its line: given up, or unclaimed on its last day."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.commitment-reduced.v1"
    topic: ClassVar[str] = TOPIC

    reservation_id: UUID
    line: str
    cents: int
    left_cents: int
    why: Literal["decommitted", "expired"]


_CLAIM = {"claim_id": ID[0], "reservation_id": ID[1], "line": "robotisering", "organisation_id": ID[2], "cents": 45_000}

SAMPLES: tuple[Fact, ...] = (
    ClaimSubmitted(**_CLAIM, evidence=1),
    ClaimApproved(**_CLAIM, approved_by=ID[3]),
    ClaimRefused(**_CLAIM, reason_code="no-evidence", reason="The invoice is of another year."),
    ClaimWithdrawn(**_CLAIM),
    ClaimPaid(**_CLAIM, paid_on=date(2021, 3, 15)),
    ClaimReversed(**_CLAIM, reason_code="duplicate", reason="It was paid under another claim."),
    CommitmentReduced(reservation_id=ID[1], line="robotisering", cents=5_000, left_cents=40_000, why="expired"),
)
