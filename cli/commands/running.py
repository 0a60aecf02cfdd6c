"""Starting, stopping and filling an installation on this machine."""

import contextlib
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.answering import Answer, answers
from cli.exits import Exit, Stopped
from cli.installation import NOTHING_RUNS
from runtime.words import Words

app = typer.Typer()
AMERSFOORT = Path("examples/amersfoort")
Folder = Annotated[Path, typer.Argument(help="A region folder, with a region.yaml in it.", metavar="[REGION]")]


@contextlib.contextmanager
def _progress_on_stderr() -> Iterator[None]:
    """What happens meanwhile is for a person; stdout has the answer alone."""
    with contextlib.redirect_stdout(sys.stderr):
        yield


def _nothing(_console: Console, _words: Words) -> None:
    """It was told while it happened."""


@answers(app)
def up() -> Answer:
    """Start everything on this machine, print the addresses and leave it running."""
    from deploy.embedded import up as embedded
    from deploy.embedded.folders import runs_folder

    with _progress_on_stderr():
        code = embedded.up()
    known = embedded.running(runs_folder() / "up.json")
    if code or known is None:
        raise Stopped("It did not start; what it did so far is above.", "cannot-start", Exit.AMISS)
    shown = {name: known[name] for name in ("http", "grpc", "kafka", "issuer", "inbox", "logs")}
    return Answer(shown, lambda console, _: console.print(embedded.addresses(known), markup=False))


@answers(app)
def down() -> Answer:
    """Stop what `speerpunt up` left running. Its data goes with it."""
    from deploy.embedded import up as embedded
    from deploy.embedded.folders import runs_folder

    was = embedded.running(runs_folder() / "up.json") is not None
    with _progress_on_stderr():
        embedded.down()
    return Answer({"stopped": was}, _nothing)


@answers(app)
async def load(
    region: Folder,
    check: Annotated[bool, typer.Option("--check", help="Only read the folder, and tell what is wrong in it.")] = False,
) -> Answer:
    """Put a region folder into what is running; again puts only what changed."""
    from cli.region import read
    from cli.region.__main__ import found, load_into

    made = read(region)
    if check:
        records = sum(len(lines) for lines in made.records.values())
        told = {"region": made.code, "organisations": len(made.organisations), "records": records}
        sentence = f"{region} is right: {len(made.organisations)} organisations, {records} records."
        return Answer(told, lambda console, _: console.print(sentence, markup=False))
    stack = found()
    if stack is None:
        raise Stopped(NOTHING_RUNS, "nothing-running", Exit.AWAY)
    loaded = await load_into(made, stack)
    steps: dict[str, Any] = {what: dict(counts) for what, counts in loaded.by_step.items()}
    counted = Counter(loaded.results)
    document = {
        "region": made.code,
        "created": counted["created"],
        "changed": counted["changed"],
        "unchanged": counted["unchanged"],
        "steps": steps,
    }
    return Answer(document, lambda console, _: console.print(str(loaded), markup=False))


@answers(app)
async def demo(region: Folder = AMERSFOORT) -> Answer:
    """Play a whole region through the real services, and print the report of what is proved."""
    from cli.demo import DemoFailed, failed, play
    from cli.region import read
    from cli.report import show, write

    made = read(region)
    try:
        with _progress_on_stderr() if not sys.stdout.isatty() else contextlib.nullcontext():
            report = await play(made)
    except DemoFailed as stopped:
        raise Stopped(str(stopped), "demo-failed", Exit.AMISS) from stopped
    write(report)
    amiss = failed(report)

    def tell(_console: Console, _words: Words) -> None:
        show(report)
        for claim in amiss:
            sys.stderr.write(f"This does not hold: {claim.sentence} ({claim.because})\n")

    return Answer(report.model_dump(mode="json"), tell, Exit.AMISS if amiss else Exit.DONE)
