"""Everything a report of a demo shows. Asked from the running services or counted from what was sent; nothing typed in.

Money is in cents, time worked in minutes, instants are UTC, days are those of the region's zone. A part is absent when
the region folder has nothing for it.
"""

from datetime import date, datetime
from typing import Literal

from cli.report.later import Later
from cli.report.part import Contributions, Part


class Reader(Part):
    """Who reads: a region's name, and how it writes numbers and times."""

    name: str
    zone: str
    currency: str
    language: str


# --- the money -----------------------------------------------------------------------------------------------------


class Line(Part):
    """What a spearhead, a location or the rest was given, and would be given by other weights."""

    line: str
    title: str
    kind: Literal["spearhead", "location", "unallocated"]
    cents: int


class WhatIf(Part):
    """The same grant divided otherwise: calculated by the service, booked nowhere."""

    change: str
    lines: tuple[Line, ...]


class Money(Part):
    """Who divided the grant, who approved it, and what happened when one person tried to do both."""

    awarded_cents: int
    supplement_cents: int
    reason: str
    proposed_by: str
    approved_by: str
    four_eyes: str
    what_if: WhatIf | None


class Agreement(Part):
    """`parties` are those that count for its entry into force. `early` is what a signature before its fields got."""

    title: str
    parties: int
    signed: int
    in_force_since: date | None
    witnesses: int = 0
    text_hash: str = ""
    early: str = ""


# --- the position --------------------------------------------------------------------------------------------------


class Reading(Part):
    """The threshold under one reading of what the percentage is of."""

    base: str
    basis_points: int
    required_cents: int
    shortfall_cents: int
    reached_basis_points: int
    forecast_shortfall_cents: int


class Call(Part):
    """A partner that is behind, and the euros at stake."""

    code: str
    name: str
    pledged_cents: int
    delivered_cents: int
    at_stake_cents: int
    sentence: str


class Cofinancing(Part):
    """Where the co-financing stands. `required_cents` and `percent` are under the reading that asks most."""

    as_of: date
    required_cents: int
    realised_cents: int
    realised_minutes: int
    percent: float
    naive_cents: int
    declared_cents: int
    promised_cents: int
    forecast_cents: int
    rule: str
    readings: tuple[Reading, ...]
    calls: tuple[Call, ...] = ()


class Cause(Part):
    """Why a part of the naive sum is not provable, or is provable and was never sent. Negative cents: not provable."""

    code: str
    records: int
    cents: int
    sentence: str


class Spreadsheet(Part):
    """From what a spreadsheet adds up to what the books prove: naive + all causes = provable."""

    cents_per_hour: int
    records: int
    unreadable: int
    naive_cents: int
    causes: tuple[Cause, ...]
    provable_cents: int


class Latency(Part):
    """From the broker taking a record to the broker having its receipt, in milliseconds, of records sent one by one.

    `burst_records` sent all at once were answered within `burst_ms`.
    """

    answers: int
    median_ms: int
    p95_ms: int
    most_ms: int
    burst_records: int = 0
    burst_ms: int = 0


class Refusal(Part):
    """One record that was refused: as it was sent, and what its sender was told."""

    sender: str
    record: str
    sent: str
    code: str
    sentence: str
    language: str
    milliseconds: int
    latency: Latency | None


# --- lessons -------------------------------------------------------------------------------------------------------


class Moment(Part):
    what: str
    at: datetime


class Lesson(Part):
    """One lesson from its request to its hours."""

    title: str
    code: str
    school: str
    company: str
    line: str
    starts_at: datetime
    state: str
    score: int
    reasons: tuple[str, ...]
    others: tuple[str, ...]
    minutes: int
    value_cents: int
    rule: str
    accepted: bool
    moments: tuple[Moment, ...]


class Activities(Part):
    booked: int
    completed: int
    hours_booked_automatically_minutes: int
    value_cents: int
    entries: int
    confirmed: int = 0
    met: int = 0
    """Records of companies about a lesson that was booked already: refused or held, not counted again."""


# --- broken, proved, guarded ---------------------------------------------------------------------------------------


class Broken(Part):
    """What was killed when, and what it cost."""

    service: str
    answered_before: int
    unread_at_kill: int
    published_while_away: int
    away_seconds: float
    caught_up_seconds: float
    records: int
    answered_once: int
    lost: int
    doubled: int
    repeated: int = 0
    """Receipts that came a second time with the same event id, as Kafka may; whoever reads passes over those."""


class Entry(Part):
    """A journal entry behind a number."""

    id: str
    day: date
    kind: str
    reason: str
    account: str
    cents: int
    minutes: int
    batch: int | None
    record: str = ""


class Proof(Part):
    """A number, the entries it is made of, and what a changed copy of the books gives."""

    number: str
    cents: int
    contributions: int
    entries: tuple[Entry, ...]
    entries_sum_cents: int
    head: str
    seal_count: int
    key: str
    changed_from: str
    changed_to: str
    changed_found: str
    cut_found: str


class Ledger(Part):
    journal_entries: int
    imbalance_cents: int
    imbalance_minutes: int
    chain: Literal["verified", "broken"]
    batches: int
    unsealed: int


class Attempt(Part):
    what: str
    answer: str
    seen: int


class Neighbour(Part):
    """Another region on the same installation, and what it got when it asked for these books."""

    name: str
    code: str
    own_organisations: int
    attempts: tuple[Attempt, ...]


# --- the planning and what was told --------------------------------------------------------------------------------


class Milestone(Part):
    title: str
    day: date
    starts_at: str | None
    ends_at: str | None
    place: str | None
    state: str
    told: int
    told_cancelled: int = 0
    told_twice: int = 0
    reason: str | None = None


class Planning(Part):
    milestones: tuple[Milestone, ...]
    mail: str = ""
    """One mail as it arrived, addresses left out."""
    subject: str = ""


class Notifications(Part):
    sent: int
    suppressed_duplicates: int
    failed: int = 0
    mails: int = 0


# --- the journey ---------------------------------------------------------------------------------------------------


class Step(Part):
    """A step of a record, as the service itself remembers it."""

    service: str
    what: str
    at: datetime
    after_ms: float


class Span(Part):
    """A span of the record's trace, as telemetry wrote it. Times since the trace began."""

    service: str
    name: str
    start_ms: float
    duration_ms: float


class Journey(Part):
    record: str
    outcome: str
    trace: str
    correlation: str
    steps: tuple[Step, ...]
    spans: tuple[Span, ...]


class Events(Part):
    published: int
    consumed: int
    dead_letters: int
    lag: int


class Claim(Part):
    """Something the demo checked, with the figures it was checked on."""

    sentence: str
    holds: bool
    because: str


class Report(Part):
    region: str
    reader: Reader
    programme: str
    made_at: datetime
    grant_cents: int
    allocation: tuple[Line, ...]
    money: Money | None
    agreement: Agreement | None
    contributions: Contributions
    cofinancing: Cofinancing | None
    spreadsheet: Spreadsheet | None
    refusal: Refusal | None
    lesson: Lesson | None
    activities: Activities
    broken: Broken | None
    proof: Proof | None
    ledger: Ledger
    neighbour: Neighbour | None
    planning: Planning | None
    notifications: Notifications
    journey: Journey | None
    later: Later | None = None
    events: Events
    loaded: dict[str, int]
    loaded_again: dict[str, int]
    claims: tuple[Claim, ...] = ()
    seconds: float
