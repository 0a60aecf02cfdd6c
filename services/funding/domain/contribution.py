"""A contribution of an organisation: delivered on a day for a line, valued, verified and accepted."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.funding.domain import ledger
from services.funding.domain.ledger import JournalEntry
from services.funding.domain.valuation import Value
from services.funding.events import ContributionAccepted, ContributionDeclared, ContributionVerified

SUBJECT = "contribution"


@dataclass(frozen=True, slots=True)
class Lesson:
    """A guest lesson or visit of which the school confirmed who came. `minutes` are worked, preparation included."""

    activity_id: UUID
    activity_ref: str
    organisation_id: UUID
    line: str
    day: date
    minutes: int


@dataclass(frozen=True, slots=True)
class Contribution:
    """What an organisation brought in for a line on a day."""

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
    )


def lesson_facts(found: Contribution) -> tuple[ContributionDeclared, ContributionVerified]:
    """What is published of it: at once declared and verified."""
    declared = ContributionDeclared(
        contribution_id=found.id,
        organisation_id=found.organisation_id,
        line=found.line,
        day=found.day,
        kind="hours",
        minutes=found.minutes,
        value_cents=found.value_cents,
        rule=found.rule,
        origin="lesson",
        activity_id=found.activity_id,
    )
    return declared, ContributionVerified(contribution_id=found.id, by="school")


def verified_entry(found: Contribution, entry_id: UUID) -> JournalEntry:
    """Books it on the memorandum accounts: off the balance, in cents and in minutes."""
    debit, credit = ledger.verified(found.line), ledger.contributed(found.organisation_id)
    postings = ledger.transfer(debit, credit, found.value_cents, found.minutes)
    return JournalEntry(
        entry_id, "contribution-verified", found.day, postings, "The school confirmed it.", SUBJECT, found.id
    )


def accepted_entry(found: Contribution, entry_id: UUID) -> JournalEntry:
    """Moves it from verified to accepted: from now on it counts as realised."""
    debit, credit = ledger.accepted(found.line), ledger.verified(found.line)
    postings = ledger.transfer(debit, credit, found.value_cents, found.minutes)
    return JournalEntry(
        entry_id, "contribution-accepted", found.day, postings, "A second person accepted it.", SUBJECT, found.id
    )


def accepted_fact(found: Contribution, batch_id: UUID) -> ContributionAccepted:
    return ContributionAccepted(contribution_id=found.id, batch_id=batch_id)
