"""The programme as funding knows it: the lines that money and hours may go to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Literal

from runtime.problems import Kind, Problem


class NoProgramme(Problem, kind=Kind.CONFLICT):
    """This region has no programme yet, so there are no lines to give anything to. Plan the programme first."""


class UnknownLine(Problem, kind=Kind.INVALID):
    """'{line}' is no spearhead or location of the programme.{suggestion} Correct the line and send it again."""


@dataclass(frozen=True, slots=True)
class ProgrammeLine:
    """A spearhead or location. Without a budget it takes hours and material, but no part of the grant."""

    code: str
    kind: Literal["spearhead", "location"]
    title: str
    budgeted: bool = True


@dataclass(frozen=True, slots=True)
class Programme:
    """Its first and last day, and its lines by their code."""

    from_: date
    until: date
    lines: Mapping[str, ProgrammeLine]

    def line(self, code: str) -> ProgrammeLine:
        """The line with this code. Raises UnknownLine, with the nearest code when one is near."""
        found = self.lines.get(code)
        if found is None:
            near = get_close_matches(code, sorted(self.lines), n=1)
            raise UnknownLine(line=code, suggestion=f" Did you mean '{near[0]}'?" if near else "")
        return found

    def with_(self, told: "Programme") -> "Programme":
        """This programme with the lines and days of one that was told later."""
        lines = {**self.lines, **told.lines}
        return Programme(min(self.from_, told.from_), max(self.until, told.until), lines)
