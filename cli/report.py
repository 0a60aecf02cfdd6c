"""The report of a demo, for a person at a terminal."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.numbers import format_currency
from rich.console import Console
from rich.table import Table

REPORT = Path("build/demo-report.json")


def write(report: dict[str, Any]) -> None:
    """Keeps the figures for a machine."""
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def euros(cents: int) -> str:
    """An amount as a Dutch reader writes it."""
    return format_currency(cents / 100, "EUR", locale="nl_NL")


def show(report: dict[str, Any]) -> None:
    """Prints the report."""
    console = Console(width=110, highlight=False)
    ledger = report["ledger"]
    console.rule(f"[bold]{report['name']}: the money, divided to the cent and proved")
    table = Table("line", "kind", title=f"Grant {euros(report['grant_cents'])}", title_justify="left")
    table.add_column("allocated", justify="right")
    for line in report["allocation"]:
        table.add_row(line["line"], line["kind"], euros(line["cents"]))
    table.add_section()
    table.add_row("[bold]together", "", f"[bold]{euros(sum(line['cents'] for line in report['allocation']))}")
    console.print(table)
    lesson = report["lesson"]
    starts = format_datetime(
        datetime.fromisoformat(lesson["starts_at"]),
        "EEEE d MMMM y, HH:mm",
        tzinfo=ZoneInfo(report["zone"]),
        locale="nl_NL",
    )
    parts = {
        "Four eyes": f"the proposer tried to approve with a second account: {report['four_eyes']}",
        "A lesson": f"{lesson['title']} ({lesson['state']}), {starts}. Why: {' '.join(lesson['reasons'])} "
        f"Others: {'; '.join(lesson['others'])}",
        "Its hours": f"{report['activities']['hours_booked_automatically_minutes']} minutes, worth "
        f"{euros(report['activities']['value_cents'])} by rule {', '.join(report['activities']['rules'])}, booked by "
        "themselves when the school confirmed, and accepted by a second person",
        "We broke it": f"funding was killed (kill -9) and was back in {report['killed_and_back_seconds']} s: "
        f"{ledger['entries_before_kill']} entries before, {ledger['journal_entries']} after.",
        "Prove it": f"{ledger['journal_entries']} entries in {ledger['batches']} sealed batches, chain "
        f"{ledger['chain']}, imbalance {ledger['imbalance_cents']} cents and {ledger['imbalance_minutes']} minutes. "
        f"Head {ledger['seal']['head'][:16]}... One byte changed in a copy: {ledger['one_byte_changed']}",
        "The neighbour": report["neighbour"],
        "Loaded twice": f"first {report['loaded']}, then {report['loaded_again']}",
    }
    for title, sentence in parts.items():
        console.print(f"[bold]{title}.[/bold] {sentence}", markup=True)
    console.rule()
    console.print(f"{len(report['holds'])} claims hold, in {report['seconds']} s. All figures: build/demo-report.json")
