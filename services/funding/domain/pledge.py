"""What an organisation promises: hours, material, facilities and cash, for a line and a term or over a whole period."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from runtime.problems import Kind, Problem
from services.funding.domain import ledger
from services.funding.domain.ledger import JournalEntry, Posting
from services.funding.domain.programme import Programme
from services.funding.domain.scheme import Rule
from services.funding.domain.terms import Term
from services.funding.domain.valuation import Delivered, value
from services.funding.events import PledgedLine, PledgeSigned
from services.funding.events.parts import ContributionKind

SUBJECT = "pledge"
_KINDS: tuple[ContributionKind, ...] = ("material", "loan", "cash")
"""As what material, facilities and cash count under a scheme."""


class NothingPromised(Problem, kind=Kind.INVALID):
    """A pledge promises something on every line it names: give minutes, materialCents, facilitiesCents or cashCents
    above zero."""


class LinePromisedTwice(Problem, kind=Kind.INVALID):
    """Line '{line}'{term} stands in this pledge more than once. Name it once, with all that is promised for it."""


class TermOutsidePledge(Problem, kind=Kind.INVALID):
    """Term {number} of {year} has no day from {first} until {last}, the days that this is for. Name a term that has."""


class PledgeOutsideProgramme(Problem, kind=Kind.INVALID):
    """A pledge runs within the programme, from {first} until {last}, and ends on or after its own first day. Mend its
    days."""


class OtherOrganisation(Problem, kind=Kind.CONFLICT):
    """{what} '{code}' is on record for another organisation. Use another code."""


class PledgeBackdated(Problem, kind=Kind.CONFLICT):
    """The pledge on record was signed on {day}; what takes its place is not signed before that. Give that day or a
    later one."""


@dataclass(frozen=True, slots=True)
class Promised:
    """What is asked or promised for one line: minutes of work, and in cents material, facilities (at rental value) and
    cash. In one term, or spread evenly over the whole period."""

    line: str
    minutes: int = 0
    material_cents: int = 0
    facilities_cents: int = 0
    cash_cents: int = 0
    term: Term | None = None

    @property
    def amounts(self) -> tuple[int, int, int, int]:
        """Minutes, material, facilities and cash."""
        return self.minutes, self.material_cents, self.facilities_cents, self.cash_cents


@dataclass(frozen=True, slots=True)
class ValuedPromise:
    """The same, with what all of it is worth together."""

    line: str
    minutes: int
    material_cents: int
    cents: int
    facilities_cents: int = 0
    cash_cents: int = 0
    term: Term | None = None

    @property
    def said(self) -> Promised:
        """As it was said, whatever it is worth."""
        return Promised(self.line, self.minutes, self.material_cents, self.facilities_cents, self.cash_cents, self.term)

    def days(self, first: date, last: date) -> tuple[date, date]:
        """The days over which it falls due, in a pledge of these days."""
        if self.term is None:
            return first, last
        return max(first, self.term.first), min(last, self.term.last)


def once(promised: Iterable[Promised], programme: Programme, first: date, last: date) -> None:
    """Raises UnknownLine, TermOutsidePledge and LinePromisedTwice."""
    seen = set[tuple[str, Term | None]]()
    for each in promised:
        programme.line(each.line)
        term = each.term
        if term is not None and not (first <= term.last and term.first <= last):
            raise TermOutsidePledge(year=term.year, number=term.number, first=first, last=last)
        if (each.line, term) in seen:
            said = "" if term is None else f" in term {term.number} of {term.year}"
            raise LinePromisedTwice(line=each.line, term=said)
        seen.add((each.line, term))


def valued(
    promised: Sequence[Promised], programme: Programme, rules: Iterable[Rule], first: date, last: date, signed_on: date
) -> tuple[ValuedPromise, ...]:
    """The lines of a pledge with their worth: by the rules of its first day, as far as known when it was signed.

    Both clocks stand still after the signing: a rate that is announced later changes what deliveries are worth, not
    what was promised. Raises what `once` raises, NothingPromised, KindNotEligible and NoRuleForKind.
    """
    known, found = tuple(rules), []
    once(promised, programme, first, last)
    if not promised or any(min(each.amounts) < 0 or not any(each.amounts) for each in promised):
        raise NothingPromised()
    for each in promised:
        delivered = [Delivered("hours", first, minutes=each.minutes)] if each.minutes else []
        for kind, cents in zip(_KINDS, each.amounts[1:], strict=True):
            if cents:
                delivered.append(Delivered(kind, first, amount_cents=cents))
        worth = sum(value(part, known, signed_on).cents for part in delivered)
        found.append(
            ValuedPromise(
                each.line,
                each.minutes,
                each.material_cents,
                worth,
                each.facilities_cents,
                each.cash_cents,
                each.term,
            )
        )
    return tuple(found)


def within(programme: Programme, first: date, last: date) -> None:
    """Raises PledgeOutsideProgramme for days that are not in the programme, or back to front."""
    if not programme.from_ <= first <= last <= programme.until:
        raise PledgeOutsideProgramme(first=programme.from_, last=programme.until)


@dataclass(frozen=True, slots=True)
class Pledge:
    """What an organisation promised, for which period, and when it signed. Signing again takes its place."""

    id: UUID
    code: str
    organisation_id: UUID
    statement_id: UUID | None
    signed_on: date
    from_: date
    until: date
    lines: tuple[ValuedPromise, ...]
    version: int = 0

    @property
    def cents(self) -> int:
        return sum(line.cents for line in self.lines)

    @property
    def minutes(self) -> int:
        return sum(line.minutes for line in self.lines)

    def says(self, other: "Pledge") -> bool:
        """Whether another pledge promises the same, whatever it was worth when it was signed."""

        def said(pledge: Pledge) -> object:
            lines = frozenset(line.said for line in pledge.lines)
            return (pledge.organisation_id, pledge.statement_id, pledge.signed_on, pledge.from_, pledge.until, lines)

        return said(self) == said(other)

    def sign(self, before: "Pledge | None", programme: Programme) -> tuple["Pledge", tuple[PledgeSigned, ...]]:
        """This pledge, signed in the place of the one before; that one and no fact when it says the same.

        Raises OtherOrganisation, PledgeBackdated and PledgeOutsideProgramme.
        """
        if before is not None and before.organisation_id != self.organisation_id:
            raise OtherOrganisation(what="Pledge", code=self.code)
        if before is not None and before.says(self):
            return before, ()
        if before is not None and self.signed_on < before.signed_on:
            raise PledgeBackdated(day=before.signed_on)
        within(programme, self.from_, self.until)
        fact = PledgeSigned(
            pledge_id=self.id,
            organisation_id=self.organisation_id,
            minutes=self.minutes,
            cents=self.cents,
            signed_on=self.signed_on,
            from_=self.from_,
            until=self.until,
            statement_id=self.statement_id,
            lines=tuple(
                PledgedLine(
                    line=each.line,
                    minutes=each.minutes,
                    cents=each.cents,
                    year=each.term.year if each.term else None,
                    term=each.term.number if each.term else None,
                )
                for each in self.lines
            ),
        )
        return replace(self, version=before.version + 1 if before else 1), (fact,)

    def entry(self, entry_id: UUID) -> JournalEntry:
        """Books the promise on memorandum accounts: what was promised for each line, against who promised it."""
        sums = dict[str, tuple[int, int]]()
        for each in self.lines:
            cents, minutes = sums.get(each.line, (0, 0))
            sums[each.line] = cents + each.cents, minutes + each.minutes
        promised = [Posting(ledger.pledged(line), *both) for line, both in sums.items()]
        owed = Posting(ledger.promised(self.organisation_id), -self.cents, -self.minutes)
        postings = (*promised, owed)
        return JournalEntry(
            entry_id, "pledge-signed", self.signed_on, postings, f"pledge {self.code} signed", SUBJECT, self.id
        )
