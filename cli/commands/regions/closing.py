"""The end of a region: closed to all commands, and opened again if it has to be."""

import asyncio
import time
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from speerpunt.runtime.v1 import operations_pb2 as pb

from cli.answering import Answer, answers
from cli.commands.regions.app import app
from cli.exits import Exit, Stopped
from cli.installation import Operator
from runtime.words import Words

HEARD_SECONDS = 60.0
LOOK_SECONDS = 0.2
Code = Annotated[str, typer.Argument(help="Code of the region.", metavar="CODE")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence without names of people.", show_default=False)]


@answers(app)
async def close(at: Operator, code: Code, reason: Reason) -> Answer:
    """Close a region: nothing in it is changed any more, all of it can be read, exported and reported on.

    Ends when every service has heard of it and no command of the region is under way. The same again changes nothing.
    """
    return await _turn(at, code, True, reason)


@answers(app)
async def reopen(at: Operator, code: Code, reason: Reason) -> Answer:
    """Open a closed region again."""
    return await _turn(at, code, False, reason)


async def _turn(at: Operator, code: str, closed: bool, reason: str) -> Answer:
    about = await at.region(code)
    portal = await at.portal(about.id)
    told = await portal.put("partners", f"/v1/consortia/{about.code}/closure", {"closed": closed, "reason": reason})
    result = next(iter(portal.results), "unchanged")
    await heard(at, about.id, closed, told["version"])
    document = {"region": about.code, "result": result, **told, "services": list(at.services)}

    def tell(console: Console, words: Words) -> None:
        state = "closed" if closed else "open"
        console.print(f"{about.code}: {result}, {state} in {words.number(len(at.services))} services", markup=False)

    return Answer(document, tell).of(about)


async def heard(at: Operator, region: UUID, closed: bool, version: int) -> None:
    """Waits until every service takes the region for closed, or open. Raises Stopped after a minute, naming those that
    do not."""
    until = time.monotonic() + HEARD_SECONDS
    waiting = list(at.services)
    while waiting:
        answers_ = await asyncio.gather(
            *(at.ask(name, "ListClosedRegions", pb.ListClosedRegionsRequest()) for name in waiting)
        )
        known = dict(zip(waiting, answers_, strict=True))
        waiting = [name for name in waiting if not _agrees(known[name], region, closed, version)]
        if waiting and time.monotonic() > until:
            raise Stopped(
                f"It is decided, but {', '.join(waiting)} has not heard of it yet. `speerpunt status` shows what is"
                " behind; the same command again waits on.",
                "unavailable",
                Exit.AWAY,
            )
        if waiting:
            await asyncio.sleep(LOOK_SECONDS)


def _agrees(told: Any, region: UUID, closed: bool, version: int) -> bool:
    versions = [one.version for one in told.regions if one.consortium_id == str(region)]
    return any(each >= version for each in versions) if closed else not versions
