"""The tables that leave the books: what each column is called for good, and what it means.

A name never changes and never means something else; columns may be added at the end. Amounts are integer cents, worked
time is integer minutes, days are ISO dates in the region's zone, instants are UTC.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.funding.domain.chain import Seal

NOTHING_SEALED = "0" * 64
"""The head of a chain that has no batch yet."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column and what it means."""

    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its columns in order."""

    name: str
    title: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def cells(self, row: Mapping[str, Any]) -> list[Any]:
        """A row's values in the order of the columns."""
        return [row[name] for name in self.names]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The seal of the chain that a table rests on: entries up to it, and its hash. `unsealed` entries came after it."""

    count: int
    head: str
    batch: int
    unsealed: int = 0

    @classmethod
    def of(cls, seal: Seal | None, unsealed: int = 0) -> "Checkpoint":
        """The checkpoint of a seal, or of a chain that has none yet."""
        return cls(0, NOTHING_SEALED, 0, unsealed) if seal is None else cls(seal.count, seal.head, seal.batch, unsealed)

    def __str__(self) -> str:
        """As the verifiers take it: `--anchor COUNT:HEAD`."""
        return f"{self.count}:{self.head}"


def _columns(*described: tuple[str, str]) -> tuple[Column, ...]:
    return tuple(Column(*each) for each in described)


CONTRIBUTIONS = Table(
    "contributions",
    "What organisations brought in, as far as the sealed books know of it",
    _columns(
        ("contributionId", "Its id"),
        ("organisation", "Code of the organisation in the region, or its id when it is not known here"),
        ("organisationName", "What the organisation is called"),
        ("line", "Code of the spearhead or location"),
        ("day", "Day of the work, or of the loan"),
        ("year", "Calendar year of that day"),
        ("kind", "hours, material, loan, cash or pupil-presence"),
        ("minutes", "Worked time in minutes"),
        ("valueCents", "Value in cents by its rule"),
        ("rule", "Code of the rule that valued it"),
        ("origin", "intake, rest or lesson"),
        ("sender", "The company system that sent it"),
        ("recordId", "The sender's own id of the record"),
        ("activityRef", "Reference of the lesson, visit or placement"),
        ("bookedAs", "What the books make of it at the checkpoint: declared, verified, accepted, or none when undone"),
        ("bookedCents", "Cents that the books hold for it at the checkpoint"),
        ("bookedMinutes", "Minutes that the books hold for it at the checkpoint"),
        ("state", "Its state when the file was written"),
    ),
)
JOURNAL = Table(
    "journal",
    "Every posting of the sealed journal, in the order in which it was sealed",
    _columns(
        ("batch", "The seal that covers the entry"),
        ("position", "Place of the entry in its batch"),
        ("entryId", "Id of the entry"),
        ("day", "Day on which it is true"),
        ("kind", "What happened"),
        ("account", "Name of the account"),
        ("cents", "Cents on the account: debit positive, credit negative"),
        ("minutes", "Minutes on the account: debit positive, credit negative"),
        ("reason", "Why, in words"),
        ("subjectKind", "What the entry is about"),
        ("subjectId", "Id of what the entry is about"),
        ("reverses", "Id of the entry that it undoes"),
        ("recordedAt", "Instant at which it was recorded"),
        ("recordedBy", "Who recorded it: an id, never a name"),
        ("entryHash", "SHA-256 of the entry, as it was sealed"),
    ),
)
POSITIONS = Table(
    "positions",
    "Where the co-financing stands: the programme, its lines and its partners",
    _columns(
        ("scope", "programme, line or partner"),
        ("code", "Code of the line or the organisation"),
        ("name", "Title of the line, name of the organisation"),
        ("kind", "Kind of the line or the organisation"),
        ("asOf", "Up to and including this day"),
        ("knownOn", "By the rules known on this day"),
        ("allocatedCents", "What a line was given"),
        ("realisedCents", "Accepted, in cents"),
        ("realisedMinutes", "Accepted, in minutes"),
        ("declaredCents", "Booked and not yet accepted, in cents"),
        ("declaredMinutes", "Booked and not yet accepted, in minutes"),
        ("promisedCents", "Pledged, in cents"),
        ("promisedMinutes", "Pledged, in minutes"),
        ("dueCents", "What of the promise fell due by then"),
        ("forecastCents", "What is expected at the end"),
        ("requiredOfSubsidyCents", "Required where the percentage is of the subsidy; empty when that is no reading"),
        ("shortfallOfSubsidyCents", "Missing under that reading"),
        ("requiredOfTotalCents", "Required where it is of subsidy and co-financing together"),
        ("shortfallOfTotalCents", "Missing under that reading"),
        ("requiredOfCostsCents", "Required where it is of the project's costs"),
        ("shortfallOfCostsCents", "Missing under that reading"),
    ),
)
PLAN_VERSUS_REALISED = Table(
    "plan-versus-realised",
    "What was applied for per line and calendar year, against what the sealed books hold",
    _columns(
        ("line", "Code of the spearhead or location"),
        ("kind", "spearhead, location, or former when no programme has it now"),
        ("title", "Title of the line"),
        ("year", "Calendar year"),
        ("plannedSubsidyCents", "Price x quantity of the items paid from the subsidy"),
        ("realisedSubsidyCents", "Claims on the line that were approved, paid or not"),
        ("subsidyDifferenceCents", "Planned less realised"),
        ("committedChangeCents", "By how much what is committed and not yet claimed grew in that year"),
        ("plannedCofinancingCents", "Price x quantity of the items paid from co-financing"),
        ("realisedCofinancingCents", "Contributions that were accepted"),
        ("cofinancingDifferenceCents", "Planned less realised"),
        ("waitingCofinancingCents", "Contributions that were booked and not yet accepted"),
        ("realisedMinutes", "Minutes of the contributions that were accepted"),
        ("waitingMinutes", "Minutes of the contributions that were booked and not yet accepted"),
        ("plannedOwnCents", "Items paid from own means, which the books do not hold"),
    ),
)
MONTHLY_STATEMENTS = Table(
    "monthly-statements",
    "What each organisation sent in a month, what came of it, and what the sealed books recorded for it in that month",
    _columns(
        ("month", "Calendar month in the zone of the region"),
        ("organisation", "Code of the organisation in the region, or its id when it is not known here"),
        ("organisationName", "What the organisation is called"),
        (
            "part",
            "sent: records by what came of them at first; reason: those not booked by why, each under all its reasons; "
            "now: the same records by what they are now; booked: entries of the books",
        ),
        ("what", "booked, held, refused, replaced, withdrawn or taken-back"),
        ("reason", "Code of the reason"),
        ("period", "Calendar month in which it is booked: of the work, or the first that was open"),
        ("line", "Code of the spearhead or location"),
        ("records", "How many records, or entries of the books"),
        ("minutes", "Minutes that came into the books; negative when taken back"),
        ("valueCents", "Cents that came into the books; negative when taken back"),
    ),
)
TABLES = (CONTRIBUTIONS, JOURNAL, POSITIONS, PLAN_VERSUS_REALISED, MONTHLY_STATEMENTS)


def rows_of(table: Table, rows: Iterable[Mapping[str, Any]]) -> list[list[Any]]:
    """These rows as cells."""
    return [table.cells(row) for row in rows]
