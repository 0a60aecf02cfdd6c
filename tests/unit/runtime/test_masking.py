"""Of a message that could not be handled its shape is shown, and nothing that may be somebody's."""

import json
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from runtime.event import receive
from runtime.masking import Personal, envelope, payload

ID = "018f3f6e-0000-7000-8000-000000000001"
NAME = "Johanna van der Berg"


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Part(_Model):
    line: str
    cents: int


class Declared(_Model):
    organisation_id: UUID
    code: str
    day: date
    minutes: int | None = None
    title: str
    worker_ref: Annotated[str | None, Personal()] = None
    parts: tuple[Part, ...] = ()
    notes: dict[str, str] = {}


def shown(data: Any, model: type[BaseModel] | None = Declared) -> Any:
    value = data if isinstance(data, bytes) else json.dumps(data).encode()
    return json.loads(payload(receive("t", 0, 0, 0, b"k", value, []), model))


def test_ids_days_numbers_and_codes_of_declared_fields_are_shown() -> None:
    said = {"organisationId": ID, "code": "keistad-elektro", "day": "2024-05-01", "minutes": 90}
    said |= {"parts": [{"line": "robotisering", "cents": 1}]}
    assert shown(said) == said


@pytest.mark.parametrize(
    "said",
    [
        {"title": NAME},
        {"workerRef": "w-7"},
        {"workerRef": 7},
        {"code": "johanna@example.org"},
        {"code": "123456782"},
        {"organisationId": NAME},
        {"day": NAME},
        {"minutes": NAME},
        {"parts": [{"line": NAME, "who": NAME}, NAME]},
        {"notes": {NAME: NAME}},
        {NAME: 1},
        {"employee": {"name": NAME}},
        {"parts": {NAME: NAME}},
    ],
    ids=lambda said: next(iter(said)) + "-" + type(next(iter(said.values()))).__name__,
)
def test_what_may_be_a_persons_is_masked_wherever_it_stands(said: dict[str, Any]) -> None:
    told = json.dumps(shown(said))
    for secret in (NAME, "w-7", "johanna", "123456782", " 7"):
        assert secret not in told
    assert "(" in told


def test_a_message_whose_model_nobody_knows_is_masked_altogether() -> None:
    assert shown({"organisationId": ID}, None) == {"(undeclared 1)": "(text of 36)"}


@pytest.mark.parametrize("value", [b"", NAME.encode(), b"\xff\xfe", b"[1]"], ids=["empty", "text", "bytes", "list"])
def test_what_is_no_json_object_is_told_by_its_size(value: bytes) -> None:
    told = shown(value)
    assert told.startswith(f"{len(value)} bytes: it is ")
    assert NAME not in told


def test_depth_and_length_have_an_end() -> None:
    parts = [{"line": "x", "cents": each} for each in range(100)]
    assert len(shown({"parts": parts})["parts"]) == 21
    assert len(shown({f"f{each}": each for each in range(500)})) == 20


def test_of_the_envelope_only_what_is_shaped_as_it_should_be_is_told() -> None:
    good = [("ce_id", ID.encode()), ("ce_type", b"nl.speerpunt.x.y.v1"), ("ce_sequence", b"3")]
    assert envelope(receive("t", 0, 0, 0, b"k", b"{}", good)) == {
        "id": ID,
        "type": "nl.speerpunt.x.y.v1",
        "sequence": "3",
    }
    bad = [("ce_id", NAME.encode()), ("ce_type", NAME.encode()), ("ce_sequence", b"3 " + NAME.encode())]
    assert envelope(receive("t", 0, 0, 0, b"k", b"{}", bad)) == {}
