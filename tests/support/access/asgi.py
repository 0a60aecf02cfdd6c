"""Asks an application directly: the matrix asks ten thousand times, and a client takes as long as the answer."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import FastAPI


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; the names of headers in lower case."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        return json.loads(self.content)


async def ask(
    app: FastAPI,
    method: str,
    path: str,
    headers: Mapping[str, str],
    *,
    params: Mapping[str, str] | None = None,
    json: Any = None,
    data: Mapping[str, str] | None = None,
    content: bytes = b"",
) -> Answer:
    """One request, with a body of JSON, of a form, or as it stands; an exception of the application is a 500."""
    sent = {name.lower(): value for name, value in headers.items()}
    if json is not None:
        content, sent["content-type"] = _written(json), "application/json"
    elif data is not None:
        content, sent["content-type"] = urlencode(data).encode(), "application/x-www-form-urlencoded"
    raw = [(b"host", b"service.test"), (b"content-length", str(len(content)).encode())]
    raw += [(name.encode(), value.encode("latin-1")) for name, value in sent.items()]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "headers": raw,
        "scheme": "http",
        "path": path,
        "raw_path": quote(path).encode(),
        "query_string": urlencode(params or {}).encode(),
        "server": ("service.test", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
    asked, complete = False, asyncio.Event()
    status, answered, parts = 500, list[tuple[bytes, bytes]](), list[bytes]()

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if asked:
            await complete.wait()
            return {"type": "http.disconnect"}
        asked = True
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status, answered
        if message["type"] == "http.response.start":
            status, answered = message["status"], list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                complete.set()

    try:
        await app(scope, receive, send)
    except Exception as error:  # what a server would log and answer with 500
        parts.append(repr(error).encode())
        status = 500
    return Answer(status, {name.decode().lower(): value.decode("latin-1") for name, value in answered}, b"".join(parts))


def _written(body: Any) -> bytes:
    return json.dumps(body).encode()
