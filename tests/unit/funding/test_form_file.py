"""The form as a spreadsheet: what is written can be read back, and nothing in it is trusted."""

import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.funding.domain.pledge import Promised
from services.funding.domain.terms import Term
from services.funding.form_file import FormSheet, read, write
from services.funding.form_file.reading import (
    CellsRefused,
    MacrosNotTaken,
    NoSpreadsheet,
    NotThisForm,
    SpreadsheetTooLarge,
)
from services.funding.form_file.writing import rows_of

CODE = "form-2020.acme"
ASKED = (Promised("robot", 600, term=Term(2021, 3)), Promised("metaal", 0, 10_000))


def a_file(*rows: tuple[Promised, Promised], language: str = "nl", code: str = CODE) -> bytes:
    made = rows or tuple(rows_of(ASKED, (), ()))
    return write(FormSheet(code, 1, "=1+1", "Acme B.V.", date(2019, 3, 22), {"robot": "Robotisering"}, made), language)


def edited(change: Callable[[Any], None], body: bytes | None = None) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(body or a_file()))
    change(book.worksheets[0])
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def put(**cells: Any) -> bytes:
    def change(sheet: Any) -> None:
        for name, value in cells.items():
            sheet[name] = value

    return edited(change)


def packed(body: bytes, name: str, content: bytes) -> bytes:
    """The same workbook with one part more."""
    made = io.BytesIO(body)
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr(name, content)
    return made.getvalue()


amounts = st.tuples(*[st.integers(0, 10**9)] * 4).filter(any)
a_term = st.one_of(st.none(), st.builds(Term, st.integers(2020, 2027), st.integers(1, 3)))
keys = st.tuples(st.sampled_from(("robot", "metaal", "zorg")), a_term)


@settings(max_examples=20, deadline=None)
@given(st.dictionaries(keys, amounts, min_size=1, max_size=6), st.sampled_from(("nl", "en", "sv")))
def test_what_is_written_is_read_back_to_the_minute_and_the_cent(
    said: dict[tuple[str, Term | None], tuple[int, int, int, int]], language: str
) -> None:
    lines = [Promised(line, *each, term=term) for (line, term), each in said.items()]
    assert list(read(a_file(*rows_of((), lines, ()), language=language), CODE)) == lines


def test_what_is_asked_stands_beside_the_open_cells_and_nothing_filled_in_is_nothing_read() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(a_file())).worksheets[0]
    assert [sheet[cell].value for cell in ("A9", "B9", "C9", "D9", "E9", "I9", "F10")] == [
        "robot",
        "Robotisering",
        2021,
        3,
        10,
        None,
        100,
    ]
    assert (sheet["A1"].value, sheet["A1"].data_type) == ("=1+1", "s")
    assert (sheet.protection.sheet, sheet["I9"].protection.locked, sheet["E9"].protection.locked) == (True, False, True)
    assert read(a_file(), CODE) == ()


def test_without_anything_asked_every_line_of_the_programme_can_be_filled_in() -> None:
    assert [asked.line for asked, _ in rows_of((), (), ("metaal", "robot"))] == ["metaal", "robot"]


def test_hours_and_euros_as_people_type_them_become_minutes_and_cents() -> None:
    found = read(put(I9=12.5, J9="1250,75", K9="0.5", L10=3), CODE)
    assert found == (Promised("robot", 750, 125_075, 50, term=Term(2021, 3)), Promised("metaal", cash_cents=300))
    assert read(put(A11="zorg", C11=2022, D11="1", I11=1), CODE) == (Promised("zorg", 60, term=Term(2022, 1)),)


@pytest.mark.parametrize(
    ("cells", "where", "why"),
    [
        ({"I9": "=6*7"}, "I9", "formula"),
        ({"I9": '=HYPERLINK("http://example.test")'}, "I9", "formula"),
        ({"J9": "veel"}, "J9", "text"),
        ({"J9": "€ 12"}, "J9", "text"),
        ({"J9": "1.250,75"}, "J9", "text"),
        ({"I9": -1}, "I9", "below zero"),
        ({"I9": 0.33}, "I9", "whole minutes"),
        ({"J9": 0.005}, "J9", "whole cents"),
        ({"I9": 10**12}, "I9", "more hours"),
        ({"I9": True}, "I9", "a yes or no"),
        ({"I9": date(2020, 1, 1)}, "I9", "a date"),
        ({"I9": "#N/A"}, "I9", "error"),
        ({"I9": "nan"}, "I9", "text"),
        ({"I9": 1, "A9": "niet goed!"}, "A9", "code of a spearhead"),
        ({"I9": 1, "A9": None}, "A9", "code of a spearhead"),
        ({"I9": 1, "D9": 4}, "D9", "term 1, 2 or 3"),
        ({"I9": 1, "D9": None}, "D9", "a year and a term, or neither"),
        ({"I9": 1, "C9": None}, "C9", "a year and a term, or neither"),
        ({"I9": 1, "C9": 21}, "C9", "a year"),
        ({"I9": 1, "A10": "robot", "C10": 2021, "D10": 3, "I10": 1}, "A10", "row 9"),
    ],
)
def test_a_bad_cell_is_told_with_its_sheet_its_name_and_why(cells: dict[str, Any], where: str, why: str) -> None:
    with pytest.raises(CellsRefused) as refused:
        read(put(**cells), CODE)
    (error,) = refused.value.errors
    assert error.where == f"Formulier!{where}"
    assert error.message.startswith(f"Sheet 'Formulier', cell {where}: ")
    assert why in error.message


def test_all_bad_cells_are_told_at_once() -> None:
    with pytest.raises(CellsRefused) as refused:
        read(put(I9="=1", J9="x", L10=-2), CODE)
    assert [each.where for each in refused.value.errors] == ["Formulier!I9", "Formulier!J9", "Formulier!L10"]
    assert refused.value.detail.startswith("Cells of this spreadsheet that cannot be taken in: 3. ")


def test_a_file_of_another_form_is_not_taken_for_this_one() -> None:
    with pytest.raises(NotThisForm):
        read(a_file(), "form-2020.bolt")
    with pytest.raises(NotThisForm):
        read(put(B2=f'="{CODE}"'), CODE)
    with pytest.raises(NotThisForm):
        read(edited(lambda sheet: setattr(sheet, "title", "Blad1")), CODE)


def test_nothing_that_runs_or_unpacks_without_end_is_opened() -> None:
    with pytest.raises(MacrosNotTaken):
        read(packed(a_file(), "xl/vbaProject.bin", b"x"), CODE)
    with pytest.raises(SpreadsheetTooLarge):
        read(packed(a_file(), "xl/media/a.bin", b"0" * 17 * 1024 * 1024), CODE)
    with pytest.raises(SpreadsheetTooLarge):
        read(b"0" * (1024 * 1024 + 1), CODE)
    with pytest.raises(SpreadsheetTooLarge):
        read(put(**{f"A{row}": "x" for row in range(9, 1_100)}), CODE)
    entity = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    with pytest.raises(NoSpreadsheet):
        read(packed(a_file(), "xl/other.xml", entity), CODE)


@pytest.mark.parametrize("body", [b"", b"PK", b"a;b;c\n1;2;3\n", b"\x00" * 100, a_file()[:-40], a_file()[:500]])
def test_what_is_no_workbook_is_refused_in_a_sentence(body: bytes) -> None:
    with pytest.raises(NoSpreadsheet):
        read(body, CODE)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_bytes_change_in_a_file_it_is_read_or_refused(data: st.DataObject) -> None:
    body = bytearray(_FILE)
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with suppress(NoSpreadsheet, NotThisForm, CellsRefused, SpreadsheetTooLarge, MacrosNotTaken):
        read(bytes(body), CODE)


_FILE = a_file()
