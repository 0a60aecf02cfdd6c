"""One request on its way to one command: who, for which consortium, when, and at most once."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Generic, Literal, Protocol, TypeVar
from uuid import UUID

from asyncpg import Record
from fastapi import Request, Response
from pydantic import BaseModel
from pydantic_core import to_json

from runtime import telemetry
from runtime.access import Access
from runtime.auth import Actor, ConsortiumNotNamed, ForeignOrganisation, TokenChecker
from runtime.event import Context
from runtime.http.lanes import Asked, Key, Lanes, kept_headers
from runtime.http.middleware import header
from runtime.ids import new_id
from runtime.postgres import Database, RegionClosed, Tx
from runtime.problems import Kind, Problem
from runtime.queries import Queries
from runtime.together import Together

Q = Queries(__file__, "../sql/idempotency.sql")
A = TypeVar("A")
T = TypeVar("T")

KEPT_ANSWER_BYTES = 16_384
WAIT_FOR_SECONDS = 2.0
WAIT_FOR_STEP_SECONDS = 0.02


class IdempotencyKeyMissing(Problem, kind=Kind.INVALID):
    """This request needs a header Idempotency-Key of 1 to 255 characters: fresh per request, the same for its retry."""


class IdempotencyKeyReused(Problem, kind=Kind.CONFLICT):
    """This Idempotency-Key was used for another request. Choose a fresh key, or repeat the first request unchanged."""


class AnswerNotKept(Problem, kind=Kind.CONFLICT):
    """The first request with this Idempotency-Key took effect; its answer was too large to keep. Read the result with
    a GET."""


class StillInProgress(Problem, kind=Kind.IN_PROGRESS):
    """The first request with this Idempotency-Key is still being handled. Repeat the request in a moment."""


class VersionMissing(Problem, kind=Kind.PRECONDITION_REQUIRED):
    """Say which version you changed: send the ETag you read in the header If-Match."""


class VersionUnreadable(Problem, kind=Kind.INVALID):
    """The header If-Match must hold one ETag as this service gave it, for instance "3"."""


class PersonUnknown(Problem, kind=Kind.FORBIDDEN):
    """This step needs to know which person you are, and your account is linked to none. Ask the programme office."""


class BadHeader(Problem, kind=Kind.INVALID):
    """The header {name} is not usable: {why}"""


class PeopleDirectory(Protocol):
    """Knows the person behind an account, so that two accounts of one person count as one."""

    async def person_for(self, consortium_id: UUID, issuer: str, subject: str) -> UUID | None: ...


@dataclass(frozen=True, slots=True)
class Upserted(Generic[T]):
    """What a put did: the thing, and whether it was created, changed or left as it was."""

    thing: T
    result: Literal["created", "changed", "unchanged"]


class _Replay(Exception):
    def __init__(self, row: Record) -> None:
        self.row = row


@dataclass(slots=True)
class Call:
    """What a route is given. Opens the only transaction of its request."""

    request: Request
    actor: Actor
    at: datetime
    database: Database
    people: PeopleDirectory | None
    correlation_id: UUID
    access: Access
    _person: UUID | None = field(default=None)
    _body: bytes | None = field(default=None)

    @classmethod
    async def of(cls, request: Request, access: Access, body: bytes | None = None) -> "Call":
        """The call of a request; `body` when it was read already. Raises whatever keeps the caller out."""
        state = request.app.state
        checker: TokenChecker = state.tokens
        actor = await checker.actor(header(request.scope, b"authorization"))
        actor.check(access.roles, access.scope)
        state.limiter(actor)
        call = cls(request, actor, datetime.now(UTC), state.database, state.people, new_id(), access, _body=body)
        if access.checks_region(actor.roles):
            _ = call.consortium_id
        return call

    @property
    def consortium_id(self) -> UUID:
        """The consortium of this request. Raises ForeignConsortium or ConsortiumNotNamed."""
        named = header(self.request.scope, b"consortium-id")
        if named is not None:
            wanted = _uuid("Consortium-Id", named)
            self.actor.check_consortium(wanted)
            return wanted
        if len(self.actor.consortia) != 1:
            raise ConsortiumNotNamed()
        return next(iter(self.actor.consortia))

    @property
    def own(self) -> frozenset[UUID] | None:
        """The organisations whose things this caller gets by this route; None for those of the whole region."""
        return self.actor.organisations if self.access.binds(self.actor.roles) else None

    def check_organisation(self, organisation_id: UUID) -> None:
        """Raises ForeignOrganisation when the caller is bound to organisations, and this is none of them."""
        if self.own is not None and organisation_id not in self.own:
            raise ForeignOrganisation()

    @property
    def context(self) -> Context:
        """What the events of this request are caused by."""
        return Context(
            self.correlation_id,
            None,
            telemetry.current_traceparent(),
            self._actor_digest[:16],
        )

    @property
    def _actor_digest(self) -> str:
        return hashlib.sha256(self.actor.key.encode()).hexdigest()

    @property
    def expected_version(self) -> int | None:
        """The version in If-Match, or None when the header is absent or `*`. Raises VersionUnreadable."""
        value = header(self.request.scope, b"if-match")
        if value is None or value.strip() == "*":
            return None
        digits = value.strip().removeprefix("W/").strip('"')
        if not digits.isdigit() or len(digits) > 18:
            raise VersionUnreadable()
        return int(digits)

    def require_version(self) -> int:
        """The version in If-Match. Raises VersionMissing."""
        version = self.expected_version
        if version is None:
            raise VersionMissing()
        return version

    async def person(self) -> UUID:
        """The person who calls, whatever account was used. Raises PersonUnknown."""
        if self._person is None:
            found = None
            if self.people is not None:
                found = await self.people.person_for(self.consortium_id, self.actor.issuer, self.actor.subject)
            if found is None:
                raise PersonUnknown()
            self._person = found
        return self._person

    async def run(
        self,
        command: Callable[[Tx], Awaitable[T]],
        present: Callable[[T], BaseModel | dict[str, Any] | None],
        *,
        status: int = 200,
        location: Callable[[T], str] | None = None,
        version: Callable[[T], int] | None = None,
        consortium_id: UUID | None = None,
        among: Collection[UUID] = (),
        when_closed: bool = False,
    ) -> Response:
        """Runs a command in its transaction and answers.

        A POST needs an Idempotency-Key, which is claimed in the same transaction; a repeat gets the first answer.
        Adds Event-Id (the last fact appended), ETag, Location and, for a put, Result. `among` are other consortia that
        the command may touch: it is then given the transaction of all of them. Raises RegionClosed when the region is
        closed, unless it is `when_closed` a command for closed regions too.
        """
        tenant = consortium_id or self.consortium_id
        key = self._idempotency_key()
        digest = await self._digest() if key else b""
        actor = self._actor_digest
        if key:
            await self._note(tenant)
        try:
            async with self.database.transaction(
                {tenant, *among}, self.context, command_of=None if when_closed else tenant
            ) as whole:
                tx = whole.within(tenant)
                if key:
                    await _claim(tx, actor, key, digest)
                outcome = await command(whole if among else tx)
                response = _answer(outcome, present, status, location, version)
                if tx.event_ids:
                    response.headers["Event-Id"] = str(tx.event_ids[-1])
                if key and _can_be_kept(response):
                    await Q.keep.execute(
                        tx, tenant, actor, key, response.status_code, kept_headers(response), bytes(response.body)
                    )
                return response
        except _Replay as replay:
            return _again(replay.row)
        except RegionClosed:
            if key and (row := await self._kept(tenant, key, digest)) is not None:
                return _again(row)
            raise

    async def run_together(
        self,
        together: Together[A, T],
        ask: A,
        present: Callable[[T], BaseModel | dict[str, Any] | None],
        *,
        status: int = 200,
        location: Callable[[T], str] | None = None,
        version: Callable[[T], int] | None = None,
    ) -> Response:
        """Runs a hot command as `run` does, in one transaction with others of its kind that arrive at the same time."""
        key = self._idempotency_key()
        if key:
            tenant = self.consortium_id
            await self._note(tenant)

            def answer(outcome: T, event_id: UUID | None) -> Response:
                response = _answer(outcome, present, status, location, version)
                if event_id is not None:
                    response.headers["Event-Id"] = str(event_id)
                return response

            claimed = Key(self._actor_digest, key, await self._digest())
            asked = Asked(ask, claimed, self.context, answer, _can_be_kept)
            lanes: Lanes = self.request.app.state.lanes
            if (response := await lanes.answer(together, tenant, asked)) is not None:
                return response
        command = partial(together.alone, asked=ask, at=self.at)
        return await self.run(command, present, status=status, location=location, version=version)

    async def read(self, query: Callable[[Tx], Awaitable[T]], *, consortium_id: UUID | None = None) -> T:
        """Runs a query for the consortium, after the event named in Wait-For if it arrives within two seconds."""
        await self._wait_for()
        async with self.database.transaction(consortium_id or self.consortium_id, self.context) as tx:
            return await query(tx)

    def _idempotency_key(self) -> str | None:
        key = header(self.request.scope, b"idempotency-key")
        if key is None and self.request.method != "POST":
            return None
        if not key or len(key.encode()) > 255:
            raise IdempotencyKeyMissing()
        return key

    async def _kept(self, tenant: UUID, key: str, digest: bytes) -> Record | None:
        """The answer that this very request was given before the region was closed, if it was."""
        async with self.database.transaction(tenant, self.context) as tx:
            row = await Q.kept.row(tx, tenant, self._actor_digest, key)
        return row if row is not None and row["request_hash"] == digest and row["status"] is not None else None

    async def _digest(self) -> bytes:
        scope = self.request.scope
        digest = hashlib.sha256(f"{scope['method']} {scope['path']}?{scope['query_string'].decode()}\n".encode())
        digest.update(await self.request.body() if self._body is None else self._body)
        return digest.digest()

    async def _note(self, tenant: UUID) -> None:
        """Remembers that answers of this consortium are kept, so that they can be erased."""
        if tenant not in self.database.with_answers:
            await Q.note_consortium.execute(self.database.pool, tenant)
            self.database.with_answers.add(tenant)

    async def _wait_for(self) -> None:
        named = header(self.request.scope, b"wait-for")
        if named is None:
            return
        event_id = str(_uuid("Wait-For", named))
        until = asyncio.get_running_loop().time() + WAIT_FOR_SECONDS
        while True:
            async with self.database.transaction((), self.context) as tx:
                if await Q.has_arrived.value(tx, event_id):
                    self.request.state.wait_for = "done"
                    return
            if asyncio.get_running_loop().time() >= until:
                self.request.state.wait_for = "pending"
                return
            await asyncio.sleep(WAIT_FOR_STEP_SECONDS)


async def _claim(tx: Tx, actor: str, key: str, digest: bytes) -> None:
    """Claims the key for this transaction; a twin that holds it is waited for as long as the statement allows."""
    try:
        fresh = await Q.claim.value(tx, tx.consortium_id, actor, key, digest)
    except Exception as error:
        if getattr(error, "sqlstate", "") == "55P03":
            raise StillInProgress(retry_after_seconds=1) from None
        raise
    if fresh:
        return
    row = await Q.kept.row(tx, tx.consortium_id, actor, key)
    if row is None or row["request_hash"] != digest:
        raise IdempotencyKeyReused()
    if row["status"] is None:
        raise AnswerNotKept()
    raise _Replay(row)


def _again(row: Record) -> Response:
    """The answer that was kept, for a repeat of its request."""
    return Response(row["body"], row["status"], {**_headers(row["headers"]), "Idempotent-Replayed": "true"})


def _can_be_kept(response: Response) -> bool:
    return len(response.body) <= KEPT_ANSWER_BYTES


def _headers(kept: Any) -> dict[str, str]:
    loaded: dict[str, str] = json.loads(kept) if isinstance(kept, str) else dict(kept)
    return loaded


def _answer(
    outcome: T,
    present: Callable[[T], BaseModel | dict[str, Any] | None],
    status: int,
    location: Callable[[T], str] | None,
    version: Callable[[T], int] | None,
) -> Response:
    headers: dict[str, str] = {}
    if isinstance(outcome, Upserted):
        headers["Result"] = outcome.result
        status = 201 if outcome.result == "created" else 200
    if location is not None and status == 201:
        headers["Location"] = location(outcome)
    if version is not None:
        headers["ETag"] = f'"{version(outcome)}"'
    shown = present(outcome)
    if shown is None:
        return Response(None, 204, headers)
    body = shown.model_dump_json(by_alias=True).encode() if isinstance(shown, BaseModel) else to_json(shown)
    return Response(body, status, headers, "application/json")


def _uuid(name: str, value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise BadHeader(name=name, why="it must be a UUID.") from None
