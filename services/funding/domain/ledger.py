"""Double entry, in cents and in minutes at once: an entry that does not balance cannot be made.

A debit is positive, a credit negative. Grant cash and in-kind contributions never meet: `grant/...` accounts hold the
subsidy, `memo/...` accounts are memorandum (off-balance) accounts, which count hours and value that no bank has seen.
What a line has left is the credit balance of its account.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal, get_args
from uuid import UUID

from runtime.problems import Kind, Problem

RECEIVABLE = "grant/receivable"
"""What the subsidy provider awarded (debit)."""
CASH = "grant/cash"
"""What the subsidy provider paid (debit)."""
REDUCED = "grant/reduced"
"""What of the award was not determined in the end (debit)."""
RECLAIMED = "grant/reclaimed"
"""What is to be paid back to the subsidy provider (credit)."""
UNALLOCATED = "grant/unallocated"
"""Awarded and not yet given to a line (credit)."""
UNALLOCATED_LINE = "unallocated"
DECLARED = "memo/declared/"
VERIFIED = "memo/verified/"
ACCEPTED = "memo/accepted/"
PLEDGED = "memo/pledged/"

ReversalCode = Literal[
    "mistake",
    "duplicate",
    "not-delivered",
    "not-eligible",
    "no-evidence",
    "replaced",
    "withdrawn",
    "rejected",
    "released",
    "signed-anew",
    "other",
]
"""Why an entry was undone. The code stands before the sentence in the entry's reason, so that the seal covers it."""

_SEGMENT = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")


def line(code: str) -> str:
    """The budget of a spearhead or location (credit)."""
    return f"grant/line/{_checked(code)}"


def committed(code: str) -> str:
    """What of a line's budget is committed to somebody (credit)."""
    return f"grant/committed/{_checked(code)}"


def claimed(code: str) -> str:
    """What of a line was claimed, approved and not yet paid (credit)."""
    return f"grant/claimed/{_checked(code)}"


def paid(code: str) -> str:
    """What of a line was paid out on claims (credit): the money at the bank is `CASH` less this."""
    return f"grant/paid/{_checked(code)}"


def declared(code: str) -> str:
    """In-kind contributions to a line that were declared and not yet verified (debit)."""
    return DECLARED + _checked(code)


def verified(code: str) -> str:
    """In-kind contributions to a line that were verified and not yet accepted (debit)."""
    return VERIFIED + _checked(code)


def accepted(code: str) -> str:
    """In-kind contributions to a line that count as realised (debit)."""
    return ACCEPTED + _checked(code)


def contributed(organisation_id: UUID) -> str:
    """What an organisation brought in, whatever its state (credit): the counter-account of the three above."""
    return f"memo/contributed/{organisation_id}"


def pledged(code: str) -> str:
    """What was promised for a line, in cents and in minutes (debit)."""
    return PLEDGED + _checked(code)


def promised(organisation_id: UUID) -> str:
    """What an organisation promised (credit): beside `contributed`, promise against delivery."""
    return f"memo/promised/{organisation_id}"


def _checked(code: str) -> str:
    if not _SEGMENT.match(code):
        raise ValueError("an account is named after a code of letters, digits, '.', '_' and '-'")
    return code


class UnbalancedEntry(Problem, kind=Kind.INVALID):
    """A journal entry must balance; this one is off by {cents} cents and {minutes} minutes. Correct its postings."""


class EmptyEntry(Problem, kind=Kind.INVALID):
    """A journal entry needs two postings or more, on different accounts, none of them empty."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of an entry: cents and minutes on one account, debit positive, credit negative."""

    account: str
    cents: int
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """Something booked, for ever. `day` is when it is true (valid time); when it was recorded is kept beside it.

    `subject_kind` and `subject_id` name what it was booked for; `reverses` the entry it undoes.
    Raises UnbalancedEntry unless the cents and the minutes both sum to zero.
    """

    id: UUID
    kind: str
    day: date
    postings: tuple[Posting, ...]
    reason: str
    subject_kind: str
    subject_id: UUID
    reverses: UUID | None = None

    def __post_init__(self) -> None:
        cents = sum(posting.cents for posting in self.postings)
        minutes = sum(posting.minutes for posting in self.postings)
        if cents or minutes:
            raise UnbalancedEntry(cents=cents, minutes=minutes)
        if len({posting.account for posting in self.postings}) != len(self.postings) or len(self.postings) < 2:
            raise EmptyEntry()
        if any(not posting.cents and not posting.minutes for posting in self.postings):
            raise EmptyEntry()

    def reversal(self, entry_id: UUID, day: date, code: ReversalCode, reason: str = "") -> "JournalEntry":
        """The entry that undoes this one: the same postings with the signs turned, and the code of the reason."""
        return JournalEntry(
            entry_id,
            f"{self.kind}-reversed",
            day,
            tuple(Posting(posting.account, -posting.cents, -posting.minutes) for posting in self.postings),
            f"{code}: {reason}" if reason else code,
            self.subject_kind,
            self.subject_id,
            self.id,
        )

    def on_open_day(self, closed_until: date | None) -> "JournalEntry":
        """This entry; when its day is in the closed period, on the first open day after it, which its reason says."""
        if closed_until is None or self.day > closed_until:
            return self
        why = f"it is of {self.day}, and the period until {closed_until} is closed"
        reason = f"{self.reason}; {why}" if self.reason else why
        return replace(self, day=closed_until + timedelta(days=1), reason=reason)


def reversal_code(reason: str) -> ReversalCode | None:
    """The code that the reason of a reversal begins with; None when it has none, as entries of before it was asked."""
    said = reason.partition(":")[0].partition(";")[0]
    return next((code for code in get_args(ReversalCode) if code == said), None)


def transfer(debit: str, credit: str, cents: int, minutes: int = 0) -> tuple[Posting, ...]:
    """The two postings that move an amount: onto `debit`, off `credit`."""
    return (Posting(debit, cents, minutes), Posting(credit, -cents, -minutes))


@dataclass(frozen=True, slots=True)
class Movement:
    """What a batch of entries does to one account."""

    account: str
    cents: int
    minutes: int
    postings: int


def movements(entries: Iterable[JournalEntry]) -> tuple[Movement, ...]:
    """One movement per account, in the order in which accounts are locked (by name)."""
    sums: dict[str, tuple[int, int, int]] = {}
    for entry in entries:
        for posting in entry.postings:
            cents, minutes, count = sums.get(posting.account, (0, 0, 0))
            sums[posting.account] = (cents + posting.cents, minutes + posting.minutes, count + 1)
    return tuple(Movement(account, *sums[account]) for account in sorted(sums, key=str.encode))


def balances(entries: Iterable[JournalEntry]) -> Mapping[str, tuple[int, int]]:
    """Cents and minutes per account."""
    return {moved.account: (moved.cents, moved.minutes) for moved in movements(entries)}
