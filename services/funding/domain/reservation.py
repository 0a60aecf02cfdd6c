"""Setting money of a line aside for something, committing it, and giving it back. The id is the caller's, for ever."""

from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from runtime.problems import Kind, Problem
from services.funding.events import CommitmentMade, CommitmentReleased

State = Literal["reserved", "confirmed", "released"]


class BudgetExceeded(Problem, kind=Kind.CONFLICT):
    """Line '{line}' has {left} cents left; {asked} were asked. Ask for less, or have the grant allocated anew."""


class ReservationReused(Problem, kind=Kind.CONFLICT):
    """This reservation is on record for another line, amount or purpose. Use an id of its own for each reservation."""


class ReservationReleased(Problem, kind=Kind.CONFLICT):
    """This reservation was released; its money went back to the line. Reserve again under a new id."""


class LineBelowCommitted(Problem, kind=Kind.CONFLICT):
    """Line '{line}' has {bound} cents reserved or committed and would get {cents}. Give it that much, or have
    reservations released first."""


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

    @property
    def available_cents(self) -> int:
        return self.allocated_cents - self.reserved_cents - self.committed_cents


@dataclass(frozen=True, slots=True)
class Reservation:
    """Money set aside. `line` is None when it was released before it ever arrived: then it never will be.

    `available_cents` is what the line had left right after it was made: a repeated call is told the same.
    """

    id: UUID
    line: str | None
    cents: int
    purpose: str
    state: State
    available_cents: int = 0
    version: int = 1

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
        """Given back. A fact only when it had been committed: what was merely set aside nobody was told of."""
        if self.state == "released":
            return self, ()
        was_committed = self.state == "confirmed" and self.line is not None
        facts = (
            (CommitmentReleased(reservation_id=self.id, line=self.line, cents=self.cents),)
            if was_committed and self.line is not None
            else ()
        )
        return replace(self, state="released", version=self.version + len(facts)), facts
