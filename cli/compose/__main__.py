"""`python -m cli.compose [REGION] [--books REPORT]`: the story against containers, and whether the books are equal."""

import argparse
import asyncio
import sys
import time
from pathlib import Path

import httpx2

from cli.compose.books import differences
from cli.compose.installation import Installation
from cli.demo import DemoFailed, failed, play_on
from cli.region import RegionUnusable, read
from cli.report import FIGURES, show, write
from cli.report.model import Report
from deploy.embedded.problems import CannotStart


async def _played(folder: Path) -> Report:
    began = time.monotonic()
    async with httpx2.AsyncClient(timeout=120) as client, Installation(client) as stack:
        return await play_on(read(folder), stack, client, began)


def main() -> int:
    """The exit code: 0 when all claims hold and the books are those of the other report."""
    parser = argparse.ArgumentParser(prog="python -m cli.compose", description="The story against containers.")
    parser.add_argument("region", nargs="?", type=Path, default=Path("examples/amersfoort"))
    parser.add_argument("--books", type=Path, help="a report of `make demo` (build/demo-report.json) to be equal to")
    options = parser.parse_args()
    other = options.books.read_bytes() if options.books else None
    try:
        report = asyncio.run(_played(options.region))
    except (RegionUnusable, CannotStart, DemoFailed) as stopped:
        print(stopped, file=sys.stderr)
        return 1
    if options.books and other is not None:
        options.books = FIGURES.with_name("demo-report.embedded.json")
        options.books.write_bytes(other)
    write(report)
    show(report)
    for claim in failed(report):
        print(f"This does not hold: {claim.sentence} ({claim.because})", file=sys.stderr)
    wrong: list[str] = []
    if options.books:
        compared, wrong = differences(options.books, FIGURES)
        print(f"{compared} figures compared with {options.books}: {compared - len(wrong)} are the same.")
        print("\n".join(wrong))
    return 1 if failed(report) or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
