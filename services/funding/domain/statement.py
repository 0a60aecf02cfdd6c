"""The co-financing form: what an organisation is asked to contribute, until when, and to whom forms go at once.

A round is one form for many: an audience rule says to whom. Issued again it reaches who joined since, and tells only
those whose form reads otherwise; nobody's form is taken away.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from runtime import ids
from runtime.problems import Kind, Problem
from services.funding.domain.pledge import OtherOrganisation, Promised, once, within
from services.funding.domain.programme import Programme
from services.funding.events import StatementExpected, StatementIssued, StatementReminderDue

REMIND_DAYS = (14, 3)
"""Days before the deadline on which an organisation is reminded, unless a form says otherwise."""

LONGEST_CODE = 80


class FormOfRound(Problem, kind=Kind.CONFLICT):
    """Statement '{code}' belongs to a round. Change the round; what differs for one organisation stands under its
    exceptions."""


class FormCodeTaken(Problem, kind=Kind.CONFLICT):
    """Statement '{code}', which this round would issue, is on record as a form of its own. Give the round another
    code."""


class FormPeriodInverted(Problem, kind=Kind.INVALID):
    """The last day that a form is about comes on or after its first ({first})."""


class ExceptionTwice(Problem, kind=Kind.INVALID):
    """Organisation '{organisation}' stands under the exceptions more than once. Say all that differs for it at once."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The form of one organisation. `expected` is what it is asked, which it may read otherwise when it answers.

    `from_` and `until` are the days that it is about; None: those of the programme. `answered` tells that a pledge was
    signed for it.
    """

    id: UUID
    code: str
    organisation_id: UUID
    title: str
    deadline: date
    from_: date | None = None
    until: date | None = None
    expected: tuple[Promised, ...] = ()
    remind_days: tuple[int, ...] = REMIND_DAYS
    round_id: UUID | None = None
    answered: bool = False
    version: int = 0

    def days(self, programme: Programme) -> tuple[date, date]:
        """The days that it is about."""
        return self.from_ or programme.from_, self.until or programme.until

    def check(self, programme: Programme) -> None:
        """Raises FormPeriodInverted, PledgeOutsideProgramme, UnknownLine, TermOutsidePledge and LinePromisedTwice."""
        _check(programme, *self.days(programme), self.expected)

    def reminders(self, today: date) -> dict[int, date]:
        """The days after today on which it is to be reminded of, by how many days before the deadline they are."""
        if self.answered:
            return {}
        last = self.deadline.toordinal()
        days = {each: date.fromordinal(max(1, last - each)) for each in self.remind_days}
        return {each: day for each, day in days.items() if day > today}

    def remind(self, days_before: int) -> StatementReminderDue:
        """The fact that its deadline comes near and nobody signed."""
        return StatementReminderDue(
            statement_id=self.id,
            organisation_id=self.organisation_id,
            round_id=self.round_id,
            code=self.code,
            deadline=self.deadline,
            days_left=days_before,
        )

    def issue(self, before: "Statement | None") -> tuple["Statement", tuple[StatementIssued, ...]]:
        """This form, issued in the place of the one before; without a fact when it says the same.

        Raises OtherOrganisation when the code belongs to a form of another organisation, and FormOfRound.
        """
        if before is not None and before.organisation_id != self.organisation_id:
            raise OtherOrganisation(what="Statement", code=self.code)
        if before is not None and before.round_id != self.round_id:
            raise (FormOfRound if self.round_id is None else FormCodeTaken)(code=self.code)
        if before is not None and replace(before, version=0, answered=False) == replace(
            self, version=0, answered=False
        ):
            return before, ()
        answered = before is not None and before.answered
        amounts = [each.amounts for each in self.expected]
        minutes, material, facilities, cash = (
            (sum(each) for each in zip(*amounts, strict=True)) if amounts else (0,) * 4
        )
        fact = StatementIssued(
            statement_id=self.id,
            organisation_id=self.organisation_id,
            deadline=self.deadline,
            code=self.code,
            title=self.title or None,
            round_id=self.round_id,
            from_=self.from_,
            until=self.until,
            expected=StatementExpected(
                minutes=minutes, material_cents=material, facilities_cents=facilities, cash_cents=cash
            )
            if amounts
            else None,
            remind_days_before=self.remind_days,
            answered=answered,
        )
        return replace(self, version=before.version + 1 if before else 1, answered=answered), (fact,)


@dataclass(frozen=True, slots=True)
class Addressee:
    """An organisation that an audience reaches."""

    id: UUID
    code: str
    kind: str


@dataclass(frozen=True, slots=True)
class Apart:
    """What is different for one organisation of a round: left out, another deadline, or other figures."""

    organisation: str
    left_out: bool = False
    deadline: date | None = None
    expected: tuple[Promised, ...] | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """A form for everybody in one of the audiences (as partners names them), of these kinds only when there are any."""

    id: UUID
    code: str
    title: str
    deadline: date
    audiences: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    from_: date | None = None
    until: date | None = None
    expected: tuple[Promised, ...] = ()
    remind_days: tuple[int, ...] = REMIND_DAYS
    exceptions: tuple[Apart, ...] = ()
    version: int = 0

    def check(self, programme: Programme) -> None:
        """As `Statement.check`, also for what is asked of some only. Raises ExceptionTwice as well."""
        named = [each.organisation for each in self.exceptions]
        if twice := next((each for each in named if named.count(each) > 1), None):
            raise ExceptionTwice(organisation=twice)
        days = self.from_ or programme.from_, self.until or programme.until
        for expected in (self.expected, *(each.expected or () for each in self.exceptions)):
            _check(programme, *days, expected)

    def says(self, other: "Round") -> bool:
        return replace(self, version=0) == replace(other, version=0)

    def forms(self, consortium_id: UUID, reached: Iterable[Addressee]) -> tuple[Statement, ...]:
        """The form of each organisation that is reached, in order of its id."""
        apart = {each.organisation: each for each in self.exceptions}
        found = []
        for each in sorted(reached, key=lambda each: each.id):
            own = apart.get(each.code, Apart(each.code))
            if own.left_out or (self.kinds and each.kind not in self.kinds):
                continue
            code = form_code(self.code, each.code)
            found.append(
                Statement(
                    ids.coded_id(consortium_id, "statement", code),
                    code,
                    each.id,
                    self.title,
                    own.deadline or self.deadline,
                    self.from_,
                    self.until,
                    self.expected if own.expected is None else own.expected,
                    self.remind_days,
                    self.id,
                )
            )
        return tuple(found)


def _check(programme: Programme, first: date, last: date, expected: tuple[Promised, ...]) -> None:
    if last < first:
        raise FormPeriodInverted(first=first)
    within(programme, first, last)
    once(expected, programme, first, last)


def form_code(round_code: str, organisation: str) -> str:
    """The code of an organisation's form in a round: both codes with a dot, the end hashed where that is too long."""
    code = f"{round_code}.{organisation}"
    if len(code) <= LONGEST_CODE:
        return code
    return f"{code[: LONGEST_CODE - 17]}-{hashlib.sha256(code.encode()).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class Issue:
    """A form that is new or reads otherwise, and its fact."""

    form: Statement
    fact: StatementIssued


def issue(forms: Collection[Statement], before: Mapping[UUID, Statement]) -> tuple[Issue, ...]:
    """What issuing these forms changes, given those on record. Raises FormCodeTaken and OtherOrganisation."""
    found = []
    for form in forms:
        issued, facts = form.issue(before.get(form.id))
        found += [Issue(issued, fact) for fact in facts]
    return tuple(found)
