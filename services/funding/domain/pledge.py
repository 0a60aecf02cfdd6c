"""What an organisation is asked and what it promises: the co-financing form, and the pledge that answers it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from runtime.problems import Kind, Problem
from services.funding.domain import ledger
from services.funding.domain.ledger import JournalEntry, Posting
from services.funding.domain.programme import Programme
from services.funding.domain.scheme import Rule
from services.funding.domain.valuation import Delivered, value
from services.funding.events import PledgedLine, PledgeSigned, StatementIssued

SUBJECT = "pledge"


class NothingPromised(Problem, kind=Kind.INVALID):
    """A pledge promises something on every line it names: give minutes or materialCents above zero."""


class LinePromisedTwice(Problem, kind=Kind.INVALID):
    """Line '{line}' stands in this pledge more than once. Name every line once, with all that is promised for it."""


class PledgeOutsideProgramme(Problem, kind=Kind.INVALID):
    """A pledge runs within the programme, from {first} until {last}, and ends on or after its own first day. Mend its
    days."""


class OtherOrganisation(Problem, kind=Kind.CONFLICT):
    """{what} '{code}' is on record for another organisation. Use another code."""


class PledgeBackdated(Problem, kind=Kind.CONFLICT):
    """The pledge on record was signed on {day}; what takes its place is not signed before that. Give that day or a
    later one."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The form: an organisation is asked what it will contribute, and until when it can answer."""

    id: UUID
    code: str
    organisation_id: UUID
    title: str
    deadline: date
    version: int = 0

    def issue(self, before: "Statement | None") -> tuple["Statement", tuple[StatementIssued, ...]]:
        """This form, issued in the place of the one before; without a fact when it says the same.

        Raises OtherOrganisation when the code belongs to a form of another organisation.
        """
        if before is not None and before.organisation_id != self.organisation_id:
            raise OtherOrganisation(what="Statement", code=self.code)
        if before is not None and (before.title, before.deadline) == (self.title, self.deadline):
            return before, ()
        fact = StatementIssued(
            statement_id=self.id,
            organisation_id=self.organisation_id,
            deadline=self.deadline,
            code=self.code,
            title=self.title or None,
        )
        return replace(self, version=before.version + 1 if before else 1), (fact,)


@dataclass(frozen=True, slots=True)
class Promised:
    """What is promised for one line, as said by whoever signs: minutes of work, and material in cents."""

    line: str
    minutes: int
    material_cents: int


@dataclass(frozen=True, slots=True)
class ValuedPromise:
    """The same, with what hours and material are worth together."""

    line: str
    minutes: int
    material_cents: int
    cents: int


def valued(
    promised: Sequence[Promised], programme: Programme, rules: Iterable[Rule], first: date, signed_on: date
) -> tuple[ValuedPromise, ...]:
    """The lines of a pledge with their worth: by the rules of its first day, as far as known when it was signed.

    Both clocks stand still after the signing: a rate that is announced later changes what deliveries are worth, not
    what was promised. Raises UnknownLine, LinePromisedTwice, NothingPromised, KindNotEligible and NoRuleForKind.
    """
    known, seen, found = tuple(rules), set[str](), []
    if not promised:
        raise NothingPromised()
    for each in promised:
        programme.line(each.line)
        if each.line in seen:
            raise LinePromisedTwice(line=each.line)
        if each.minutes < 0 or each.material_cents < 0 or not (each.minutes or each.material_cents):
            raise NothingPromised()
        seen.add(each.line)
        parts = []
        if each.minutes:
            parts.append(value(Delivered("hours", first, minutes=each.minutes), known, signed_on))
        if each.material_cents:
            parts.append(value(Delivered("material", first, amount_cents=each.material_cents), known, signed_on))
        cents = sum(part.cents for part in parts)
        found.append(ValuedPromise(each.line, each.minutes, each.material_cents, cents))
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
            lines = sorted((line.line, line.minutes, line.material_cents) for line in pledge.lines)
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
            lines=tuple(PledgedLine(line=each.line, minutes=each.minutes, cents=each.cents) for each in self.lines),
        )
        return replace(self, version=before.version + 1 if before else 1), (fact,)

    def entry(self, entry_id: UUID) -> JournalEntry:
        """Books the promise on memorandum accounts: what was promised for each line, against who promised it."""
        promised = [Posting(ledger.pledged(line.line), line.cents, line.minutes) for line in self.lines]
        owed = Posting(ledger.promised(self.organisation_id), -self.cents, -self.minutes)
        postings = (*promised, owed)
        return JournalEntry(
            entry_id, "pledge-signed", self.signed_on, postings, f"pledge {self.code} signed", SUBJECT, self.id
        )
