"""What an operator is shown of a message that could not be handled: its shape, and never what may be somebody's.

Shown are numbers, days, ids and codes, in fields that the consumer's own model of the message knows. A field that the
model declares `Personal` is masked whatever it holds, and so is free text, a field that nobody declared (its name too:
a message that is broken may hold anything anywhere), and a value that is not what its field asks for.
"""

import json
import re
from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from runtime.event import Received, unpack

MOST_ITEMS = 20
MOST_DEPTH = 8
_CODE = re.compile(r"(?![0-9]{7,})[A-Za-z0-9][A-Za-z0-9._:/+-]{0,79}")
EVENT_TYPE = re.compile(r"[a-z][a-z0-9.-]{0,120}")


class Personal:
    """Marks a field of a model that may tell something about a person: `Annotated[str, Personal()]`."""


def payload(event: Received, model: type[BaseModel] | None) -> str:
    """The message as JSON with everything masked that may not be shown; what is no JSON is told by its size."""
    found = unpack(event)
    if found.data is None:
        return json.dumps(f"{len(event.value or b'')} bytes: {found.fault}")
    return json.dumps(_object(found.data, model, 0), ensure_ascii=False, indent=2)


def envelope(event: Received) -> dict[str, str]:
    """What the message says of itself, where that is shaped as it should be."""
    told = {
        "type": event.type if EVENT_TYPE.fullmatch(event.type) else "",
        "id": event.id if _uuid(event.id) else "",
        "consortium": str(event.consortium_id or ""),
        "time": event.time.isoformat() if event.time else "",
        "sequence": "" if event.sequence is None else str(event.sequence),
        "correlation": str(event.correlation_id or ""),
    }
    return {name: text for name, text in told.items() if text}


def _object(data: Mapping[str, Any], model: type[BaseModel] | None, depth: int) -> dict[str, Any]:
    fields = _fields(model) if model is not None else {}
    shown: dict[str, Any] = {}
    unknown = 0
    for name, value in data.items():
        if (field := fields.get(name)) is not None:
            shown[name] = _field(value, field, depth)
        elif unknown < MOST_ITEMS:
            unknown += 1
            shown[f"(undeclared {unknown})"] = _masked(value)
    return shown


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The declared fields by the names that a message may use."""
    found: dict[str, FieldInfo] = {}
    for name, field in model.model_fields.items():
        for each in {name, field.alias, field.validation_alias}:
            if isinstance(each, str):
                found[each] = field
    return found


def _field(value: Any, field: FieldInfo, depth: int) -> Any:
    if any(isinstance(each, Personal) for each in field.metadata):
        return _masked(value)
    return _value(value, field.annotation, depth)


def _value(value: Any, kind: Any, depth: int) -> Any:
    if value is None or depth > MOST_DEPTH:
        return None if value is None else _masked(value)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return (
            _masked(value) if any(isinstance(each, Personal) for each in inner[1:]) else _value(value, inner[0], depth)
        )
    if origin in (Union, UnionType):
        tried = [_value(value, each, depth) for each in inner if each is not type(None)]
        return next((each for each in tried if each == value), tried[0] if tried else _masked(value))
    if origin in (list, tuple, set, frozenset) and isinstance(value, list):
        shown = [_value(each, inner[0] if inner else None, depth + 1) for each in value[:MOST_ITEMS]]
        return [*shown, f"({len(value) - MOST_ITEMS} more)"] if len(value) > MOST_ITEMS else shown
    if isinstance(kind, type) and issubclass(kind, BaseModel) and isinstance(value, Mapping):
        return _object(value, kind, depth + 1)
    return value if _plain(value, kind, origin) else _masked(value)


def _plain(value: Any, kind: Any, origin: Any) -> bool:
    """Whether this is a number, a day, an id or a code, where its field asks for that."""
    if kind is None or kind is Any or origin in (dict, Mapping) or not isinstance(value, str | int | float):
        return False
    if kind is str:
        return isinstance(value, str) and _CODE.fullmatch(value) is not None
    if isinstance(value, str) and len(value) > 80:
        return False
    try:
        TypeAdapter(kind).validate_json(json.dumps(value), strict=True)
    except (ValidationError, TypeError, ValueError):
        return False
    return True


def _masked(value: Any) -> str:
    match value:
        case str():
            return f"(text of {len(value)})"
        case bool():
            return "(yes or no)"
        case int() | float():
            return "(number)"
        case list():
            return f"(list of {len(value)})"
        case dict():
            return f"(object of {len(value)})"
        case _:
            return "(nothing)"


def _uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
