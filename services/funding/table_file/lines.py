"""Tables as CSV, JSON and JSON lines."""

import csv
from codecs import BOM_UTF8
from collections.abc import Iterable
from datetime import UTC, date, datetime
from io import StringIO
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from services.funding.domain.tables import Checkpoint, Table
from services.funding.table_file import Rows

BYTE_ORDER_MARK = BOM_UTF8
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_of(rows: Iterable[Iterable[Any]], separator: str = ",") -> bytes:
    """Rows as CSV (RFC 4180). Text that a spreadsheet takes for a formula gets an apostrophe in front."""
    text = StringIO()
    csv.writer(text, delimiter=separator).writerows([plain(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def plain(cell: Any) -> Any:
    """What stands in a cell of a CSV file."""
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(_FORMULA) else cell
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return "" if cell is None else cell


class CsvFile:
    """A table as CSV. The last column of every row is the checkpoint that it rests on, since a file of this kind has no
    other place for it."""

    def __init__(self, table: Table, checkpoint: Checkpoint, separator: str, *, marked: bool) -> None:
        self._names, self._checkpoint = table.names, str(checkpoint)
        self._separator, self._mark = separator, BYTE_ORDER_MARK if marked else b""

    def begin(self) -> bytes:
        return self._mark + csv_of([[*self._names, "checkpoint"]], self._separator)

    def rows(self, rows: Rows) -> bytes:
        return csv_of(([*row, self._checkpoint] for row in rows), self._separator)

    def end(self) -> bytes:
        return b""


def about(table: Table, checkpoint: Checkpoint) -> dict[str, Any]:
    """What a JSON file says of itself before its rows."""
    return {
        "table": table.name,
        "title": table.title,
        "checkpoint": {
            "count": checkpoint.count,
            "head": checkpoint.head,
            "batch": checkpoint.batch,
            "unsealed": checkpoint.unsealed,
        },
    }


class JsonFile:
    """A table as one JSON object: what it is, what it rests on, its `rows`, and last how many there were."""

    def __init__(self, table: Table, checkpoint: Checkpoint) -> None:
        self._table, self._checkpoint, self._count = table, checkpoint, 0

    def begin(self) -> bytes:
        return to_json(about(self._table, self._checkpoint))[:-1] + b',"rows":['

    def rows(self, rows: Rows) -> bytes:
        if not rows:
            return b""
        before, self._count = self._count, self._count + len(rows)
        listed = [dict(zip(self._table.names, map(_told, row), strict=True)) for row in rows]
        return (b"," if before else b"") + to_json(listed)[1:-1]

    def end(self) -> bytes:
        return b'],"rowCount":%d}\n' % self._count


class JsonLines:
    """A table as JSON lines: first what it is and rests on, then a row a line, last how many there were."""

    def __init__(self, table: Table, checkpoint: Checkpoint) -> None:
        self._table, self._checkpoint, self._count = table, checkpoint, 0

    def begin(self) -> bytes:
        return to_json(about(self._table, self._checkpoint)) + b"\n"

    def rows(self, rows: Rows) -> bytes:
        self._count += len(rows)
        names = self._table.names
        return b"".join(to_json(dict(zip(names, map(_told, row), strict=True))) + b"\n" for row in rows)

    def end(self) -> bytes:
        return b'{"rowCount":%d}\n' % self._count


def _told(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return cell.isoformat() if isinstance(cell, date) else str(cell) if isinstance(cell, UUID) else cell
