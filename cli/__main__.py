"""`python -m cli demo [REGION]`: plays a region through the real services and prints what is proved."""

import argparse
import asyncio
import sys
from pathlib import Path

from cli.demo import DemoFailed, failed, play
from cli.region import RegionUnusable, read
from cli.report import show, write
from deploy.embedded.problems import CannotStart


def main() -> int:
    """The exit code: 0 when everything in the report holds, 1 with a sentence when something does not."""
    parser = argparse.ArgumentParser(prog="python -m cli", description="Speerpunt's command line.")
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="play a region through the real services and print the report")
    demo.add_argument("region", nargs="?", type=Path, default=Path("examples/amersfoort"))
    options = parser.parse_args()
    try:
        report = asyncio.run(play(read(options.region)))
        write(report)
        show(report)
    except KeyboardInterrupt:
        return 130
    except (RegionUnusable, CannotStart, DemoFailed) as stopped:
        print(stopped, file=sys.stderr)
        return 1
    for claim in failed(report):
        print(f"This does not hold: {claim.sentence} ({claim.because})", file=sys.stderr)
    return 1 if failed(report) else 0


if __name__ == "__main__":
    sys.exit(main())
