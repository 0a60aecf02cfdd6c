"""Reading what a company's system sent. Nothing it sends makes this raise: it is a record, or reasons to refuse it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

CONTRIBUTION = "nl.speerpunt.intake.contribution.v1"
MAX_BYTES = 65_536
_MAX_NUMBER = 10**12
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]  # PostgreSQL keeps no NUL


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a record is refused: a code, the field, and a sentence in Dutch and in English that says how to mend it."""

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
    kept_at: Text = Field(min_length=1, max_length=200)


class Record(_Sent):
    """One contribution as sent: worked time in minutes, value in cents."""

    id: Text = Field(min_length=1, max_length=100)
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
    worker_ref: Text | None = Field(None, min_length=1, max_length=100)
    activity_ref: Text | None = Field(None, min_length=1, max_length=100)
    description: Text | None = Field(None, max_length=200)
    evidence: tuple[Evidence, ...] = Field((), max_length=20)
    replaces: Text | None = Field(None, min_length=1, max_length=100)
    withdraws: Text | None = Field(None, min_length=1, max_length=100)

    @model_validator(mode="after")
    def _carries_what_its_kind_needs(self) -> Self:
        by_kind: dict[str, dict[str, object]] = {
            "hours": {"minutes": self.minutes, "workerRef": self.worker_ref},
            "pupil-presence": {"pupils": self.pupils, "minutesEach": self.minutes_each},
        }
        needed = by_kind.get(self.kind, {"amountCents": self.amount_cents, "basis": self.basis})
        missing = [name for name, given in needed.items() if given is None]
        if missing:
            raise ValueError(f"needs {', '.join(missing)}")
        if self.replaces is not None and self.withdraws is not None:
            raise ValueError("replaces and withdraws exclude each other")
        return self

    def content_hash(self) -> str:
        """SHA-256 of the content, whatever the order of the keys: equal for a duplicate."""
        plain = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def read_record(body: bytes, headers: Mapping[str, str] | None = None) -> Record | tuple[Reason, ...]:
    """The record in a message: bare JSON, or a CloudEvent in binary (`ce_id`, `ce_type`) or structured mode."""
    if len(body) > MAX_BYTES:
        return (_too_large(None),)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return (_malformed(None, "geen leesbare JSON", "not readable JSON"),)
    if not isinstance(document, dict):
        return (_malformed(None, "geen JSON-object", "not a JSON object"),)
    given = headers or {}
    kind, event_id = given.get("ce_type"), given.get("ce_id")
    if "specversion" in document:
        kind, event_id, document = document.get("type"), document.get("id"), document.get("data")
        if not isinstance(document, dict):
            return (_malformed("data", "geen JSON-object", "not a JSON object"),)
    if kind is not None and kind != CONTRIBUTION:
        return (_malformed("type", f"niet {CONTRIBUTION}", f"not {CONTRIBUTION}"),)
    return parse(document if event_id is None else {**document, "id": event_id})


def parse(document: Mapping[str, Any]) -> Record | tuple[Reason, ...]:
    """The record in a document, or every reason to refuse it at once."""
    try:
        return Record.model_validate(dict(document))
    except ValidationError as error:
        return tuple(_reason(found["type"], found["loc"], found["msg"]) for found in error.errors())
    except RecursionError:
        return (_malformed(None, "te diep genest", "nested too deeply"),)


def _reason(kind: str, loc: tuple[int | str, ...], message: str) -> Reason:
    field = ".".join(str(part) for part in loc) or None
    match kind:
        case "extra_forbidden":
            return Reason(
                "unknown-field",
                field if field and len(field) <= 60 else None,
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
        case "value_error":
            needs = message.removeprefix("Value error, ")
            return _malformed(field, f"niet volledig of tegenstrijdig ({needs})", f"incomplete or at odds ({needs})")
        case _:
            return _malformed(field, "niet in de vorm die erbij hoort", "not in the form that belongs to it")


def _malformed(field: str | None, nl: str, en: str) -> Reason:
    return Reason(
        "malformed",
        field,
        f"{field or 'Het bericht'} is {nl}. Herstel het en stuur opnieuw.",
        f"{field or 'The message'} is {en}. Mend it and send again.",
    )


def _too_large(field: str | None) -> Reason:
    return Reason(
        "too-large",
        field,
        f"{field or 'Het bericht'} is te groot. Maak het kleiner of splits het, en stuur opnieuw.",
        f"{field or 'The message'} is too large. Make it smaller or split it, and send again.",
    )
