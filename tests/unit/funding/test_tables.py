"""Tables as files: safe in a spreadsheet, whole in every form, a page in memory whatever the size."""

import csv
import hashlib
import io
import json
import tracemalloc
import zipfile
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from openpyxl import load_workbook

from services.funding.api.formats import Format, FormatNotOffered, accepted
from services.funding.domain.tables import JOURNAL, TABLES, Checkpoint, Column, Table
from services.funding.table_file import TableFile
from services.funding.table_file.lines import BYTE_ORDER_MARK, CsvFile, JsonFile, JsonLines
from services.funding.table_file.workbook import Workbook

AT = datetime(2023, 11, 1, 9, tzinfo=UTC)
SEAL = Checkpoint(1402, "9f3c" * 16, 25, 3)
TABLE = Table("hours", "Hours", (Column("text", "Words"), Column("cents", "Cents"), Column("day", "A day")))
HOSTILE = ("=1+1", "+31", "-2", "@sum", "\tx", "\rx", "\nx", "＝1", 'a;b,"c"\nd', "<b>&amp;", "\x00\x1b", "Århus 🛠")
ROWS = [[text, -5, date(2021, 5, 2)] for text in HOSTILE]


def noise(number: int) -> str:
    """Text that does not compress to nothing."""
    return "".join(hashlib.sha256(f"{number}/{part}".encode()).hexdigest() for part in range(8))


def whole(file: TableFile, *pages: list[list[Any]]) -> bytes:
    return b"".join([file.begin(), *(file.rows(page) for page in pages), file.end()])


def test_text_that_a_spreadsheet_takes_for_a_formula_is_only_text_in_csv_and_numbers_stay_numbers() -> None:
    text = whole(CsvFile(TABLE, SEAL, ";", marked=True), ROWS)
    assert text.startswith(BYTE_ORDER_MARK)
    head, *rows = csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""), delimiter=";")
    assert head == ["text", "cents", "day", "checkpoint"]
    for row, wanted in zip(rows, HOSTILE, strict=True):
        assert not row[0].startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))
        assert row[0].removeprefix("'") == wanted
        assert row[1:] == ["-5", "2021-05-02", str(SEAL)]
    assert not whole(CsvFile(TABLE, SEAL, ",", marked=False), ROWS).startswith(BYTE_ORDER_MARK)


def test_a_workbook_opens_elsewhere_with_numbers_days_and_text_that_is_never_a_formula() -> None:
    opened: Any = load_workbook(io.BytesIO(whole(Workbook(TABLE, SEAL, AT), ROWS[:5], ROWS[5:])))
    assert opened.sheetnames == ["hours", "about"]
    head, *rows = opened["hours"].iter_rows()
    assert [cell.value for cell in head] == ["text", "cents", "day"]
    assert all(cell.data_type != "f" for row in rows for cell in row)
    shown = [row[0].value.replace("_x000D_", "\r") for row in rows]
    wanted = [text.replace("\x00", "\ufffd").replace("\x1b", "\ufffd").replace("\r", "\n") for text in HOSTILE]
    assert [text.replace("\r", "\n") for text in shown] == wanted
    assert {(row[1].value, row[2].value.date()) for row in rows} == {(-5, date(2021, 5, 2))}
    about = {row[0]: row[1] for row in opened["about"].iter_rows(values_only=True)}
    assert about["checkpoint"] == str(SEAL)
    assert about["rows"] == len(ROWS)
    assert about["cents"] == "Cents"


def test_rows_beyond_what_a_sheet_takes_go_on_to_the_next() -> None:
    rows: list[list[Any]] = [[f"row {number}", number, None] for number in range(7)]
    opened: Any = load_workbook(io.BytesIO(whole(Workbook(TABLE, SEAL, AT, most=4), rows[:5], rows[5:])))
    assert opened.sheetnames == ["hours", "hours 2", "hours 3", "about"]
    found = [
        row[1]
        for name in opened.sheetnames[:-1]
        for number, row in enumerate(opened[name].iter_rows(values_only=True))
        if number
    ]
    assert found == list(range(7))


def test_json_says_what_it_rests_on_and_how_many_rows_it_has_so_that_a_cut_file_shows() -> None:
    rows: list[list[Any]] = [["a", 1, date(2021, 5, 2)], ["=b", None, AT], [UUID(int=7), 2, None]]
    expected = [
        {"text": "a", "cents": 1, "day": "2021-05-02"},
        {"text": "=b", "cents": None, "day": "2023-11-01T09:00:00Z"},
        {"text": str(UUID(int=7)), "cents": 2, "day": None},
    ]
    document = json.loads(whole(JsonFile(TABLE, SEAL), rows[:1], [], rows[1:]))
    assert document["rows"] == expected
    assert document["rowCount"] == 3
    assert document["checkpoint"] == {"count": 1402, "head": "9f3c" * 16, "batch": 25, "unsealed": 3}
    first, *lines, last = whole(JsonLines(TABLE, SEAL), rows[:1], rows[1:]).splitlines()
    assert json.loads(first)["checkpoint"] == document["checkpoint"]
    assert [json.loads(line) for line in lines] == expected
    assert json.loads(last) == {"rowCount": 3}
    assert json.loads(whole(JsonFile(TABLE, SEAL)))["rows"] == []


@pytest.mark.parametrize("form", ["csv", "xlsx", "json", "jsonl"])
def test_memory_does_not_grow_with_the_size_of_the_file(form: str) -> None:
    def peak(pages: int) -> tuple[int, int]:
        made: dict[str, TableFile] = {
            "csv": CsvFile(JOURNAL, SEAL, ";", marked=True),
            "xlsx": Workbook(JOURNAL, SEAL, AT),
            "json": JsonFile(JOURNAL, SEAL),
            "jsonl": JsonLines(JOURNAL, SEAL),
        }
        file, sent = made[form], 0
        page = [[noise(number), *([number] * 14)] for number in range(100)]
        tracemalloc.start()
        sent += len(file.begin())
        for _ in range(pages):
            sent += len(file.rows(page))
        sent += len(file.end())
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest, sent

    (small, short), (large, long) = peak(5), peak(75)
    assert long > 4 * short
    assert long > small + 1_000_000
    assert large < small + 500_000


def test_a_workbook_is_a_zip_that_is_whole() -> None:
    with zipfile.ZipFile(io.BytesIO(whole(Workbook(TABLE, SEAL, AT), ROWS))) as packed:
        assert packed.testzip() is None
        assert packed.namelist()[0] == "[Content_Types].xml"


def test_columns_have_one_meaning_each_and_no_name_twice() -> None:
    for table in TABLES:
        assert len(set(table.names)) == len(table.names)
        assert all(column.meaning for column in table.columns)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, Format.JSON),
        ("*/*", Format.JSON),
        ("text/csv", Format.CSV),
        ("text/csv;q=0.4, application/json;q=0.9", Format.JSON),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet, */*;q=0.1", Format.XLSX),
        ("application/x-ndjson", Format.JSONL),
        ("image/png, text/csv;q=0.1", Format.CSV),
    ],
)
def test_the_form_is_what_the_caller_accepts_best(accept: str | None, form: Format) -> None:
    assert accepted(accept) is form


@pytest.mark.parametrize("accept", ["image/png", "text/csv;q=0", "text/csv;q=x", "nonsense"])
def test_a_form_that_is_not_offered_is_refused(accept: str) -> None:
    with pytest.raises(FormatNotOffered):
        accepted(accept)
