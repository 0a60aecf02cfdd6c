"""A person at a portal: signs in, and speaks REST to the services as any portal would."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Any
from uuid import UUID, uuid4

import httpx2

from cli.ground import Entrance
from deploy.embedded.people import person_token
from deploy.kafka.login import Login

MOST = 200
PATIENCE_SECONDS = 120
"""How long a command is repeated that a service cannot take right now."""


class Refused(Exception):
    """A service said no; holds its status, code and sentence. `where` names what was asked, `errors` the fields."""

    def __init__(self, status: int, code: str, detail: str, where: str = "", errors: str = "") -> None:
        super().__init__(f"{where}: {status} {code}: {detail} {errors}".strip())
        self.status, self.code, self.detail = status, code, detail


@dataclass(frozen=True, slots=True)
class Running:
    """Where a stack is that somebody else holds, and what lets people sign in to it."""

    http: dict[str, str]
    issuer: str
    person_secret: str
    kafka: Login | None = None
    """The administrator of its broker."""
    folder: Path | None = None

    async def token(self, subject: str, claims: Mapping[str, Any]) -> str:
        """A token of the development issuer."""
        return await person_token(self.issuer, self.person_secret, subject, claims)


@dataclass(frozen=True, slots=True)
class Saved:
    """A file that was saved: its size, the SHA-256 of all of it, and its first line."""

    size: int
    sha256: str
    first: bytes


@dataclass(slots=True)
class Portal:
    """One signed-in person. Remembers the events of its own commands, so that others can wait for them.

    `consortium_id` is told with every request: for a token that names several.
    """

    client: httpx2.AsyncClient
    addresses: dict[str, str]
    token: str
    events: list[str] = field(default_factory=list)
    results: dict[str, int] = field(default_factory=dict)
    consortium_id: UUID | None = None

    @classmethod
    async def sign_in(
        cls,
        client: httpx2.AsyncClient,
        stack: Entrance,
        subject: str,
        roles: list[str],
        consortium_id: UUID,
        organisations: list[UUID] | None = None,
        sender: str | None = None,
    ) -> "Portal":
        """A portal for this subject, with a token for these."""
        services = ("partners", "funding", "activities", "notifications")
        claims = {
            "roles": roles,
            "consortia": [str(consortium_id)],
            "organisations": [str(each) for each in organisations or []],
            "scopes": [f"{service}:{right}" for service in services for right in ("read", "write")],
            "sender": sender,
        }
        return cls(client, dict(stack.http), await stack.token(subject, claims))

    async def get(self, service: str, path: str, **headers: str) -> Any:
        return self._told(await self.client.get(self.addresses[service] + path, headers=self._headers(headers)))

    async def put(self, service: str, path: str, body: dict[str, Any]) -> Any:
        answer = await self._command("PUT", service, path, body, {})
        told = self._told(answer)
        if result := answer.headers.get("result"):
            self.results[result] = self.results.get(result, 0) + 1
        if event := answer.headers.get("event-id"):
            self.events.append(event)
        return told

    async def post(self, service: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = await self._command("POST", service, path, body, {"Idempotency-Key": str(uuid4())})
        told = self._told(answer)
        if event := answer.headers.get("event-id"):
            self.events.append(event)
        return told

    async def post_content(self, service: str, path: str, content: bytes, media_type: str) -> Any:
        """A body that is no JSON document of ours, such as a sheet or a file of records."""
        headers = self._headers({"Idempotency-Key": str(uuid4()), "Content-Type": media_type})
        return self._told(await self.client.post(self.addresses[service] + path, content=content, headers=headers))

    async def put_content(self, service: str, path: str, content: bytes, media_type: str) -> Any:
        """The same in the place of what is there."""
        headers = self._headers({"Content-Type": media_type})
        return self._told(await self.client.put(self.addresses[service] + path, content=content, headers=headers))

    async def delete(self, service: str, path: str) -> None:
        self._told(await self.client.delete(self.addresses[service] + path, headers=self._headers({})))

    async def saved(self, service: str, path: str, into: IO[bytes]) -> Saved:
        """Saves an answer that is a large file of lines, as it comes."""
        digest, size, first = sha256(), 0, b""
        async with self.client.stream("GET", self.addresses[service] + path, headers=self._headers({})) as answer:
            if answer.status_code >= 400:
                await answer.aread()
                self._told(answer)
            async for chunk in answer.aiter_bytes():
                digest.update(chunk)
                size += len(chunk)
                if b"\n" not in first:
                    first += chunk
                await asyncio.to_thread(into.write, chunk)
        return Saved(size, digest.hexdigest(), first.partition(b"\n")[0])

    async def every(self, service: str, path: str) -> list[Any]:
        """All items of a paged list."""
        found: list[Any] = []
        after = ""
        while True:
            page = await self.get(service, f"{path}{'&' if '?' in path else '?'}limit={MOST}{after}")
            found += page["items"]
            if not page.get("next"):
                return found
            after = f"&after={page['next']}"

    async def text(self, service: str, path: str, **headers: str) -> str:
        """An answer that is no JSON document, such as the export of the books."""
        answer = await self.client.get(self.addresses[service] + path, headers=self._headers(headers))
        if answer.status_code >= 400:
            self._told(answer)
        return answer.text

    async def content(self, service: str, path: str) -> bytes:
        """An answer that is a file, such as a zip."""
        answer = await self.client.get(self.addresses[service] + path, headers=self._headers({}))
        if answer.status_code >= 400:
            self._told(answer)
        return answer.content

    async def _command(
        self, method: str, service: str, path: str, body: dict[str, Any] | None, more: dict[str, str]
    ) -> httpx2.Response:
        """Sends a command, and again, just as it was, when the service says that it is to come back in a moment, and
        once more when the connection broke before the answer: what was done already is answered, not done twice."""
        until = time.monotonic() + PATIENCE_SECONDS
        broken = False
        while True:
            address = self.addresses[service] + path
            try:
                answer = await self.client.request(method, address, json=body, headers=self._headers(more))
            except (httpx2.ReadError, httpx2.RemoteProtocolError):
                if broken:
                    raise
                broken = True
                continue
            broken = False
            later = answer.headers.get("retry-after", "")
            if answer.status_code != 503 or not later.isdecimal() or time.monotonic() > until:
                return answer
            await asyncio.sleep(int(later))

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        region = {"Consortium-Id": str(self.consortium_id)} if self.consortium_id else {}
        return {"Authorization": f"Bearer {self.token}", **region, **more}

    def _told(self, answer: httpx2.Response) -> Any:
        if answer.status_code >= 400:
            problem = answer.json()
            errors = "; ".join(f"{each['in']}: {each['detail']}" for each in problem.get("errors", []))
            where = f"{answer.request.method} {answer.request.url.path}"
            raise Refused(answer.status_code, problem.get("code", "problem"), problem.get("detail", ""), where, errors)
        return answer.json() if answer.content else None
