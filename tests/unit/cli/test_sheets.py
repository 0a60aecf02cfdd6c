"""Spreadsheets as office people save them."""

import re
from datetime import date, time
from pathlib import Path

import pytest

from cli.region import sheets
from cli.region.rows import PlanningRow, PledgeRow
from cli.region.troubles import Trouble

HEADER = "company;line;hours;material;signed_on;from;until;provenance;source"
ROW = "acme;instroom;120,5;1.500,00;27-03-2019;01-01-2020;31-12-2023;invented;"


def pledges(tmp_path: Path, content: bytes) -> tuple[list[PledgeRow], list[str]]:
    path = tmp_path / "pledges.csv"
    path.write_bytes(content)
    troubles: list[Trouble] = []
    found = sheets.rows(path, PledgeRow, troubles)
    return [row.says for row in found], [str(each).removeprefix(f"{path}: ") for each in troubles]


@pytest.mark.parametrize(
    "content",
    [
        f"{HEADER}\n{ROW}\n".encode(),
        f"\ufeff{HEADER}\r\n{ROW}\r\n".encode(),
        f"sep=;\r\n{HEADER}\r\n{ROW}\r\n".encode(),
        f"{HEADER};;\n{ROW};;\n;;;;;;;;;;\n".encode(),
        f"{HEADER.upper()}\n{ROW}".encode(),
        f"{HEADER}\n{ROW}\n".replace(";", "\t").encode(),
        f"{HEADER}\n{ROW}\n".replace("1.500,00", '"1,500.00"').replace("120,5", "120.5").replace(";", ",").encode(),
    ],
    ids=["plain", "excel", "sep line", "empty cells", "capitals", "tabs", "commas"],
)
def test_a_sheet_says_the_same_however_it_was_saved(tmp_path: Path, content: bytes) -> None:
    (row,), troubles = pledges(tmp_path, content)
    assert not troubles
    assert (row.minutes, row.material_cents) == (7_230, 150_000)
    assert (row.signed_on, row.from_, row.until) == (date(2019, 3, 27), date(2020, 1, 1), date(2023, 12, 31))


def test_a_sheet_that_is_not_utf_8_is_refused_with_how_to_save_it(tmp_path: Path) -> None:
    found, (trouble,) = pledges(tmp_path, f"{HEADER}\ncoöp;instroom".encode("cp1252"))
    assert not found
    assert "save as 'CSV UTF-8'" in trouble


def test_a_column_with_a_typing_error_or_missing_is_named(tmp_path: Path) -> None:
    wrong = HEADER.replace("hours", "hour").replace("until;", "")
    _, troubles = pledges(tmp_path, f"{wrong}\n{ROW}\n".encode())
    assert troubles == [
        "row 1: there is no column 'hour' here. Did you mean 'hours'?",
        "row 1: column until is missing. Add it.",
    ]


def test_rows_are_counted_as_a_spreadsheet_program_shows_them(tmp_path: Path) -> None:
    _, troubles = pledges(tmp_path, f"{HEADER}\n\n{ROW}\n{ROW.replace('27-03-2019', '31-02-2019')}\n".encode())
    assert troubles == [
        "row 4, column signed_on: '31-02-2019' is no day: the day comes before the month. Write it as 2019-03-27."
    ]


def test_a_cell_too_many_is_refused_because_a_text_was_not_quoted(tmp_path: Path) -> None:
    _, troubles = pledges(tmp_path, f"{HEADER}\n{ROW}een; twee\n{ROW}; drie\n".encode())
    assert [each.partition(":")[0] for each in troubles] == ["row 2", "row 3"]


@pytest.mark.parametrize(
    ("cell", "cents"),
    [("1500", 150_000), ("1500,5", 150_050), ("1.500,00", 150_000), ("€ 12.500,25", 1_250_025), ("1500.00", 150_000)],
)
def test_amounts_are_read_as_meant(cell: str, cents: int) -> None:
    assert sheets.an_amount(cell) == cents


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("1.500", "'1.500' can be read in two ways. Write 1500 or 1500,00."),
        ("1,500", "'1,500' can be read in two ways. Write 1500 or 1500,00."),
        ("-5", "'-5' is no amount. Write it as 1500 or 1500,00."),
        ("1.5.0", "'1.5.0' is no amount. Write it as 1500 or 1500,00."),
    ],
)
def test_an_amount_that_reads_in_two_ways_or_in_none_is_refused(cell: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(why)}$"):
        sheets.an_amount(cell)


@pytest.mark.parametrize(("cell", "minutes"), [("2", 120), ("2,25", 135), ("0,1", 6)])
def test_hours_are_whole_minutes(cell: str, minutes: int) -> None:
    assert sheets.hours(cell) == minutes


def test_hours_that_are_no_whole_minutes_are_refused() -> None:
    with pytest.raises(ValueError, match="whole number of minutes"):
        sheets.hours("0,33")


def test_planning_is_read_with_dutch_times_and_words(tmp_path: Path) -> None:
    path = tmp_path / "planning.csv"
    path.write_text(
        "code;title;kind;day;starts;ends;audience;remind;cancelled;reason;provenance\n"
        "uur;Vragenuur;session;22/3/2019;14.30;15:30;everyone;7, 1;Ja;Ziek;invented\n",
        encoding="utf-8",
    )
    troubles: list[Trouble] = []
    (row,) = sheets.rows(path, PlanningRow, troubles)
    assert not troubles
    said = row.says.milestone()
    assert (said.day, said.starts_at, said.ends_at) == (date(2019, 3, 22), time(14, 30), time(15, 30))
    assert (said.remind_days_before, said.cancelled) == ((7, 1), True)
