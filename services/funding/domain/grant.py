"""A grant: awarded once, then supplemented with money, time or both. What was awarded is never edited."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from runtime.problems import Kind, Problem
from services.funding.domain.scheme import Scheme, SupplementLimit, terms_on
from services.funding.events import GrantAwarded, GrantSupplemented


@dataclass(frozen=True, slots=True)
class Supplement:
    """More money (0 or more), and the end date of the grant from then on."""

    id: UUID
    code: str
    cents: int
    until: date
    awarded_on: date
    reason: str


class GrantRewritten(Problem, kind=Kind.CONFLICT):
    """Grant '{grant}' is on record with another scheme, amount or period, and an award is not rewritten. Record the
    difference as a supplement."""


class SupplementRewritten(Problem, kind=Kind.CONFLICT):
    """Supplement '{supplement}' is on record with another amount or end date. Record the difference under another
    code."""


class SupplementTooLarge(Problem, kind=Kind.CONFLICT):
    """The scheme lets this grant be supplemented by {most} cents at most, and {already} cents were given already;
    {asked} cents is too much."""


class GrantShortened(Problem, kind=Kind.CONFLICT):
    """A supplement cannot end before the grant does ({until}). Give that day or a later one."""


class GrantPeriodInverted(Problem, kind=Kind.INVALID):
    """A grant's last day comes on or after its first ({first})."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant in cents, with its supplements in the order in which they came."""

    id: UUID
    code: str
    scheme: str
    awarded_cents: int
    from_: date
    first_until: date
    awarded_on: date
    supplements: tuple[Supplement, ...] = ()
    version: int = 0

    @property
    def cents(self) -> int:
        """What it comes to, supplements included."""
        return self.awarded_cents + sum(supplement.cents for supplement in self.supplements)

    def cents_on(self, day: date) -> int:
        """What had been awarded by a day; 0 before the award."""
        given = [added.cents for added in self.supplements if added.awarded_on <= day]
        return self.awarded_cents + sum(given) if self.awarded_on <= day else 0

    @property
    def until(self) -> date:
        """Its last day, as extended."""
        return self.supplements[-1].until if self.supplements else self.first_until

    def award(self) -> tuple["Grant", tuple[GrantAwarded, ...]]:
        """This grant, awarded. Raises GrantPeriodInverted."""
        if self.first_until < self.from_:
            raise GrantPeriodInverted(first=self.from_)
        fact = GrantAwarded(
            grant_id=self.id,
            code=self.code,
            scheme=self.scheme,
            cents=self.awarded_cents,
            from_=self.from_,
            until=self.first_until,
        )
        return replace(self, version=1), (fact,)

    def same_award(self, other: "Grant") -> bool:
        """Whether this is the same award, whatever was added to it since. Raises GrantRewritten when it is not."""
        fields = ("scheme", "awarded_cents", "from_", "first_until", "awarded_on")
        if any(getattr(self, name) != getattr(other, name) for name in fields):
            raise GrantRewritten(grant=self.code)
        return True

    def supplement(self, added: Supplement, scheme: Scheme | None) -> tuple["Grant", tuple[GrantSupplemented, ...]]:
        """The grant with this supplement; unchanged and without a fact when it has it already.

        Raises SupplementRewritten, GrantShortened, and SupplementTooLarge when the scheme limits supplements.
        """
        for known in self.supplements:
            if known.code == added.code:
                if (known.cents, known.until) != (added.cents, added.until):
                    raise SupplementRewritten(supplement=added.code)
                return self, ()
        if added.until < self.until:
            raise GrantShortened(until=self.until)
        limit = terms_on(scheme.rules, SupplementLimit, self.from_, added.awarded_on) if scheme else None
        already = self.cents - self.awarded_cents
        if limit is not None and already + added.cents > (most := self.awarded_cents * limit.basis_points // 10_000):
            raise SupplementTooLarge(most=most, already=already, asked=added.cents)
        grown = replace(self, supplements=(*self.supplements, added), version=self.version + 1)
        fact = GrantSupplemented(
            grant_id=self.id,
            code=self.code,
            supplement_id=added.id,
            supplement=added.code,
            cents=added.cents,
            total_cents=grown.cents,
            until=grown.until,
        )
        return grown, (fact,)
