"""Each topic has its AsyncAPI document, and the document says what is declared and published."""

import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from runtime.event import ENVELOPE, headers
from runtime.kafka import Topic

PROJECT = Path(__file__).resolve().parents[2]
SERVICES = sorted(path.parent.name for path in (PROJECT / "services").glob("*/topics.py"))
PRODUCERS = [name for name in SERVICES if any((PROJECT / "services" / name).glob("events*"))]


def declared() -> dict[str, Topic]:
    """Every topic of the services; those of senders by the name they have without one."""
    found: dict[str, Topic] = {}
    for service in SERVICES:
        module = importlib.import_module(f"services.{service}.topics")
        of_sender = getattr(module, "of_sender", lambda _: ())
        for topic in (*module.TOPICS, *of_sender("{sender}")):
            found[topic.name.removesuffix(".{sender}")] = topic
    return found


TOPICS = declared()
DOCUMENTS: dict[str, Any] = {
    path.name.removesuffix(".asyncapi.json"): json.loads(path.read_text(encoding="utf-8"))
    for path in (PROJECT / "docs" / "api").glob("*.asyncapi.json")
}


def references(part: Any) -> Iterator[str]:
    """Every reference within the document; those within a payload's own schema are that schema's."""
    if isinstance(part, dict):
        for key, each in part.items():
            if key == "$ref":
                yield each
            elif key != "payload":
                yield from references(each)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)


def looked_up(document: Any, reference: str) -> Any:
    found = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def test_there_is_one_document_per_topic_and_no_other() -> None:
    assert sorted(DOCUMENTS) == sorted(TOPICS)


@pytest.mark.parametrize("name", sorted(TOPICS))
def test_a_document_is_built_as_asyncapi_3_asks(name: str) -> None:
    document = DOCUMENTS[name]
    assert document["asyncapi"] == "3.0.0"
    assert document["info"]["title"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", document["info"]["version"])
    for group in ("channels", "operations"):
        assert all(re.fullmatch(r"[A-Za-z0-9_-]+", key) for key in document[group])
    for reference in references(document):
        assert looked_up(document, reference), reference
    for operation in document["operations"].values():
        assert operation["action"] in ("send", "receive")
    for message in document["components"]["messages"].values():
        schema = message["payload"]["schema"]
        Draft202012Validator.check_schema(schema)
        Draft202012Validator.check_schema(message["headers"])
        for example in message.get("examples", ()):
            assert not [*Draft202012Validator(schema).iter_errors(example["payload"])]


@pytest.mark.parametrize("name", sorted(TOPICS))
def test_a_document_tells_who_may_what_and_for_how_long(name: str) -> None:
    topic, channel = TOPICS[name], DOCUMENTS[name]["channels"]["channel"]
    assert channel["address"] == topic.name
    assert (channel["x-key"], channel["x-writers"]) == (topic.key, list(topic.writers))
    assert channel["x-readers"] == list(topic.readers)
    bound = channel["bindings"]["kafka"]
    assert bound["partitions"] == topic.partitions
    assert bound["topicConfiguration"]["retention.ms"] == (-1 if topic.retention_ms is None else topic.retention_ms)
    actions = sorted(each["action"] for each in DOCUMENTS[name]["operations"].values())
    assert actions == ["receive"] * len(topic.readers) + ["send"] * len(topic.writers)
    assert set(re.findall(r"{(\w+)}", channel["address"])) == set(channel.get("parameters", ()))


def test_every_fact_is_on_the_document_of_its_topic() -> None:
    for service in PRODUCERS:
        for fact in importlib.import_module(f"services.{service}.events").SAMPLES:
            if fact.topic in TOPICS:
                named = {each["name"] for each in DOCUMENTS[fact.topic]["components"]["messages"].values()}
                assert fact.fact_type in named, f"{fact.fact_type} is missing"


def test_the_headers_of_a_fact_are_those_that_are_sent() -> None:
    sent = {header for header, _ in headers([b"x"] * len(ENVELOPE), "00-x")}
    message = next(iter(DOCUMENTS["partners.events"]["components"]["messages"].values()))
    assert set(message["headers"]["properties"]) == sent
