"""The hot door: a marked route goes from the socket to its function without FastAPI's machinery in between.

For one request that machinery (matching every route, solving dependencies, exit stacks, the body as Python objects and
then as a model) costs as much as our own work. A route marked `@hot` is declared, documented and guarded as any other;
here the same guard and the same function are called, and the body is validated by its TypeAdapter, straight from its
bytes. Whatever is not a plain request (another content type, a body that does not fit) is left to FastAPI, so what is
wrong is said in one place. Measured in docs/decisions/0087.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.http.access import Guard
from runtime.http.call import Call
from runtime.http.middleware import header

F = TypeVar("F", bound=Callable[..., Awaitable[Response]])

_MARK = "_hot"


class NotForTheHotDoor(Exception):
    """A route marked `@hot` has another shape than `async def route(body: Model, call: Call) -> Response`."""


def hot(endpoint: F) -> F:
    """Marks a route, below its `@router.post(...)`: it takes a body and a call, and has a fixed path."""
    setattr(endpoint, _MARK, True)
    return endpoint


def hot_routes(routes: Iterable[BaseRoute]) -> "HotRoutes":
    """Those of the routes that are marked. Raises NotForTheHotDoor."""
    return {
        (method, each.path): _HotRoute(each)
        for each in routes
        if isinstance(each, APIRoute) and getattr(each.endpoint, _MARK, False)
        for method in each.methods or ()
    }


class HotDoor:
    """Serves the routes that are marked; everything else goes on to the application."""

    def __init__(self, app: ASGIApp, *, routes: "HotRoutes", of: FastAPI) -> None:
        self._app = app
        self._handlers: Mapping[Any, Any] = of.exception_handlers
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None or header(scope, b"content-type") != "application/json":
            await self._app(scope, receive, send)
            return
        messages = [await receive()]
        try:
            while messages[-1].get("more_body"):
                messages.append(await receive())
            body = b"".join(message.get("body", b"") for message in messages)
            try:
                asked = route.body.validate_json(body) if messages[-1]["type"] == "http.request" else None
            except ValidationError:
                asked = None
            if asked is None:  # it does not fit, or broke off
                await self._app(scope, _again(messages, receive), send)
                return
            scope["route"] = route.declared
            response = await route.answer(Request(scope, receive), body, asked)
        except Exception as error:
            handler = next((self._handlers[each] for each in type(error).__mro__ if each in self._handlers), None)
            if handler is None:
                raise
            response = await handler(Request(scope, receive), error)
        await response(scope, receive, send)


class _HotRoute:
    """One marked route, taken apart once."""

    def __init__(self, route: APIRoute) -> None:
        self.declared = route
        dependant = route.dependant
        guards = [each for each in dependant.dependencies if isinstance(each.call, Guard)]
        plain = not (dependant.path_params or dependant.query_params or dependant.header_params)
        if len(dependant.body_params) != 1 or len(dependant.dependencies) != 1 or not guards or not plain:
            raise NotForTheHotDoor(f"{route.path}: a hot route takes one body and one call, and nothing else")
        (self._guard,) = (each.call for each in guards if isinstance(each.call, Guard))
        self._call_name = guards[0].name or ""
        (body,) = dependant.body_params
        self._body_name = body.name
        model: Any = body.field_info.annotation
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            raise NotForTheHotDoor(f"{route.path}: the body of a hot route is a model")
        self.body: TypeAdapter[BaseModel] = TypeAdapter(model)

    async def answer(self, request: Request, body: bytes, asked: Any) -> Response:
        call = await Call.of(request, self._guard.access, body)
        response: Response = await self.declared.endpoint(**{self._call_name: call, self._body_name: asked})
        return response


HotRoutes = Mapping[tuple[str, str], _HotRoute]
"""By method and path."""


def _again(messages: list[Message], receive: Receive) -> Receive:
    """Gives the messages that were read already, then what follows."""
    left = iter(messages)

    async def receiving() -> Message:
        return next(left, None) or await receive()

    return receiving
