"""Money that the provider paid: booked as cash once, and taken back with a reason when it was a mistake."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from runtime.problems import Kind, Problem, SamePerson
from services.funding.domain.grant import Grant
from services.funding.events.subsidy import InstalmentReceived, InstalmentReversed


class InstalmentRewritten(Problem, kind=Kind.CONFLICT):
    """Instalment '{instalment}' is on record with another amount or day, or was taken back. Record what came in under
    another code."""


class InstalmentTooLarge(Problem, kind=Kind.CONFLICT):
    """The provider has {left} cents left to pay on this grant, and {asked} cents came in. Record the supplement or the
    correct grant first."""


class InstalmentTakenBack(Problem, kind=Kind.CONFLICT):
    """Instalment '{instalment}' was taken back already."""


@dataclass(frozen=True, slots=True)
class Instalment:
    """An amount in cents that came in on a day. `reversed_by` took it back."""

    id: UUID
    code: str
    cents: int
    received_on: date
    reference: str
    recorded_by: UUID
    reversed_by: UUID | None = None
    reason: str = ""

    def receive(
        self, grant: Grant, before: Sequence["Instalment"], due_cents: int
    ) -> tuple[Grant, tuple[InstalmentReceived, ...]]:
        """The grant after this came in; unchanged and without a fact when it is on record. `due_cents`: what the grant
        comes to, or what was determined.

        Raises InstalmentRewritten and InstalmentTooLarge.
        """
        for known in before:
            if known.code == self.code:
                if known.reversed_by or (known.cents, known.received_on) != (self.cents, self.received_on):
                    raise InstalmentRewritten(instalment=self.code)
                return grant, ()
        total = received_cents(before)
        if total + self.cents > due_cents:
            raise InstalmentTooLarge(left=max(0, due_cents - total), asked=self.cents)
        fact = InstalmentReceived(
            grant_id=grant.id,
            code=grant.code,
            instalment_id=self.id,
            instalment=self.code,
            cents=self.cents,
            received_cents=total + self.cents,
            received_on=self.received_on,
        )
        return replace(grant, version=grant.version + 1), (fact,)

    def take_back(
        self, grant: Grant, before: Sequence["Instalment"], by: UUID, reason: str
    ) -> tuple[Grant, "Instalment", tuple[InstalmentReversed, ...]]:
        """The grant after this was taken back by another person than who recorded it.

        Raises InstalmentTakenBack and SamePerson.
        """
        if self.reversed_by is not None:
            raise InstalmentTakenBack(instalment=self.code)
        if by == self.recorded_by:
            raise SamePerson(what="Taking back an instalment", do="take it back")
        fact = InstalmentReversed(
            grant_id=grant.id,
            code=grant.code,
            instalment_id=self.id,
            instalment=self.code,
            cents=self.cents,
            received_cents=received_cents(before) - self.cents,
            reason=reason,
        )
        return replace(grant, version=grant.version + 1), replace(self, reversed_by=by, reason=reason), (fact,)


def received_cents(instalments: Sequence[Instalment]) -> int:
    """What came in, without what was taken back."""
    return sum(each.cents for each in instalments if each.reversed_by is None)
