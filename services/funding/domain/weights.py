"""Sets of weights: what an envelope is divided by, counted out of a file, with every row that was used and every other.

A set is made once and never changed, so that a division names what it rests on.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Literal
from uuid import UUID

from runtime.problems import Kind, Problem

MOST_ROWS = 50_000
Why = Literal["counted", "masked", "other-track", "other-subject", "other-branch-of-the-school", "unknown-line"]
Missing = Literal["no-branch-code", "branch-not-in-file", "no-row-of-the-subject", "not-in-file"]


class NotWeights(Problem, kind=Kind.INVALID):
    """The first line of the file must name the columns, and '{column}' is not one of them. Send DUO's file of vmbo exam
    candidates as published, or a sheet with the columns 'line' and 'weight'."""


class BadRow(Problem, kind=Kind.INVALID):
    """Row {number} of the file {what}. Correct it and send the file again."""


class NoWeights(Problem, kind=Kind.INVALID):
    """No row of this file counts for a line of this region. Check the branch codes of the locations, the subject and
    the school year."""


class WeightSetRewritten(Problem, kind=Kind.CONFLICT):
    """Weights '{code}' are on record out of another file, or counted otherwise. Use a code of its own for each set."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row that concerns a line of the region: `told` is what the file says, `counts` what that counts as."""

    number: int
    about: str
    told: str
    counts: int
    why: Why


@dataclass(frozen=True, slots=True)
class LineWeight:
    """What a line weighs: the sum of what its rows count, `masked` of which were masked in the file.

    `named` is what the file calls the branch. With `missing` it weighs nothing, for that reason.
    """

    line: str
    branch: str
    named: str
    weight: int
    masked: int
    rows: tuple[Row, ...]
    missing: Missing | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """What came out of a file. `elsewhere` counts the rows of branches that are none of this region's schools."""

    source: Literal["duo-vmbo-exams", "lines"]
    rule: str
    lines: tuple[LineWeight, ...]
    strays: tuple[Row, ...]
    rows: int
    elsewhere: int

    def weights(self) -> dict[str, int]:
        """Weight by line, of those that the file tells something of."""
        return {each.line: each.weight for each in self.lines if each.missing in (None, "no-row-of-the-subject")}


@dataclass(frozen=True, slots=True)
class WeightSet:
    """Weights under a code, with the hash of the file. `branches` are those that were named beside it, by location."""

    id: UUID
    code: str
    sha256: str
    branches: Mapping[str, str]
    counted: Counted
    imported_by: UUID
    imported_at: datetime

    def says(self, other: "WeightSet") -> bool:
        """Whether the same was counted out of the same file."""
        return (self.sha256, self.counted) == (other.sha256, other.counted)


def sheet(text: str) -> tuple[list[str], Iterator[tuple[int, dict[str, str]]]]:
    """Columns and numbered rows of a CSV with semicolons (or commas) and quotes. Raises BadRow when it is none."""
    text = text.removeprefix("\ufeff")
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = [name.strip() for name in next(reader, [])]
    except csv.Error:
        raise BadRow(number=1, what="cannot be read: check the quotes and the separators") from None
    return columns, _rows(reader, columns)


def _rows(reader: Iterator[list[str]], columns: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    for number in count(2):
        if number > MOST_ROWS:
            raise BadRow(number=number, what=f"is one too many: a file has {MOST_ROWS:,} rows at most")
        try:
            cells = next(reader, None)
        except csv.Error:
            raise BadRow(number=number, what="cannot be read: check the quotes and the separators") from None
        if cells is None:
            return
        if not cells:
            continue
        if len(cells) != len(columns):
            raise BadRow(number=number, what=f"has {len(cells)} cells, and there are {len(columns)} columns")
        yield number, {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}


def whole(told: str, number: int) -> int:
    """A number of 0 or more. Raises BadRow."""
    if not (told.isascii() and told.isdigit() and len(told) < 10):
        raise BadRow(number=number, what="has no whole number of 0 or more where one is needed")
    return int(told)


def of_lines(text: str, lines: frozenset[str]) -> Counted:
    """Weights by the code of a line, out of a sheet with the columns `line` and `weight`. Raises NotWeights, BadRow and
    NoWeights."""
    columns, rows = sheet(text)
    for needed in ("line", "weight"):
        if needed not in columns:
            raise NotWeights(column=needed)
    found: dict[str, LineWeight] = {}
    strays: list[Row] = []
    total = 0
    for number, row in rows:
        total += 1
        line, told = row["line"], row["weight"]
        weight = whole(told, number)
        if line in found:
            raise BadRow(number=number, what=f"names '{line[:80]}' a second time")
        if line not in lines:
            strays.append(Row(number, line[:80], told, 0, "unknown-line"))
            continue
        found[line] = LineWeight(line, "", "", weight, 0, (Row(number, line, told, weight, "counted"),))
    if not found:
        raise NoWeights()
    listed = [found.get(line) or LineWeight(line, "", "", 0, 0, (), "not-in-file") for line in sorted(lines)]
    return Counted(
        "lines", "The weight of a line is the number beside its code.", tuple(listed), tuple(strays), total, 0
    )
