"""The example regions: made the same every time, and what they should come to adds up."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from cli.region import Region, read
from cli.region.model import RegionFile
from examples import generate
from examples.reckoning import expected, judge, reckon

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
CODES = {
    "malformed", "unknown-field", "too-large", "not-mandated", "unknown-consortium", "unknown-organisation",
    "no-standing", "unknown-line", "outside-period", "implausible-hours", "not-positive", "conflicting-content",
    "already-booked", "already-claimed-elsewhere", "unknown-reference",
}  # fmt: skip


def made(name: str, file: str = "expected.json") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EXAMPLES / name / file).read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def amersfoort() -> Region:
    return read(EXAMPLES / "amersfoort")


@pytest.mark.parametrize("name", generate.REGIONS)
def test_the_committed_records_are_what_the_generator_makes(name: str) -> None:
    for path, content in generate.files(EXAMPLES / name).items():
        assert (EXAMPLES / name / path).read_bytes() == content, f"{path}: run `python -m examples.generate`"


@pytest.mark.parametrize("name", generate.REGIONS)
def test_every_record_ends_as_exactly_one_outcome(name: str) -> None:
    told = made(name)["contributions"]
    lines = sum(len(each) for each in read(EXAMPLES / name).records.values())
    ends = told["accepted"] + told["held"] + told["duplicates"] + sum(told["refused"].values())
    assert told["published"] == lines == ends


@pytest.mark.parametrize("name", generate.REGIONS)
def test_the_causes_explain_the_whole_difference_between_naive_and_provable(name: str) -> None:
    told, details = made(name)["cofinancing"], made(name, "reckoning.json")
    difference = told["naive_cents"] - told["realised_cents"]
    assert sum(details["naiveLessRealisedByCauseCents"].values()) == difference
    of_records = told["realised_cents"] - details["lessons"]["cents"]
    assert sum(details["realisedByLineCents"].values()) == of_records
    assert sum(details["realisedByOrganisationCents"].values()) == of_records


def test_a_spreadsheet_passes_the_threshold_that_the_provable_sum_misses() -> None:
    told, details = made("amersfoort"), made("amersfoort", "reckoning.json")
    assert told["contributions"]["published"] >= 1_500
    assert details["requiredCents"] == {"ofSubsidy": 75_000_000, "ofTotal": 81_081_081}
    position = told["cofinancing"]
    assert position["naive_cents"] > position["required_cents"] == 81_081_081
    assert 0.8 < position["realised_cents"] / 75_000_000 < 0.9
    assert set(told["contributions"]["refused"]) == CODES
    assert min(told["contributions"]["held"], told["contributions"]["duplicates"], details["corrections"]) > 0
    assert details["withdrawals"] > 0


def test_a_company_stands_through_its_branch_from_the_day_of_its_mandate(amersfoort: Region) -> None:
    reckoned = reckon(amersfoort)
    rhenen = amersfoort.organisation("rhenen-stansen").registry_numbers["kvk"]
    asked = {"consortium": amersfoort.code, "organisation": f"kvk:{rhenen}", "line": "instroom", "kind": "hours"}
    record = {**asked, "id": "new-1", "minutes": 60, "workerRef": "w-new"}
    before = judge(reckoned, "loonstrook-eemland", {**record, "day": "2020-12-31"})
    after = judge(reckoned, "loonstrook-eemland", {**record, "id": "new-2", "day": "2021-01-01"})
    assert (before[1:], after[1:]) == (("no-standing", "refused"), ("", "booked"))


def test_one_record_less_is_seen_in_what_it_should_come_to(amersfoort: Region) -> None:
    sender, lines = next(iter(amersfoort.records.items()))
    fewer = amersfoort.model_copy(update={"records": {**amersfoort.records, sender: lines[1:]}})
    assert expected(reckon(fewer)) != made("amersfoort")


@pytest.mark.parametrize("name", generate.REGIONS)
def test_the_schema_for_editors_accepts_the_examples_and_refuses_a_typing_error(name: str) -> None:
    schema = json.loads((EXAMPLES / "region.schema.json").read_text(encoding="utf-8"))
    text = (EXAMPLES / name / "region.yaml").read_text(encoding="utf-8")
    document = json.loads(json.dumps(yaml.safe_load(text), default=str))
    assert not list(Draft202012Validator(schema).iter_errors(document))
    assert list(Draft202012Validator(schema).iter_errors({**document, "reportsOn": "2023-11-01"}))
    assert RegionFile.model_validate(document).code == document["code"]
