"""Spreadsheets as office people save them: `;`, `,` or tab between cells, with or without a byte order mark.

Dutch days (27-03-2019), times (14.30), numbers (1.500,00) and yes or no (ja, nee) are read as meant. What can be read
in two ways is refused with a sentence. Rows are counted as a spreadsheet program shows them: the header is row 1.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from cli.region.troubles import Trouble, of_row

DELIMITERS = (";", ",", "\t")
YES, NO = frozenset({"ja", "yes", "x", "true", "waar", "1"}), frozenset({"nee", "no", "false", "onwaar", "0", ""})
R = TypeVar("R", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Row(Generic[R]):
    """A row that was read, and where it stands."""

    number: int
    says: R

    def place(self, column: str) -> str:
        return f"row {self.number}, column {column}"


def rows(path: Path, model: type[R], troubles: list[Trouble]) -> list[Row[R]]:
    """The rows of a sheet; whatever is wrong is added to `troubles`. A sheet that is not there has no rows."""
    if not path.exists():
        return []
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        why = f"is not UTF-8 (byte {error.start + 1}). Excel: save as 'CSV UTF-8'. LibreOffice: character set UTF-8."
        troubles.append(Trouble(path, "", why))
        return []
    columns = [field.alias or name for name, field in model.model_fields.items()]
    found: list[Row[R]] = []
    for number, cells in _cells(path, text, columns, _required(model), troubles):
        try:
            found.append(Row(number, model.model_validate(cells)))
        except ValidationError as error:
            troubles += of_row(path, number, error)
    return found


def _cells(
    path: Path, text: str, columns: list[str], required: set[str], troubles: list[Trouble]
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The filled-in cells of each row, by column; nothing when the header is unusable."""
    skip, text = (1, text.partition("\n")[2]) if re.match(r"sep=.\r?\n", text) else (0, text)
    table = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)))
    if not table:
        troubles.append(Trouble(path, "", f"is empty. Its first row names the columns: {'; '.join(columns)}."))
        return
    header = [name.strip().lower() for name in table[0]]
    place = f"row {skip + 1}"
    wrong = [_unknown(name, columns) for name in header if name and name not in columns]
    wrong += [f"column {name} is missing. Add it." for name in columns if name in required and name not in header]
    wrong += [
        f"column {name} is there twice. Remove one." for name in sorted(set(header)) if name and header.count(name) > 1
    ]
    if wrong:
        troubles += [Trouble(path, place, why) for why in wrong]
        return
    for number, cells in enumerate(table[1:], skip + 2):
        filled = [cell.strip() for cell in cells]
        if not any(filled):
            continue
        if any(filled[len(header) :]):
            troubles.append(
                Trouble(path, f"row {number}", "has more cells than there are columns. Quote text with a ';'.")
            )
            continue
        yield number, {name: cell for name, cell in zip(header, filled, strict=False) if name and cell}


def _delimiter(text: str) -> str:
    """What stands between the cells of the header."""
    first = text.partition("\n")[0]
    return max(DELIMITERS, key=first.count)


def _required(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items() if field.is_required()}


def _unknown(name: str, columns: list[str]) -> str:
    near = get_close_matches(name, columns, n=1)
    return f"there is no column '{name}' here." + (f" Did you mean '{near[0]}'?" if near else " Remove it.")


# -- cells


def a_day(cell: str) -> date:
    """2019-03-27, 27-03-2019 or 27/3/2019. Raises ValueError with a sentence."""
    if match := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", cell):
        year, month, day = (int(part) for part in match.groups())
    elif match := re.fullmatch(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", cell):
        day, month, year = (int(part) for part in match.groups())
    else:
        raise ValueError(f"'{cell}' is no day. Write it as 2019-03-27 or 27-03-2019.")
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError(f"'{cell}' is no day: the day comes before the month. Write it as 2019-03-27.") from None


def a_time(cell: str) -> time:
    """14:30 or 14.30. Raises ValueError with a sentence."""
    match = re.fullmatch(r"(\d{1,2})[:.](\d{2})(?::00)?", cell)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise ValueError(f"'{cell}' is no time. Write it as 14:30.")
    return time(int(match[1]), int(match[2]))


def a_number(cell: str) -> Decimal:
    """120, 120,5 or 1.500,00 or 1500.00. Raises ValueError with a sentence, also for 1.500: that reads in two ways."""
    plain = re.sub(r"^€\s*|\s", "", cell)
    if re.fullmatch(r"\d{1,3}([.,]\d{3})", plain):
        whole = re.sub(r"[.,]", "", plain)
        raise ValueError(f"'{cell}' can be read in two ways. Write {whole} or {whole},00.")
    if re.fullmatch(r"\d+|\d+,\d{1,2}|\d{1,3}(\.\d{3})+,\d{1,2}|\d{1,3}(\.\d{3}){2,}", plain):
        return Decimal(plain.replace(".", "").replace(",", "."))
    if re.fullmatch(r"\d+\.\d{1,2}|\d{1,3}(,\d{3})+\.\d{1,2}|\d{1,3}(,\d{3}){2,}", plain):
        return Decimal(plain.replace(",", ""))
    raise ValueError(f"'{cell}' is no amount. Write it as 1500 or 1500,00.")


def an_amount(cell: str) -> int:
    """An amount in euro, as cents."""
    return int(a_number(cell) * 100)


def hours(cell: str) -> int:
    """Hours, as minutes. Raises ValueError when that is not a whole number of minutes."""
    exact = a_number(cell) * 60
    if exact != int(exact):
        raise ValueError(f"'{cell}' hours is not a whole number of minutes. Round it to quarters: 0,25 0,5 0,75.")
    return int(exact)


def yes(cell: str) -> bool:
    """ja or nee. Raises ValueError with a sentence."""
    said = cell.lower()
    if said in YES or said in NO:
        return said in YES
    raise ValueError(f"'{cell}' is neither yes nor no. Write ja or nee.")


def whole_numbers(cell: str) -> tuple[int, ...]:
    """7, 1 or 7 1 or 7/1. Raises ValueError with a sentence."""
    parts = [part for part in re.split(r"[\s,/]+", cell) if part]
    if not all(part.isdecimal() for part in parts):
        raise ValueError(f"'{cell}' is no list of whole numbers. Write it as 7, 1.")
    return tuple(int(part) for part in parts)


def kvk(cell: str) -> str:
    """Eight digits; zeros that a spreadsheet program dropped in front are put back."""
    digits = re.sub(r"[\s.]", "", cell)
    if not re.fullmatch(r"\d{1,8}", digits):
        raise ValueError(f"'{cell}' is no KvK number: it has 8 digits. Copy it again from the register.")
    return digits.zfill(8)
