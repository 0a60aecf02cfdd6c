"""A region that was taken away, brought in as a new one."""

import asyncio
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.answering import Answer, answers
from cli.commands.regions.app import app
from cli.commands.regions.archive import CODE, Archive
from cli.commands.regions.closing import LOOK_SECONDS, heard
from cli.exits import Exit, Stopped
from cli.installation import Operator
from cli.portal import Portal, Refused
from runtime import ids
from runtime.words import Words

KNOWN_SECONDS = 60.0


@answers(app, "import")
async def import_(
    at: Operator,
    file: Annotated[Path, typer.Argument(help="What `region export` wrote of a closed region.", metavar="FILE")],
    code: Annotated[str, typer.Option("--as", help="A code for the new region.", show_default=False)],
) -> Answer:
    """Bring an exported region in as a new one: its books, people, agreements, activities and planning, with their ids.

    Every part is tried before one is loaded. What stopped half way goes on when it is asked again, and until all of it
    is there the new region is closed.
    """
    if not CODE.fullmatch(code) or len(code) > 80:
        raise Stopped(f"'{code}' is no code: lower case letters and digits, with dashes.", "usage", Exit.USAGE)
    archive = Archive.opened(file)
    region = ids.consortium_id(code)
    portal = await at.portal(region)
    await _announce(portal, archive, code)
    try:
        rows = await _send(portal, archive, code)
    except Refused:
        for each in archive.parts:
            await portal.delete(each.service, f"/v1/region-imports/{code}")
        raise
    for each in archive.parts:
        await portal.put(each.service, f"/v1/region-imports/{code}/load", {})
    await heard(at, region, False, 0)
    await _known(at, code)
    document: dict[str, Any] = {"region": code, "id": str(region), "from": archive.code, "rows": rows}

    def tell(console: Console, words: Words) -> None:
        total = words.number(sum(rows.values()))
        console.print(f"{code}: {total} rows of {archive.code} came in; it is open", markup=False)

    return Answer(document, tell)


async def _announce(portal: Portal, archive: Archive, code: str) -> None:
    """Raises Refused when there is such a region already, having taken back what was announced."""
    announced: list[str] = []
    states = set()
    try:
        for each in archive.parts:
            body = {"origin": str(archive.origin), "sha256": each.sha256, "bytes": each.bytes}
            states.add((await portal.put(each.service, f"/v1/region-imports/{code}", body))["state"])
            announced.append(each.service)
    except Refused:
        for service in announced:
            await portal.delete(service, f"/v1/region-imports/{code}")
        raise
    if states == {"loaded"}:
        raise Stopped(
            f"This file was brought in as {code} already. It comes in as a new region, under another code.",
            "region-exists",
            Exit.REFUSED,
        )


async def _send(portal: Portal, archive: Archive, code: str) -> dict[str, int]:
    """Sends every part and has it tried; how many rows each has. Raises Refused."""
    rows = {}
    for each in archive.parts:
        where = f"/v1/region-imports/{code}"
        for number, page in enumerate(archive.pages(each.service)):
            try:
                await portal.put_content(each.service, f"{where}/pages/{number}", page, "application/octet-stream")
            except Refused as refused:
                if refused.code != "no-import":  # loaded already, by a run that stopped half way
                    raise
                break
        tried = await portal.put(each.service, f"{where}/load?dryRun=true", {})
        rows[each.service] = tried.get("rows") or 0
    return rows


async def _known(at: Operator, code: str) -> None:
    """Waits until the dashboard lists the region. Raises Stopped after a minute."""
    until = time.monotonic() + KNOWN_SECONDS
    while all(each.code != code for each in await at.regions(anew=True)):
        if time.monotonic() > until:
            raise Stopped(f"{code} came in, but the dashboard has not heard of it yet.", "unavailable", Exit.AWAY)
        await asyncio.sleep(LOOK_SECONDS)
