"""Reading what a company's system sent. Nothing it sends makes this raise: it is a record, or reasons to refuse it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from runtime.event import Content
from runtime.masking import Personal

CONTRIBUTION = "nl.speerpunt.intake.contribution.v1"
BY_HAND = "by_hand"
"""The sender of what people declare for their own organisation. No system has this code: theirs hold no underscore."""
MAX_BYTES = 65_536
LONGEST_ID = 100
_MAX_NUMBER = 10**12
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]  # PostgreSQL keeps no NUL


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a record is refused or held: a code, the field, and a sentence in two languages that says how to mend it."""

    code: str
    field: str | None
    nl: str
    en: str
    suggestion: str | None = None


class _Sent(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=False, hide_input_in_errors=True
    )


class Evidence(_Sent):
    type: Text = Field(min_length=1, max_length=40)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    kept_at: Annotated[Text, Personal()] = Field(min_length=1, max_length=200)


class Record(_Sent):
    """One contribution as sent: worked time in minutes, value in cents. What it takes back needs no amounts."""

    id: Text = Field(min_length=1, max_length=LONGEST_ID)
    consortium: Text = Field(min_length=1, max_length=100)
    organisation: Text = Field(min_length=1, max_length=100)
    line: Text = Field(min_length=1, max_length=100)
    day: date
    kind: Literal["hours", "material", "loan", "cash", "pupil-presence"]
    minutes: int | None = Field(None, strict=True, gt=0, le=_MAX_NUMBER)
    amount_cents: int | None = Field(None, strict=True, gt=0, le=_MAX_NUMBER)
    basis: Literal["invoice", "rental-value", "book-value"] | None = None
    pupils: int | None = Field(None, strict=True, gt=0, le=_MAX_NUMBER)
    minutes_each: int | None = Field(None, strict=True, gt=0, le=_MAX_NUMBER)
    worker_ref: Annotated[Text | None, Personal()] = Field(None, min_length=1, max_length=100)
    activity_ref: Text | None = Field(None, min_length=1, max_length=100)
    school: Text | None = Field(None, min_length=1, max_length=100)
    description: Annotated[Text | None, Personal()] = Field(None, max_length=200)
    evidence: tuple[Evidence, ...] = Field((), max_length=20)
    replaces: Text | None = Field(None, min_length=1, max_length=LONGEST_ID)
    withdraws: Text | None = Field(None, min_length=1, max_length=LONGEST_ID)

    @model_validator(mode="after")
    def _carries_what_its_kind_needs(self) -> Self:
        by_kind: dict[str, dict[str, object]] = {
            "hours": {"minutes": self.minutes, "workerRef": self.worker_ref},
            "pupil-presence": {"pupils": self.pupils, "minutesEach": self.minutes_each},
        }
        needed = by_kind.get(self.kind, {"amountCents": self.amount_cents, "basis": self.basis})
        missing = [name for name, given in needed.items() if given is None]
        if missing and self.withdraws is None:
            raise PydanticCustomError("needs", "{fields}", {"fields": ", ".join(missing)})
        if self.kind == "loan" and self.basis not in (None, "rental-value"):
            raise PydanticCustomError("loan_at_another_value", "basis")
        if self.replaces is not None and self.withdraws is not None:
            raise PydanticCustomError("at_odds", "withdraws")
        return self

    @property
    def refers_to(self) -> str | None:
        """The earlier id that this corrects or takes back."""
        return self.replaces or self.withdraws

    @property
    def counts_hours(self) -> bool:
        """Whether it claims somebody's time, which must not be booked twice."""
        return self.kind in ("hours", "pupil-presence")

    def plain(self) -> dict[str, Any]:
        """As JSON, without what was left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def content_hash(self) -> bytes:
        """SHA-256 of the content, whatever the order of the keys and the way it was sent: equal for a duplicate."""
        return sha256(json.dumps(self.plain(), sort_keys=True, separators=(",", ":")).encode()).digest()


@dataclass(frozen=True, slots=True)
class Sent:
    """What was made of one message. `id` is empty when it has none that can be used.

    `replaces` and `consortium` are what it says of those, also when it is refused.
    """

    id: str
    found: Record | tuple[Reason, ...]
    content_hash: bytes
    replaces: str | None = None
    consortium: str | None = None


def read(body: bytes, content: Content) -> Sent:
    """The record in a message of which the envelope was opened, or every reason to refuse it at once."""
    data = content.data
    given = content.id or (_word(data.get("id")) if data is not None else "")
    usable = given if 0 < len(given) <= LONGEST_ID else ""
    if len(body) > MAX_BYTES:
        return Sent(usable, (_too_large(None),), sha256(body).digest())
    if data is None:
        nl, en = _FAULTS.get(content.fault or "", ("geen leesbaar JSON-object", "not a readable JSON object"))
        return Sent(usable, (_malformed(None, nl, en),), sha256(body).digest())
    if content.type and content.type != CONTRIBUTION:
        found: Record | tuple[Reason, ...] = (_malformed("type", f"niet {CONTRIBUTION}", f"not {CONTRIBUTION}"),)
    else:
        found = parse({**data, "id": given} if given else data)
    if isinstance(found, Record):
        return Sent(usable, found, found.content_hash(), found.replaces, found.consortium)
    return Sent(usable, found, _hash(body, data), _short(data.get("replaces")), _short(data.get("consortium")))


def parse(document: Mapping[str, Any]) -> Record | tuple[Reason, ...]:
    """The record in a document, or every reason to refuse it at once."""
    try:
        return Record.model_validate(dict(document))
    except ValidationError as error:
        return tuple(_reason(found["type"], found["loc"], found["msg"]) for found in error.errors())
    except RecursionError:
        return (_malformed(None, "te diep genest", "nested too deeply"),)


_FAULTS = {
    "it is empty": ("leeg", "empty"),
    "it is not UTF-8": ("geen UTF-8", "not UTF-8"),
    "it is not JSON": ("geen leesbare JSON", "not readable JSON"),
    "it is not a JSON object": ("geen JSON-object", "not a JSON object"),
    "it has a NUL character": ("niet te bewaren: er staat een NUL-teken in", "not fit to keep: it has a NUL character"),
    "it has half a character": (
        "niet te bewaren: er staat een half teken in",
        "not fit to keep: half a character",
    ),
    "its data is not a JSON object": ("zonder data als JSON-object", "without data that is a JSON object"),
}


def _hash(body: bytes, data: Mapping[str, Any]) -> bytes:
    try:
        rest = {name: value for name, value in data.items() if name != "id"}
        return sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).digest()
    except (ValueError, RecursionError):
        return sha256(body).digest()


def _short(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_ID and "\0" not in value else None


def _word(value: object) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _reason(kind: str, loc: tuple[int | str, ...], message: str) -> Reason:
    field = ".".join(str(part) for part in loc)[:60] or None
    match kind:
        case "extra_forbidden":
            return Reason(
                "unknown-field",
                field,
                "Dit veld bestaat niet in een bijdrage. Laat het weg en stuur opnieuw.",
                "A contribution has no such field. Leave it out and send again.",
            )
        case "greater_than":
            return Reason(
                "not-positive",
                field,
                f"{field} is nul of minder. Stuur een getal groter dan nul; terugnemen gaat met withdraws.",
                f"{field} is zero or less. Send a number above zero; to take something back, use withdraws.",
            )
        case "string_too_long" | "too_long" | "less_than_equal":
            return _too_large(field)
        case "missing":
            return _malformed(field, "verplicht en ontbreekt", "required and missing")
        case "needs":
            nl, en = (f"{word} {message}" for word in ("zonder", "without"))
            return _malformed(None if "," in message else message, nl, en, "Het bericht", "The message")
        case "loan_at_another_value":
            return _malformed(
                "basis",
                "niet rental-value: bruikleen telt tegen de huurwaarde",
                "not rental-value: a loan counts at its rental value",
            )
        case "at_odds":
            return _malformed(
                "withdraws",
                "niet samen met replaces te sturen: een bericht vervangt of trekt terug",
                "not to be sent together with replaces: a message corrects or takes back",
            )
        case "literal_error":
            one_of = message.removeprefix("Input should be ")
            return _malformed(field, f"niet een van {one_of.replace(' or ', ' of ')}", f"not one of {one_of}")
        case _:
            nl, en = _FORMS.get(field or "", _WORDS)
            return _malformed(field, f"geen {nl}", f"not {en}")


_WORDS = ("tekst in de vorm die erbij hoort", "text in the form that belongs to it")
_NUMBER = ("heel getal groter dan nul, zonder aanhalingstekens", "a whole number above zero, without quotes")
_FORMS = {
    "day": ("bestaande dag, geschreven als 2023-03-06", "a day that exists, written as 2023-03-06"),
    "minutes": _NUMBER,
    "minutesEach": _NUMBER,
    "pupils": _NUMBER,
    "amountCents": ("heel aantal centen groter dan nul, zonder aanhalingstekens", "a whole number of cents above zero"),
    "evidence": ("lijst van {type, sha256, keptAt}", "a list of {type, sha256, keptAt}"),
}


def _malformed(field: str | None, nl: str, en: str, what_nl: str = "", what_en: str = "") -> Reason:
    return Reason(
        "malformed",
        field,
        f"{what_nl or field or 'Het bericht'} is {nl}. Herstel het en stuur opnieuw.",
        f"{what_en or field or 'The message'} is {en}. Mend it and send again.",
    )


def _too_large(field: str | None) -> Reason:
    return Reason(
        "too-large",
        field,
        f"{field or 'Het bericht'} is te groot. Maak het kleiner of splits het, en stuur opnieuw.",
        f"{field or 'The message'} is too large. Make it smaller or split it, and send again.",
    )
