"""The second act of the report: what a year brought, and how the grant was accounted for. A part that is not played is
absent. Money is in cents, time in minutes, like in the rest of the report."""

from datetime import date
from typing import Literal

from cli.report.part import Contributions, Part


class Correction(Part):
    """A record that was accepted long ago and is corrected now: why it waits, and what the office let through."""

    sender: str
    record: str
    replaces: str
    sentence: str
    language: str
    before_cents: int
    after_cents: int


class Known(Part):
    """What the percentage was on a day, as far as known then, and the threshold under each reading of the base."""

    known_on: date
    rule: str
    basis_points: int
    required_cents: dict[str, int]


class Lowered(Part):
    """The percentage before and after a rule became known, for the same day; `again` is what the first was at the end
    of the act, when everything else had changed."""

    as_of: date
    before: Known
    after: Known
    again: Known
    source: str


class Closing(Part):
    """A closed period: what was realised in it before and after late records came, and what their senders were told."""

    until: date
    before_cents: int
    after_cents: int
    late: Contributions
    sentence: str
    language: str


class Place(Part):
    """A line in a term: minutes that are needed and that are pledged, and whether people are there in time."""

    line: str
    year: int
    term: int
    needed_minutes: int
    pledged_minutes: int
    sentence: str


class Asked(Part):
    """The form for the coming year: to how many it went and again went, and what came of the sheet of one of them."""

    title: str
    reached: int
    again: int
    organisation: str
    language: str
    mistyped: str
    """What its first try was answered with, cell by cell."""
    kept_before: bool
    """Whether anything of that try was kept."""
    filled_minutes: int
    filled_cents: int
    pledged_minutes: int
    pledged_cents: int
    altered: str
    """What a signature under another hash was answered with."""
    signed: int
    places: tuple[Place, ...]


class DateMoved(Part):
    """A date that was moved by a rule that became known later."""

    title: str
    from_day: date
    to_day: date
    known_from: date
    known_before: date
    """Where it stands to whoever asks as known the day before."""


class Calendar(Part):
    """The reporting calendar: how many dates the scheme set by itself, one that moved, and the one that is done."""

    dates: int
    moved: DateMoved | None
    done: str
    due: date
    done_on: date
    report: str
    state: str


class TakenAway(Part):
    """The contributions as a sheet, added up outside the services; `anchor` is the seal that the sheet names."""

    rows: int
    bytes: int
    accepted_cents: int
    accepted_minutes: int
    anchor: str
    sealed: str
    """The seal of the books when it was taken away."""
    booked_cents: int


class ClaimShown(Part):
    """A claim on a commitment, and what became of it."""

    about: str
    cents: int
    state: str
    reason_code: str
    reason: str


class Moved(Part):
    """Money moved between lines: what each had and has, and what the proposer was told who tried to approve it too."""

    reason: str
    lines: tuple[tuple[str, int, int], ...]
    """Title, cents before and cents after of every line that is another."""
    together_before_cents: int
    together_after_cents: int
    own_approval: str


class Spent(Part):
    """Money of a line: committed to an organisation, and claimed by it. `too_much`: what a claim above it was told."""

    organisation: str
    line: str
    purpose: str
    allocated_cents: int
    committed_cents: int
    claims: tuple[ClaimShown, ...]
    refused_cents: int
    paid_cents: int
    left_cents: int
    line_committed_cents: int
    line_claimed_cents: int
    too_much: str
    paid_day: date | None = None
    paid_says: str = ""
    """The day on which the payment is in the books, and what its entry says of that."""


class Accounted(Part):
    """The progress report: made by one person, signed off by another, taken away and checked without us."""

    code: str
    until: date
    sha256: str
    realised_cents: int
    own_sign_off: str
    signed_sha256: str
    signed_note: str
    file_bytes: int
    file_says: tuple[str, ...]
    file_whole: bool
    changed_says: str
    changed_found: bool
    reproduced: bool


class Option(Part):
    """What would be determined under one reading of the base."""

    base: str
    required_cents: int
    determined_cents: int
    reclaimed_cents: int


class Determination(Part):
    """What the grant came to, under the reading that two persons decided."""

    undecided: str
    options: tuple[Option, ...]
    base: str
    own_approval: str
    grant_cents: int
    received_cents: int
    proved_cents: int
    counted_cents: int
    required_cents: int
    shortfall_cents: int
    determined_cents: int
    reclaimed_cents: int
    payable_cents: int
    after: str
    """What was answered when somebody added to the grant afterwards."""


class Later(Part):
    """The year after the first report."""

    as_of: date
    grant_cents: int
    contributions: Contributions
    released: int
    accepted: int
    realised_cents: int
    realised_minutes: int
    booked_cents: int
    """What the accounts of accepted contributions hold, as the ledger says."""
    correction: Correction | None = None
    asked: Asked | None = None
    lowered: Lowered | None = None
    closing: Closing | None = None
    moved: Moved | None = None
    money: Spent | None = None
    report: Accounted | None = None
    calendar: Calendar | None = None
    taken: TakenAway | None = None
    determination: Determination | None = None
    journal_entries: int = 0
    imbalance_cents: int = 0
    imbalance_minutes: int = 0
    chain: Literal["verified", "broken"] = "verified"
    seconds: float = 0
