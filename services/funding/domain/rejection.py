"""Why a person rejects a contribution: a published list, so that the same reason is the same sentence each time."""

from collections.abc import Mapping
from datetime import date
from typing import Literal, Protocol, get_args

from services.funding.domain.intake import Reason
from services.funding.domain.wording import day_en, day_nl, minutes_en, minutes_nl

Code = Literal[
    "not-delivered",
    "less-delivered",
    "wrong-line",
    "wrong-organisation",
    "counted-already",
    "not-proven",
    "not-eligible",
    "not-agreed",
    "other",
]
CODES: tuple[Code, ...] = get_args(Code)

SENTENCES: Mapping[Code, tuple[str, str]] = {
    "not-delivered": (
        "dit is niet geleverd. Was het op een andere dag, geef het dan opnieuw op",
        "this was not delivered. If it was on another day, declare it anew",
    ),
    "less-delivered": (
        "er is minder geleverd dan is opgegeven. Geef op wat er wel geleverd is",
        "less was delivered than was declared. Declare what was delivered",
    ),
    "wrong-line": (
        "dit hoort bij een ander speerpunt of een andere locatie. Geef het daar opnieuw op",
        "this belongs to another spearhead or location. Declare it there anew",
    ),
    "wrong-organisation": (
        "dit is van een andere organisatie. Laat die het opgeven",
        "this is of another organisation. Have that one declare it",
    ),
    "counted-already": (
        "dit telt al mee onder een andere opgave. U hoeft niets te doen",
        "this counts already, as declared elsewhere. There is nothing to do",
    ),
    "not-proven": (
        "het bewijs ontbreekt of past er niet bij. Geef het opnieuw op, met het bewijs dat erbij hoort",
        "the evidence is missing or does not fit. Declare it anew, with the evidence that belongs to it",
    ),
    "not-eligible": (
        "dit telt niet mee in deze regeling. U hoeft niets te doen",
        "this does not count in this scheme. There is nothing to do",
    ),
    "not-agreed": (
        "dit was zo niet afgesproken. Overleg met het programmabureau voor u het opnieuw opgeeft",
        "this was not agreed on. Talk to the programme office before you declare it anew",
    ),
    "other": (
        "dit telt niet mee. Vraag het programmabureau waarom",
        "this does not count. Ask the programme office why",
    ),
}
"""Code -> what whoever declared it reads, in Dutch and in English, ending with what to do."""


class Declared(Protocol):
    """What a sentence says of a contribution."""

    @property
    def line(self) -> str: ...
    @property
    def day(self) -> date: ...
    @property
    def minutes(self) -> int: ...
    @property
    def value_cents(self) -> int: ...


def reason(found: Declared, code: Code, note: str = "") -> Reason:
    """What whoever declared a contribution reads when it is rejected; `note` is what the person who did so added."""
    nl, en = SENTENCES[code]
    what_nl, what_en = about(found)
    said_nl, said_en = (f" Toelichting: {note}", f" Note: {note}") if note else ("", "")
    return Reason(code, None, f"{what_nl}: {nl}.{said_nl}", f"{what_en}: {en}.{said_en}")


def about(found: Declared) -> tuple[str, str]:
    """What it is, at the head of a sentence about it: in Dutch and in English."""
    if found.minutes:
        nl, en = minutes_nl(found.minutes), minutes_en(found.minutes)
    else:
        euros, cents = divmod(found.value_cents, 100)
        dutch = f"{euros:,}".replace(",", ".") + f",{cents:02d}"
        nl, en = f"€ {dutch}", f"€ {euros:,}.{cents:02d}"
    return (
        f"{nl} op {day_nl(found.day)} voor '{found.line}'",
        f"{en} on {day_en(found.day)} for '{found.line}'",
    )
