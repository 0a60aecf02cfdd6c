"""Weights for locations out of DUO's file of vmbo exam candidates, as published: semicolons, quotes, UTF-8.

A number below 5 is masked in it as `<5`. The stated rule: a masked number counts as `masked_as` candidates, 2 unless
said otherwise (the middle of 1 to 4, rounded down); which rows were masked is told.
Source: DUO open onderwijsdata, examenkandidaten en geslaagden vmbo, per vestiging.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runtime.problems import Kind, Problem
from services.funding.domain.weights import (
    BadRow,
    Counted,
    LineWeight,
    Missing,
    NotWeights,
    NoWeights,
    Row,
    Why,
    sheet,
    whole,
)

MASKED = "<5"
BRANCH, SUBJECT, SCHOOL = "VESTIGINGSCODE", "OPLEIDINGSNAAM", "INSTELLINGSNAAM VESTIGING"
TRACKS = ("LWT", "B", "K", "G")
"""Learning-work, basic, advanced and mixed tracks: those with a technical profile, not the theoretical one."""
_TOTAL = "EXAMENKANDIDATEN SCHOOLJAAR {} - TOTAAL"


class SchoolYearMissing(Problem, kind=Kind.INVALID):
    """The file has no exam candidates of school year '{year}'; it has {years}. Ask for one of those."""


class BranchTwice(Problem, kind=Kind.CONFLICT):
    """Locations '{one}' and '{other}' have the same branch code {branch}, and its candidates count once. Name the
    branch of one of them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which school year (such as `2019-2020`), subject and tracks count, and for how many a masked number stands."""

    year: str
    subject: str = "techniek"
    tracks: tuple[str, ...] = TRACKS
    masked_as: int = 2

    @property
    def rule(self) -> str:
        """The rule in words."""
        return (
            f"Exam candidates of {self.subject} in school year {self.year}, tracks {', '.join(self.tracks)}, columns "
            f"TOTAAL; a masked '{MASKED}' counts as {self.masked_as}."
        )


def is_exam_file(text: str) -> bool:
    """Whether the first line is that of DUO's file."""
    return BRANCH in text.partition("\n")[0]


def count(text: str, branches: Mapping[str, str | None], asked: Asked) -> Counted:
    """Candidates per location (line -> branch code of 6 characters, None when it has none), in order of line.

    Raises NotWeights, SchoolYearMissing, BadRow, BranchTwice and NoWeights.
    """
    columns, rows = sheet(text)
    column = _TOTAL.format(asked.year)
    for needed in (BRANCH, SUBJECT):
        if needed not in columns:
            raise NotWeights(column=needed)
    if column not in columns:
        raise SchoolYearMissing(year=asked.year, years=_years(columns))
    lines = _by_branch(branches)
    schools = {branch[:4] for branch in lines}
    found = {line: _Found(line, branch or "") for line, branch in branches.items()}
    strays: list[Row] = []
    rows_total = elsewhere = 0
    for number, row in rows:
        rows_total += 1
        branch, about, told = row[BRANCH], row[SUBJECT], row[column]
        line = lines.get(branch)
        if line is None and branch[:4] in schools:
            strays.append(Row(number, f"{branch} {about}", told, 0, "other-branch-of-the-school"))
        elif line is None:
            elsewhere += 1
        else:
            found[line].add(number, about, told, row.get(SCHOOL, ""), asked)
    if not any(each.counting for each in found.values()):
        raise NoWeights()
    made = tuple(found[line].weight() for line in sorted(found, key=str.encode))
    return Counted("duo-vmbo-exams", asked.rule, made, tuple(strays), rows_total, elsewhere)


def _years(columns: Sequence[str]) -> str:
    begins, ends = _TOTAL.split("{}")
    return ", ".join(
        name[len(begins) : -len(ends)] for name in columns if name.startswith(begins) and name.endswith(ends)
    )


def _by_branch(branches: Mapping[str, str | None]) -> dict[str, str]:
    lines: dict[str, str] = {}
    for line, branch in sorted(branches.items()):
        if branch is None:
            continue
        if branch in lines:
            raise BranchTwice(one=lines[branch], other=line, branch=branch)
        lines[branch] = line
    return lines


@dataclass(slots=True)
class _Found:
    """What the file says of one location so far."""

    line: str
    branch: str
    named: str = ""
    rows: list[Row] = field(default_factory=list)

    @property
    def counting(self) -> list[Row]:
        return [row for row in self.rows if row.why in ("counted", "masked")]

    def add(self, number: int, about: str, told: str, named: str, asked: Asked) -> None:
        self.named = self.named or named
        why = _why(about, told, asked)
        if why in ("counted", "masked") and any(row.about == about for row in self.counting):
            raise BadRow(number=number, what=f"tells of '{about}' at branch {self.branch} a second time")
        counts = asked.masked_as if why == "masked" else whole(told, number) if why == "counted" else 0
        self.rows.append(Row(number, about, told, counts, why))

    def weight(self) -> LineWeight:
        missing: Missing | None = None
        if not self.branch:
            missing = "no-branch-code"
        elif not self.rows:
            missing = "branch-not-in-file"
        elif not self.counting:
            missing = "no-row-of-the-subject"
        return LineWeight(
            self.line,
            self.branch,
            self.named,
            sum(row.counts for row in self.rows),
            sum(row.why == "masked" for row in self.rows),
            tuple(self.rows),
            missing,
        )


def _why(about: str, told: str, asked: Asked) -> Why:
    track, _, subject = about.removeprefix("VMBO ").partition(" - ")
    if subject.replace("&", "en") != asked.subject.replace("&", "en"):
        return "other-subject"
    if track not in asked.tracks:
        return "other-track"
    return "masked" if told.replace(" ", "") == MASKED else "counted"
