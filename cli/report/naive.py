"""What a spreadsheet would make of the same records: every row added up, and why that is not what can be proved."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.report.model import Cause

SENTENCES: dict[str, str] = {
    "duplicate": "the same record sent again",
    "held": "wait for a person to look: perhaps hours of a lesson that is booked already",
    "corrected": "replaced by a later record; a sheet keeps both rows",
    "withdrawn": "taken back by the company; a sheet keeps the row, and the row that takes it back",
    "valued-by-rule": "worth less by the region's rule: of pupils' time only the supervision counts",
    "not-accepted": "booked, but not verified yet, so nobody could accept them",
    "unanswered": "never answered",
    "lessons": "hours of lessons that nobody had to send: the school's confirmation booked them",
    "rest": "rows that came as a REST batch instead of over Kafka",
    "malformed": "cannot be read or not complete",
    "unknown-field": "with a field that no contribution has",
    "too-large": "too large",
    "not-mandated": "sent by a system that may not speak for that organisation",
    "unknown-consortium": "for a region that does not exist here",
    "unknown-organisation": "of an organisation that the region does not know",
    "no-standing": "of a company that did not take part on that day",
    "unknown-line": "for a spearhead or location that does not exist",
    "outside-period": "on a day outside the programme, or still to come",
    "period-closed": "on a day in a closed period",
    "implausible-hours": "more hours than a person works on a day",
    "not-positive": "of zero or less",
    "kind-not-eligible": "of a kind that the scheme does not count",
    "conflicting-content": "an id used before, with another content",
    "already-booked": "hours of a lesson that is booked already",
    "already-claimed-elsewhere": "evidence that was used elsewhere already",
    "unknown-reference": "correct or withdraw something that was never sent",
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A record as its sender sent it; `record` names the place the broker gave it."""

    sender: str
    record: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What finally became of a record, by its receipts. `value_cents` is what it is worth in the books now."""

    outcome: str
    codes: tuple[str, ...] = ()
    value_cents: int = 0
    state: str = ""


def document(body: bytes) -> dict[str, Any] | None:
    """The contribution in a message, out of its CloudEvent if it is in one; None when a reader cannot make it out."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, dict) and "specversion" in found:
        inner = found.get("data")
        found = {**inner, "id": found.get("id")} if isinstance(inner, dict) else None
    return found if isinstance(found, dict) else None


def naive_cents(found: Mapping[str, Any] | None, cents_per_hour: int) -> int:
    """What the row adds to a spreadsheet: its amount, else its time at the hourly rate, that of pupils in full."""
    if found is None:
        return 0
    if "amountCents" in found:
        return _number(found["amountCents"])
    if "minutes" in found:
        minutes = _number(found["minutes"])
    else:
        minutes = _number(found.get("pupils")) * _number(found.get("minutesEach"))
    return (2 * minutes * cents_per_hour + 60) // 120


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def causes(sent: Sequence[Sent], answers: Mapping[str, Answer], cents_per_hour: int) -> tuple[int, tuple[Cause, ...]]:
    """The naive sum in cents, and what of it is not provable, by cause: the sum less the causes is what is provable.

    Largest first. A record counts under one cause only; what is refused for several reasons, under the first.
    """
    read = [(each, document(each.body)) for each in sent]
    took_back = _took_back(read, answers)
    total, found = 0, dict[str, list[int]]()
    for each, content in read:
        worth = naive_cents(content, cents_per_hour)
        total += worth
        answer = answers.get(each.record, Answer("unanswered"))
        cause = _cause(each, content, answer, took_back)
        if worth != answer.value_cents:
            found.setdefault(cause, []).append(answer.value_cents - worth)
        elif cause != "valued-by-rule":
            found.setdefault(cause, []).append(0)
    told = [
        Cause(code=code, records=len(each), cents=sum(each), sentence=sentence(code)) for code, each in found.items()
    ]
    return total, tuple(sorted(told, key=lambda each: (each.cents, each.code)))


def sentence(code: str) -> str:
    """What a cause means, for a reader."""
    return SENTENCES.get(code, code.replace("-", " "))


def _took_back(
    read: Iterable[tuple[Sent, Mapping[str, Any] | None]], answers: Mapping[str, Answer]
) -> dict[tuple[str, str], str]:
    """The records that a later one of the same sender took back, with how."""
    found: dict[tuple[str, str], str] = {}
    for each, content in read:
        if content is None or answers.get(each.record, Answer("")).outcome != "booked":
            continue
        for field, cause in (("replaces", "corrected"), ("withdraws", "withdrawn")):
            if isinstance(earlier := content.get(field), str):
                found[each.sender, earlier] = cause
    return found


def _cause(
    each: Sent, content: Mapping[str, Any] | None, answer: Answer, took_back: Mapping[tuple[str, str], str]
) -> str:
    if answer.outcome == "refused":
        return answer.codes[0] if answer.codes else "refused"
    if answer.outcome != "booked":
        return answer.outcome
    if content is not None and content.get("withdraws"):
        return "withdrawn"
    if answer.state == "reversed":
        return took_back.get((each.sender, str(content.get("id")) if content else ""), "corrected")
    return "valued-by-rule" if answer.state == "accepted" else "not-accepted"
