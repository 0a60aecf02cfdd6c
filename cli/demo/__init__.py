"""The main job as one story: a region goes from a plan to provable books, through the real services.

One module per act; each returns its part of the report, asked from the services.
"""

import asyncio
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2

from cli.demo import account, award, carry_out, journey, lessons, neighbour, plan, pledge, prove, sign, told
from cli.demo.later import later
from cli.demo.stage import DemoFailed, Stage
from cli.demo.systems import Systems
from cli.ground import Ground
from cli.operators import StillBehind
from cli.portal import Refused
from cli.region import Region, read
from cli.report.claims import check
from cli.report.model import Claim, Events, Reader, Report
from deploy.embedded.folders import PROJECT
from deploy.embedded.supervisor import Stack

NEIGHBOUR = PROJECT / "examples" / "gooi-klein"
CATCH_UP_SECONDS = 60

__all__ = ["DemoFailed", "play", "play_on"]


async def play(region: Region) -> Report:
    """Starts everything, plays the story, and stops everything; the report. Raises DemoFailed when a step is refused.

    What does not hold stands in the report's claims.
    """
    began = time.monotonic()
    async with Stack(end_with_parent=True) as stack, httpx2.AsyncClient(timeout=20) as client:
        report = await play_on(region, stack, client, began)
    return report.model_copy(update={"seconds": round(time.monotonic() - began, 1)})


async def play_on(region: Region, ground: Ground, client: httpx2.AsyncClient, began: float) -> Report:
    """Plays the story on an installation that runs and knows nothing of the region yet. Raises as `play` does."""
    try:
        report = await _story(await Stage.set(region, ground, client, began), _neighbour_of(region))
    except (Refused, StillBehind, ExceptionGroup) as error:
        raise because(error) from error
    report = report.model_copy(update={"seconds": round(time.monotonic() - began, 1)})
    return report.model_copy(update={"claims": check(report, _expected(region.folder))})


def failed(report: Report) -> list[Claim]:
    """The claims that do not hold."""
    return [each for each in report.claims if not each.holds]


async def _story(stage: Stage, beside: Region | None) -> Report:
    region = stage.region
    (first, second), other_office = await asyncio.gather(plan.plan(stage), neighbour.arrive(stage, beside))
    grant_cents, lines, money = await award.award(stage)
    async with asyncio.TaskGroup() as meanwhile:
        telling = meanwhile.create_task(plan.tell_planning(stage))
        agreement, _, played, _ = await asyncio.gather(
            sign.sign(stage), pledge.pledge(stage), lessons.lessons(stage), carry_out.admit(stage)
        )
        await stage.operators.caught_up(CATCH_UP_SECONDS, but=("notifications",))
        async with Systems(await stage.admit(), stage.stack.kafka_admin) as systems:
            done = await carry_out.carry_out(stage, systems)
        booked = await account.accept(stage)
        sheet = await account.spreadsheet(stage, done, booked)
        position = await account.cofinancing(stage, sheet.naive_cents if sheet else 0)
        (ledger, proof), followed, seen = await asyncio.gather(
            prove.prove(stage, done), journey.journey(stage, done), neighbour.ask(stage, beside, other_office)
        )
        await telling
    planning, notifications = await told.planning(stage)
    counted = await stage.office.get("activities", "/v1/activities/statistics")
    lesson = await lessons.told(stage, played)
    afterwards = await later(stage)
    return Report(
        region=region.code,
        reader=Reader(
            name=region.consortium.name,
            zone=region.consortium.zone,
            currency=region.consortium.currency,
            language=region.consortium.language,
        ),
        programme=region.programme.title,
        made_at=datetime.now(UTC),
        grant_cents=grant_cents,
        allocation=lines,
        money=money,
        agreement=agreement,
        contributions=account.contributions(done),
        cofinancing=position,
        spreadsheet=sheet,
        refusal=done.refusal,
        lesson=lesson,
        activities=account.activities(done, played, counted, booked),
        broken=done.broken,
        proof=proof,
        ledger=ledger,
        neighbour=seen,
        planning=planning,
        notifications=notifications,
        journey=followed,
        later=afterwards,
        events=await _events(stage),
        loaded=first,
        loaded_again=second,
        seconds=0,
    )


def because(error: Exception) -> Exception:
    """What stopped the story, as a sentence when it is one; of what was done side by side, what went wrong first."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    match error:
        case Refused():
            return DemoFailed(f"A step of the story was refused: {error}")
        case StillBehind():
            return DemoFailed(str(error))
    return error


async def _events(stage: Stage) -> Events:
    """The events of all services in numbers, once nothing is on its way any more."""
    quiet = await stage.operators.caught_up(CATCH_UP_SECONDS)
    return Events(
        published=quiet.published,
        consumed=sum(each.events_consumed for each in quiet.services),
        dead_letters=sum(each.dead_letters for each in quiet.services),
        lag=quiet.lag,
    )


def _neighbour_of(region: Region) -> Region | None:
    """The small region beside it; none when that is the one being played, or its folder is not there."""
    beside = read(NEIGHBOUR) if NEIGHBOUR.exists() else None
    return None if beside is None or beside.code == region.code else beside


def _expected(folder: Path) -> dict[str, Any] | None:
    """What the region folder says must come out."""
    path = folder / "expected.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
