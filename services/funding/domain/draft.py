"""A draft of a contribution: what a person of an organisation is writing down, which counts for nothing until declared.

draft -> declared | held | refused; whatever became of it, it is mended and declared anew, in place of the record
before. declared | held -> withdrawn.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from runtime.problems import FieldError, Kind, Problem, Stale
from services.funding.domain.intake import Reason, Record, Sent, parse
from services.funding.events import ReceiptReason

MOST_BYTES = 16_384
_NOT_OF_A_DRAFT = ("id", "consortium", "organisation", "replaces", "withdraws")
Outcome = Literal["booked", "held", "refused"]
State = Literal["draft", "declared", "held", "refused", "withdrawn"]


class DraftDeclared(Problem, kind=Kind.CONFLICT):
    """This draft was declared, and is a record now. Change it to correct that, or take it back."""


class NothingDeclared(Problem, kind=Kind.CONFLICT):
    """Nothing that this draft declared counts or waits, so there is nothing to take back. It can be deleted or
    declared."""


class NotTakenBack(Problem, kind=Kind.CONFLICT):
    """This cannot be taken back: {why} Nothing was changed."""


class DraftOfAnOrganisation(Problem, kind=Kind.CONFLICT):
    """A draft stays with the organisation that it was written for. Write another draft for the other organisation."""


class DraftIncomplete(Problem, kind=Kind.CONFLICT):
    """This draft cannot be declared yet: {why} Mend it and declare it again; nothing was sent."""


class DraftKept(Problem, kind=Kind.CONFLICT):
    """This draft was declared and its record was booked or waits for a person, so it stays. It cannot be deleted."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What became of a draft when it was declared last: `outcome` at first, `state` and what follows as they are now.

    `of_version` is the version of the draft that was declared.
    """

    of_version: int
    intake_id: UUID
    record_id: str
    outcome: Outcome
    declared_by: UUID
    declared_at: datetime
    state: str = "booked"
    reasons: tuple[Reason, ...] = ()
    contribution_id: UUID | None = None
    contribution_state: str | None = None
    minutes: int | None = None
    value_cents: int | None = None
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What is written down so far, as it was given. `kept`: a record of it was booked, or waited for a person, at some
    time, so it is not deleted any more."""

    id: UUID
    organisation_id: UUID
    content: Mapping[str, Any]
    saved_by: UUID
    saved_at: datetime
    version: int = 0
    declaration: Declaration | None = None
    kept: bool = False

    @property
    def state(self) -> State:
        """A draft until this very version was declared; then what became of that, also by a person since."""
        made = self.declaration
        if made is None or made.of_version != self.version:
            return "draft"
        if made.state == "withdrawn":
            return "withdrawn"
        if made.outcome == "booked":
            return "declared"
        if made.outcome == "refused" or made.state == "refused":
            return "refused"
        return "held" if made.state == "held" else "declared"

    @property
    def to_declare(self) -> bool:
        """Whether declaring it makes a record: never again of a version that was booked or a person decides on."""
        made = self.declaration
        return made is None or self.state == "draft" or made.outcome == "refused"

    def check_version(self, expected: int | None) -> None:
        """Raises Stale when it is not at the version that was read."""
        if expected is not None and expected != self.version:
            raise Stale(what="draft", version=self.version)

    def save(self, before: "Draft | None") -> "Draft":
        """This draft over what was there; that one itself when it says the same. What was declared counts as it was
        until it is declared anew.

        Raises DraftOfAnOrganisation.
        """
        if before is None:
            return replace(self, version=1)
        if before.organisation_id != self.organisation_id:
            raise DraftOfAnOrganisation()
        if _text(before.content) == _text(self.content):
            return before
        return replace(
            before, content=self.content, saved_by=self.saved_by, saved_at=self.saved_at, version=before.version + 1
        )

    def check_deletable(self) -> None:
        """Raises DraftKept."""
        if self.kept:
            raise DraftKept()

    def read(self, record_id: str, consortium: str, organisation: str) -> Record | tuple[Reason, ...]:
        """The record that it is when declared, or all that keeps it from being one. What is empty was left out.

        A record of this draft is replaced, unless it was taken back, so that it never counts beside this one.
        """
        astray = tuple(_not_of_a_draft(name) for name in _NOT_OF_A_DRAFT if name in self.content)
        given = {name: value for name, value in self.content.items() if value not in (None, "")}
        named = {"id": record_id, "consortium": consortium, "organisation": organisation}
        if self.declaration is not None and self.declaration.state != "withdrawn":
            named["replaces"] = self.declaration.record_id
        rest = {name: value for name, value in given.items() if name not in _NOT_OF_A_DRAFT}
        found = parse({**rest, **named})
        if isinstance(found, Record):
            return astray or found
        return (*astray, *found)

    def take_back(self, declared: Mapping[str, Any], consortium: str, organisation: str) -> Record:
        """The record that takes back what was declared; `declared` is what that said. Always under the same id, so that
        it is taken back once.

        Raises NothingDeclared.
        """
        made = self.declaration
        if made is None or not self.kept:
            raise NothingDeclared()
        same = {name: declared[name] for name in ("line", "day", "kind")}
        named = {"id": f"{made.record_id}-back", "consortium": consortium, "organisation": organisation}
        found = parse({**same, **named, "withdraws": made.record_id})
        assert isinstance(found, Record)
        return found

    def declared(self, made: Declaration) -> "Draft":
        """With what became of it."""
        return replace(self, declaration=made, kept=self.kept or made.outcome != "refused")


def sent(record: Record) -> Sent:
    """A record of a draft as the intake takes it."""
    return Sent(record.id, record, record.content_hash(), record.replaces, record.consortium)


def incomplete(reasons: tuple[Reason, ...]) -> DraftIncomplete:
    """The refusal to declare what is no record yet, with every reason by its field."""
    errors = [FieldError(f"/record/{each.field or ''}", each.code, each.en) for each in reasons]
    return DraftIncomplete(why=reasons[0].en, errors=errors)


def not_taken_back(reasons: Sequence[ReceiptReason]) -> NotTakenBack:
    """The refusal to take back what a draft declared, with the sentence of the first reason."""
    return NotTakenBack(why=reasons[0].message["en"])


def by_hand(reasons: tuple[Reason, ...], record_id: str) -> tuple[Reason, ...]:
    """Reasons as the writer of a draft reads them: what replaces what is not theirs to say."""
    return tuple(
        replace(
            each,
            nl=each.nl.replace(f" met replaces {record_id}", ""),
            en=each.en.replace(f" with replaces {record_id}", ""),
        )
        for each in reasons
    )


def _not_of_a_draft(name: str) -> Reason:
    return Reason(
        "unknown-field",
        name,
        f"{name} hoort niet in een concept: dat vult het systeem in. Laat het weg.",
        f"{name} does not belong in a draft: the service fills it in. Leave it out.",
    )


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(dict(content), sort_keys=True)
