"""The pages of the dashboard: each asks its view and fills its template."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from runtime.postgres import Tx
from runtime.problems import InvalidInput
from services.dashboard.clients import Consoles
from services.dashboard.settings import Settings
from services.dashboard.store import Q
from services.dashboard.web import charts, views
from services.dashboard.web.guard import Seen, SeenByOperators, Visit
from services.dashboard.web.speaking import LANGUAGES

BEAT_SECONDS = 1.0
KEEP_ALIVE_BEATS = 15
PAGES = ("today", "programme", "cofinancing", "agreement", "activities", "planning", "flow", "alarms", "dead-letters")

router = APIRouter(include_in_schema=False)
templates = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.globals["charts"] = charts


def render(visit: Visit, template: str, status: int = 200, **facts: Any) -> HTMLResponse:
    """A page in the reader's language."""
    region = visit.region
    text = templates.get_template(f"{template}.html.jinja").render(
        say=visit.speech,
        visit=visit,
        region=region,
        base=f"/regions/{region.code}" if region else "",
        here=template,
        pages=[each for each in PAGES if each != "dead-letters" or visit.everywhere],
        languages=LANGUAGES,
        on=visit.on,
        asked=visit.request.query_params.get("on"),
        address=visit.request.url.path + (f"?{visit.request.url.query}" if visit.request.url.query else ""),
        csrf=visit.session.csrf,
        **facts,
    )
    return HTMLResponse(text, status)


async def shown(visit: Visit, template: str, view: Callable[[Tx], Awaitable[dict[str, Any]]]) -> HTMLResponse:
    """A page of a region, all of it as of one moment."""
    async with visit.database.transaction(visit.here.id) as tx:
        found = await view(tx)
    return render(visit, template, **found)


@router.get("/")
async def home(visit: Seen) -> Response:
    """The only region there is, or all of them."""
    if len(visit.regions) == 1:
        return RedirectResponse(f"/regions/{visit.regions[0].code}", 303)
    return RedirectResponse("/regions", 303)


@router.get("/regions")
async def regions(visit: Seen) -> Response:
    """All regions that this person may see, side by side."""
    ids = [region.id for region in visit.regions]
    async with visit.database.transaction(ids) as tx:
        found = await views.sums(tx, ids, visit.on)
    rows = [{"region": region, "sum": found[region.id]} for region in visit.regions]
    return render(visit, "regions", rows=rows)


@router.get("/regions/{code}")
async def today(visit: Seen) -> Response:
    """Is money about to be lost, and the three things to do about it."""
    raised = await _alarms(visit) if visit.everywhere else []
    async with visit.database.transaction(visit.here.id) as tx:
        found = await views.today(tx, visit.on)
    return render(visit, "today", **found, alarms=raised)


@router.get("/regions/{code}/alarms")
async def alarms(visit: Seen) -> Response:
    """What is amiss, and what was: of this region, and for an operator of the whole installation."""
    cleared = await Q.cleared_alarms.rows(visit.database.pool, 50)
    over = [each for each in cleared if visit.everywhere or each["region"] == visit.here.id]
    return render(visit, "alarms", alarms=await _alarms(visit), over=over)


async def _alarms(visit: Visit) -> list[Any]:
    return await views.alarms(visit.database, visit.here.id, all_of_it=visit.everywhere)


@router.get("/regions/{code}/programme")
async def programme(visit: Seen) -> Response:
    """Where the money goes."""
    return await shown(visit, "programme", lambda tx: views.programme(tx, visit.on))


@router.get("/regions/{code}/cofinancing")
async def cofinancing(visit: Seen) -> Response:
    """What partners bring in."""
    return await shown(visit, "cofinancing", lambda tx: views.cofinancing(tx, visit.on))


@router.get("/regions/{code}/evidence")
async def evidence(
    visit: Seen, who: UUID | None = None, line: str | None = None, month: date | None = None
) -> Response:
    """What a number is made of."""
    return await shown(visit, "evidence", lambda tx: views.evidence(tx, visit.on, who, line, month))


@router.get("/regions/{code}/agreement")
async def agreement(visit: Seen) -> Response:
    """Who signed, and who is due."""
    return await shown(visit, "agreement", views.agreement)


@router.get("/regions/{code}/activities")
async def activities(visit: Seen) -> Response:
    """Lessons and visits."""
    return await shown(visit, "activities", views.activities)


@router.get("/regions/{code}/planning")
async def planning(visit: Seen) -> Response:
    """The dates of the region."""
    return await shown(visit, "planning", views.planning)


@router.get("/regions/{code}/flow")
async def flow(visit: Seen) -> Response:
    """How the events flow, and one thing followed."""
    wanted = visit.request.query_params.get("id", "").strip()[:200]
    if "\0" in wanted:
        raise InvalidInput(summary="an id has no NUL character.")
    async with visit.database.transaction(visit.here.id) as tx:
        found = await views.flow(tx)
        journey = await views.journey(tx, wanted) if wanted else []
    return render(visit, "flow", **found, wanted=wanted, journey=journey, trace_url=_trace_url(visit))


@router.get("/regions/{code}/flow/services")
async def services(visit: SeenByOperators) -> Response:
    """The services as they are now: apart, since Kafka takes its time to tell how far each reader is."""
    consoles: Consoles = visit.request.app.state.consoles
    return render(visit, "services", states=await consoles.states(visit.session.token))


def _trace_url(visit: Visit) -> str:
    """Where traces are to be seen; nothing but a web address becomes a link."""
    settings: Settings = visit.request.app.state.settings
    return settings.trace_url if settings.trace_url.startswith(("https://", "http://")) else ""


@router.get("/regions/{code}/dead-letters")
async def dead_letters(visit: SeenByOperators) -> Response:
    """What could not be handled, at every service."""
    consoles: Consoles = visit.request.app.state.consoles
    token = visit.session.token
    letters, settled = await asyncio.gather(consoles.dead_letters(token), consoles.settled(token))
    failed = await Q.failed_doings.rows(visit.database.pool, 20)
    groups = sorted({(service, letter.code) for service, letter in letters})
    return render(
        visit,
        "dead-letters",
        letters=letters,
        groups=groups,
        doings=views.doings(settled, failed),
        said=_said(visit),
        utc=UTC,
    )


@router.get("/regions/{code}/dead-letters/{service}/{letter}")
async def dead_letter(visit: SeenByOperators, service: str, letter: UUID) -> Response:
    """One of them, with its payload masked by the service that has it."""
    consoles: Consoles = visit.request.app.state.consoles
    found = await consoles.opened(service, str(letter), visit.session.token)
    return render(visit, "dead-letter", service=service, found=found, letter=found.dead_letter, utc=UTC)


def _said(visit: Visit) -> str:
    """What came of the form before, told by the address in numbers and codes only."""
    asked = visit.request.query_params
    if (handled := asked.get("handled", "")).isascii() and handled.isdigit() and len(handled) < 10:
        return visit.speech("handled", count=handled)
    failed = asked.get("failed", "")
    return visit.speech("failed", why=failed) if re.fullmatch(r"[a-z-]{1,40}", failed) else ""


@router.get("/regions/{code}/pulse")
async def pulse(request: Request, visit: Seen) -> StreamingResponse:
    """Server-sent events: one whenever something of the region was heard."""

    async def beats() -> AsyncIterator[str]:
        before, silent = None, 0
        while not request.app.state.draining and not await request.is_disconnected():
            async with visit.database.transaction(visit.here.id) as tx:
                now = await Q.beat.value(tx, visit.here.id)
            if before is not None and now != before:
                silent = 0
                yield f"event: pulse\ndata: {now}\n\n"
            elif (silent := silent + 1) % KEEP_ALIVE_BEATS == 1:
                yield ": still here\n\n"
            before = now
            await asyncio.sleep(BEAT_SECONDS)

    return StreamingResponse(beats(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
