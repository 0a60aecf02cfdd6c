"""The facts on Kafka are a contract: schema, golden sample, producer and consumers agree, and nobody is named."""

import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ValidationError

from runtime.consumer import Router, Subscription
from runtime.event import Fact

PROJECT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted((PROJECT / "proto" / "events").glob("*.json"))


def having(module: str) -> list[str]:
    """The services with such a module, be it a file or a folder."""
    services = (PROJECT / "services").iterdir()
    return sorted(each.name for each in services if (each / f"{module}.py").exists() or (each / module).is_dir())


PRODUCERS, CONSUMERS = having("events"), having("handlers")

PERSONAL = {"email", "mail", "phone", "telephone", "mobile", "address", "street", "postcode", "surname", "birthday"}
NAMES_OF_NO_PERSON = {
    ("nl.speerpunt.partners.consortium-founded.v1", "name"),
    ("nl.speerpunt.partners.organisation-registered.v1", "name"),
}


def samples() -> list[Fact]:
    """What every producer gives as an example."""
    return [each for name in PRODUCERS for each in importlib.import_module(f"services.{name}.events").SAMPLES]


def published(of: type[Fact] = Fact) -> Iterator[type[Fact]]:
    """Every class of the services that is a fact by itself."""
    for each in of.__subclasses__():
        if each.fact_type and each.__module__.startswith("services."):
            yield each
        yield from published(each)


def document(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


SAMPLES = {each.fact_type: each for each in samples()}
GOLDEN = {found["type"]: found for found in map(document, DOCUMENTS)}


def fields(schema: Any) -> Iterator[str]:
    """The names of all fields in a JSON schema, those of its parts included."""
    if isinstance(schema, dict):
        properties = schema.get("properties")
        if isinstance(properties, dict):
            yield from properties
        for each in schema.values():
            yield from fields(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from fields(each)


def smells(fact_type: str, field: str) -> bool:
    """Whether a field of this name is likely to tell who somebody is, or where to reach them."""
    words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+", field)}
    named = any(word.endswith("name") for word in words) and (fact_type, field) not in NAMES_OF_NO_PERSON
    return named or bool(words & PERSONAL)


def heard() -> list[tuple[str, Subscription, str, type[BaseModel]]]:
    """Service, subscription, type and the consumer's own model, of all that is heard."""
    found = []
    for service in CONSUMERS:
        subscriptions = importlib.import_module(f"services.{service}.handlers").subscriptions()
        for each in subscriptions:
            if isinstance(each.handler, Router):
                found += [(service, each, name, route.model) for name, route in each.handler._routes.items()]
    return found


HEARD = heard()
HEARD_IDS = [f"{service}-{name}" for service, _, name, _ in HEARD]


def test_there_is_one_document_per_fact_and_no_other() -> None:
    assert DOCUMENTS
    assert sorted(found["type"] for found in map(document, DOCUMENTS)) == sorted(SAMPLES)
    assert [path.stem for path in DOCUMENTS] == [
        document(path)["type"].removeprefix("nl.speerpunt.") for path in DOCUMENTS
    ]


def test_every_fact_has_exactly_one_sample() -> None:
    names = [f"{type(each).__module__}.{type(each).__name__}" for each in samples()]
    assert sorted(names) == sorted({f"{each.__module__}.{each.__name__}" for each in published()})
    assert len(SAMPLES) == len(names), "two facts share a type"


@pytest.mark.parametrize("fact_type", sorted(GOLDEN))
def test_a_golden_sample_validates_against_its_own_schema(fact_type: str) -> None:
    golden = GOLDEN[fact_type]
    Draft202012Validator.check_schema(golden["schema"])
    checker = Draft202012Validator(golden["schema"], format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert [error.message for error in checker.iter_errors(golden["sample"])] == []
    assert [*checker.iter_errors({**golden["sample"], "notInTheContract": 1})], "the schema allows anything"


@pytest.mark.parametrize("fact_type", sorted(GOLDEN))
def test_a_golden_sample_round_trips_through_its_fact(fact_type: str) -> None:
    golden, ours = GOLDEN[fact_type], SAMPLES[fact_type]
    again = type(ours).model_validate_json(json.dumps(golden["sample"]))
    assert again == ours
    assert json.loads(again.to_json()) == golden["sample"]
    assert golden["topic"] == ours.topic
    assert golden["schema"] == type(ours).model_json_schema(by_alias=True)


@pytest.mark.parametrize("fact_type", sorted(GOLDEN))
def test_no_field_of_a_fact_is_personal(fact_type: str) -> None:
    found = set(fields(GOLDEN[fact_type]["schema"]))
    assert found
    assert {field for field in found if smells(fact_type, field)} == set()


@pytest.mark.parametrize("field", ["email", "contactEmail", "phone", "homeAddress", "firstName", "surname", "name"])
def test_a_personal_field_would_be_seen(field: str) -> None:
    schema = {"$defs": {"Part": {"properties": {field: {"type": "string"}}}}, "properties": {"personId": {}}}
    assert [each for each in fields(schema) if smells("nl.speerpunt.partners.person-seen.v1", each)] == [field]


def test_somebody_hears_something() -> None:
    assert {service for service, *_ in HEARD} == set(CONSUMERS)
    assert HEARD


@pytest.mark.parametrize(("service", "subscription", "fact_type", "model"), HEARD, ids=HEARD_IDS)
def test_every_consumer_parses_the_producers_sample(
    service: str, subscription: Subscription, fact_type: str, model: type[BaseModel]
) -> None:
    assert fact_type in GOLDEN, f"{service} hears a fact that nobody publishes"
    golden = GOLDEN[fact_type]
    topic = golden["topic"]
    assert topic in subscription.topics or re.fullmatch(subscription.pattern or "(?!)", topic)
    model.model_validate(golden["sample"])
    model.model_validate({**golden["sample"], "addedLater": {"by": "the producer"}})
    with pytest.raises(ValidationError):
        model.model_validate({})
