"""What became of what an organisation contributed, in one word, and what it can do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.funding.domain import rejection
from services.funding.domain.contribution import BOOKED, SchoolWord
from services.funding.domain.intake import BY_HAND, Reason

State = Literal["held", "refused", "declared", "verified", "accepted", "rejected", "replaced", "withdrawn", "reversed"]
Step = Literal[
    "wait-for-office",
    "wait-for-school",
    "wait-for-acceptance",
    "mend-draft",
    "send-anew",
    "declare-anew",
    "replace",
    "withdraw",
    "take-back",
    "ask-office",
]

SENTENCES: Mapping[Step, tuple[str, str]] = {
    "wait-for-office": (
        "Het programmabureau kijkt ernaar. U hoeft niets te doen.",
        "The programme office looks at it. There is nothing to do for you.",
    ),
    "wait-for-school": (
        "De school die dit ontving zegt of het klopt. U hoeft niets te doen.",
        "The school that received it says whether it is right. There is nothing to do for you.",
    ),
    "wait-for-acceptance": (
        "Het is in orde bevonden en wordt nog geaccepteerd. U hoeft niets te doen.",
        "It was found right and is still to be accepted. There is nothing to do for you.",
    ),
    "mend-draft": (
        "Klopt het niet, verbeter dan het concept en geef het opnieuw op.",
        "If it is not right, mend the draft and declare it anew.",
    ),
    "send-anew": (
        "Stuur het verbeterd opnieuw, met een nieuw id en met replaces.",
        "Send it anew once it is mended, with a new id and with replaces.",
    ),
    "declare-anew": (
        "Geef opnieuw op wat er wel geleverd is.",
        "Declare anew what was delivered.",
    ),
    "replace": (
        "Klopt het niet, stuur dan een verbetering met een nieuw id en met replaces.",
        "If it is not right, send a correction with a new id and with replaces.",
    ),
    "withdraw": (
        "Moet het niet meetellen, neem het dan terug met withdraws.",
        "If it should not count, take it back with withdraws.",
    ),
    "take-back": (
        "Moet het niet meetellen, neem het concept dan terug.",
        "If it should not count, take the draft back.",
    ),
    "ask-office": (
        "Klopt het niet, vraag het programmabureau dan om het te verbeteren.",
        "If it is not right, ask the programme office to mend it.",
    ),
}
"""Step -> what it says, in Dutch and in English."""


@dataclass(frozen=True, slots=True)
class Fate:
    """A record that an organisation sent or declared by hand, or a lesson of it that a school confirmed.

    `outcome` is what came of a record at first, None of a lesson; `draft_id` is the draft that it is the record of.
    `stands` is the state of its contribution, when it has one; `withdraws` the record that it takes back.
    """

    id: UUID
    organisation_id: UUID
    sender: str | None
    record_id: str | None
    draft_id: UUID | None
    received_at: datetime | None
    line: str | None
    day: str | None
    kind: str | None
    outcome: str | None
    recorded: str | None
    told: tuple[Reason, ...]
    settled_by: str | None
    withdraws: str | None
    contribution_id: UUID | None
    stands: str | None
    booked_day: date | None
    minutes: int | None
    value_cents: int | None
    rule: str | None
    school_word: SchoolWord | None
    rejected_code: rejection.Code | None
    rejected_note: str | None

    @property
    def state(self) -> State:
        """What it is now: of what was replaced or taken back that; else the state of its contribution; else that of its
        record."""
        if self.recorded in ("refused", "replaced", "withdrawn") and self.stands != "rejected":
            return self.recorded  # type: ignore[return-value]
        return self.stands or self.recorded  # type: ignore[return-value]

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why it was held, refused or rejected, with what to do; kept when a person let it count since."""
        if self.told or self.rejected_code is None:
            return self.told
        return (rejection.reason(_Told(self), self.rejected_code, self.rejected_note or ""),)

    def steps(self, closed_until: date | None) -> tuple[Step, ...]:
        """What whoever contributed it can do now, or waits for; nothing of what was replaced or taken back.

        What is booked in a period that was closed, and what was accepted, only the office undoes.
        """
        by_hand, sent = self.sender == BY_HAND, self.sender not in (None, BY_HAND)
        state, mends = self.state, by_hand and self.draft_id is not None
        if self.withdraws is not None:
            return ("wait-for-office",) if state == "held" else ()
        if self.recorded == "refused" and sent:
            return ("send-anew",)
        if self.recorded == "refused" or state == "rejected":
            return ("mend-draft",) if mends else ("declare-anew",)
        if state not in (*BOOKED, "held"):
            return ()
        waits: Step = "wait-for-office"
        if state == "declared" and self.school_word == "asked":
            waits = "wait-for-school"
        elif state == "verified":
            waits = "wait-for-acceptance"
        elif state == "accepted":
            return ("ask-office",)
        closed = closed_until is not None and self.booked_day is not None and self.booked_day <= closed_until
        if mends and not closed:
            return (waits, "mend-draft", "take-back")
        return (waits, "replace", "withdraw") if sent and not closed else (waits, "ask-office")


class _Told:
    """What a sentence says of a contribution."""

    def __init__(self, fate: Fate) -> None:
        assert fate.booked_day is not None
        self.line, self.day = fate.line or "", fate.booked_day
        self.minutes, self.value_cents = fate.minutes or 0, fate.value_cents or 0
