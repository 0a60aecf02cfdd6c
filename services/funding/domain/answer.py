"""The answer to a form: filled in, read over, and signed by its hash. What was signed is kept as it was read.

filled in --signed by the hash of what is there--> signed, which makes a pledge; filled in anew and signed again: that
pledge anew.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from runtime.problems import Kind, Problem
from services.funding.domain.chain import canonical, hash_of
from services.funding.domain.pledge import NothingPromised, Promised, once
from services.funding.domain.programme import Programme
from services.funding.domain.statement import Statement

FORM = "speerpunt.pledge.v1"
Via = Literal["rest", "spreadsheet"]


class FormClosed(Problem, kind=Kind.CONFLICT):
    """This form could be answered until {deadline}. Ask the programme office: it can answer for you, or give you more
    time."""


class AnswerChanged(Problem, kind=Kind.CONFLICT):
    """What is filled in now is not what this hash is of. Read the answer again, and sign what you read."""


class NotFilledIn(Problem, kind=Kind.CONFLICT):
    """Nothing is filled in on this form yet, so there is nothing to sign. Fill it in first."""


class SignedAhead(Problem, kind=Kind.INVALID):
    """A signature is of today ({today}) or earlier. Mend the day."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an organisation filled in, by whom, and on which version of its form. Lines of nothing are left out."""

    statement_id: UUID
    lines: tuple[Promised, ...]
    form_version: int
    filled_by: UUID
    filled_at: datetime
    via: Via
    version: int = 0


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed what and when: `document` is the text of which `sha256` is the hash, and `pledge_version` the signing
    of the pledge that it made."""

    statement_id: UUID
    position: int
    signed_by: UUID
    signed_on: date
    signed_at: datetime
    place: str
    sha256: str
    document: str
    form_version: int
    pledge_id: UUID
    pledge_version: int


def filled(
    form: Statement,
    lines: tuple[Promised, ...],
    programme: Programme,
    *,
    by: UUID,
    at: datetime,
    via: Via,
    before: Answer | None,
) -> tuple[Answer, bool]:
    """The answer as it is put now, and whether that is anything new. Raises what `once` raises and NothingPromised."""
    said = tuple(each for each in lines if any(each.amounts))
    once(lines, programme, *form.days(programme))
    if not said or any(min(each.amounts) < 0 for each in said):
        raise NothingPromised()
    if before is not None and (before.lines, before.form_version) == (said, form.version):
        return before, False
    return Answer(form.id, said, form.version, by, at, via, (before.version if before else 0) + 1), True


def document(form: Statement, answer: Answer, first: date, last: date) -> dict[str, Any]:
    """What is signed: canonical JSON, as the ledger's, so that whoever has it can hash it again."""
    return {
        "form": FORM,
        "statement": form.code,
        "statementVersion": answer.form_version,
        "title": form.title,
        "organisationId": str(form.organisation_id),
        "from": first.isoformat(),
        "until": last.isoformat(),
        "lines": [
            {
                "line": each.line,
                "year": each.term.year if each.term else None,
                "term": each.term.number if each.term else None,
                "minutes": each.minutes,
                "materialCents": each.material_cents,
                "facilitiesCents": each.facilities_cents,
                "cashCents": each.cash_cents,
            }
            for each in answer.lines
        ],
    }


def document_hash(form: Statement, answer: Answer, first: date, last: date) -> str:
    """SHA-256 over the canonical form of what is signed."""
    return hash_of(document(form, answer, first, last))


def text_of(form: Statement, answer: Answer, first: date, last: date) -> str:
    """The document as it is hashed and kept."""
    return canonical(document(form, answer, first, last)).decode()


def check_open(form: Statement, today: date, *, office: bool) -> None:
    """Until the deadline, that day included, an organisation answers by itself; the office at any time.

    Raises FormClosed.
    """
    if not office and today > form.deadline:
        raise FormClosed(deadline=form.deadline)


def check_signature(
    form: Statement, answer: Answer | None, sha256: str, signed_on: date, today: date, first: date, last: date
) -> Answer:
    """The answer that this signature is under. Raises NotFilledIn, AnswerChanged and SignedAhead."""
    if answer is None:
        raise NotFilledIn()
    if document_hash(form, answer, first, last) != sha256:
        raise AnswerChanged()
    if signed_on > today:
        raise SignedAhead(today=today)
    return answer
