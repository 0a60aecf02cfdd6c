"""A contribution of an organisation: delivered on a day for a line, valued, verified and accepted.

declared -> verified (by rule, by the school or by the office) -> accepted by somebody else, by two where it is worth so
much. `held` is out of the books until a person decides; `reversed` was taken back or replaced and `rejected` found not
to count, with entries that undo its own.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from uuid import UUID

from runtime.ids import coded_id
from runtime.problems import Kind, Problem, SamePerson
from services.funding.domain import ledger, rejection
from services.funding.domain.intake import Record
from services.funding.domain.ledger import JournalEntry
from services.funding.domain.valuation import Value
from services.funding.events import (
    ContributionAccepted,
    ContributionApproved,
    ContributionDeclared,
    ContributionReversed,
    ContributionVerified,
    VerificationAsked,
)

SUBJECT = "contribution"
BOOKED = ("declared", "verified", "accepted")
ACCOUNT = {"declared": ledger.declared, "verified": ledger.verified, "accepted": ledger.accepted}
"""The account of a line that holds what is in a state."""
_VERIFIED_WHY = {
    "rule": "It is plausible by the rule.",
    "school": "The school confirmed it.",
    "office": "The programme office looked at it.",
}
By = Literal["rule", "school", "office"]
SchoolWord = Literal["asked", "yes", "no"]


class AwaitsSchool(Problem, kind=Kind.CONFLICT):
    """The school that received this has yet to say whether it is right. Ask its people to do so at
    /v1/school-verifications, or reject it; once the school has said yes, it can be accepted."""


class NotRejectable(Problem, kind=Kind.CONFLICT):
    """This contribution is {state} already, so there is nothing to reject."""


@dataclass(frozen=True, slots=True)
class Hands:
    """Who takes a step: a person, and the system that the account belongs to when it is a company's."""

    person: UUID
    sender: str | None = None

    def own(self, found: "Contribution", *, verified: bool = True) -> bool:
        """Whether this person (or system) declared it, or verified or approved it before, or said a school's word."""
        before = (found.declared_by, *((found.verified_by, found.approved_by, found.school_by) if verified else ()))
        return self.person in before or (self.sender is not None and self.sender == found.sender)

    def refuse_own(self, found: "Contribution", what: str, do: str, *, verified: bool = True) -> None:
        """Raises SamePerson when the step before was this person's."""
        if self.own(found, verified=verified):
            raise SamePerson(what=what, do=do)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A guest lesson or visit of which the school confirmed who came. `minutes` are worked, preparation included."""

    activity_id: UUID
    activity_ref: str
    organisation_id: UUID
    line: str
    day: date
    minutes: int
    school_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Contribution:
    """What an organisation brought in for a line on a day. `sender` and `record_id`: the record that declared it.

    Who declared it (a person, else the system that `sender` names), who verified and who accepted it are all somebody
    else; `approved_by` is the first of two who accept it. `school_word`: what the school that received it (`school_id`,
    None as long as its activity was not confirmed) says of it, None where the rules ask nothing of it.
    """

    id: UUID
    organisation_id: UUID
    line: str
    day: date
    kind: str
    minutes: int
    value_cents: int
    rule: str
    origin: str
    activity_id: UUID | None
    activity_ref: str | None
    state: str
    version: int
    sender: str | None = None
    record_id: str | None = None
    worker_ref: str | None = None
    held_from: str | None = None
    verified_by: UUID | None = None
    verified_how: By | None = None
    declared_by: UUID | None = None
    approved_by: UUID | None = None
    accepted_by: UUID | None = None
    rejected_by: UUID | None = None
    rejected_code: rejection.Code | None = None
    rejected_note: str | None = None
    school_id: UUID | None = None
    school_word: SchoolWord | None = None
    school_by: UUID | None = None

    @property
    def booked(self) -> bool:
        """Whether it counts in the books now."""
        return self.state in BOOKED


def of_lesson(contribution_id: UUID, lesson: Lesson, worth: Value) -> Contribution:
    """The contribution that a confirmed lesson is: declared by its happening, verified by the school."""
    return Contribution(
        contribution_id,
        lesson.organisation_id,
        lesson.line,
        lesson.day,
        "hours",
        worth.minutes,
        worth.cents,
        worth.rule,
        "lesson",
        lesson.activity_id,
        lesson.activity_ref,
        "verified",
        2,
        verified_how="school",
    )


def of_record(
    contribution_id: UUID,
    organisation_id: UUID,
    record: Record,
    worth: Value,
    *,
    sender: str,
    origin: str,
    verified: bool,
    verified_by: UUID | None = None,
    declared_by: UUID | None = None,
    asks_school: bool = False,
    school_id: UUID | None = None,
) -> Contribution:
    """The contribution in a record: declared by its sender, or a person, and found right at once when `verified`.

    `asks_school`: by `school_id`, or by the school of its activity once that is confirmed.
    """
    return Contribution(
        contribution_id,
        organisation_id,
        record.line,
        record.day,
        record.kind,
        worth.minutes,
        worth.cents,
        worth.rule,
        origin,
        None,
        record.activity_ref,
        "verified" if verified else "declared",
        2 if verified else 1,
        sender,
        record.id,
        record.worker_ref,
        None,
        verified_by,
        "rule" if verified else None,
        declared_by,
        school_id=school_id,
        school_word="asked" if asks_school and not verified else None,
    )


def booking_facts(
    found: Contribution, by: By = "rule"
) -> tuple[ContributionDeclared | ContributionVerified | VerificationAsked, ...]:
    """What is published of a new one: declared and, when it was found right at once, verified; else, where its school
    has the word, that it is asked."""
    declared = ContributionDeclared(
        contribution_id=found.id,
        organisation_id=found.organisation_id,
        line=found.line,
        day=found.day,
        kind=found.kind,
        minutes=found.minutes,
        value_cents=found.value_cents,
        rule=found.rule,
        origin=found.origin,
        sender=found.sender,
        record_id=found.record_id,
        activity_id=found.activity_id,
    )
    if found.state != "verified":
        return (declared, asked_fact(found)) if found.school_word == "asked" else (declared,)
    return declared, ContributionVerified(contribution_id=found.id, by=by)


def asked_fact(found: Contribution) -> VerificationAsked:
    """What is published when its school has the word, and again when that school becomes known."""
    return VerificationAsked(
        contribution_id=found.id,
        organisation_id=found.organisation_id,
        school_id=found.school_id,
        line=found.line,
        day=found.day,
        kind=found.kind,
        minutes=found.minutes,
    )


def booking_entries(found: Contribution, by: By = "rule") -> tuple[JournalEntry, ...]:
    """Books a new one on the memorandum accounts: off the balance, in cents and in minutes."""
    if found.origin == "lesson":
        return (_lesson_entry(found),)
    declared = _entry(found, "declared", "Its sender declared it.")
    return (declared, verified_entry(found, by)) if found.state == "verified" else (declared,)


def verified_entry(found: Contribution, by: By) -> JournalEntry:
    """Moves it from declared to verified."""
    return _entry(found, "verified", _VERIFIED_WHY[by])


def accepted_entry(found: Contribution) -> JournalEntry:
    """Moves it from verified to accepted: from now on it counts as realised."""
    return _entry(found, "accepted", "A second person accepted it.")


def verify(found: Contribution, by: By, hands: Hands | None = None) -> tuple[Contribution, ContributionVerified]:
    """A declared one was found right. Raises AwaitsSchool when the office would say what its school has to, and
    SamePerson for who declared it."""
    if by == "office" and found.school_word == "asked":
        raise AwaitsSchool()
    if hands is not None:
        hands.refuse_own(found, "Verifying a contribution", "verify", verified=False)
    person = hands.person if hands is not None else None
    word: SchoolWord | None = None
    if found.school_word is not None:
        word = "yes" if by == "school" else None
    after = replace(
        found,
        state="verified",
        version=found.version + 1,
        verified_by=person,
        verified_how=by,
        school_word=word,
        school_by=person if word == "yes" else None,
    )
    return after, ContributionVerified(contribution_id=found.id, by=by)


def reverse(
    found: Contribution, how: Literal["replaced", "withdrawn"]
) -> tuple[Contribution, tuple[JournalEntry, ...], ContributionReversed]:
    """Takes it back: what it booked is undone, entry by entry. One that is on hold is out of the books already."""
    after = replace(found, state="reversed", version=found.version + 1)
    return after, _undone(found, how), _gone(found, how)


def reject(
    found: Contribution, code: rejection.Code, note: str, hands: Hands
) -> tuple[Contribution, tuple[JournalEntry, ...], ContributionReversed]:
    """A person finds that it does not count: what it booked is undone, and it stays on record with the code.

    Raises NotRejectable when it is out of the books for good, and SamePerson when it was accepted by this person.
    """
    if found.state in ("reversed", "rejected"):
        raise NotRejectable(state=found.state)
    if "accepted" in (found.state, found.held_from) and hands.person in (found.accepted_by, found.approved_by):
        raise SamePerson(what="Rejecting what was accepted", do="reject it")
    after = replace(
        found,
        state="rejected",
        version=found.version + 1,
        rejected_by=hands.person,
        rejected_code=code,
        rejected_note=note or None,
    )
    return after, _undone(found, "rejected", code), _gone(found, "rejected", code)


def _gone(found: Contribution, how: str, code: str | None = None) -> ContributionReversed:
    return ContributionReversed(
        contribution_id=found.id,
        reason=how,
        code=code,
        organisation_id=found.organisation_id,
        sender=found.sender,
        record_id=found.record_id,
    )


def _undone(
    found: Contribution, how: Literal["replaced", "withdrawn", "rejected"], why: str = ""
) -> tuple[JournalEntry, ...]:
    """The entries that undo its own, the last first; none when it is out of the books already."""
    if not found.booked:
        return ()
    undone = [_lesson_entry(found)] if found.origin == "lesson" else [_entry(found, "declared", "")]
    if found.state != "declared" and found.origin != "lesson":
        undone.append(_entry(found, "verified", ""))
    if found.state == "accepted":
        undone.append(_entry(found, "accepted", ""))
    return tuple(
        entry.reversal(entry_id(found, f"{entry.kind}-reversed"), found.day, how, why) for entry in reversed(undone)
    )


def accepted_fact(found: Contribution, batch_id: UUID) -> ContributionAccepted:
    return ContributionAccepted(contribution_id=found.id, batch_id=batch_id)


def approved_fact(found: Contribution, person: UUID, above_cents: int) -> ContributionApproved:
    return ContributionApproved(
        contribution_id=found.id,
        organisation_id=found.organisation_id,
        approved_by=person,
        value_cents=found.value_cents,
        above_cents=above_cents,
    )


def entry_id(found: Contribution, step: str) -> UUID:
    """The id of the entry of a step, so that the same step is booked once."""
    return coded_id(found.id, "entry", step)


def _entry(found: Contribution, state: str, reason: str) -> JournalEntry:
    """The entry that brings it into a state, from the one before."""
    before = {
        "declared": ledger.contributed(found.organisation_id),
        "verified": ledger.declared(found.line),
        "accepted": ledger.verified(found.line),
    }[state]
    postings = ledger.transfer(ACCOUNT[state](found.line), before, found.value_cents, found.minutes)
    return JournalEntry(entry_id(found, state), f"contribution-{state}", found.day, postings, reason, SUBJECT, found.id)


def _lesson_entry(found: Contribution) -> JournalEntry:
    postings = ledger.transfer(
        ledger.verified(found.line), ledger.contributed(found.organisation_id), found.value_cents, found.minutes
    )
    return JournalEntry(
        entry_id(found, "verified"),
        "contribution-verified",
        found.day,
        postings,
        _VERIFIED_WHY["school"],
        SUBJECT,
        found.id,
    )
