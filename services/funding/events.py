"""What funding publishes: facts in the past tense, ids only, amounts in integer cents and worked time in minutes."""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from runtime.event import Fact

SOURCE = "urn:speerpunt:funding"
TOPIC = "funding.events"

LineKind = Literal["spearhead", "location", "unallocated"]
ContributionKind = Literal["hours", "material", "loan", "cash", "pupil-presence"]
Origin = Literal["intake", "lesson", "rest"]


class Part(BaseModel):
    """A piece of a fact."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True
    )


# --- schemes and grants --------------------------------------------------------------------------------------------


class SchemeRuleRecorded(Fact):
    """A rule of a scheme became known. Earlier rules stay: who asks as of an earlier day still gets those."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.scheme-rule-recorded.v1"
    topic: ClassVar[str] = TOPIC

    scheme_id: UUID
    scheme: str
    rule: str
    about: str
    valid_from: date
    valid_until: date | None = None
    known_from: date
    flagged: bool = False


class GrantAwarded(Fact):
    """The subsidy provider awarded a grant."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.grant-awarded.v1"
    topic: ClassVar[str] = TOPIC

    grant_id: UUID
    code: str
    scheme: str
    cents: int
    from_: date = Field(alias="from")
    until: date


class GrantSupplemented(Fact):
    """A grant got more money, more time, or both. `until` is the end date after it."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.grant-supplemented.v1"
    topic: ClassVar[str] = TOPIC

    grant_id: UUID
    code: str
    supplement_id: UUID
    supplement: str
    cents: int
    total_cents: int
    until: date


# --- allocation ----------------------------------------------------------------------------------------------------


class AllocatedLine(Part):
    line: str
    kind: LineKind
    cents: int


class AllocationProposed(Fact):
    """A division of a grant over its lines was proposed. The lines sum to the grant, `unallocated` included."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.allocation-proposed.v1"
    topic: ClassVar[str] = TOPIC

    allocation_id: UUID
    grant_id: UUID
    code: str
    number: int
    lines: tuple[AllocatedLine, ...]
    effective_on: date


class AllocationApproved(Fact):
    """A second person approved a division: from its effective date these are the budgets of the lines."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.allocation-approved.v1"
    topic: ClassVar[str] = TOPIC

    allocation_id: UUID
    grant_id: UUID
    code: str
    number: int
    lines: tuple[AllocatedLine, ...]
    effective_on: date
    supersedes: UUID | None = None


class CommitmentMade(Fact):
    """Money of a line was committed: a reservation was confirmed."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.commitment-made.v1"
    topic: ClassVar[str] = TOPIC

    reservation_id: UUID
    line: str
    cents: int


class CommitmentReleased(Fact):
    """A commitment was given back to its line."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.commitment-released.v1"
    topic: ClassVar[str] = TOPIC

    reservation_id: UUID
    line: str
    cents: int


class EntriesSealed(Fact):
    """A batch of journal entries was sealed: whoever keeps this fact can prove that nothing before it was rewritten.

    `count` is the number of entries in the chain so far and `head` the chain's hash after this batch; the signature
    is Ed25519 over both, in hexadecimal (services/funding/README.md says over which text).
    """

    fact_type: ClassVar[str] = "nl.speerpunt.funding.entries-sealed.v1"
    topic: ClassVar[str] = TOPIC

    batch: int
    count: int
    head: str
    previous: str
    sealed_at: datetime
    key_id: str
    signature: str


# --- pledges -------------------------------------------------------------------------------------------------------


class StatementIssued(Fact):
    """An organisation was asked what it will contribute: the form, with its deadline."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.statement-issued.v1"
    topic: ClassVar[str] = TOPIC

    statement_id: UUID
    organisation_id: UUID
    deadline: date


class PledgedLine(Part):
    line: str
    minutes: int = 0
    cents: int = 0


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
    lines: tuple[PledgedLine, ...]


# --- contributions -------------------------------------------------------------------------------------------------


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
    """A contribution was found right: by a rule, or by the school that received it."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.contribution-verified.v1"
    topic: ClassVar[str] = TOPIC

    contribution_id: UUID
    by: Literal["rule", "school"]


class ContributionAccepted(Fact):
    """A second person accepted a contribution, with its batch: it counts as realised."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.contribution-accepted.v1"
    topic: ClassVar[str] = TOPIC

    contribution_id: UUID
    batch_id: UUID


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
    """A booked contribution was taken back, with entries that undo its own."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.contribution-reversed.v1"
    topic: ClassVar[str] = TOPIC

    contribution_id: UUID
    reason: str


class PositionChanged(Fact):
    """The co-financing of a region stands elsewhere. Full state."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.position-changed.v1"
    topic: ClassVar[str] = TOPIC

    realised_cents: int
    realised_minutes: int
    declared_cents: int = 0
    declared_minutes: int = 0
    promised_cents: int = 0
    promised_minutes: int = 0


class PeriodClosed(Fact):
    """Nothing more is booked on days up to and including `until`."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.period-closed.v1"
    topic: ClassVar[str] = TOPIC

    until: date


# --- receipts ------------------------------------------------------------------------------------------------------


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
    """What became of one record. Sent to the sender's own receipts topic, keyed by the record's id."""

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
    seal: ReceiptSeal | None = None


# --- one golden sample each ----------------------------------------------------------------------------------------

_ID = [UUID(f"018f0000-0000-7000-8000-{number:012d}") for number in range(9)]
_LINES = (
    AllocatedLine(line="robotisering", kind="spearhead", cents=60_000_000),
    AllocatedLine(line="het-element", kind="location", cents=30_000_000),
    AllocatedLine(line="unallocated", kind="unallocated", cents=10_000_000),
)

SAMPLES: tuple[Fact, ...] = (
    SchemeRuleRecorded(
        scheme_id=_ID[0],
        scheme="sto-2020-2024",
        rule="cofinancing-7-5",
        about="cofinancing",
        valid_from=date(2020, 1, 1),
        known_from=date(2022, 7, 1),
    ),
    GrantAwarded(
        grant_id=_ID[0],
        code="sto-2020",
        scheme="sto-2020-2024",
        cents=100_000_000,
        from_=date(2020, 1, 1),
        until=date(2023, 12, 31),
    ),
    GrantSupplemented(
        grant_id=_ID[0],
        code="sto-2020",
        supplement_id=_ID[1],
        supplement="2024",
        cents=25_000_000,
        total_cents=125_000_000,
        until=date(2024, 12, 31),
    ),
    AllocationProposed(
        allocation_id=_ID[0], grant_id=_ID[1], code="2020", number=1, lines=_LINES, effective_on=date(2020, 1, 1)
    ),
    AllocationApproved(
        allocation_id=_ID[2],
        grant_id=_ID[1],
        code="2020",
        number=2,
        lines=_LINES,
        effective_on=date(2020, 9, 1),
        supersedes=_ID[0],
    ),
    CommitmentMade(reservation_id=_ID[0], line="robotisering", cents=45_000),
    CommitmentReleased(reservation_id=_ID[0], line="robotisering", cents=45_000),
    EntriesSealed(
        batch=7,
        count=1402,
        head="9f3c" * 16,
        previous="0a1b" * 16,
        sealed_at=datetime.fromisoformat("2020-05-02T10:00:00+00:00"),
        key_id="c0de" * 16,
        signature="ab" * 64,
    ),
    StatementIssued(statement_id=_ID[0], organisation_id=_ID[1], deadline=date(2019, 3, 22)),
    PledgeSigned(
        pledge_id=_ID[0],
        organisation_id=_ID[1],
        minutes=7_200,
        cents=600_000,
        signed_on=date(2019, 3, 20),
        from_=date(2020, 1, 1),
        until=date(2023, 12, 31),
        lines=(PledgedLine(line="robotisering", minutes=7_200, cents=600_000),),
    ),
    ContributionDeclared(
        contribution_id=_ID[0],
        organisation_id=_ID[1],
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
    ContributionVerified(contribution_id=_ID[0], by="rule"),
    ContributionAccepted(contribution_id=_ID[0], batch_id=_ID[1]),
    ContributionHeld(
        record_id="8843",
        code="already-booked",
        sender="acme",
        organisation_id=_ID[1],
        line="robotisering",
        day=date(2020, 5, 2),
    ),
    ContributionRefused(record_id="8844", sender="acme", codes=("unknown-line",)),
    ContributionReversed(contribution_id=_ID[0], reason="replaced"),
    PositionChanged(
        realised_cents=52_000_000,
        realised_minutes=624_000,
        declared_cents=1_000_000,
        declared_minutes=12_000,
        promised_cents=80_000_000,
        promised_minutes=960_000,
    ),
    PeriodClosed(until=date(2020, 12, 31)),
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
