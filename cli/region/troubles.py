"""What is wrong in a region folder: told all at once, each with its file, the place in it, and the reason."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError


class RegionUnusable(Exception):
    """The folder cannot be loaded; the message has a line for everything that is wrong."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong. `place` is a path in a YAML file, or the row and column of a spreadsheet."""

    file: Path
    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.place}: {self.reason}" if self.place else f"{self.file}: {self.reason}"


def refuse(troubles: Iterable[Trouble]) -> None:
    """Raises RegionUnusable when there are any; each is told once."""
    told = list(dict.fromkeys(str(each) for each in troubles))
    if told:
        raise RegionUnusable("\n".join(told))


def of_document(file: Path, error: ValidationError) -> list[Trouble]:
    """What a model found wrong in a document."""
    return [
        Trouble(file, ".".join(str(part) for part in each["loc"]), _sentence(each["type"], each["msg"]))
        for each in error.errors()
    ]


def of_row(file: Path, number: int, error: ValidationError) -> list[Trouble]:
    """What a model found wrong in a row of a spreadsheet."""
    return [
        Trouble(
            file,
            f"row {number}" + "".join(f", column {part}" for part in each["loc"][:1]),
            _sentence(each["type"], each["msg"]),
        )
        for each in error.errors()
    ]


def unknown(what: str, code: str, known: Collection[str]) -> str:
    """The reason when `code` names nothing: with the name that was probably meant."""
    near = get_close_matches(code, sorted(known), n=1)
    meant = f" Did you mean '{near[0]}'?" if near else ""
    return f"there is no {what} '{code}' in this region.{meant}"


def _sentence(kind: str, message: str) -> str:
    match kind:
        case "missing":
            return "is missing. Fill it in."
        case "extra_forbidden":
            return "there is no such field here. Remove it, or mend its name."
        case _:
            plain = message.removeprefix("Value error, ")
            return plain if plain.endswith(".") else plain + "."
