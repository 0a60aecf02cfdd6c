"""Tables as a workbook (Office Open XML), sent as it is made.

The libraries for it finish a workbook before its first byte can be sent. The part of the format that a table needs is
small: rows of numbers, days and inline text. Text is never a formula here, whatever it begins with.
"""

import re
from datetime import UTC, date, datetime
from typing import Any
from xml.sax.saxutils import escape

from services.funding.audit_file.zipping import Zip
from services.funding.domain.tables import Checkpoint, Table
from services.funding.table_file import Rows

ROWS_ON_A_SHEET = 1_048_576
"""The most that spreadsheets take; what is more goes on to the next sheet."""
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_EPOCH = date(1899, 12, 30)
_FIRST_DAY = date(1900, 3, 1)
_LARGEST = 2**53

_TYPES = (
    f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Default Extension="xml" ContentType="{_TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>'
)
_ROOT = (
    f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
_OPEN = (
    f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" '
    'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
)
_CLOSE = "</sheetData></worksheet>"


class Workbook:
    """A table as a workbook: its rows on one sheet, or more when they are too many, and a sheet `about` with the
    checkpoint and what the columns mean."""

    def __init__(self, table: Table, checkpoint: Checkpoint, at: datetime, *, most: int = ROWS_ON_A_SHEET) -> None:
        self._table, self._checkpoint, self._most = table, checkpoint, most
        self._zip = Zip(at)
        self._sheets: list[str] = []
        self._on_sheet = self._count = 0

    def begin(self) -> bytes:
        return self._part("[Content_Types].xml", _TYPES) + self._part("_rels/.rels", _ROOT) + self._sheet()

    def rows(self, rows: Rows) -> bytes:
        sent = bytearray()
        place = 0
        while place < len(rows):
            if self._on_sheet == self._most:
                sent += self._zip.write(_CLOSE.encode()) + self._sheet()
            fit = rows[place : place + self._most - self._on_sheet]
            text = "".join(_row(self._on_sheet + number, row) for number, row in enumerate(fit, start=1))
            sent += self._zip.write(text.encode())
            self._on_sheet += len(fit)
            self._count += len(fit)
            place += len(fit)
        return bytes(sent)

    def end(self) -> bytes:
        sent = bytearray(self._zip.write(_CLOSE.encode()))
        self._sheets.append("about")
        sent += self._part(f"xl/worksheets/sheet{len(self._sheets)}.xml", self._about())
        numbers = range(1, len(self._sheets) + 1)
        sheets = "".join(
            f'<sheet name="{escape(name)}" sheetId="{number}" r:id="rId{number}"/>'
            for number, name in zip(numbers, self._sheets, strict=True)
        )
        links = "".join(
            f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
            for number in numbers
        )
        links += f'<Relationship Id="rId{len(self._sheets) + 1}" Type="{_OFFICE}/styles" Target="styles.xml"/>'
        sent += self._part(
            "xl/workbook.xml",
            f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>',
        )
        sent += self._part(
            "xl/_rels/workbook.xml.rels",
            f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>',
        )
        sent += self._part("xl/styles.xml", _STYLES)
        return bytes(sent) + self._zip.close()

    def _part(self, name: str, text: str) -> bytes:
        self._zip.begin(name)
        return self._zip.write(text.encode())

    def _sheet(self) -> bytes:
        number = len(self._sheets) + 1
        self._sheets.append(self._table.name if number == 1 else f"{self._table.name} {number}")
        self._on_sheet = 1
        return self._part(f"xl/worksheets/sheet{number}.xml", _OPEN + _row(1, self._table.names, style=1))

    def _about(self) -> str:
        told: list[tuple[Any, ...]] = [
            ("table", self._table.name),
            ("title", self._table.title),
            ("rows", self._count),
            ("checkpoint", str(self._checkpoint)),
            ("entries in the chain", self._checkpoint.count),
            ("entries booked after it", self._checkpoint.unsealed),
            *((column.name, column.meaning) for column in self._table.columns),
        ]
        return _OPEN + "".join(_row(number, row) for number, row in enumerate(told, start=1)) + _CLOSE


def _row(number: int, cells: Any, style: int = 0) -> str:
    shown = (_text(each, style) for each in cells) if style else map(_cell, cells)
    return f'<row r="{number}">{"".join(shown)}</row>'


def _cell(value: Any) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int):
        return f"<c><v>{value}</v></c>" if -_LARGEST <= value <= _LARGEST else _text(value)
    if isinstance(value, datetime):
        return _text(value.astimezone(UTC).isoformat().replace("+00:00", "Z"))
    if isinstance(value, date) and value >= _FIRST_DAY:
        return f'<c s="2"><v>{(value - _EPOCH).days}</v></c>'
    return _text(value)


def _text(value: Any, style: int = 0) -> str:
    styled = f' s="{style}"' if style else ""
    shown = escape(_UNFIT.sub("\ufffd", str(value)))
    return f'<c t="inlineStr"{styled}><is><t xml:space="preserve">{shown}</t></is></c>'
