"""Moving money between the lines of the division in force: its next version, for a second person to approve.

What a line has reserved, committed or claimed stays with it: that is checked when it is proposed, approved and takes
effect, and held by the database.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from runtime.problems import Kind, Problem
from services.funding.domain.allocation import Allocation, Envelope, Fixed, Move, PlannedLine
from services.funding.domain.ledger import UNALLOCATED_LINE
from services.funding.domain.programme import Programme
from services.funding.domain.reservation import Budget, LineBelowCommitted


class NothingDivided(Problem, kind=Kind.CONFLICT):
    """Grant '{grant}' is not divided yet, so that nothing can be moved between its lines. Propose a division first."""


class VersionWaits(Problem, kind=Kind.CONFLICT):
    """Version {number} was approved and waits for {day}. Re-allocate once it is in force, or propose it anew with these
    moves in it."""


class NoMove(Problem, kind=Kind.INVALID):
    """From '{source}' to '{target}' {cents} cents: a move takes 1 cent or more from one line to another. Correct it."""


class LineTooSmall(Problem, kind=Kind.CONFLICT):
    """'{line}' has {has} cents in the version in force, and {asked} would be taken from it. Take less."""


class ReallocationRewritten(Problem, kind=Kind.CONFLICT):
    """Code '{code}' is on record for a whole division. Use a code of its own for a re-allocation."""


def plan_after(
    before: Allocation, grant_cents: int, moves: Sequence[Move], programme: Programme
) -> tuple[Envelope, ...]:
    """The plan of the version in force with these moves made: every line fixed, in the envelope that it stands in.

    A line that is new goes to the first envelope of its kind. What the grant grew since is unallocated. Raises NoMove,
    LineTooSmall, and UnknownLine for a line that the programme does not have.
    """
    cents = {line.line: line.cents for line in before.lines}
    cents[UNALLOCATED_LINE] = cents.get(UNALLOCATED_LINE, 0) + grant_cents - before.grant_cents
    changes = _changes(moves)
    for line, change in changes.items():
        if cents.get(line, 0) + change < 0:
            raise LineTooSmall(line=line, has=cents.get(line, 0), asked=-change)
    new = [line for line in changes if line not in cents]
    envelopes = [
        Envelope(
            envelope.code,
            envelope.kind,
            Fixed(0),
            tuple(PlannedLine(line.line, Fixed(cents[line.line])) for line in envelope.lines),
        )
        for envelope in before.plan
    ]
    for line in new:
        envelopes = _with_line(envelopes, line, programme)
    return tuple(_moved(envelope, changes) for envelope in envelopes)


def _changes(moves: Iterable[Move]) -> dict[str, int]:
    changes: dict[str, int] = {}
    for move in moves:
        if move.cents < 1 or move.source == move.target:
            raise NoMove(source=move.source, target=move.target, cents=move.cents)
        changes[move.source] = changes.get(move.source, 0) - move.cents
        changes[move.target] = changes.get(move.target, 0) + move.cents
    return changes


def _with_line(envelopes: list[Envelope], line: str, programme: Programme) -> list[Envelope]:
    kind = programme.line(line).kind
    at = next((place for place, envelope in enumerate(envelopes) if envelope.kind == kind), None)
    planned = PlannedLine(line, Fixed(0))
    if at is None:
        return [*envelopes, Envelope(f"{kind}s", kind, Fixed(0), (planned,))]
    grown = replace(envelopes[at], lines=(*envelopes[at].lines, planned))
    return [*envelopes[:at], grown, *envelopes[at + 1 :]]


def _moved(envelope: Envelope, changes: Mapping[str, int]) -> Envelope:
    lines = tuple(
        PlannedLine(each.line, Fixed(each.claim.cents + changes.get(each.line, 0)))
        for each in envelope.lines
        if isinstance(each.claim, Fixed)
    )
    whole = sum(each.claim.cents for each in lines if isinstance(each.claim, Fixed))
    return replace(envelope, claim=Fixed(whole), lines=lines)


def refuse_below_bound(moves: Sequence[Move], budgets: Mapping[str, Budget]) -> None:
    """Raises LineBelowCommitted when a line would keep less than is reserved, committed and claimed of it."""
    for line, change in _changes(moves).items():
        budget = budgets.get(line)
        if budget is not None and change < 0 and budget.available_cents + change < 0:
            raise LineBelowCommitted(line=line, bound=budget.bound_cents, cents=budget.allocated_cents + change)
