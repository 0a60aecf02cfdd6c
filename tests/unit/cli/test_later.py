"""The second act: how it is shown, what must hold in it, and what a folder may say of it."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from rich.console import Console

from cli.region import RegionUnusable, read
from cli.region.model import LaterFile, Region
from cli.report import terminal
from cli.report.claims import check
from cli.report.later import Later
from cli.report.page import render
from examples import afterwards
from examples.reckoning import reckon
from tests.unit.cli.later_reports import LESS, a_later
from tests.unit.cli.reports import a_report

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
PARTS = (
    "correction", "asked", "lowered", "closing", "moved", "money", "report", "calendar", "taken", "determination",
)  # fmt: skip


def broken(later: Later) -> list[str]:
    return [claim.sentence for claim in check(a_report(later=later)) if not claim.holds]


def printed(later: Later) -> str:
    told = io.StringIO()
    terminal.show(a_report(later=later), Console(file=told, width=250))
    return told.getvalue()


def test_page_and_terminal_tell_the_year_in_the_order_of_the_story() -> None:
    page, told = render(a_report(later=a_later())), printed(a_later())
    page = page[page.index('id="later"') :]
    assert page.index("The percentage was lowered") < page.index("A period closed") < page.index("A claim refused")
    assert page.index("A claim refused") < page.index("signed off") < page.index("Determined") < page.index("Verified")
    assert told.index("The percentage") < told.index("A period closed") < told.index("A claim refused")
    assert told.index("A claim refused") < told.index("The report") < told.index("Determined")
    for text in (page, told):
        for figure in ("11.145.037,48", "723.537,48", "7,5%", "54.962,52"):
            assert figure in text


def test_the_second_act_comes_after_everything_of_the_first() -> None:
    page = render(a_report(later=a_later()))
    assert page.index('id="journey"') < page.index('id="later"') < page.index('id="checks"')
    assert 'href="#later"' in page
    assert 'href="#later"' not in render(a_report())


@pytest.mark.parametrize("absent", PARTS)
def test_a_year_in_which_something_did_not_happen_is_still_told(absent: str) -> None:
    later = a_later(**{absent: None})
    assert 'id="later"' in render(a_report(later=later))
    assert printed(later)
    assert broken(later) == []


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("lowered", "again", LESS),
        ("closing", "after_cents", 1),
        ("moved", "together_after_cents", 1),
        ("moved", "own_approval", ""),
        ("money", "left_cents", 6_000_000),
        ("money", "line_claimed_cents", 25_000_000),
        ("money", "too_much", ""),
        ("asked", "again", 1),
        ("asked", "kept_before", True),
        ("asked", "pledged_minutes", 1),
        ("asked", "pledged_cents", 1),
        ("asked", "altered", ""),
        ("calendar", "state", "planned"),
        ("taken", "accepted_cents", 1),
        ("taken", "anchor", "1:ab"),
        ("report", "own_sign_off", ""),
        ("report", "signed_sha256", "cd" * 32),
        ("report", "realised_cents", 1),
        ("report", "file_whole", False),
        ("report", "changed_found", False),
        ("report", "reproduced", False),
        ("determination", "undecided", ""),
        ("determination", "own_approval", ""),
        ("determination", "after", ""),
        ("determination", "reclaimed_cents", 0),
        (None, "realised_cents", 1),
        (None, "imbalance_minutes", 1),
        (None, "chain", "broken"),
        (None, "booked_cents", 1),
    ],
)
def test_what_does_not_hold_in_the_second_act_is_said(part: str | None, field: str, value: object) -> None:
    whole = a_later()
    if part is None:
        assert broken(a_later(**{field: value}))
    else:
        assert len(broken(a_later(**{part: getattr(whole, part).model_copy(update={field: value})}))) == 1


def test_a_date_that_forgot_where_it_stood_is_said() -> None:
    calendar = a_later().calendar
    assert calendar is not None
    assert calendar.moved is not None
    forgot = calendar.moved.model_copy(update={"known_before": calendar.moved.to_day})
    assert len(broken(a_later(calendar=calendar.model_copy(update={"moved": forgot})))) == 1


def test_a_payment_in_a_closed_period_is_said() -> None:
    money = a_later().money
    closing = a_later().closing
    assert money is not None
    assert closing is not None
    wrong = money.model_copy(update={"paid_day": closing.until})
    assert broken(a_later(money=wrong)) == ["A payment is never booked in a period that is closed."]


@pytest.fixture(scope="module")
def amersfoort() -> Region:
    return read(EXAMPLES / "amersfoort")


def test_what_waits_for_the_office_in_the_year_corrects_what_was_accepted(amersfoort: Region) -> None:
    first = reckon(amersfoort)
    found = afterwards.reckon(first)
    held = [each for each in found.year if each.outcome == "held"]
    assert found.released == len(held) == afterwards.HELD_BACK + afterwards.TAKEN_BACK
    assert {each.code for each in held} == {"period-closed"}
    assert {(each.outcome, each.code) for each in found.late} == {("refused", "period-closed")}
    assert all(not each.gone for each in first.bookings.values() if each.accepted and each.day.year == 2024)


def test_the_determination_that_is_reckoned_adds_up(amersfoort: Region) -> None:
    told: dict[str, Any] = afterwards.expected(reckon(amersfoort))["later"]["determination"]
    assert told["received_cents"] - told["reclaimed_cents"] + told["payable_cents"] == told["determined_cents"]
    assert told["required_cents"] - told["counted_cents"] == told["shortfall_cents"] > 0
    assert told["required_cents"] == told["grant_cents"] * 75 // 1000


def test_a_region_without_a_second_act_expects_none() -> None:
    region = read(EXAMPLES / "gooi-klein")
    assert region.later is None
    assert afterwards.expected(reckon(region)) == {}


def test_the_later_file_keeps_to_its_schema() -> None:
    schema = json.loads((EXAMPLES / "later.schema.json").read_text(encoding="utf-8"))
    assert schema["properties"].keys() == LaterFile.model_json_schema(by_alias=True)["properties"].keys()
    said = yaml.safe_load((EXAMPLES / "amersfoort" / "later.yaml").read_text(encoding="utf-8"))
    plain = json.loads(json.dumps(said, default=str))
    Draft202012Validator(schema).validate(plain)


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"reportOn": "2020-01-01"}, "reportOn"),
        ({"claims.0.commitment": "nothing"}, "claims.0.commitment"),
        ({"claims.0.refused": None}, "claims.0"),
        ({"commitments.0.line": "nowhere"}, "commitments.0.line"),
        ({"reallocation.moves.0.to": "nowhere"}, "reallocation.moves.0.to"),
        ({"closeUntil": None}, "closeUntil"),
        ({"form.back.organisation": "nobody"}, "form.back.organisation"),
        ({"form.back.lines.0.term": 2}, "form.back.lines.0"),
        ({"form.needed.0.line": "nowhere"}, "form.needed.0.line"),
        ({"report": None}, "handedIn"),
    ],
)
def test_a_second_act_that_cannot_be_played_is_refused_with_its_place(
    tmp_path: Path, wrong: dict[str, Any], place: str
) -> None:
    folder = tmp_path / "region"
    shutil.copytree(EXAMPLES / "amersfoort", folder)
    said = yaml.safe_load((folder / "later.yaml").read_text(encoding="utf-8"))
    for path, value in wrong.items():
        at: Any = said
        *way, last = path.split(".")
        for step in way:
            at = at[int(step)] if step.isdigit() else at[step]
        at[last] = value
    (folder / "later.yaml").write_text(yaml.safe_dump(said), encoding="utf-8")
    with pytest.raises(RegionUnusable, match=rf"later\.yaml: {place}:"):
        read(folder)
