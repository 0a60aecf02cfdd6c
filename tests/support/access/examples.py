"""Values that fit a description: of a body in OpenAPI, of a message in a proto. Enough to be let in by the form."""

from typing import Any
from uuid import UUID

from google.protobuf.descriptor import FieldDescriptor

_FORMATS = {
    "date": "2023-05-02",
    "date-time": "2023-05-02T10:00:00Z",
    "time": "10:00:00",
    "uuid": str(UUID(int=1)),
}
_TEXTS = ("a1", "2023-05", "ab" * 32, "EUR", "nl", "10:30", "application/pdf", "1", "000000")


def of_schema(schema: dict[str, Any], components: dict[str, Any]) -> Any:
    """The smallest value that this JSON Schema describes."""
    if "$ref" in schema:
        return of_schema(components[schema["$ref"].rsplit("/", 1)[-1]], components)
    for one in ("const", "default"):
        if one in schema:
            return schema[one]
    if "enum" in schema:
        return schema["enum"][0]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return of_schema(schema[several][0], components)
    match schema.get("type"):
        case "object":
            return {name: of_schema(schema["properties"][name], components) for name in schema.get("required", ())}
        case "array":
            return [of_schema(schema["items"], components)] * max(
                schema.get("minItems", 0), 1 if "items" in schema else 0
            )
        case "integer" | "number":
            return max(schema.get("minimum", 1), schema.get("exclusiveMinimum", 0) + 1)
        case "boolean":
            return False
        case "string":
            return _text(schema)
    return None


def _text(schema: dict[str, Any]) -> str:
    import re

    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    pattern = schema.get("pattern")
    fitting = [text for text in _TEXTS if pattern is None or re.search(pattern, text)]
    return (fitting or ["a1"])[0].ljust(schema.get("minLength", 0), "a")


def of_message(kind: type[Any], known: dict[str, str]) -> Any:
    """A message of this type with every field filled in; `known` are the values of fields by their names."""
    message = kind()
    for field in message.DESCRIPTOR.fields:
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            if field.message_type.GetOptions().map_entry or field.message_type.full_name.startswith("google."):
                continue
            made = of_message(field.message_type._concrete_class, known)
            if field.is_repeated:
                getattr(message, field.name).append(made)
            else:
                getattr(message, field.name).CopyFrom(made)
        elif field.name in known and not field.is_repeated:
            setattr(message, field.name, known[field.name])
        elif field.is_repeated:
            getattr(message, field.name).append(_value(field))
        else:
            setattr(message, field.name, _value(field))
    return message


def _value(field: FieldDescriptor) -> Any:
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_STRING:
            if field.type == FieldDescriptor.TYPE_BYTES:
                return b"1"
            return str(UUID(int=1)) if field.name.endswith("_id") or field.name == "after" else "a1"
        case FieldDescriptor.CPPTYPE_BOOL:
            return False
        case FieldDescriptor.CPPTYPE_ENUM:
            return field.enum_type.values[-1].number if field.enum_type else 0
    return 1
