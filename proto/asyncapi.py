"""The AsyncAPI 3 document of a topic: who writes and reads it, its key and retention, and what a message looks like."""

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from runtime.event import Fact
from runtime.kafka import Topic

DAY_MS = 86_400_000

HEADERS: dict[str, tuple[str, str]] = {
    "ce_specversion": ("1.0", "The version of CloudEvents"),
    "ce_id": ("", "The fact's own id: the same id is the same fact, however often it comes"),
    "ce_type": ("", "What happened, with its version"),
    "ce_source": ("", "Who publishes it, as a URN"),
    "ce_subject": ("", "The kind and id of what it happened to"),
    "ce_time": ("", "When it happened, in UTC"),
    "ce_consortiumid": ("", "The region it belongs to"),
    "ce_sequence": ("", "The version of what it happened to: one more with each fact"),
    "ce_correlationid": ("", "What all that one request caused has in common"),
    "ce_causationid": ("", "The event that caused it; absent when a request did"),
    "ce_traceparent": ("", "The trace, as W3C writes it"),
    "content-type": ("application/json", "How the value is written"),
}
_OPTIONAL = {"ce_correlationid", "ce_causationid", "ce_traceparent"}


def of_facts(facts: Sequence[Fact]) -> dict[str, Any]:
    """The messages of a topic that a service publishes, from an example of each fact."""
    return {_short(fact.fact_type): _fact(fact) for fact in sorted(facts, key=lambda each: each.fact_type)}


def of_outsiders(record_type: str, record: type[BaseModel]) -> dict[str, Any]:
    """The message of a topic that others write: its headers are optional, a bare JSON object with an `id` will do."""
    headers = {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_type": {"type": "string", "const": record_type},
        "ce_id": {"type": "string", "description": "The sender's own id of the record, for ever"},
    }
    message = {
        "name": record_type,
        "title": _short(record_type),
        "summary": "One record; CloudEvents in binary or structured mode, or a bare JSON object with `id`.",
        "contentType": "application/json",
        "headers": {"type": "object", "properties": headers},
        "payload": _payload(record),
    }
    return {_short(record_type): message}


def document(topic: Topic, messages: dict[str, Any], version: str) -> dict[str, Any]:
    """The document of one topic, from its declaration and its messages."""
    channel = "channel"
    parameters = {name: {"description": f"The code of the {name}"} for name in re.findall(r"{(\w+)}", topic.name)}
    references = {name: {"$ref": f"#/components/messages/{name}"} for name in messages}
    kept = "kept for good" if topic.retention_ms is None else f"kept {topic.retention_ms // DAY_MS} days"
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"Speerpunt topic {topic.name}",
            "version": version,
            "description": f"Generated. Messages are {kept}; one is {topic.max_bytes} bytes at most.",
            "license": {"name": "EUPL-1.2"},
        },
        "defaultContentType": "application/json",
        "channels": {
            channel: {
                "address": topic.name,
                "description": f"Key: {topic.key}. Written by {', '.join(topic.writers)}; read by "
                f"{', '.join(topic.readers)}.",
                "messages": references,
                **({"parameters": parameters} if parameters else {}),
                "bindings": {
                    "kafka": {
                        "topic": topic.name,
                        "partitions": topic.partitions,
                        "topicConfiguration": {
                            "retention.ms": -1 if topic.retention_ms is None else topic.retention_ms,
                            "max.message.bytes": int(topic.config()["max.message.bytes"]),
                        },
                        "bindingVersion": "0.5.0",
                    }
                },
                "x-key": topic.key,
                "x-writers": list(topic.writers),
                "x-readers": list(topic.readers),
                "x-timestamp-type": topic.timestamp_type,
            }
        },
        "operations": {
            **{f"send-by-{_slug(who)}": _operation("send", channel, who, messages) for who in topic.writers},
            **{f"receive-by-{_slug(who)}": _operation("receive", channel, who, messages) for who in topic.readers},
        },
        "components": {"messages": messages},
    }


def _operation(action: str, channel: str, who: str, messages: dict[str, Any]) -> dict[str, Any]:
    return {
        "action": action,
        "summary": f"{who} {'writes' if action == 'send' else 'reads'} this topic",
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in messages],
    }


def _slug(who: str) -> str:
    """A name that a key may have."""
    return re.sub(r"[^A-Za-z0-9-].*", "", who)


def _short(fact_type: str) -> str:
    """`contribution-held.v1`, the part of a type that tells it from the others of its topic."""
    return ".".join(fact_type.rsplit(".", 2)[-2:])


def _payload(model: type[BaseModel]) -> dict[str, Any]:
    draft = "https://json-schema.org/draft/2020-12/schema"
    return {
        "schemaFormat": "application/schema+json;version=draft-2020-12",
        "schema": {"$schema": draft, **model.model_json_schema(by_alias=True)},
    }


def _fact(fact: Fact) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for name, (value, description) in HEADERS.items():
        constant = fact.fact_type if name == "ce_type" else value
        properties[name] = {"type": "string", "description": description, **({"const": constant} if constant else {})}
    return {
        "name": fact.fact_type,
        "title": _short(fact.fact_type),
        "summary": " ".join((type(fact).__doc__ or "").split("\n\n")[0].split()),
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "required": [name for name in HEADERS if name not in _OPTIONAL],
            "properties": properties,
        },
        "payload": _payload(type(fact)),
        "examples": [{"name": "golden", "payload": _sample(fact)}],
    }


def _sample(fact: Fact) -> Any:
    return fact.model_dump(mode="json", by_alias=True, exclude_none=True)
