"""Schemes, grants, their division over the lines, commitments, and the seals of the books."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from runtime.event import Fact
from services.funding.events.parts import ID, TOPIC, LineKind, Part


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


class AllocatedLine(Part):
    line: str
    kind: LineKind
    cents: int


class MovedCents(Part):
    source: str
    target: str
    cents: int


class AllocationProposed(Fact):
    """A division of a grant over its lines was proposed. The lines sum to the grant, `unallocated` included. A
    re-allocation names the version it is `based_on`, and its moves."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.allocation-proposed.v1"
    topic: ClassVar[str] = TOPIC

    allocation_id: UUID
    grant_id: UUID
    code: str
    number: int
    lines: tuple[AllocatedLine, ...]
    effective_on: date
    based_on: UUID | None = None
    moves: tuple[MovedCents, ...] = ()


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
    approved_by: UUID | None = None


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


_LINES = (
    AllocatedLine(line="robotisering", kind="spearhead", cents=60_000_000),
    AllocatedLine(line="het-element", kind="location", cents=30_000_000),
    AllocatedLine(line="unallocated", kind="unallocated", cents=10_000_000),
)

SAMPLES: tuple[Fact, ...] = (
    SchemeRuleRecorded(
        scheme_id=ID[0],
        scheme="sto-2020-2024",
        rule="cofinancing-7-5",
        about="cofinancing",
        valid_from=date(2020, 1, 1),
        known_from=date(2022, 7, 1),
    ),
    GrantAwarded(
        grant_id=ID[0],
        code="sto-2020",
        scheme="sto-2020-2024",
        cents=100_000_000,
        from_=date(2020, 1, 1),
        until=date(2023, 12, 31),
    ),
    GrantSupplemented(
        grant_id=ID[0],
        code="sto-2020",
        supplement_id=ID[1],
        supplement="2024",
        cents=25_000_000,
        total_cents=125_000_000,
        until=date(2024, 12, 31),
    ),
    AllocationProposed(
        allocation_id=ID[0],
        grant_id=ID[1],
        code="2020-09",
        number=2,
        lines=_LINES,
        effective_on=date(2020, 9, 1),
        based_on=ID[2],
        moves=(MovedCents(source="robotisering", target="het-element", cents=1_000),),
    ),
    AllocationApproved(
        allocation_id=ID[2],
        grant_id=ID[1],
        code="2020",
        number=2,
        lines=_LINES,
        effective_on=date(2020, 9, 1),
        supersedes=ID[0],
    ),
    CommitmentMade(reservation_id=ID[0], line="robotisering", cents=45_000),
    CommitmentReleased(reservation_id=ID[0], line="robotisering", cents=45_000),
    EntriesSealed(
        batch=7,
        count=1402,
        head="9f3c" * 16,
        previous="0a1b" * 16,
        sealed_at=datetime.fromisoformat("2020-05-02T10:00:00+00:00"),
        key_id="c0de" * 16,
        signature="ab" * 64,
    ),
)
