"""`python -m bench [P6 P7 ...]`: measures, prints one table, and writes build/bench.json."""

import dataclasses
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console
from rich.table import Table

from bench import bookings, commands, conditions, exports, flow, intake, latency, ledger, regions, relay
from bench.measure import Row
from bench.places import Place, place
from runtime import garbage

Bench = Callable[[Place, set[str], Any], Awaitable[list[Row]]]
BENCHES: dict[tuple[str, ...], Bench] = {
    ("P1", "P2"): commands.p1_p2,
    ("P3",): latency.p3,
    ("P6", "P7", "P8"): relay.p6_p7_p8,
    ("P9", "P20"): flow.p9_p20,
    ("P11", "P12", "P13"): intake.p11_p12_p13,
    ("P14", "P16"): ledger.p14_p16,
    ("P17",): bookings.p17,
    ("P18",): conditions.p18,
    ("P22",): conditions.p22,
    ("P23",): exports.p23,
    ("P24",): regions.p24,
}
REPORT = Path("build/bench.json")


async def run(only: set[str]) -> list[Row]:
    """Measures these rows, or all."""
    known = {row_id for ids in BENCHES for row_id in ids}
    if unknown := only - known:
        raise SystemExit(f"There is no {', '.join(sorted(unknown))}; choose from {', '.join(sorted(known))}.")
    found: list[Row] = []
    garbage.settle()  # as a service does, for whatever runs in this process
    async with place() as here:
        for ids, bench in BENCHES.items():
            if wanted := (set(ids) & only if only else set(ids)):
                found += await bench(here, wanted, lambda line: print(line, flush=True))
    return found


def show(rows: list[Row], seconds: float) -> None:
    """The table."""
    table = Table("row", "ours", "baseline", title=f"{len(rows)} rows in {seconds:.0f} s", title_justify="left")
    for name in ("ours", "baseline", "unit", "ratio", "spread", "floor", "goal", "CPU us", "CPU us base", "verdict"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            row.id,
            row.what,
            row.baseline_name,
            f"{row.ours:,.1f}",
            f"{row.baseline:,.1f}",
            row.unit,
            f"{row.ratio:.2f}",
            f"{row.spread:.2f}",
            f"{row.floor:g}",
            f"{row.goal:g}",
            f"{row.ours_cpu_us:,.0f}",
            f"{row.baseline_cpu_us:,.0f}",
            row.verdict,
        )
    Console(width=200).print(table)


def main() -> int:
    """0 when every row met its floor and its outcome was right."""
    began = time.monotonic()
    rows = uvloop.run(run({word.upper() for word in sys.argv[1:]}))
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps([dataclasses.asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")
    show(rows, time.monotonic() - began)
    return 1 if any(row.verdict in ("MISSED", "void") for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
