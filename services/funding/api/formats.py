"""In which form a table is sent: what the caller asks with `format`, else what it accepts."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from fastapi import Header, Query

from runtime.problems import Kind, Problem
from services.funding.domain.tables import Checkpoint, Table
from services.funding.table_file import TableFile
from services.funding.table_file.lines import CsvFile, JsonFile, JsonLines
from services.funding.table_file.workbook import Workbook


class FormatNotOffered(Problem, kind=Kind.NOT_ACCEPTABLE):
    """A table comes as text/csv, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet, application/json or
    application/jsonl. Accept one of these, or say format=csv, xlsx, json or jsonl."""


class Format(StrEnum):
    """The forms that a table comes in."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    JSONL = "jsonl"


MEDIA_TYPES = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.JSONL: "application/jsonl",
}
_ALSO = {"application/x-ndjson": Format.JSONL, "application/ndjson": Format.JSONL, "text/*": Format.CSV}
_ACCEPTED = {media: form for form, media in MEDIA_TYPES.items()} | _ALSO
_ANYTHING = ("*/*", "application/*")

Separator = Literal["comma", "semicolon"]
SEMICOLON_LANGUAGES = ("nl", "sv")
"""Where a comma stands in a number, a spreadsheet expects a semicolon between cells."""


def accepted(accept: str | None) -> Format:
    """The form that a header Accept likes best, JSON when it takes anything. Raises FormatNotOffered."""
    if not accept or not accept.strip():
        return Format.JSON
    best: tuple[float, int, Format] | None = None
    for place, part in enumerate(accept.split(",")):
        media, *parameters = (each.strip().lower() for each in part.split(";"))
        form = Format.JSON if media in _ANYTHING else _ACCEPTED.get(media)
        weight = _weight(parameters)
        if form is not None and weight > 0 and (best is None or (weight, -place) > best[:2]):
            best = (weight, -place, form)
    if best is None:
        raise FormatNotOffered
    return best[2]


def _weight(parameters: list[str]) -> float:
    for each in parameters:
        name, _, value = each.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


class Wanted:
    """The dependency of a table: its form, and what stands between the cells of a CSV file."""

    def __init__(
        self,
        form: Annotated[
            Format | None, Query(alias="format", description="Goes before the header Accept", examples=["xlsx"])
        ] = None,
        separator: Annotated[
            Separator | None,
            Query(
                description="Of CSV. A semicolon comes with a byte order mark, as spreadsheets in Dutch and Swedish "
                "expect; a comma comes without. When absent, what fits the region's language",
                examples=["semicolon"],
            ),
        ] = None,
        accept: Annotated[str | None, Header(include_in_schema=False)] = None,
    ) -> None:
        self.format = form or accepted(accept)
        self.separator = separator

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self.format]

    def file(self, table: Table, checkpoint: Checkpoint, language: str, at: datetime) -> TableFile:
        """What writes the table in this form; `language` is that of the region."""
        makers: dict[Format, Callable[[], TableFile]] = {
            Format.CSV: lambda: self._csv(table, checkpoint, language),
            Format.XLSX: lambda: Workbook(table, checkpoint, at),
            Format.JSON: lambda: JsonFile(table, checkpoint),
            Format.JSONL: lambda: JsonLines(table, checkpoint),
        }
        return makers[self.format]()

    def _csv(self, table: Table, checkpoint: Checkpoint, language: str) -> CsvFile:
        separator = self.separator or ("semicolon" if language in SEMICOLON_LANGUAGES else "comma")
        apart = separator == "semicolon"
        return CsvFile(table, checkpoint, ";" if apart else ",", marked=apart)


def answers(table: Table) -> dict[int | str, dict[str, Any]]:
    """How the OpenAPI document describes a table: its forms, and an example of the first."""
    checkpoint = Checkpoint(1402, "9f3c" * 16, 25)
    example = {
        "table": table.name,
        "title": table.title,
        "checkpoint": {"count": checkpoint.count, "head": checkpoint.head, "batch": checkpoint.batch, "unsealed": 0},
        "rows": [dict.fromkeys(table.names)],
        "rowCount": 1,
    }
    csv_example = CsvFile(table, checkpoint, ",", marked=False).begin().decode()
    content: dict[str, Any] = {
        "application/json": {"example": example},
        "text/csv": {"example": csv_example},
        MEDIA_TYPES[Format.XLSX]: {},
        "application/jsonl": {},
    }
    described = "; ".join(f"`{column.name}`: {column.meaning}" for column in table.columns)
    headers = {
        "Export-Id": {"schema": {"type": "string"}, "description": "What `GET /v1/exports/{exportId}` tells of it"},
        "Checkpoint": {"schema": {"type": "string"}, "description": "COUNT:HEAD of the seal that it rests on"},
    }
    return {
        200: {"description": f"{table.title}. Columns: {described}", "content": content, "headers": headers},
        406: {"description": "A form that a table does not come in"},
    }
