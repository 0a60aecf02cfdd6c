"""Which regions there are, and a new one."""

import re
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.answering import Answer, answers
from cli.commands.regions.app import app
from cli.exits import Exit, Stopped
from cli.installation import Operator
from runtime import ids
from runtime.words import Words

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
Grounds = ("party", "umbrella", "pledge")


@answers(app, "list")
async def list_(at: Operator) -> Answer:
    """All regions of the installation."""
    found = await at.regions()
    document = {
        "regions": [
            {
                "id": str(each.id),
                "code": each.code,
                "name": each.name,
                "zone": each.zone,
                "currency": each.currency,
                "language": each.language,
                "closedSince": each.closed_since.isoformat() if each.closed_since else None,
                "closedReason": each.closed_reason or None,
            }
            for each in found
        ]
    }

    def tell(console: Console, words: Words) -> None:
        table = Table(box=None, pad_edge=False)
        for title in ("code", "name", "currency", "language", "zone", "closed since"):
            table.add_column(title)
        for each in found:
            since = words.moment(each.closed_since) if each.closed_since else ""
            table.add_row(escape(each.code), escape(each.name), each.currency, each.language, each.zone, since)
        console.print(table if found else "There are no regions yet. `speerpunt load FOLDER` brings one in.")

    return Answer(document, tell)


@answers(app)
async def add(
    at: Operator,
    code: Annotated[str, typer.Argument(help="A code for it that will never change.", metavar="CODE")],
    name: Annotated[str, typer.Option(help="What it is called.", show_default=False)],
    zone: Annotated[str, typer.Option(help="Its time zone.")] = "Europe/Amsterdam",
    currency: Annotated[str, typer.Option(help="Its currency.")] = "EUR",
    language: Annotated[str, typer.Option(help="Its language: nl, sv or en.")] = "nl",
    standing: Annotated[
        list[str] | None, typer.Option(help=f"What makes a partner take part, again for more: {', '.join(Grounds)}.")
    ] = None,
) -> Answer:
    """Found a region, empty; the same again changes nothing. `speerpunt load` fills one from a folder."""
    if not CODE.fullmatch(code):
        raise Stopped(f"'{code}' is no code: letters, digits, dots and dashes.", "usage", Exit.USAGE)
    body = {
        "name": name,
        "zone": zone,
        "currency": currency,
        "language": language,
        "standingPolicy": standing or list(Grounds),
    }
    portal = await at.portal(ids.consortium_id(code))
    found = await portal.put("partners", f"/v1/consortia/{code}", body)
    result = next(iter(portal.results), "unchanged")
    return Answer(
        {"result": result, "region": found}, lambda console, _: console.print(f"{code}: {result}", markup=False)
    )
