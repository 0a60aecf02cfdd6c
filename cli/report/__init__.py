"""The report of a demo: what it holds (model), what must hold (claims), and how it is shown (terminal, page)."""

from pathlib import Path

from rich.console import Console

from cli.report import terminal
from cli.report.model import Report
from cli.report.page import render

FIGURES = Path("build/demo-report.json")
PAGE = Path("build/demo-report.html")

__all__ = ["FIGURES", "PAGE", "Report", "show", "write"]


def write(report: Report) -> None:
    """Keeps the figures for a machine, and the page for people."""
    FIGURES.parent.mkdir(exist_ok=True)
    FIGURES.write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(render(report), encoding="utf-8")


def show(report: Report) -> None:
    """Prints the report, and says where the rest is."""
    console = Console(width=110, highlight=False)
    terminal.show(report, console)
    console.print(f"For people: {PAGE.absolute()}  For machines: {FIGURES.absolute()}", soft_wrap=True)
