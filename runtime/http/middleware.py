"""The edge of every HTTP service, as one pure ASGI layer: headers, size limit, CORS allow-list, the request's span."""

import time
from collections.abc import Mapping

from fastapi import HTTPException
from opentelemetry.trace import SpanKind, Status, StatusCode
from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime import telemetry

MOST_BODY_BYTES = 8 * 1024 * 1024
OUR_FAULT = "Something went wrong here. Repeat the request as it was, or mention the traceId when you call."

_SECURITY = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
_ACCEPTED = "Authorization, Content-Type, Idempotency-Key, If-Match, Consortium-Id, Wait-For"
_EXPOSED = "API-Version, ETag, Event-Id, Link, Location, Result, Retry-After, Wait-For-Status, Idempotent-Replayed"


def header(scope: Scope, name: bytes) -> str | None:
    """The first header of this name, in lower case; the hot way's, for Starlette's Headers read all anew each time."""
    for key, value in scope["headers"]:
        if key == name:
            found: str = value.decode("latin-1")
            return found
    return None


class _TooLarge(HTTPException):
    """An HTTPException, because FastAPI turns any other error while it reads a body into a 400."""

    def __init__(self) -> None:
        super().__init__(413, f"The body may have at most {MOST_BODY_BYTES // 1024 // 1024} MiB; send it in parts.")


class Edge:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, *, service: str, version: str, origins: frozenset[str]) -> None:
        self._app = app
        self._service = service
        self._always = [
            (name.lower().encode(), value.encode()) for name, value in {**_SECURITY, "API-Version": version}.items()
        ]
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        origin = header(scope, b"origin")
        allowed = origin if origin in self._origins else None
        seen = {"bytes": 0, "started": False, "status": 0}

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["started"] = True
                seen["status"] = message["status"]
                self._dress(message, scope, allowed)
            await send(message)

        async def receiving() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                seen["bytes"] += len(message.get("body", b""))
                if seen["bytes"] > MOST_BODY_BYTES:
                    raise _TooLarge
            return message

        if allowed and scope["method"] == "OPTIONS" and header(scope, b"access-control-request-method"):
            await self._preflight()(scope, receive, sending)
            return
        name, began = f"{scope['method']} {self._service}", time.perf_counter()
        with telemetry.span(name, kind=SpanKind.SERVER, parent_traceparent=header(scope, b"traceparent")) as span:
            try:
                if int(header(scope, b"content-length") or 0) > MOST_BODY_BYTES:
                    await plain(413, "too-large", "The request is too large", _TooLarge().detail)(
                        scope, receive, sending
                    )
                else:
                    await self._app(scope, receiving, sending)
            except Exception as error:
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                telemetry.log("http").error("unexpected error", exc_info=error)
                if seen["started"]:
                    raise
                await plain(500, "our-fault", "Our fault", OUR_FAULT)(scope, receive, sending)
            route = scope.get("route")
            path = getattr(route, "path", "unmatched")
            span.update_name(f"{scope['method']} {path}")
            span.set_attribute("http.response.status_code", seen["status"])
        telemetry.http_seconds.record(
            time.perf_counter() - began,
            {"http.request.method": scope["method"], "http.route": path, "http.response.status_code": seen["status"]},
        )

    def _dress(self, message: Message, scope: Scope, allowed: str | None) -> None:
        raw = message["headers"] = list(message.get("headers", ()))
        present = {name for name, _ in raw}
        raw += [each for each in self._always if each[0] not in present]
        if scope["app"].state.draining:  # the client's next request goes to a process that stays
            raw.append((b"connection", b"close"))
        waited = scope.get("state", {}).get("wait_for")
        if not waited and not allowed:
            return
        headers = MutableHeaders(raw=raw)
        if waited:
            headers["Wait-For-Status"] = waited
        if allowed and "access-control-allow-origin" not in headers:
            headers["Access-Control-Allow-Origin"] = allowed
            headers["Access-Control-Expose-Headers"] = _EXPOSED
            headers.add_vary_header("Origin")

    def _preflight(self) -> Response:
        return Response(
            status_code=204,
            headers={
                "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
                "Access-Control-Allow-Headers": _ACCEPTED,
                "Access-Control-Max-Age": "600",
            },
        )


def plain(status: int, code: str, title: str, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """problem+json for what is wrong outside a use case: an address, a method, a size, or our own fault."""
    body: dict[str, object] = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}
    if trace_id := telemetry.current_trace_id():
        body["traceId"] = trace_id
    return JSONResponse(body, status, headers, "application/problem+json")
