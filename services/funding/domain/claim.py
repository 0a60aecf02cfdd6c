"""Claims: what somebody asks of a commitment, in parts, and what a second person makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from runtime.problems import Kind, Problem, SamePerson
from services.funding.domain import ledger
from services.funding.domain.ledger import JournalEntry, transfer
from services.funding.events.claims import (
    ClaimApproved,
    ClaimPaid,
    ClaimRefused,
    ClaimReversed,
    ClaimSubmitted,
    ClaimWithdrawn,
    ReasonCode,
)

SUBJECT = "claim"
State = Literal["submitted", "approved", "paid", "refused", "withdrawn", "reversed"]


class ClaimSettled(Problem, kind=Kind.CONFLICT):
    """This claim is {state} already. Submit what is still to be claimed as a new claim."""


class ClaimNotApproved(Problem, kind=Kind.CONFLICT):
    """This claim is {state}; only an approved claim can be paid or reversed."""


class PaidInFuture(Problem, kind=Kind.INVALID):
    """{day} has yet to come; record a payment on the day it was made, or later."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A document that proves a claim: its SHA-256, its media type and where it is kept, which is here when `stored`."""

    sha256: str
    media_type: str
    kept_at: str
    stored: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """A part of a commitment, in cents, that is asked for. `decided_by` approved or refused it."""

    id: UUID
    commitment_id: UUID
    line: str
    organisation_id: UUID | None
    cents: int
    about: str
    evidence: tuple[Evidence, ...]
    submitted_by: UUID
    submitted_at: datetime
    state: State = "submitted"
    decided_by: UUID | None = None
    decided_at: datetime | None = None
    reason_code: str = ""
    reason: str = ""
    paid_on: date | None = None
    paid_reference: str = ""
    reversed_by: UUID | None = None
    version: int = 1

    def submitted(self) -> ClaimSubmitted:
        """The fact that it was submitted."""
        return ClaimSubmitted(**self._what(), evidence=len(self.evidence))

    def approve(self, by: UUID, at: datetime) -> tuple["Claim", ClaimApproved]:
        """Owed from now on. Raises ClaimSettled, and SamePerson for who submitted it."""
        self._decidable(by, "approve it")
        after = replace(self, state="approved", decided_by=by, decided_at=at, version=self.version + 1)
        return after, ClaimApproved(**self._what(), approved_by=by)

    def refuse(self, code: ReasonCode, reason: str, by: UUID, at: datetime) -> tuple["Claim", ClaimRefused]:
        """Refused, with a reason. Raises ClaimSettled, and SamePerson for who submitted it."""
        self._decidable(by, "decide on it")
        after = replace(
            self,
            state="refused",
            decided_by=by,
            decided_at=at,
            reason_code=code,
            reason=reason,
            version=self.version + 1,
        )
        return after, ClaimRefused(**self._what(), reason_code=code, reason=reason)

    def withdraw(self) -> tuple["Claim", ClaimWithdrawn]:
        """Taken back before anybody decided. Raises ClaimSettled."""
        if self.state != "submitted":
            raise ClaimSettled(state=self.state)
        return replace(self, state="withdrawn", version=self.version + 1), ClaimWithdrawn(**self._what())

    def pay(self, on: date, reference: str, today: date) -> tuple["Claim", ClaimPaid]:
        """Paid on a day. Raises ClaimNotApproved and PaidInFuture."""
        if self.state != "approved":
            raise ClaimNotApproved(state=self.state)
        if on > today:
            raise PaidInFuture(day=on)
        after = replace(self, state="paid", paid_on=on, paid_reference=reference, version=self.version + 1)
        return after, ClaimPaid(**self._what(), paid_on=on)

    def reverse(self, code: ReasonCode, reason: str, by: UUID) -> tuple["Claim", ClaimReversed]:
        """The approval undone before it was paid. Raises ClaimNotApproved, and SamePerson for who approved it."""
        if self.state != "approved":
            raise ClaimNotApproved(state=self.state)
        if by == self.decided_by:
            raise SamePerson(what="Undoing an approval", do="reverse it")
        after = replace(
            self, state="reversed", reversed_by=by, reason_code=code, reason=reason, version=self.version + 1
        )
        return after, ClaimReversed(**self._what(), reason_code=code, reason=reason)

    def approval_entry(self, entry_id: UUID, day: date) -> JournalEntry:
        """Committed money that is owed now."""
        postings = transfer(ledger.committed(self.line), ledger.claimed(self.line), self.cents)
        return JournalEntry(entry_id, "claim-approved", day, postings, self.about, SUBJECT, self.id)

    def payment_entry(self, entry_id: UUID, day: date) -> JournalEntry:
        """Owed money that is paid now."""
        postings = transfer(ledger.claimed(self.line), ledger.paid(self.line), self.cents)
        return JournalEntry(entry_id, "claim-paid", day, postings, self.paid_reference, SUBJECT, self.id)

    def _decidable(self, by: UUID, what: str) -> None:
        if self.state != "submitted":
            raise ClaimSettled(state=self.state)
        if by == self.submitted_by:
            raise SamePerson(what="A claim", do=what)

    def _what(self) -> Mapping[str, Any]:
        return {
            "claim_id": self.id,
            "reservation_id": self.commitment_id,
            "line": self.line,
            "organisation_id": self.organisation_id,
            "cents": self.cents,
        }
