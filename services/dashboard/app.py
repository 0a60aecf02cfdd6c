"""The composition root of the dashboard: the only file that wires."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from runtime.auth import TokenChecker
from runtime.http import create_app
from runtime.http.access import declared
from runtime.http.app import HouseRuleBroken
from runtime.lifespan import Service
from runtime.postgres import Database
from runtime.problems import Problem
from runtime.ticking import every
from services.dashboard.alarming import Looker, Watcher
from services.dashboard.clients import Consoles
from services.dashboard.domain.alarms import Thresholds
from services.dashboard.gauges import Money
from services.dashboard.handlers import subscriptions
from services.dashboard.rpc import doors
from services.dashboard.settings import Settings
from services.dashboard.store import Q
from services.dashboard.topics import TOPICS
from services.dashboard.web import acting, entrance, pages
from services.dashboard.web.guard import NotSignedIn, sign_in_address
from services.dashboard.web.headers import PageHeaders
from services.dashboard.web.oidc import Provider
from services.dashboard.web.sessions import Sessions

NAME = "dashboard"
VERSION = "0.1.0"
MIGRATIONS = Path(__file__).with_name("migrations")
ROUTERS: tuple[APIRouter, ...] = (entrance.router, pages.router, acting.router)


def http_app(settings: Settings, database: Database | None = None, tokens: TokenChecker | None = None) -> FastAPI:
    """The pages. Raises HouseRuleBroken for a page that does not declare who may see it."""
    app = create_app(
        service=NAME,
        title="Speerpunt dashboard",
        description="Pages for the operators of a region and of the installation.",
        version=VERSION,
        routers=(),
        settings=settings,
        database=database,
        tokens=tokens,
    )
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute) and not declared(_dependencies(route)):
                raise HouseRuleBroken(f"{route.path}: declare who may see it, with Seen, Sent or anyone()")
        app.include_router(router)
    app.state.settings = settings
    app.state.secure = settings.production or settings.public_url.startswith("https://")
    app.state.session_cookie = "__Host-speerpunt" if app.state.secure else "speerpunt"
    app.state.consoles = Consoles(settings)
    app.state.provider = Provider(settings)
    if database is not None and tokens is not None:
        app.state.sessions = Sessions(database, tokens, app.state.provider, settings.session_hours)
    app.add_exception_handler(Problem, _as_page)
    app.add_middleware(PageHeaders)
    return app


def _dependencies(route: APIRoute) -> list[Any]:
    return [each.call for each in route.dependant.dependencies if each.call is not None]


async def _as_page(request: Request, error: Exception) -> Response:
    """A refusal as a page for people: who is not signed in goes to sign in and comes back."""
    assert isinstance(error, Problem)
    if isinstance(error, NotSignedIn):
        return RedirectResponse(sign_in_address(request), 303)
    return entrance.outside(request, error.kind.value.http_status, "wrong", error.detail)


async def wire(settings: Settings) -> Service:
    """The service as it runs with these settings."""
    database = await Database.open(settings.database_url.get_secret_value(), name=NAME)
    tokens = TokenChecker(settings)
    app = http_app(settings, database, tokens)
    consoles: Consoles = app.state.consoles
    bounds = Thresholds(
        settings.alarm_lag_messages,
        settings.alarm_lag_seconds,
        settings.alarm_dead_letters,
        settings.alarm_deadline_days,
        settings.alarm_unverified_days,
    )
    watcher = Watcher(database, Looker(database, consoles, bounds), consoles.tell_alarm, bounds)
    return Service(
        name=NAME,
        version=VERSION,
        settings=settings,
        database=database,
        http=app,
        migrations=MIGRATIONS,
        grpc=doors(database),
        tokens=tokens,
        subscriptions=subscriptions(await _generation(database)),
        topics=TOPICS,
        loops={
            "alarms": partial(
                every, settings.alarm_poll_seconds, lambda: watcher.run_once(datetime.now(UTC)), name="alarms"
            ),
            "money": Money(database, settings).run,
        },
        on_close=[consoles.close],
    )


async def _generation(database: Database) -> str:
    """The generation of the read model; a database without a schema has none, and is refused when its schema is
    checked."""
    try:
        return str(await Q.generation.value(database.pool))
    except asyncpg.UndefinedTableError:
        return ""
