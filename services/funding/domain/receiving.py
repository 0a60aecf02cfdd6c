"""The school that received a contribution: when its word is asked, what it says, and what that does."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args
from uuid import UUID

from runtime.problems import Kind, Problem, SamePerson
from services.funding.domain import contribution as domain
from services.funding.domain import holding
from services.funding.domain.bounds import Bounds
from services.funding.domain.contribution import Contribution, Hands, Lesson
from services.funding.domain.intake import Reason, Record
from services.funding.domain.ledger import JournalEntry
from services.funding.domain.rejection import about
from services.funding.events import ContributionHeld, VerificationAsked

SCHOOLS = frozenset({"vmbo", "mbo", "hogeschool", "university"})
"""The kinds of organisation, as partners names them, that are schools."""

Objection = Literal["not-received", "less-received", "other-day", "other-school", "not-agreed", "other"]
OBJECTIONS: tuple[Objection, ...] = get_args(Objection)

SENTENCES: Mapping[Objection, tuple[str, str]] = {
    "not-received": ("de school zegt dat zij dit niet ontving", "the school says that it did not receive this"),
    "less-received": ("de school zegt dat zij minder ontving", "the school says that it received less"),
    "other-day": ("de school zegt dat dit op een andere dag was", "the school says that this was on another day"),
    "other-school": ("de school zegt dat dit voor een andere school was", "the school says that this was for another"),
    "not-agreed": ("de school zegt dat dit niet is afgesproken", "the school says that this was not agreed"),
    "other": ("de school bevestigt dit niet", "the school does not confirm this"),
}
"""Code -> what the sender reads when a school says no, in Dutch and in English."""


class NotAwaited(Problem, kind=Kind.CONFLICT):
    """This contribution does not wait for the word of a school any more: it is {state}. Look it up to see who said
    what."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """The school that received what a record declares: that of the confirmed activity, else the one that it names.

    `confirmed`: the record names a confirmed activity of its own organisation and line. `named`: the school that the
    record names exists.
    """

    school_id: UUID | None = None
    confirmed: bool = False
    named: bool = False


def right_by_rule(record: Record, bounds: Bounds, worked_minutes: int, receiver: Receiver) -> bool:
    """Whether it is within what the rules of the region find right without a person.

    `worked_minutes`: what else is booked for the same worker and day.
    """
    if not bounds.by_rule:
        return False
    if bounds.activity and receiver.confirmed:
        return True
    asks_paper = bounds.needs_evidence or bool(bounds.evidence_types)
    if bounds.school and bounds.verified_minutes is None and not asks_paper:
        return False
    minutes = {"hours": (record.minutes or 0) + worked_minutes, "pupil-presence": record.minutes_each or 0}
    short = bounds.verified_minutes is None or minutes.get(record.kind, 0) <= bounds.verified_minutes
    pieces = [each for each in record.evidence if not bounds.evidence_types or each.type in bounds.evidence_types]
    return short and (bool(pieces) or not asks_paper)


def awaited(found: Contribution) -> bool:
    """Whether a school has yet to say something of it."""
    return found.state == "declared" and found.school_word == "asked"


def ask(found: Contribution, school_id: UUID) -> tuple[Contribution, VerificationAsked]:
    """Its activity was confirmed, so its school is known from now on."""
    after = replace(found, school_id=school_id, version=found.version + 1)
    return after, domain.asked_fact(after)


def of_activity(lesson: Lesson, waiting: Iterable[Contribution], whole: Collection[UUID]) -> tuple[Contribution, ...]:
    """Of what waits for a school's word, that which belongs to a lesson: with its reference, for its line, and of its
    organisation, which is one with its branches (`whole`)."""
    return tuple(
        each
        for each in waiting
        if (each.activity_ref, each.line) == (lesson.activity_ref, lesson.line)
        and (each.organisation_id == lesson.organisation_id or each.organisation_id in whole)
    )


def check_word(found: Contribution, hands: Hands, own: bool) -> None:
    """Whether this person may say the school's word now. `own`: whether he is of the organisation that declared it.

    Raises NotAwaited, and SamePerson to who declared or approved it.
    """
    if not awaited(found):
        raise NotAwaited(state=found.state)
    hands.refuse_own(found, "Confirming what a school received", "say what the school received")
    if own:
        raise SamePerson(what="Confirming what a school received", do="say what the school received")


def object_to(
    found: Contribution, code: Objection, hands: Hands
) -> tuple[Contribution, tuple[JournalEntry, ...], ContributionHeld]:
    """The school says no: it is out of the books until the office has looked."""
    return holding.hold(replace(found, school_word="no", school_by=hands.person), code)


def objection(found: Contribution, code: Objection, note: str = "") -> Reason:
    """What its sender reads when the school says no; `note` is what the school added."""
    nl, en = SENTENCES[code]
    what_nl, what_en = about(found)
    said_nl, said_en = (f" Toelichting: {note}", f" Note: {note}") if note else ("", "")
    return Reason(
        code,
        "school",
        f"{what_nl}: {nl}. Het programmabureau kijkt ernaar; u hoeft niets te doen.{said_nl}",
        f"{what_en}: {en}. The programme office looks at it; there is nothing to do for you.{said_en}",
    )
