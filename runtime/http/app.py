"""The factory: an application that keeps the Dutch API Design Rules 2.2 and answers every error as problem+json."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import asyncpg
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from starlette.exceptions import HTTPException

from runtime import telemetry
from runtime.access import OF_AN_ORGANISATION
from runtime.auth import TokenChecker
from runtime.http import docs
from runtime.http.access import declared
from runtime.http.call import PeopleDirectory
from runtime.http.hot import HotDoor, hot_routes
from runtime.http.lanes import Lanes
from runtime.http.limiter import Limiter
from runtime.http.middleware import Edge, plain
from runtime.postgres import PASSING, Database
from runtime.problems import FieldError, InvalidInput, Kind, Problem
from runtime.settings import Settings

_PATH = re.compile(r"^/v\d+(/([a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)?|\{[a-z][A-Za-z0-9]*\}))+$")
_QUERY = re.compile(r"^[a-z][A-Za-z0-9]*$")
_FIELD = re.compile(r"^[A-Za-z][A-Za-z0-9_-]{0,40}$")
_SENTENCES = {
    "uuid_parsing": "This must be a UUID",
    "extra_forbidden": "There is no such field here; leave it out",
    "json_invalid": "The body is not valid JSON",
    "missing": "This is required; fill it in",
    "model_attributes_type": "This must be a JSON object, sent as application/json",
    "date_from_datetime_parsing": "This must be a day that exists, written as 2023-03-06",
    "date_parsing": "This must be a day that exists, written as 2023-03-06",
    "time_parsing": "This must be a time of day, written as 14:30",
    "datetime_from_date_parsing": "This must be a moment that exists, written as 2023-03-06T08:30:00Z",
    "datetime_parsing": "This must be a moment that exists, written as 2023-03-06T08:30:00Z",
    "bool_parsing": "This must be true or false",
}

_NONE_OF_ITS_OWN = TelemetryConfig(tracing=False, metrics=False, logs=False, operation_spans=False)
"""The edge has the request's span. FastAPI's own would cost as much again, and its logs repeat what was sent."""

Check = Callable[[], Awaitable[str | None]]
"""A readiness check: None when fine, else a sentence."""


class ApiModel(BaseModel):
    """A body, in or out: camelCase in JSON, and unknown fields are refused."""

    model_config = ConfigDict(
        extra="forbid", alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True, frozen=True
    )


class HouseRuleBroken(Exception):
    """A route is declared in a way that the house rules do not allow; the message says what to change."""


class DatabaseAway(Problem, kind=Kind.UNAVAILABLE, code="unavailable"):
    """The database does not answer right now. Repeat the request as it was (with the same Idempotency-Key): it takes
    effect once."""


class UnfitValue(Problem, kind=Kind.INVALID):
    """A value in the request cannot be kept: a number is too large, or a text holds a NUL character."""


def create_app(
    *,
    service: str,
    title: str,
    description: str,
    version: str,
    routers: Sequence[APIRouter],
    settings: Settings,
    database: Database | None = None,
    tokens: TokenChecker | None = None,
    people: PeopleDirectory | None = None,
    ready: Mapping[str, Check] | None = None,
) -> FastAPI:
    """The application of one service. Without a database it can only describe itself.

    Raises HouseRuleBroken for a route without declared access, or with a path or parameter that breaks the rules.
    """
    app = FastAPI(
        title=title,
        description=description,
        version=version,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        license_info={"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        servers=[{"url": f"https://{service}.speerpunt.example/v1"}],
        responses={400: docs.problem("The request is not valid"), 500: docs.problem("Our fault")},
        telemetry=_NONE_OF_ITS_OWN,
    )
    for router in routers:
        for route in router.routes:
            if not isinstance(route, APIRoute):
                raise HouseRuleBroken(f"{router.prefix}: give create_app flat routers, so that all is checked")
            _check(route)
        app.include_router(router)
    app.state.database = database
    app.state.lanes = Lanes(database) if database else None
    app.state.tokens = tokens
    app.state.people = people
    app.state.limiter = Limiter(settings.requests_per_minute)
    app.state.ready = {**({"database": _database_check(database)} if database else {}), **(ready or {})}
    app.state.draining = False
    app.openapi = lambda: docs.openapi(app)  # type: ignore[method-assign]
    _add_own_routes(app, service)
    _add_handlers(app)
    app.add_middleware(HotDoor, routes=hot_routes(route for router in routers for route in router.routes), of=app)
    app.add_middleware(
        Edge,
        service=service,
        version=version,
        origins=frozenset(settings.cors_origins.split()),
    )
    return app


def _check(route: APIRoute) -> None:
    if not _PATH.match(route.path):
        raise HouseRuleBroken(
            f"{route.path}: use /v1, plural nouns in kebab-case, {{camelCase}} parameters, no end slash"
        )
    for parameter in route.dependant.query_params:
        if not _QUERY.match(parameter.alias):
            raise HouseRuleBroken(f"{route.path}: the query key {parameter.alias!r} must be camelCase")
    access = declared([each.call for each in route.dependant.dependencies if each.call is not None])
    if access is None:
        raise HouseRuleBroken(f"{route.path}: declare who may use it, with may(...) or anyone()")
    if access.others is None and OF_AN_ORGANISATION & set(access.roles):
        raise HouseRuleBroken(f"{route.path}: declare what a company gets of other organisations, with others=...")
    route.openapi_extra = {**(route.openapi_extra or {}), **docs.access(access)}


def _database_check(database: Database) -> Check:
    async def check() -> str | None:
        await database.pool.fetchval("SELECT 1", timeout=2)
        return None

    return check


def _add_own_routes(app: FastAPI, service: str) -> None:
    @app.get("/livez", include_in_schema=False)
    async def livez() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        problems = ["This process is ending."] if app.state.draining else []
        for check in app.state.ready.values():
            try:
                async with asyncio.timeout(3):
                    problem = await check()
            except Exception as error:  # a check that fails in any way means: not ready
                problem = f"A check failed: {type(error).__name__}."
            if problem:
                problems.append(problem)
        if problems:
            return plain(503, "not-ready", "Not ready", " ".join(problems), {"Retry-After": "2"})
        return JSONResponse({"status": "ready"})

    @app.get("/v1/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return JSONResponse(docs.openapi(app), headers={"Access-Control-Allow-Origin": "*"})

    @app.get("/v1/docs", include_in_schema=False)
    async def page() -> Response:
        return HTMLResponse(docs.page(app))


def render(problem: Problem) -> Response:
    """A refusal as problem+json."""
    answer = problem.kind.value
    body: dict[str, Any] = {
        "type": f"urn:speerpunt:problem:{problem.code}",
        "title": answer.title,
        "status": answer.http_status,
        "detail": problem.detail,
        "code": problem.code,
    }
    if problem.errors:
        body["errors"] = [{"in": e.where, "code": e.code, "detail": e.message} for e in problem.errors]
    if trace_id := telemetry.current_trace_id():
        body["traceId"] = trace_id
    headers = {}
    if problem.retry_after_seconds is not None:
        headers["Retry-After"] = str(problem.retry_after_seconds)
    elif answer.http_status == 503:
        headers["Retry-After"] = "2"
    if answer.http_status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, answer.http_status, headers, "application/problem+json")


def invalid(errors: Sequence[Any]) -> InvalidInput:
    """All that is wrong with an input, at once, and without repeating the input."""
    found = [
        FieldError(_place(error["loc"]), str(error["type"]).replace("_", "-"), _sentence(error)) for error in errors
    ]
    count = len(found)
    return InvalidInput(summary=f"{count} thing{'s' if count != 1 else ''} to mend, see errors.", errors=found)


def _place(where: Sequence[str | int]) -> str:
    """Where the error is. A name we did not give ourselves is only repeated when it looks like a name of a field."""
    return "/".join(str(part) if isinstance(part, int) or _FIELD.match(part) else "?" for part in where)


def _sentence(error: Mapping[str, Any]) -> str:
    """Our sentence, else pydantic's; of both only those that do not quote the input."""
    return _SENTENCES.get(str(error["type"]), str(error["msg"]))


def _add_handlers(app: FastAPI) -> None:
    async def on_problem(_request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return render(error)

    async def on_invalid(_request: Request, error: Exception) -> Response:
        assert isinstance(error, (RequestValidationError, ValidationError))
        return render(invalid(error.errors()))

    async def on_http(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        sentences = {
            404: (
                "nothing-here",
                "Not found",
                "There is nothing at this address. See /v1/openapi.json for what there is.",
            ),
            405: (
                "method-not-taken",
                "Method not allowed",
                "This address does not take that method. See /v1/openapi.json.",
            ),
            400: (
                "body-unreadable",
                "The request is not valid",
                "The body could not be read. Send JSON as /v1/openapi.json describes.",
            ),
            413: ("too-large", "The request is too large", str(error.detail)),
        }
        other = ("request-failed", "The request failed", str(error.detail))
        code, title, detail = sentences.get(error.status_code, other)
        return plain(error.status_code, code, title, detail, error.headers)

    async def on_away(_request: Request, error: Exception) -> Response:
        telemetry.log("http").warning("database away", exc_info=error)
        return render(DatabaseAway(retry_after_seconds=2))

    async def on_unfit(_request: Request, _error: Exception) -> Response:
        return render(UnfitValue())

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    for away in PASSING:
        app.add_exception_handler(away, on_away)
    for unfit in (
        asyncpg.UntranslatableCharacterError,
        asyncpg.CharacterNotInRepertoireError,
        asyncpg.NumericValueOutOfRangeError,
        asyncpg.DataError,
    ):
        app.add_exception_handler(unfit, on_unfit)
