"""Setting money of a line aside for something, committing it, and giving it back. The id is the caller's, for ever."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from uuid import UUID

from runtime.problems import Kind, Problem
from services.funding.events import CommitmentMade, CommitmentReduced, CommitmentReleased

State = Literal["reserved", "confirmed", "released"]


class BudgetExceeded(Problem, kind=Kind.CONFLICT):
    """Line '{line}' has {left} cents left; {asked} were asked. Ask for less, or have the grant allocated anew."""


class ReservationReused(Problem, kind=Kind.CONFLICT):
    """This reservation is on record for another line, amount or purpose. Use an id of its own for each reservation."""


class ReservationReleased(Problem, kind=Kind.CONFLICT):
    """This reservation was released; its money went back to the line. Reserve again under a new id."""


class LineBelowCommitted(Problem, kind=Kind.CONFLICT):
    """Line '{line}' has {bound} cents reserved, committed or claimed and would get {cents}. Give it that much, or have
    reservations released first."""


class CommitmentExceeded(Problem, kind=Kind.CONFLICT):
    """This commitment has {left} cents left, and {asked} were asked. Ask for less, or have more committed under another
    code."""


class CommitmentClaimed(Problem, kind=Kind.CONFLICT):
    """{claimed} cents were claimed of this commitment, so that it cannot be released as a whole. Decommit the rest."""


class CommitmentEnded(Problem, kind=Kind.CONFLICT):
    """This commitment expired on {day}; what was left went back to its line. Ask the office to commit anew."""


class NotCommitted(Problem, kind=Kind.CONFLICT):
    """This money is {state} and not committed, so that nothing can be claimed of it. Confirm it first."""


class NoSuchLine(Problem, kind=Kind.NOT_FOUND):
    """There is no line '{line}' with a budget in this region."""


class NotABudget(Problem, kind=Kind.INVALID):
    """A reservation takes 1 cent or more of a spearhead or location: unallocated money has to be allocated first."""


@dataclass(frozen=True, slots=True)
class Budget:
    """A line's money in cents: what it was given, and what of that is spoken for."""

    line: str
    allocated_cents: int
    reserved_cents: int
    committed_cents: int
    claimed_cents: int = 0

    @property
    def bound_cents(self) -> int:
        """What cannot be taken away from the line any more."""
        return self.reserved_cents + self.committed_cents + self.claimed_cents

    @property
    def available_cents(self) -> int:
        return self.allocated_cents - self.bound_cents


@dataclass(frozen=True, slots=True)
class Terms:
    """To whom money is committed, under which code, and until and including which day it can be claimed."""

    code: str | None = None
    organisation_id: UUID | None = None
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class Reservation:
    """Money set aside. `line` is None when it was released before it ever arrived: then it never will be.

    Once confirmed it is claimed in parts: `claimed_cents` counts what was submitted, approved or paid. What nobody
    claims goes back in parts (`decommitted_cents`) or on its last day. `available_cents` is what the line had left
    right after it was made: a repeated call is told the same.
    """

    id: UUID
    line: str | None
    cents: int
    purpose: str
    state: State
    available_cents: int = 0
    version: int = 1
    terms: Terms = Terms()
    claimed_cents: int = 0
    decommitted_cents: int = 0
    expired: bool = False

    @property
    def left_cents(self) -> int:
        """What can still be claimed, or given back."""
        return self.cents - self.claimed_cents - self.decommitted_cents if self.state == "confirmed" else 0

    def asked_again(self, line: str, cents: int, purpose: str) -> "Reservation":
        """The answer to a repeated call: this. Raises ReservationReused when the call asks for something else."""
        if self.line is not None and (self.line, self.cents, self.purpose) != (line, cents, purpose):
            raise ReservationReused()
        return self

    def confirm(self) -> tuple["Reservation", tuple[CommitmentMade, ...]]:
        """Committed; unchanged and without a fact when it was already. Raises ReservationReleased."""
        if self.state == "released" or self.line is None:
            raise ReservationReleased()
        if self.state == "confirmed":
            return self, ()
        fact = CommitmentMade(reservation_id=self.id, line=self.line, cents=self.cents)
        return replace(self, state="confirmed", version=self.version + 1), (fact,)

    def release(self) -> tuple["Reservation", tuple[CommitmentReleased, ...]]:
        """Given back. A fact only when it had been committed: what was merely set aside nobody was told of.

        Raises CommitmentClaimed when a part of it was claimed.
        """
        if self.state == "released":
            return self, ()
        if self.claimed_cents:
            raise CommitmentClaimed(claimed=self.claimed_cents)
        was_committed = self.state == "confirmed" and self.line is not None
        facts = (
            (CommitmentReleased(reservation_id=self.id, line=self.line, cents=self.left_cents),)
            if was_committed and self.line is not None
            else ()
        )
        return replace(self, state="released", version=self.version + len(facts)), facts

    def claim(self, cents: int) -> "Reservation":
        """With so much more claimed of it. Raises NotCommitted, CommitmentEnded and CommitmentExceeded."""
        self._must_be_committed()
        if cents < 1 or cents > self.left_cents:
            raise CommitmentExceeded(left=self.left_cents, asked=cents)
        return replace(self, claimed_cents=self.claimed_cents + cents)

    def unclaim(self, cents: int) -> "Reservation":
        """With so much less claimed of it: a claim was refused, withdrawn or reversed."""
        return replace(self, claimed_cents=self.claimed_cents - cents)

    def reduce(self, cents: int) -> tuple["Reservation", tuple[CommitmentReduced, ...]]:
        """With so much given back to its line. Raises NotCommitted, CommitmentEnded and CommitmentExceeded."""
        self._must_be_committed()
        if cents < 1 or cents > self.left_cents:
            raise CommitmentExceeded(left=self.left_cents, asked=cents)
        return self._less(cents, "decommitted")

    def expire(self) -> tuple["Reservation", tuple[CommitmentReduced, ...]]:
        """After its last day: what nobody claimed goes back. What was claimed by then is still decided on."""
        return replace(self, expired=True)._less(self.left_cents, "expired")

    def _less(
        self, cents: int, why: Literal["decommitted", "expired"]
    ) -> tuple["Reservation", tuple[CommitmentReduced, ...]]:
        if not cents or self.line is None:
            return self, ()
        after = replace(self, decommitted_cents=self.decommitted_cents + cents, version=self.version + 1)
        fact = CommitmentReduced(
            reservation_id=self.id, line=self.line, cents=cents, left_cents=after.left_cents, why=why
        )
        return after, (fact,)

    def _must_be_committed(self) -> None:
        if self.expired:
            raise CommitmentEnded(day=self.terms.expires_on)
        if self.state != "confirmed":
            raise NotCommitted(state=self.state)
