"""What funding publishes: facts in the past tense, ids only, amounts in integer cents and worked time in minutes."""

from runtime.event import Fact
from services.funding.events import acceptances, claims, contributions, money, pledges, reporting, subsidy
from services.funding.events.claims import CommitmentReduced
from services.funding.events.contributions import (
    ContributionAccepted,
    ContributionApproved,
    ContributionDeclared,
    ContributionHeld,
    ContributionReceipt,
    ContributionRefused,
    ContributionReversed,
    ContributionVerified,
    ReceiptReason,
    ReceiptSeal,
    VerificationAsked,
)
from services.funding.events.money import (
    AllocatedLine,
    AllocationApproved,
    AllocationProposed,
    CommitmentMade,
    CommitmentReleased,
    EntriesSealed,
    GrantAwarded,
    GrantSupplemented,
    MovedCents,
    SchemeRuleRecorded,
)
from services.funding.events.parts import SOURCE, TOPIC, ContributionKind, LineKind, Origin, Part
from services.funding.events.pledges import (
    PeriodClosed,
    PledgedLine,
    PledgeSigned,
    PositionChanged,
    PositionReading,
    StatementExpected,
    StatementIssued,
    StatementReminderDue,
)

__all__ = [
    "SAMPLES",
    "SOURCE",
    "TOPIC",
    "AllocatedLine",
    "AllocationApproved",
    "AllocationProposed",
    "CommitmentMade",
    "CommitmentReduced",
    "CommitmentReleased",
    "ContributionAccepted",
    "ContributionApproved",
    "ContributionDeclared",
    "ContributionHeld",
    "ContributionKind",
    "ContributionReceipt",
    "ContributionRefused",
    "ContributionReversed",
    "ContributionVerified",
    "EntriesSealed",
    "GrantAwarded",
    "GrantSupplemented",
    "LineKind",
    "MovedCents",
    "Origin",
    "Part",
    "PeriodClosed",
    "PledgeSigned",
    "PledgedLine",
    "PositionChanged",
    "PositionReading",
    "ReceiptReason",
    "ReceiptSeal",
    "SchemeRuleRecorded",
    "StatementExpected",
    "StatementIssued",
    "StatementReminderDue",
    "VerificationAsked",
]

SAMPLES: tuple[Fact, ...] = (
    *money.SAMPLES,
    *claims.SAMPLES,
    *subsidy.SAMPLES,
    *reporting.SAMPLES,
    *pledges.SAMPLES,
    *contributions.SAMPLES,
    *acceptances.SAMPLES,
)
