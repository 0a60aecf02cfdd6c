"""Dividing a grant over its envelopes and lines, exact to the cent, and the versions of such a division.

A claimant gets a fixed amount, a share of the pot, or a base amount plus its weight's part of what is left. Parts of a
cent are settled by largest remainder, in integers; equal remainders go to the lower line code (by its bytes). What
nobody claims stays unallocated. Known and accepted: with largest remainder, *more money* may move one line down by a
cent (the Alabama paradox); a larger weight never gets less than a smaller one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from runtime.problems import Kind, Problem, SamePerson
from services.funding.domain.ledger import UNALLOCATED_LINE
from services.funding.domain.programme import Programme
from services.funding.events import AllocatedLine, AllocationApproved, AllocationProposed, LineKind, MovedCents

WHOLE = 10_000
"""All of a pot, in basis points."""


@dataclass(frozen=True, slots=True)
class Fixed:
    cents: int


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the pot, in basis points."""

    basis_points: int


@dataclass(frozen=True, slots=True)
class Weight:
    """A base amount, plus this weight's part of what is left after every fixed amount, share and base amount."""

    weight: int
    base_cents: int = 0


Claim = Fixed | Share | Weight


@dataclass(frozen=True, slots=True)
class Move:
    """Cents that go from one line to another; either may be `unallocated`."""

    source: str
    target: str
    cents: int


@dataclass(frozen=True, slots=True)
class PlannedLine:
    line: str
    claim: Claim


@dataclass(frozen=True, slots=True)
class Envelope:
    """One part of the grant and the lines it is divided over; all lines of an envelope are of one kind.

    `weights_from` is the code of the set of weights that lines were taken from.
    """

    code: str
    kind: Literal["spearhead", "location"]
    claim: Claim
    lines: tuple[PlannedLine, ...]
    weights_from: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """What a line gets."""

    line: str
    kind: LineKind
    envelope: str
    cents: int


class OverAllocated(Problem, kind=Kind.CONFLICT):
    """{pot} holds {has} cents, and the fixed amounts, shares and base amounts of its lines ask for {asked}. Lower
    them by {over} cents."""


class BadClaim(Problem, kind=Kind.INVALID):
    """The claim of '{line}' is not usable: amounts and weights are 0 or more, shares lie between 0 and 10,000 basis
    points."""


class NoWeight(Problem, kind=Kind.INVALID):
    """Every weight in {pot} is 0, so there is nothing to divide its {left} cents by. Give at least one line a weight,
    or give the lines fixed amounts."""


class LineTwice(Problem, kind=Kind.INVALID):
    """'{line}' stands in the division more than once, or is not a name for a line. Name every line once."""


class OtherKind(Problem, kind=Kind.INVALID):
    """'{line}' is a {kind} of the programme, and stands among the lines of kind {asked}. Move it to an envelope of its
    own kind."""


class LineWithoutBudget(Problem, kind=Kind.CONFLICT):
    """Spearhead '{line}' was planned without a budget: it takes hours and material, but no money of the grant. Give it
    nothing, or plan it with a budget."""


class GrantChanged(Problem, kind=Kind.CONFLICT):
    """The grant holds {now} cents now and this version divides {then}. Propose the division again and approve that."""


class DividedMeanwhile(Problem, kind=Kind.CONFLICT):
    """This re-allocation starts from a version that is not the last one approved any more. Propose it again."""


class NotProposed(Problem, kind=Kind.CONFLICT):
    """Version {number} is {state}; only a proposed version can be approved. Propose the division again."""


def divide(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """`total` cents over these weights by largest remainder; equal remainders go to the lower code. Sums to `total`.

    Nobody is more than a cent from its exact part. All zero weights get nothing, whatever the total.
    """
    whole = sum(weights.values())
    if whole == 0:
        return dict.fromkeys(weights, 0)
    return _settle(total, {code: divmod(total * weight, whole) for code, weight in weights.items()})


def _settle(total: int, parts: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """Whole cents and remainders made to sum to `total`: the cents left over go to the largest remainders."""
    left = total - sum(floor for floor, _ in parts.values())
    first = set(sorted(parts, key=lambda code: (-parts[code][1], code.encode()))[:left])
    return {code: floor + (code in first) for code, (floor, _) in parts.items()}


def allocate(pot: str, total: int, claims: Mapping[str, Claim]) -> tuple[dict[str, int], int]:
    """What each claimant gets of a pot of `total` cents, and what stays unallocated; together exactly `total`.

    Raises BadClaim, OverAllocated when fixed amounts, shares and base amounts exceed the pot, and NoWeight when all
    weights are 0 and something is left for them.
    """
    for code, claim in claims.items():
        if not _usable(claim):
            raise BadClaim(line=code)
    given = {code: claim.cents for code, claim in claims.items() if isinstance(claim, Fixed)}
    shares = {code: claim.basis_points for code, claim in claims.items() if isinstance(claim, Share)}
    weights = {code: claim for code, claim in claims.items() if isinstance(claim, Weight)}
    exact = {code: divmod(total * share, WHOLE) for code, share in shares.items()}
    given |= _settle(total * sum(shares.values()) // WHOLE, exact)
    asked = sum(given.values()) + sum(claim.base_cents for claim in weights.values())
    if asked > total:
        raise OverAllocated(pot=pot, has=total, asked=asked, over=asked - total)
    if asked < total and weights and not any(claim.weight for claim in weights.values()):
        raise NoWeight(pot=pot, left=total - asked)
    parts = divide(total - asked, {code: claim.weight for code, claim in weights.items()})
    given |= {code: claim.base_cents + parts[code] for code, claim in weights.items()}
    return given, total - sum(given.values())


def _usable(claim: Claim) -> bool:
    match claim:
        case Fixed(cents):
            return cents >= 0
        case Share(basis_points):
            return 0 <= basis_points <= WHOLE
        case Weight(weight, base_cents):
            return weight >= 0 and base_cents >= 0


def plan_lines(total: int, envelopes: Iterable[Envelope]) -> tuple[Line, ...]:
    """The lines of a grant of `total` cents divided by this plan, `unallocated` last; together exactly `total`.

    In order of envelope and line as given. Raises LineTwice, BadClaim and OverAllocated.
    """
    planned = tuple(envelopes)
    _refuse_doubles(envelope.code for envelope in planned)
    _refuse_doubles(line.line for envelope in planned for line in envelope.lines)
    pots, rest = allocate("The grant", total, {envelope.code: envelope.claim for envelope in planned})
    lines: list[Line] = []
    for envelope in planned:
        given, left = allocate(
            f"Envelope '{envelope.code}'", pots[envelope.code], {line.line: line.claim for line in envelope.lines}
        )
        rest += left
        lines += [Line(line.line, envelope.kind, envelope.code, given[line.line]) for line in envelope.lines]
    return (*lines, Line(UNALLOCATED_LINE, "unallocated", "", rest))


def check_lines(lines: Iterable[Line], programme: Programme) -> None:
    """Refuses money for what the programme does not have: raises UnknownLine, OtherKind and LineWithoutBudget."""
    for each in lines:
        if each.kind == "unallocated":
            continue
        known = programme.line(each.line)
        if known.kind != each.kind:
            raise OtherKind(line=each.line, kind=known.kind, asked=each.kind)
        if each.cents and not known.budgeted:
            raise LineWithoutBudget(line=each.line)


def _refuse_doubles(codes: Iterable[str]) -> None:
    seen = {UNALLOCATED_LINE, ""}
    for code in codes:
        if code in seen:
            raise LineTwice(line=code)
        seen.add(code)


@dataclass(frozen=True, slots=True)
class Allocation:
    """One version of the division of a grant. Numbers count per grant; `code` is the name people give to it.

    An approved version waits for its day; then it is effective, and the budgets follow it. A re-allocation names the
    version that it is `based_on` and the `moves` that make the difference.
    """

    id: UUID
    grant_id: UUID
    code: str
    number: int
    plan: tuple[Envelope, ...]
    grant_cents: int
    lines: tuple[Line, ...]
    effective_on: date
    reason: str
    state: Literal["proposed", "approved", "effective", "superseded"]
    proposed_by: UUID
    proposed_at: datetime
    approved_by: UUID | None = None
    approved_at: datetime | None = None
    supersedes: UUID | None = None
    version: int = 0
    based_on: UUID | None = None
    moves: tuple[Move, ...] = ()

    @classmethod
    def propose(
        cls,
        allocation_id: UUID,
        grant_id: UUID,
        code: str,
        number: int,
        plan: tuple[Envelope, ...],
        grant_cents: int,
        effective_on: date,
        reason: str,
        programme: Programme | None,
        by: UUID,
        at: datetime,
        moves: tuple[Move, ...] = (),
        based_on: UUID | None = None,
    ) -> tuple["Allocation", tuple[AllocationProposed, ...]]:
        """A proposed version that divides the grant by `plan`, checked against the programme unless it was before.

        Raises what `plan_lines` and `check_lines` raise.
        """
        lines = plan_lines(grant_cents, plan)
        if programme is not None:
            check_lines(lines, programme)
        proposed = cls(
            allocation_id,
            grant_id,
            code,
            number,
            plan,
            grant_cents,
            lines,
            effective_on,
            reason,
            "proposed",
            by,
            at,
            version=1,
            based_on=based_on,
            moves=moves,
        )
        fact = AllocationProposed(
            allocation_id=allocation_id,
            grant_id=grant_id,
            code=code,
            number=number,
            lines=proposed.allocated,
            effective_on=effective_on,
            based_on=based_on,
            moves=tuple(MovedCents(source=each.source, target=each.target, cents=each.cents) for each in moves),
        )
        return proposed, (fact,)

    @property
    def allocated(self) -> tuple[AllocatedLine, ...]:
        return tuple(AllocatedLine(line=line.line, kind=line.kind, cents=line.cents) for line in self.lines)

    def same_plan(self, grant_id: UUID, grant_cents: int, plan: tuple[Envelope, ...], effective_on: date) -> bool:
        """Whether proposing this again would say nothing new."""
        return (self.grant_id, self.grant_cents, self.plan, self.effective_on) == (
            grant_id,
            grant_cents,
            plan,
            effective_on,
        )

    def same_moves(self, grant_id: UUID, moves: tuple[Move, ...], effective_on: date) -> bool:
        """Whether this re-allocation moves just that."""
        return (self.grant_id, self.moves, self.effective_on) == (grant_id, moves, effective_on)

    def approve(
        self,
        newest: "Allocation | None",
        in_force: "Allocation | None",
        grant_cents: int,
        by: UUID,
        at: datetime,
    ) -> tuple["Allocation", tuple[AllocationApproved, ...]]:
        """This version, approved by a second person, to take the place of the one in force on its day.

        `newest` is the last version approved so far, whose day may have yet to come. Raises NotProposed, SamePerson,
        GrantChanged when the grant was supplemented since the proposal, and DividedMeanwhile when another version was
        approved since a re-allocation was proposed.
        """
        if self.state != "proposed" or (newest is not None and newest.number > self.number):
            raise NotProposed(number=self.number, state=self.state if self.state != "proposed" else "overtaken")
        if by == self.proposed_by:
            raise SamePerson(what="An allocation", do="approve it")
        if self.based_on is not None and (newest is None or newest.id != self.based_on):
            raise DividedMeanwhile()
        if grant_cents != self.grant_cents:
            raise GrantChanged(now=grant_cents, then=self.grant_cents)
        approved = replace(
            self,
            state="approved",
            approved_by=by,
            approved_at=at,
            supersedes=in_force.id if in_force else None,
            version=self.version + 1,
        )
        fact = AllocationApproved(
            allocation_id=self.id,
            grant_id=self.grant_id,
            code=self.code,
            number=self.number,
            lines=self.allocated,
            effective_on=self.effective_on,
            supersedes=approved.supersedes,
            approved_by=by,
        )
        return approved, (fact,)

    def take_effect(self) -> "Allocation":
        """This approved version on its day, when the budgets follow it."""
        return replace(self, state="effective", version=self.version + 1)

    def moves_from(self, in_force: "Allocation | None") -> dict[str, int]:
        """What each line gains (or loses) in cents when this takes the place of the version in force. Without zeros."""
        before = {line.line: line.cents for line in in_force.lines} if in_force else {}
        after = {line.line: line.cents for line in self.lines}
        moves = {code: after.get(code, 0) - before.get(code, 0) for code in sorted({*before, *after})}
        return {code: cents for code, cents in moves.items() if cents and code != UNALLOCATED_LINE}
