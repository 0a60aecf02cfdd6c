"""Where the co-financing of a region stands."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.answering import Answer, answers
from cli.installation import Operator
from runtime.words import Words

app = typer.Typer()
RegionCode = Annotated[
    str | None,
    typer.Option("--region", envvar="SPEERPUNT_REGION", help="Code of the region; not needed for one alone."),
]
BASES = {"of-subsidy": "of the subsidy", "of-total": "of subsidy and co-financing", "of-costs": "of the costs"}


@answers(app)
async def position(
    at: Operator,
    region: RegionCode = None,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Up to and including this day; else today.")
    ] = None,
    known_on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="By the rules known that day; else now.")
    ] = None,
    calls: Annotated[int, typer.Option(min=0, max=200, help="How many of the call list.")] = 10,
) -> Answer:
    """The co-financing against its threshold, by line, and whom to phone first."""
    about = await at.region(region)
    portal = await at.portal(about.id)
    days = "&".join(
        f"{name}={day.date().isoformat()}" for name, day in (("asOf", on), ("knownOn", known_on)) if day is not None
    )
    programme = await portal.get("funding", f"/v1/positions/programme?{days}")
    lines = await portal.every("funding", f"/v1/positions/lines?{days}")
    phone = (await portal.get("funding", f"/v1/positions/calls?{days}&limit={max(calls, 1)}"))["items"][:calls]
    document = {"region": about.code, "programme": programme, "lines": lines, "calls": phone}
    return Answer(document, lambda console, words: show(console, words, document)).of(about)


def show(console: Console, words: Words, document: dict[str, Any]) -> None:
    """The answer first, then the readings, the lines and the call list."""
    programme = document["programme"]
    as_of = words.day(datetime.fromisoformat(programme["asOf"]).date())
    console.print(
        f"[bold]{escape(document['region'])}[/bold], {as_of}: {words.money(programme['realisedCents'])} realised"
        f" ({words.hours(programme['realisedMinutes'])}), forecast {words.money(programme['forecastCents'])}."
    )
    if not programme["readings"]:
        console.print("There is no threshold here.")
    for each in programme["readings"]:
        percent = f"{words.rate(each['basisPoints'])} " if each["basisPoints"] is not None else ""
        console.print(
            f"  {percent}{BASES[each['base']]}: {words.money(each['requiredCents'])} required,"
            f" {words.percent(each['reachedBasisPoints'])} reached, short {words.money(each['shortfallCents'])} today,"
            f" {words.money(each['forecastShortfallCents'])} at the end"
        )
    table = Table(box=None, pad_edge=False)
    for title in ("line", "realised", "declared", "promised", "forecast"):
        table.add_column(title, justify="left" if title == "line" else "right")
    for each in document["lines"]:
        amounts = (each[f"{name}Cents"] for name in ("realised", "declared", "promised", "forecast"))
        table.add_row(escape(each["name"]), *(words.money(cents) for cents in amounts))
    console.print(table)
    for place, each in enumerate(document["calls"], start=1):
        console.print(f"{place:3} phone {escape(each['name'])}: {words.money(each['atStakeCents'])} at stake")
