"""What was brought in, and what a sender is told of it."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from runtime.event import Fact
from services.funding.events.parts import ID, TOPIC, ContributionKind, Origin, Part


class ContributionDeclared(Fact):
    """A contribution was booked as declared, at the value of the rule it names."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.contribution-declared.v1"
    topic: ClassVar[str] = TOPIC

    contribution_id: UUID
    organisation_id: UUID
    line: str
    day: date
    kind: ContributionKind
    minutes: int
    value_cents: int
    rule: str
    origin: Origin
    sender: str | None = None
    record_id: str | None = None
    activity_id: UUID | None = None


class ContributionVerified(Fact):
    """A contribution was found right: by a rule, by the school that received it, or by the office."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.contribution-verified.v1"
    topic: ClassVar[str] = TOPIC

    contribution_id: UUID
    by: Literal["rule", "school", "office"]


class VerificationAsked(Fact):
    """The school that received a contribution has the word: is it right? `school_id` is None as long as the activity
    that it names was not confirmed; once it is, the school is asked with a further one."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.verification-asked.v1"
    topic: ClassVar[str] = TOPIC

    contribution_id: UUID
    organisation_id: UUID
    school_id: UUID | None = None
    line: str
    day: date
    kind: ContributionKind
    minutes: int


class ContributionAccepted(Fact):
    """A second person accepted a contribution, with its batch: it counts as realised."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.contribution-accepted.v1"
    topic: ClassVar[str] = TOPIC

    contribution_id: UUID
    batch_id: UUID


class ContributionApproved(Fact):
    """The first of two persons accepted a contribution that is worth so much that two must; it does not count yet."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.contribution-approved.v1"
    topic: ClassVar[str] = TOPIC

    contribution_id: UUID
    organisation_id: UUID
    approved_by: UUID
    value_cents: int
    above_cents: int


class ContributionHeld(Fact):
    """A record waits for a person to look at it."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.contribution-held.v1"
    topic: ClassVar[str] = TOPIC

    record_id: str
    code: str
    sender: str | None = None
    organisation_id: UUID | None = None
    line: str | None = None
    day: date | None = None


class ContributionRefused(Fact):
    """A record was refused; its sender was told how to mend it."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.contribution-refused.v1"
    topic: ClassVar[str] = TOPIC

    record_id: str
    sender: str
    codes: tuple[str, ...]


class ContributionReversed(Fact):
    """A contribution left the books for good, with entries that undo its own: replaced or withdrawn by who declared it,
    or rejected by a person, with a code of the published list."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.contribution-reversed.v1"
    topic: ClassVar[str] = TOPIC

    contribution_id: UUID
    reason: str
    code: str | None = None
    organisation_id: UUID | None = None
    sender: str | None = None
    record_id: str | None = None


class ReceiptReason(Part):
    """One cause of a refusal or a hold: a code, the field, and a sentence per language that says how to mend it."""

    code: str
    field: str | None = None
    suggestion: str | None = None
    message: dict[str, str]


class ReceiptSeal(Part):
    """The books' latest seal when the receipt was written."""

    count: int
    head: str


class ContributionReceipt(Fact):
    """What became of one record. Sent to the sender's own receipts topic, keyed by the record's id.

    A later change of state sends a further receipt with the same id: `settled_by` is the record that replaced it or
    took it back.
    """

    fact_type: ClassVar[str] = "nl.speerpunt.intake.receipt.v1"
    topic: ClassVar[str] = "receipts.contributions"

    id: str
    record: str
    outcome: str
    reasons: tuple[ReceiptReason, ...] = ()
    contribution_id: UUID | None = None
    value_cents: int | None = None
    minutes: int | None = None
    rule: str | None = None
    first_outcome: str | None = None
    state: str | None = None
    settled_by: str | None = None
    seal: ReceiptSeal | None = None


SAMPLES: tuple[Fact, ...] = (
    ContributionDeclared(
        contribution_id=ID[0],
        organisation_id=ID[1],
        line="robotisering",
        day=date(2020, 5, 2),
        kind="hours",
        minutes=135,
        value_cents=11_250,
        rule="rate-hour",
        origin="intake",
        sender="acme",
        record_id="8842",
    ),
    ContributionVerified(contribution_id=ID[0], by="rule"),
    VerificationAsked(
        contribution_id=ID[0],
        organisation_id=ID[1],
        school_id=ID[2],
        line="robotisering",
        day=date(2020, 5, 2),
        kind="hours",
        minutes=135,
    ),
    ContributionAccepted(contribution_id=ID[0], batch_id=ID[1]),
    ContributionHeld(
        record_id="8843",
        code="already-booked",
        sender="acme",
        organisation_id=ID[1],
        line="robotisering",
        day=date(2020, 5, 2),
    ),
    ContributionRefused(record_id="8844", sender="acme", codes=("unknown-line",)),
    ContributionApproved(
        contribution_id=ID[0], organisation_id=ID[1], approved_by=ID[2], value_cents=1_250_000, above_cents=1_000_000
    ),
    ContributionReversed(
        contribution_id=ID[0],
        reason="rejected",
        code="not-delivered",
        organisation_id=ID[1],
        sender="acme",
        record_id="8842",
    ),
    ContributionReceipt(
        id="8842",
        record="intake.contributions.acme-0-1311",
        outcome="refused",
        reasons=(
            ReceiptReason(
                code="unknown-line",
                field="line",
                suggestion="robotisering",
                message={
                    "nl": "14 u op 2 mei voor 'robotica': dat speerpunt bestaat niet. Bedoelt u 'robotisering'?",
                    "en": "14 h on 2 May for 'robotica': there is no such spearhead. Did you mean 'robotisering'?",
                },
            ),
        ),
        seal=ReceiptSeal(count=1402, head="9f3c" * 16),
    ),
)
