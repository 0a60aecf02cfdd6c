"""An application for a subsidy: price x quantity per year and line, handed in by a second person.

draft -> submitted -> awarded | rejected; draft or submitted -> withdrawn. What was handed in is never edited.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from uuid import UUID

from runtime.problems import Kind, Problem, SamePerson
from services.funding.domain.grant import Grant
from services.funding.domain.scheme import half_up
from services.funding.events.subsidy import ApplicationDecided, ApplicationDrafted, ApplicationSubmitted

PaidFrom = Literal["subsidy", "cofinancing", "own"]
Outcome = Literal["awarded", "rejected", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Item:
    """A price in cents times a quantity in thousandths of its unit, for a line in a calendar year."""

    line: str
    year: int
    description: str
    unit: str
    price_cents: int
    quantity_thousandths: int
    paid_from: PaidFrom = "subsidy"

    @property
    def cents(self) -> int:
        """What it comes to, in cents rounded half up."""
        return half_up(self.price_cents * self.quantity_thousandths, 1_000)


class ApplicationFrozen(Problem, kind=Kind.CONFLICT):
    """This application is {state}; what was handed in is not edited. Make another one under its own code."""


class ApplicationEmpty(Problem, kind=Kind.CONFLICT):
    """This application asks no subsidy. Add an item that is paid from the subsidy before it is handed in."""


class ItemOutsidePeriod(Problem, kind=Kind.INVALID):
    """An item is planned in {year}, and the application runs from {first} to {last}."""


class ApplicationPeriodInverted(Problem, kind=Kind.INVALID):
    """An application's last day comes on or after its first ({first})."""


class NotSubmitted(Problem, kind=Kind.CONFLICT):
    """This application is {state}, and only one that was handed in can be {outcome}."""


class GrantOfAnotherScheme(Problem, kind=Kind.CONFLICT):
    """Grant '{grant}' is of scheme '{other}', and this application is for '{scheme}'. Name the grant that it led to."""


@dataclass(frozen=True, slots=True)
class Application:
    """An application with its items, in the order in which they were given. `drafted_by` changed it last."""

    id: UUID
    code: str
    scheme: str
    title: str
    from_: date
    until: date
    items: tuple[Item, ...]
    drafted_by: UUID
    state: Literal["draft", "submitted", "awarded", "rejected", "withdrawn"] = "draft"
    submitted_by: UUID | None = None
    submitted_on: date | None = None
    decided_on: date | None = None
    grant: str | None = None
    reason: str = ""
    version: int = 0

    def cents(self, paid_from: PaidFrom | None = None) -> int:
        """The sum of its items, of all or of those paid from one purse."""
        return sum(item.cents for item in self.items if paid_from in (None, item.paid_from))

    def totals(self) -> tuple[tuple[str, int, int, int], ...]:
        """Line, year, cents asked of the subsidy and cents in all, in order of line and year."""
        sums: dict[tuple[str, int], tuple[int, int]] = {}
        for item in self.items:
            asked, total = sums.get((item.line, item.year), (0, 0))
            sums[item.line, item.year] = (asked + item.cents * (item.paid_from == "subsidy"), total + item.cents)
        return tuple((*key, *sums[key]) for key in sorted(sums))

    def draft(self, before: "Application | None") -> tuple["Application", tuple[ApplicationDrafted, ...]]:
        """This application as it is put now, over what was there before; without a fact when that says the same.

        Raises ApplicationFrozen, ApplicationPeriodInverted and ItemOutsidePeriod.
        """
        if self.until < self.from_:
            raise ApplicationPeriodInverted(first=self.from_)
        for item in self.items:
            if not self.from_.year <= item.year <= self.until.year:
                raise ItemOutsidePeriod(year=item.year, first=self.from_, last=self.until)
        if before is not None:
            says = ("scheme", "title", "from_", "until", "items")
            if all(getattr(before, name) == getattr(self, name) for name in says):
                return before, ()
            if before.state != "draft":
                raise ApplicationFrozen(state=before.state)
        drafted = replace(self, version=(before.version if before else 0) + 1)
        fact = ApplicationDrafted(
            application_id=self.id,
            code=self.code,
            scheme=self.scheme,
            from_=self.from_,
            until=self.until,
            asked_cents=self.cents("subsidy"),
            cofinancing_cents=self.cents("cofinancing"),
            total_cents=self.cents(),
        )
        return drafted, (fact,)

    def submit(self, by: UUID, on: date) -> tuple["Application", tuple[ApplicationSubmitted, ...]]:
        """Hands it in. Raises ApplicationFrozen, ApplicationEmpty, and SamePerson for who changed it last."""
        if self.state != "draft":
            raise ApplicationFrozen(state=self.state)
        if not self.cents("subsidy"):
            raise ApplicationEmpty()
        if by == self.drafted_by:
            raise SamePerson(what="An application", do="hand it in")
        submitted = replace(self, state="submitted", submitted_by=by, submitted_on=on, version=self.version + 1)
        fact = ApplicationSubmitted(
            application_id=self.id,
            code=self.code,
            scheme=self.scheme,
            asked_cents=self.cents("subsidy"),
            cofinancing_cents=self.cents("cofinancing"),
            total_cents=self.cents(),
            submitted_on=on,
            submitted_by=by,
        )
        return submitted, (fact,)

    def decide(
        self, outcome: Outcome, on: date, reason: str, grant: Grant | None
    ) -> tuple["Application", tuple[ApplicationDecided, ...]]:
        """What became of it: awarded (with the grant that it led to), rejected or withdrawn. Again: unchanged.

        Raises NotSubmitted and GrantOfAnotherScheme.
        """
        code = grant.code if grant else None
        if (self.state, self.grant, self.decided_on) == (outcome, code, on):
            return self, ()
        if self.state not in (("draft", "submitted") if outcome == "withdrawn" else ("submitted",)):
            raise NotSubmitted(state=self.state, outcome=outcome)
        if grant is not None and grant.scheme != self.scheme:
            raise GrantOfAnotherScheme(grant=grant.code, other=grant.scheme, scheme=self.scheme)
        decided = replace(self, state=outcome, decided_on=on, reason=reason, grant=code, version=self.version + 1)
        fact = ApplicationDecided(
            application_id=self.id,
            code=self.code,
            outcome=outcome,
            decided_on=on,
            asked_cents=self.cents("subsidy"),
            grant_id=grant.id if grant else None,
            awarded_cents=grant.awarded_cents if grant else None,
        )
        return decided, (fact,)
