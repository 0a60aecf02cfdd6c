"""The form as an XLSX file. Only the cells to fill in are open; whatever others named is written as text, never as a
formula."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import openpyxl
from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from services.funding.domain.finder_wording import day_text
from services.funding.domain.pledge import Promised
from services.funding.domain.terms import Term
from services.funding.form_file import layout

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_BOLD, _OPEN = Font(bold=True), PatternFill("solid", fgColor="FFF6CC")
_HEADS = {
    "nl": (
        "Speerpunt of locatie",
        "Titel",
        "Jaar",
        "Termijn",
        *(f"Gevraagd: {each}" for each in ("uren", "materiaal €", "faciliteiten €", "geld €")),
        *(f"U zegt toe: {each}" for each in ("uren", "materiaal €", "faciliteiten €", "geld €")),
    ),
    "en": (
        "Spearhead or location",
        "Title",
        "Year",
        "Term",
        *(f"Asked: {each}" for each in ("hours", "material €", "facilities €", "cash €")),
        *(f"You pledge: {each}" for each in ("hours", "material €", "facilities €", "cash €")),
    ),
}
_LABELS = {
    "nl": ("Formulier", "Versie", "Organisatie", "Uiterlijk terug"),
    "en": ("Form", "Version", "Organisation", "Back by"),
}
_SAID = {
    "nl": "Vul de gele cellen in: uren als 12,5 (12 uur 30), bedragen in euro's zonder btw. Termijn 1 is januari t/m "
    "april, 2 is mei t/m augustus, 3 is september t/m december; zonder jaar en termijn geldt het voor de hele periode.",
    "en": "Fill in the yellow cells: hours as 12.5 (12 h 30), amounts in euros without VAT. Term 1 is January to "
    "April, 2 is May to August, 3 is September to December; without a year and term it is for the whole period.",
}


@dataclass(frozen=True, slots=True)
class FormSheet:
    """What stands on a form: `titles` names its lines, `rows` are those to fill in: what is asked and what pledged."""

    code: str
    version: int
    title: str
    organisation: str
    deadline: date
    titles: Mapping[str, str]
    rows: Sequence[tuple[Promised, Promised]]


def rows_of(
    expected: Sequence[Promised], answered: Sequence[Promised], lines: Sequence[str]
) -> list[tuple[Promised, Promised]]:
    """What is asked beside what is filled in; every line of the programme when neither says anything."""
    asked = {(each.line, each.term): each for each in expected}
    said = {(each.line, each.term): each for each in answered}
    keys: list[tuple[str, Term | None]] = list(dict.fromkeys([*asked, *said])) or [(line, None) for line in lines]
    return [
        (asked.get(key) or Promised(key[0], term=key[1]), said.get(key) or Promised(key[0], term=key[1]))
        for key in keys
    ]


def write(form: FormSheet, language: str) -> bytes:
    """The file, in Dutch or else in English."""
    spoken = language if language in _HEADS else "en"
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = layout.SHEETS[spoken]
    _say(sheet, 1, 1, form.title or form.code).font = _BOLD
    values = (form.code, str(form.version), form.organisation, day_text(form.deadline)[spoken != "nl"])
    for row, (label, text) in enumerate(zip(_LABELS[spoken], values, strict=True), 2):
        _say(sheet, row, 1, label)
        _say(sheet, row, 2, text)
    _say(sheet, layout.HEADER_ROW - 2, 1, _SAID[spoken])
    for column, head in enumerate(_HEADS[spoken], 1):
        cell = _say(sheet, layout.HEADER_ROW, column, head)
        cell.font, cell.alignment = _BOLD, Alignment(wrap_text=True)
    last = layout.FIRST_ROW + len(form.rows) - 1
    for row, (asked, said) in enumerate(form.rows, layout.FIRST_ROW):
        _say(sheet, row, 1, asked.line)
        _say(sheet, row, 2, form.titles.get(asked.line, ""))
        if asked.term is not None:
            sheet.cell(row, layout.YEAR + 1, asked.term.year)
            sheet.cell(row, layout.TERM + 1, asked.term.number)
        _amounts(sheet, row, layout.ASKED, asked)
        _amounts(sheet, row, layout.PLEDGED, said)
    to_fill = [(row, column) for row in range(layout.FIRST_ROW, last + 21) for column in range(layout.PLEDGED, 12)]
    to_fill += [(row, column) for row in range(last + 1, last + 21) for column in (0, layout.YEAR, layout.TERM)]
    for row, column in to_fill:
        blank = sheet.cell(row, column + 1)
        blank.fill, blank.protection = _OPEN, Protection(locked=False)
    for column in range(1, layout.COLUMNS + 1):
        sheet.column_dimensions[get_column_letter(column)].width = 24 if column < 3 else 14
    sheet.freeze_panes = f"C{layout.FIRST_ROW}"
    sheet.protection.enable()
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _say(sheet: Worksheet, row: int, column: int, text: str) -> Cell:
    """Writes text, also where it begins like a formula; what a cell cannot hold is left out of it."""
    cell = sheet.cell(row, column)
    assert isinstance(cell, Cell)
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)
    cell.data_type = "s"
    return cell


def _amounts(sheet: Worksheet, row: int, column: int, line: Promised) -> None:
    """Hours, material, facilities and cash; nothing where it is nothing."""
    for place, amount in enumerate(line.amounts):
        cell = sheet.cell(row, column + place + 1)
        cell.number_format = "#,##0.00"
        if amount:
            cell.value = amount / (60 if place == 0 else 100)
