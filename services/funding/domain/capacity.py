"""The capacity plan: the hours that are needed for each line in each term, the hours promised, and whether people are
available in time. Needs are the office's; promises are what pledges of a day say."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from services.funding.domain.finder_wording import day_text
from services.funding.domain.pledge import LinePromisedTwice, TermOutsidePledge
from services.funding.domain.position import Promise
from services.funding.domain.programme import Programme, ProgrammeLine
from services.funding.domain.terms import Term, part, terms

State = Literal["covered", "short", "late", "over", "not-needed"]
"""covered: enough; short: too little, before it starts; late: too little, and it runs; over: too little, and past."""


@dataclass(frozen=True, slots=True)
class Need:
    """Minutes that are needed for a line in a term."""

    line: str
    term: Term
    minutes: int


@dataclass(frozen=True, slots=True)
class Place:
    """A line in a term: needed, promised and by how many organisations."""

    line: ProgrammeLine
    term: Term
    needed_minutes: int
    pledged_minutes: int
    organisations: int
    as_of: date

    @property
    def gap_minutes(self) -> int:
        """What is needed and nobody promised."""
        return max(0, self.needed_minutes - self.pledged_minutes)

    @property
    def spare_minutes(self) -> int:
        """What was promised and is not needed."""
        return max(0, self.pledged_minutes - self.needed_minutes)

    @property
    def state(self) -> State:
        if not self.needed_minutes:
            return "not-needed"
        if not self.gap_minutes:
            return "covered"
        if self.as_of < self.term.first:
            return "short"
        return "late" if self.as_of <= self.term.last else "over"

    def sentence(self) -> Mapping[str, str]:
        """Whether people are available in time, in Dutch and in English."""
        need, have, gap = (hours(each) for each in (self.needed_minutes, self.pledged_minutes, self.gap_minutes))
        (first_nl, first_en), (last_nl, last_en) = day_text(self.term.first), day_text(self.term.last)
        nl = f"{self.line.title}, {first_nl} tot en met {last_nl}: "
        en = f"{self.line.title}, {first_en} to {last_en}: "
        left = _days((self.term.first - self.as_of).days)
        told = {
            "not-needed": (f"{have[0]} toegezegd, niets nodig.", f"{have[1]} pledged, none needed."),
            "covered": (
                f"{need[0]} nodig en {have[0]} toegezegd; de mensen zijn er op tijd.",
                f"{need[1]} needed and {have[1]} pledged; the people are there in time.",
            ),
            "short": (
                f"{need[0]} nodig en {have[0]} toegezegd, {gap[0]} te weinig; nog {left[0]} om ze te vinden.",
                f"{need[1]} needed and {have[1]} pledged, {gap[1]} short; {left[1]} left to find them.",
            ),
            "late": (
                f"{need[0]} nodig en {have[0]} toegezegd, {gap[0]} te weinig; de periode is al begonnen.",
                f"{need[1]} needed and {have[1]} pledged, {gap[1]} short; the term has started.",
            ),
            "over": (
                f"{need[0]} nodig en {have[0]} toegezegd; {gap[0]} is niet toegezegd.",
                f"{need[1]} needed and {have[1]} pledged; {gap[1]} were never pledged.",
            ),
        }[self.state]
        return {"nl": nl + told[0], "en": en + told[1]}


def plan(
    programme: Programme,
    needs: Iterable[Need],
    promises: Iterable[tuple[Promise, Term | None]],
    as_of: date,
    only: int | None = None,
) -> Sequence[Place]:
    """Every line with every term in which something is needed or promised, by line and term; of one year when given.

    What is promised for a term counts in it; what is promised over a period is spread over its days, to the minute.
    A line that no programme has any more is shown under its code.
    """
    needed: dict[tuple[str, Term], int] = {(each.line, each.term): each.minutes for each in needs if each.minutes}
    pledged: dict[tuple[str, Term], int] = {}
    who: dict[tuple[str, Term], set[UUID]] = {}
    for promise, named in promises:
        for term in terms(promise.from_, promise.until) if named is None else (named,):
            minutes = promise.minutes if named else part(promise.minutes, promise.from_, promise.until, term)
            if minutes:
                key = promise.line, term
                pledged[key] = pledged.get(key, 0) + minutes
                who.setdefault(key, set()).add(promise.organisation_id)
    return [
        Place(
            programme.lines.get(line, ProgrammeLine(line, "spearhead", line)),
            term,
            needed.get((line, term), 0),
            pledged.get((line, term), 0),
            len(who.get((line, term), ())),
            as_of,
        )
        for line, term in sorted({*needed, *pledged})
        if only in (None, term.year)
    ]


def check_needs(line: str, needs: Iterable[Need], programme: Programme) -> None:
    """Raises UnknownLine, TermOutsidePledge for a term outside the programme, and LinePromisedTwice."""
    programme.line(line)
    seen = set[Term]()
    for each in needs:
        if each.term.last < programme.from_ or programme.until < each.term.first:
            raise TermOutsidePledge(
                year=each.term.year, number=each.term.number, first=programme.from_, last=programme.until
            )
        if each.term in seen:
            raise LinePromisedTwice(line=line, term=f" in term {each.term.number} of {each.term.year}")
        seen.add(each.term)


def hours(minutes: int) -> tuple[str, str]:
    """Minutes as hours, as a Dutch and as an English reader writes them: `4.949 uur 27`, `4,949 h 27`."""
    whole, rest = divmod(minutes, 60)
    tail = f" {rest:02}" if rest else ""
    english = f"{whole:,}"
    return f"{english.replace(',', '.')} uur{tail}", f"{english} h{tail}"


def _days(count: int) -> tuple[str, str]:
    return (f"{count} dag", f"{count} day") if count == 1 else (f"{count} dagen", f"{count} days")
