"""A form that came back as a spreadsheet. Numbers are taken as typed; a formula, a macro or anything else that would
have to be run or trusted is refused. Every bad cell is told at once, with its sheet, its name and why."""

import io
import re
import zipfile
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter

from runtime.problems import FieldError, Kind, Problem
from services.funding.domain.pledge import Promised
from services.funding.domain.terms import TERMS, Term
from services.funding.form_file import layout

MOST_BYTES = 1024 * 1024
MOST_UNPACKED_BYTES = 16 * 1024 * 1024
MOST_PARTS = 200
MOST_ERRORS = 100
_LARGEST = 10**12
_ROUNDING = Decimal("0.01")
"""What a spreadsheet's own arithmetic may be off, in minutes or cents: ten minutes are 0.16666666666666666 hours."""
_TYPED = re.compile(r"-?\d{1,12}(?:[.,]\d{1,6})?")
_NAMES = ("hours", "material", "facilities", "cash")


class NoSpreadsheet(Problem, kind=Kind.INVALID):
    """This is not a spreadsheet that can be read. Send the form back as an Excel workbook (.xlsx)."""


class SpreadsheetTooLarge(Problem, kind=Kind.TOO_LARGE):
    """This spreadsheet is larger than a form can be. Fill in the form that you were sent, with nothing added to it."""


class MacrosNotTaken(Problem, kind=Kind.INVALID):
    """This workbook holds macros, and nothing that runs is taken in. Save it as a workbook without macros (.xlsx)."""


class NotThisForm(Problem, kind=Kind.INVALID):
    """This workbook is not form '{code}'. Cell {cell} of the sheet '{sheet}' must hold that code: fill in the file that
    belongs to this form."""


class CellsRefused(Problem, kind=Kind.INVALID):
    """Cells of this spreadsheet that cannot be taken in: {count}. Nothing was changed. The first: {first}"""


def read(body: bytes, code: str) -> tuple[Promised, ...]:
    """What is filled in on the form with this code.

    Raises NoSpreadsheet, SpreadsheetTooLarge, MacrosNotTaken, NotThisForm, and CellsRefused with all bad cells.
    """
    _check_package(body)
    try:
        book = openpyxl.load_workbook(io.BytesIO(body), read_only=True, data_only=False, keep_links=False)
        name = next((each for each in layout.SHEETS.values() if each in book.sheetnames), None)
        rows = None if name is None else list(_cells(book[name]))
    except Exception:  # the library raises whatever a broken part makes it stumble over
        raise NoSpreadsheet() from None
    if name is None or rows is None:
        raise NotThisForm(code=code, cell=layout.CODE_CELL, sheet=layout.SHEETS["nl"])
    if len(rows) > layout.MOST_ROWS:
        raise SpreadsheetTooLarge()
    if len(rows) < 2 or _text(rows[1][1]) != code:
        raise NotThisForm(code=code, cell=layout.CODE_CELL, sheet=name)
    sheet = _Sheet(name)
    lines = tuple(sheet.lines(rows))
    if sheet.errors:
        raise CellsRefused(count=len(sheet.errors), first=sheet.errors[0].message, errors=sheet.errors[:MOST_ERRORS])
    return lines


def _check_package(body: bytes) -> None:
    """Before any part of it is read: its sizes, and that nothing in it runs or declares entities."""
    if len(body) > MOST_BYTES:
        raise SpreadsheetTooLarge()
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as package:
            parts = package.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED_BYTES:
                raise SpreadsheetTooLarge()
            if any("vbaproject" in part.filename.lower() or "macrosheets/" in part.filename.lower() for part in parts):
                raise MacrosNotTaken()
            for part in parts:
                content = package.read(part)
                if part.filename == "[Content_Types].xml" and b"macroenabled" in content.lower():
                    raise MacrosNotTaken()
                if part.filename.lower().endswith((".xml", ".rels")) and b"<!doctype" in content.lower():
                    raise NoSpreadsheet()
    except Problem:
        raise
    except Exception:
        raise NoSpreadsheet() from None  # a hostile file makes zipfile raise anything


def _cells(sheet: Any) -> Iterator[list[tuple[Any, str]]]:
    """Value and type of the cells of each row, in the columns of a form, one row more than a form may have."""
    for row in sheet.iter_rows(min_row=1, max_row=layout.MOST_ROWS + 1, max_col=layout.COLUMNS):
        found = [(cell.value, getattr(cell, "data_type", "n")) for cell in row]
        yield found + [(None, "n")] * (layout.COLUMNS - len(found))


def _text(cell: tuple[Any, str]) -> str:
    value, kind = cell
    return str(value).strip() if value is not None and kind != "f" else ""


class _Sheet:
    """Reads the rows of one sheet, and collects what is wrong with its cells."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.errors: list[FieldError] = []

    def lines(self, rows: list[list[tuple[Any, str]]]) -> Iterator[Promised]:
        """What each row pledges; rows in which nothing is filled in are passed over."""
        seen: dict[tuple[str, Term | None], int] = {}
        for number, row in enumerate(rows[layout.FIRST_ROW - 1 :], layout.FIRST_ROW):
            amounts = [self._amount(number, layout.PLEDGED + place, row) for place in range(4)]
            if not any(amounts):
                continue
            line, term = self._line(number, row), self._term(number, row)
            if (line, term) in seen:
                self._refuse(number, 0, f"line '{line}' stands in row {seen[line, term]} for the same term already.")
            seen[line, term] = number
            yield Promised(line, amounts[0], amounts[1], amounts[2], amounts[3], term)

    def _line(self, number: int, row: list[tuple[Any, str]]) -> str:
        line = _text(row[0])
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", line):
            self._refuse(number, 0, "this must be the code of a spearhead or location.")
        return line

    def _term(self, number: int, row: list[tuple[Any, str]]) -> Term | None:
        if row[layout.YEAR][0] is None and row[layout.TERM][0] is None:
            return None
        year, term = (self._whole(number, column, row) for column in (layout.YEAR, layout.TERM))
        for column, found, other in ((layout.TERM, term, year), (layout.YEAR, year, term)):
            if found is None and other is not None and row[column][0] is None:
                self._refuse(number, column, "this is empty; fill in a year and a term, or neither.")
        if year is None or term is None:
            return None
        if not 1990 <= year <= 2100:
            self._refuse(number, layout.YEAR, "this must be a year, as 2021, together with a term.")
        elif term not in TERMS:
            self._refuse(number, layout.TERM, "this must be term 1, 2 or 3, together with a year.")
        else:
            return Term(year, term)
        return None

    def _whole(self, number: int, column: int, row: list[tuple[Any, str]]) -> int | None:
        found = self._number(number, column, row)
        if found is None:
            return None
        if found != found.to_integral_value():
            self._refuse(number, column, "this must be a whole number.")
            return None
        return int(found)

    def _amount(self, number: int, column: int, row: list[tuple[Any, str]]) -> int:
        """Minutes out of hours, cents out of euros."""
        found, name = self._number(number, column, row), _NAMES[column - layout.PLEDGED]
        if found is None:
            return 0
        units = found * (60 if column == layout.PLEDGED else 100)
        if units < 0:
            self._refuse(number, column, f"{name} cannot be below zero.")
        elif units > _LARGEST:
            self._refuse(number, column, f"this is more {name} than can be pledged.")
        elif abs(units - units.to_integral_value()) > _ROUNDING:
            step = "whole minutes, as 12.5 or 2.25 hours" if column == layout.PLEDGED else "euros and whole cents"
            self._refuse(number, column, f"{name} must come to {step}.")
        else:
            return int(units.to_integral_value())
        return 0

    def _number(self, number: int, column: int, row: list[tuple[Any, str]]) -> Decimal | None:
        """The number in a cell; None when it is empty, or refused."""
        value, kind = row[column]
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        if kind == "f":
            self._refuse(number, column, "this is a formula, and formulas are not trusted; type the number itself.")
        elif kind == "e":
            self._refuse(number, column, "this holds an error of the spreadsheet; type a number.")
        elif isinstance(value, bool) or not isinstance(value, int | float | str):
            self._refuse(number, column, "this holds no number but a date, a time or a yes or no; type a number.")
        elif isinstance(value, str) and not _TYPED.fullmatch(value.strip()):
            self._refuse(number, column, "this is text; type a number, as 12.5, without a unit or separators.")
        else:
            try:
                return Decimal(str(value).strip().replace(",", "."))
            except InvalidOperation:
                self._refuse(number, column, "this is no number.")
        return None

    def _refuse(self, number: int, column: int, why: str) -> None:
        cell = f"{get_column_letter(column + 1)}{number}"
        self.errors.append(FieldError(f"{self._name}!{cell}", "bad-cell", f"Sheet '{self._name}', cell {cell}: {why}"))
