"""The report as one page that needs nothing else: no script, no font, no picture from elsewhere."""

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from cli.report.model import Cause, Line, Report
from cli.report.words import BASES, Words

PARTS = (
    ("answer", "The answer"),
    ("spreadsheet", "Spreadsheet versus provable"),
    ("money", "The money"),
    ("refusal", "A refusal"),
    ("lesson", "A lesson"),
    ("broken", "We broke it"),
    ("proof", "Prove it"),
    ("neighbour", "The neighbour"),
    ("planning", "The planning"),
    ("journey", "A journey"),
    ("later", "A year later"),
    ("checks", "The checks"),
)
FILLS = {"spearhead": "brand", "location": "good", "unallocated": "later"}


@dataclass(frozen=True, slots=True)
class Fall:
    """A step of the waterfall: where its bar begins and how long it is, in cents."""

    cause: Cause
    from_: int
    width: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the grant's bar, in thousandths."""

    kind: str
    from_: float
    width: float


def render(report: Report) -> str:
    """The page, as HTML."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(["jinja"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shown = {name for name, _ in PARTS if name in ("answer", "checks") or getattr(report, name, None) is not None}
    falls = waterfall(report.spreadsheet.naive_cents, report.spreadsheet.causes) if report.spreadsheet else []
    heights = [fall.from_ + fall.width for fall in falls]
    spans = report.journey.spans if report.journey else ()
    what_if = report.money.what_if.lines if report.money and report.money.what_if else ()
    return environment.get_template("page.html.jinja").render(
        r=report,
        l=report.later,
        w=Words(report.reader),
        bases=BASES,
        contents=[(name, title) for name, title in PARTS if name in shown],
        waterfall=[{"cause": fall.cause, "from": fall.from_, "width": fall.width} for fall in falls],
        top=max([report.spreadsheet.naive_cents, *heights]) if report.spreadsheet else 0,
        stacked=[{"kind": piece.kind, "from": piece.from_, "width": piece.width} for piece in stack(report.allocation)],
        what_if={line.line: line.cents for line in what_if},
        spans_end=max((span.start_ms + span.duration_ms for span in spans), default=0.0),
    )


def waterfall(naive_cents: int, causes: tuple[Cause, ...]) -> list[Fall]:
    """Each cause as a bar that begins where the one before it ended."""
    falls: list[Fall] = []
    level = naive_cents
    for cause in causes:
        falls.append(Fall(cause, min(level, level + cause.cents), abs(cause.cents)))
        level += cause.cents
    return falls


def stack(lines: tuple[Line, ...]) -> list[Piece]:
    """The lines one after the other, in thousandths of their sum."""
    total = sum(line.cents for line in lines) or 1
    pieces: list[Piece] = []
    begin = 0.0
    for line in lines:
        width = 1000 * line.cents / total
        pieces.append(Piece(FILLS[line.kind], round(begin, 2), round(width, 2)))
        begin += width
    return pieces
