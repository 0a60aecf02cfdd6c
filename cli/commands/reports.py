"""What funding accounts with: progress reports, the tables of the books, and the audit file."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.answering import Answer, answers
from cli.commands.money import RegionCode
from cli.exits import Exit, Stopped
from cli.installation import Operator
from cli.portal import Portal
from runtime.words import Words

app = typer.Typer(help="Reports, tables of the books, audit files.", no_args_is_help=True)
FORMATS = ("csv", "xlsx", "json", "jsonl")
Code = Annotated[str, typer.Argument(help="Code of a progress report.", metavar="CODE")]
Into = Annotated[Path | None, typer.Option("--into", help="The file to write; its own name here when left out.")]
First = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this day on (contributions, journal).")
]
Last = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Up to and including this day (contributions, journal).")
]
OnDay = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="As of this day (positions, plan-versus-realised).")
]


@answers(app, "list")
async def list_(at: Operator, region: RegionCode = None) -> Answer:
    """The progress reports of a region."""
    about = await at.region(region)
    found = await (await at.portal(about.id)).get("funding", "/v1/progress-reports")
    document = {
        "region": about.code,
        "reports": [{key: each[key] for key in each if key != "content"} for each in found],
    }
    return Answer(document, lambda console, words: show_list(console, words, document)).of(about)


@answers(app)
async def show(at: Operator, code: Code, region: RegionCode = None) -> Answer:
    """One progress report, and who signed it off."""
    about = await at.region(region)
    portal = await at.portal(about.id)
    document = {
        "region": about.code,
        "report": await portal.get("funding", f"/v1/progress-reports/{_safe(code)}"),
        "signOffs": await portal.get("funding", f"/v1/progress-reports/{_safe(code)}/sign-offs"),
    }
    return Answer(document, lambda console, words: show_one(console, words, document)).of(about)


@answers(app)
async def audit(at: Operator, code: Code, into: Into = None, region: RegionCode = None) -> Answer:
    """Save the audit file of a report: a zip to check without us, with `python verify.py` from it."""
    about = await at.region(region)
    content = await (await at.portal(about.id)).content("funding", f"/v1/progress-reports/{_safe(code)}/audit-file")
    return _written(into or Path(f"audit-{code}.zip"), content, about)


@answers(app)
async def tables(at: Operator, region: RegionCode = None) -> Answer:
    """Which tables there are, and what their columns mean."""
    about = await at.region(region)
    found = await (await at.portal(about.id)).get("funding", "/v1/tables")

    def tell(console: Console, _words: Words) -> None:
        for each in found:
            console.print(f"[bold]{each['name']}[/bold]  {escape(each['title'])}")
            for column in each["columns"]:
                console.print(f"    {column['name']}: {column['meaning']}", markup=False)

    return Answer({"tables": found}, tell).of(about)


@answers(app)
async def table(
    at: Operator,
    name: Annotated[str, typer.Argument(help="Name of a table, as `tables` lists them.", metavar="TABLE")],
    region: RegionCode = None,
    form: Annotated[str, typer.Option("--format", help="csv, xlsx, json or jsonl.")] = "csv",
    into: Into = None,
    first: First = None,
    last: Last = None,
    on: OnDay = None,
) -> Answer:
    """Save a table of the books, as sealed: contributions, journal, positions or plan-versus-realised."""
    if form not in FORMATS:
        raise Stopped(f"There is no format '{form}': choose {', '.join(FORMATS)}.", "usage", Exit.USAGE)
    about = await at.region(region)
    days = (("from", first), ("until", last), ("asOf", on))
    asked = "".join(f"&{key}={day.date().isoformat()}" for key, day in days if day is not None)
    portal = await at.portal(about.id)
    await _known(portal, name)
    content = await portal.content("funding", f"/v1/tables/{name}?format={form}{asked}")
    return _written(into or Path(f"{about.code}-{name}.{form}"), content, about)


async def _known(portal: Portal, name: str) -> None:
    names = [each["name"] for each in await portal.get("funding", "/v1/tables")]
    if name not in names:
        raise Stopped(f"There is no table '{name}'. There are: {', '.join(names)}.", "not-found", Exit.NOT_FOUND)


def _safe(code: str) -> str:
    """A code as a part of a path. Raises Stopped when it cannot be one."""
    if not code or not all(each.isalnum() or each in "._-" for each in code) or not code.isascii():
        raise Stopped(f"'{code}' is no code: letters, digits, dots and dashes.", "usage", Exit.USAGE)
    return code


def _written(path: Path, content: bytes, about: Any) -> Answer:
    path.write_bytes(content)
    document = {"region": about.code, "file": str(path), "bytes": len(content)}

    def tell(console: Console, words: Words) -> None:
        console.print(f"{path}: {words.number(len(content))} bytes", markup=False)

    return Answer(document, tell).of(about)


def show_list(console: Console, words: Words, document: dict[str, Any]) -> None:
    """One line a report."""
    if not document["reports"]:
        console.print("No reports were made yet.")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("code", "grant", "from", "until", "made", "hash"):
        table.add_column(title)
    for each in document["reports"]:
        days = (words.day(datetime.fromisoformat(each[key]).date()) for key in ("from", "until"))
        made = words.moment(datetime.fromisoformat(each["madeAt"]))
        table.add_row(escape(each["code"]), escape(each["grant"]), *days, made, each["sha256"][:16])
    console.print(table)


def show_one(console: Console, words: Words, document: dict[str, Any]) -> None:
    """What it says of the money, and whether it was signed off."""
    report, content = document["report"], document["report"]["content"]
    until = words.day(datetime.fromisoformat(report["until"]).date())
    money = content["cofinancing"]
    console.print(f"[bold]{escape(report['code'])}[/bold] of grant {escape(report['grant'])}, until {until}")
    console.print(f"  {words.money(money['realisedCents'])} realised ({words.hours(money['realisedMinutes'])})")
    console.print(f"  hash {report['sha256']}")
    for each in document["signOffs"]:
        signed = words.moment(datetime.fromisoformat(each["signedAt"]))
        console.print(f"  signed off by the {each['role']} on {signed}")
    if not document["signOffs"]:
        console.print("  not signed off yet")
