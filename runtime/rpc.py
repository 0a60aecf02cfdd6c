"""gRPC: a server that lets nobody in undeclared, and a client that never calls inside an open transaction."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import UUID

import grpc
from google.protobuf import descriptor_pool
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from opentelemetry.trace import SpanKind

from runtime import telemetry
from runtime.access import Access, Reach
from runtime.auth import Actor, ForeignConsortium, TokenChecker
from runtime.postgres import PASSING, in_transaction
from runtime.problems import Kind, Problem, Unavailable
from runtime.settings import Settings

DEADLINE_SECONDS = 2.0
LONGEST_SECONDS = 30.0

F = TypeVar("F", bound=Callable[..., Awaitable[Any]])

_actor: ContextVar[Actor] = ContextVar("rpc_actor")
_OPEN = ("/grpc.health.v1.Health/", "/grpc.reflection.")


@dataclass(frozen=True, slots=True)
class Door:
    """One gRPC service: its full name, what adds it to a server, and what answers."""

    name: str
    add: Callable[[Any, grpc.aio.Server], None]
    servicer: Any


class Undeclared(Exception):
    """A method does not say who may call it; the message names it."""


class CalledInTransaction(RuntimeError):
    """A call to another service inside an open transaction: do it before (`prepare`), or after the commit."""


class BadId(Problem, kind=Kind.INVALID):
    """{field} must be a UUID."""


class NoDeadline(Problem, kind=Kind.INVALID):
    """Every call needs a deadline of at most {most} seconds. Set one and call again."""


class RemoteProblem(Problem, code="remote-problem"):
    """{detail}"""

    def __init__(self, kind: Kind, code: str, detail: str) -> None:
        """A refusal of another service, with the kind, the code and the sentence that it gave."""
        super().__init__(detail=detail)
        self.kind = kind
        self.code = code


def allowed(*roles: str) -> Callable[[F], F]:
    """Declares that callers with one of these roles may call the method."""

    def mark(method: F) -> F:
        method.allowed_roles = frozenset(roles)  # type: ignore[attr-defined]
        return method

    return mark


def actor() -> Actor:
    """Who calls, inside a method."""
    return _actor.get()


def consortium(value: str) -> UUID:
    """The consortium named in a request. Raises BadId, or ForeignConsortium when it is not the caller's."""
    found = identifier("consortium_id", value)
    actor().check_consortium(found)
    return found


def identifier(field: str, value: str) -> UUID:
    """An id in a request. Raises BadId."""
    try:
        return UUID(value)
    except ValueError:
        raise BadId(field=field) from None


class _Guard(grpc.aio.ServerInterceptor):
    """Checks token, role, consortium and deadline before a method runs, and turns what it raises into a status."""

    def __init__(self, tokens: TokenChecker, roles: dict[str, frozenset[str]]) -> None:
        self._tokens = tokens
        self._roles = roles

    async def intercept_service(self, continuation: Any, details: Any) -> Any:
        handler = await continuation(details)
        if handler is None or details.method.startswith(_OPEN):
            return handler
        if handler.unary_unary is None:
            return None  # this guard checks calls of one question and one answer; any other is not served
        method = details.method
        metadata = {key: value for key, value in details.invocation_metadata or () if isinstance(value, str)}
        inner = handler.unary_unary

        async def guarded(request: Any, context: Any) -> Any:
            parent, began, outcome = metadata.get("traceparent"), time.perf_counter(), "OK"
            with telemetry.span(method.lstrip("/"), kind=SpanKind.SERVER, parent_traceparent=parent):
                try:
                    who = await self._tokens.actor(metadata.get("authorization"))
                    who.check(self._roles.get(method, frozenset()), None)
                    left = context.time_remaining()
                    if left is None or left > LONGEST_SECONDS:
                        raise NoDeadline(most=int(LONGEST_SECONDS))
                    token = _actor.set(who)
                    try:
                        if named := getattr(request, "consortium_id", ""):
                            consortium(named)
                        return await inner(request, context)
                    finally:
                        _actor.reset(token)
                except Problem as problem:
                    outcome = problem.kind.value.grpc_status
                    await _abort(context, problem)
                except PASSING:
                    outcome = "UNAVAILABLE"
                    await _abort(context, Unavailable(what="The database"))
                except (grpc.aio.AbortError, asyncio.CancelledError):
                    outcome = "CANCELLED"
                    raise
                except Exception as error:
                    outcome = "INTERNAL"
                    telemetry.log("rpc").error("unexpected error", method=method, exc_info=error)
                    await context.abort(grpc.StatusCode.INTERNAL, "Something went wrong here; nothing was changed.")
                finally:
                    telemetry.rpc_seconds.record(
                        time.perf_counter() - began, {"rpc.method": method.lstrip("/"), "rpc.status": outcome}
                    )

        return grpc.unary_unary_rpc_method_handler(guarded, handler.request_deserializer, handler.response_serializer)


async def _abort(context: Any, problem: Problem) -> None:
    status = grpc.StatusCode[problem.kind.value.grpc_status]
    trailing = (("problem-code", problem.code), ("problem-kind", problem.kind.name.lower()))
    await context.abort(status, problem.detail, trailing)


def declared(doors: Sequence[Door]) -> dict[str, frozenset[str]]:
    """Who may call which method. Raises Undeclared for a method that does not say."""
    return {name: roles for door in doors for name, roles in declared_by(door.name, type(door.servicer)).items()}


def declared_by(service: str, servicer: type[Any]) -> dict[str, frozenset[str]]:
    """Who may call which method of what answers one service. Raises Undeclared for a method that does not say."""
    roles: dict[str, frozenset[str]] = {}
    for name in dir(servicer):
        method = getattr(servicer, name)
        if not re.match(r"^[A-Z]", name) or not callable(method):
            continue
        if method.__module__.endswith("_pb2_grpc"):
            continue  # not answered by this service: denied to everyone
        found = getattr(method, "allowed_roles", None)
        if found is None:
            raise Undeclared(f"{service}/{name}: declare who may call it, with @allowed(...)")
        roles[f"/{service}/{name}"] = found
    return roles


def access(method: str, roles: frozenset[str]) -> Access:
    """Who may call a method, as the matrix has it. One whose request names no consortium touches none of them."""
    service, _, name = method.removeprefix("/").partition("/")
    asked = descriptor_pool.Default().FindServiceByName(service).methods_by_name[name].input_type
    return Access(tuple(sorted(roles)), None, Reach.REGION if _names_a_consortium(asked) else Reach.INSTALLATION)


def _names_a_consortium(message: Any) -> bool:
    parts = [field.message_type for field in message.fields if field.message_type is not None]
    return "consortium_id" in message.fields_by_name or any(_names_a_consortium(part) for part in parts)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a process proves itself with to the others, and whom it believes: PEM files of one authority."""

    ca_file: Path
    certificate_file: Path
    key_file: Path

    @classmethod
    def of(cls, settings: Settings) -> "Identity | None":
        """The identity in these settings, if they have one."""
        if settings.grpc_ca_file and settings.grpc_certificate_file and settings.grpc_key_file:
            return cls(settings.grpc_ca_file, settings.grpc_certificate_file, settings.grpc_key_file)
        return None

    def server(self) -> grpc.ServerCredentials:
        """For a door that lets in only who has a certificate of the same authority."""
        pair = (self.key_file.read_bytes(), self.certificate_file.read_bytes())
        return grpc.ssl_server_credentials([pair], self.ca_file.read_bytes(), require_client_auth=True)

    def client(self) -> grpc.ChannelCredentials:
        """For calls to doors with a certificate of the same authority, in the name that is called."""
        return grpc.ssl_channel_credentials(
            self.ca_file.read_bytes(), self.key_file.read_bytes(), self.certificate_file.read_bytes()
        )


def channel(address: str, identity: Identity | None = None) -> grpc.aio.Channel:
    """A channel that repeats nothing by itself."""
    options = (("grpc.enable_retries", 0),)
    if identity:
        return grpc.aio.secure_channel(address, identity.client(), options=options)
    return grpc.aio.insecure_channel(address, options=options)


class Server:
    """The gRPC door of a service: its methods, health and reflection."""

    def __init__(self, settings: Settings, doors: Sequence[Door], tokens: TokenChecker) -> None:
        self._server = grpc.aio.server(
            interceptors=[_Guard(tokens, declared(doors))],
            options=(("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 4 * 1024 * 1024)),
        )
        for door in doors:
            door.add(door.servicer, self._server)
        self._health = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = [door.name for door in doors]
        reflection.enable_server_reflection([*names, health.SERVICE_NAME, reflection.SERVICE_NAME], self._server)
        self._names = names
        self._grace = settings.drain_timeout_seconds
        address = f"{settings.grpc_host}:{settings.grpc_port}"
        if identity := Identity.of(settings):
            port = self._server.add_secure_port(address, identity.server())
        else:
            port = self._server.add_insecure_port(address)
        self.address = f"{settings.grpc_host}:{port}"
        self.up = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Serves until `stop`, then lets calls under way finish."""
        await self._server.start()
        for name in ["", *self._names]:
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        self.up.set()
        await stop.wait()
        await self.leave()
        await self._server.stop(self._grace)

    async def leave(self) -> None:
        """Says that it no longer serves, and serves on. Safe to repeat."""
        await self._health.enter_graceful_shutdown()


def _kind(status: str, named: str) -> Kind:
    """The kind of a refusal: as the other side named it, else the first with that gRPC status.

    A status that no refusal of ours has (INTERNAL, UNKNOWN, ...) says nothing about the question: UNAVAILABLE.
    """
    found = [kind for kind in Kind if kind.value.grpc_status == status]
    exact = [kind for kind in found if kind.name.lower() == named]
    return next(iter(exact or found), Kind.UNAVAILABLE)


def _ended_unanswered(error: grpc.aio.AioRpcError) -> bool:
    """Whether the connection says so, and not a service: our doors name the kind of what they refuse."""
    return error.code() is grpc.StatusCode.UNAVAILABLE and not any(
        name == "problem-kind" for name, _ in error.trailing_metadata() or ()
    )


class Tokens(Protocol):
    """Whose token a call carries: usually the service's own, at a console that of the person at it."""

    async def token(self) -> str: ...


class Client:
    """Calls to one other service: own token, trace, deadline, and answers as problems of ours."""

    def __init__(self, address: str, what: str, tokens: Tokens, identity: Identity | None = None) -> None:
        """With an identity over mutual TLS, else in plain text. Raises ValueError when its files are not usable."""
        self._what = what
        self._tokens = tokens
        self.channel = channel(address, identity)

    async def call(
        self,
        method: Any,
        request: Any,
        *,
        timeout_seconds: float = DEADLINE_SECONDS,
        tokens: Tokens | None = None,
        again: bool = False,
    ) -> Any:
        """Calls a stub's method; with `tokens` on behalf of somebody else than this service.

        With `again` it is asked once more when the connection ended before there was an answer, as it does when the
        process at the other side is replaced: only for what has one effect, or none, however often it is asked.

        Raises CalledInTransaction inside an open transaction, Unavailable when the other side is away, too slow or
        broken, RemoteProblem with its kind, code and sentence when it refuses.
        """
        if in_transaction():
            raise CalledInTransaction("a call to another service inside an open transaction")
        with telemetry.span(f"call {self._what}", kind=SpanKind.CLIENT):
            metadata = [("authorization", f"Bearer {await (tokens or self._tokens).token()}")]
            if parent := telemetry.current_traceparent():
                metadata.append(("traceparent", parent))
            until = time.monotonic() + timeout_seconds
            try:
                return await method(request, timeout=timeout_seconds, metadata=metadata)
            except grpc.aio.AioRpcError as error:
                if not (again and _ended_unanswered(error)):
                    raise self._problem(error) from error
            try:
                return await method(request, timeout=max(0.0, until - time.monotonic()), metadata=metadata)
            except grpc.aio.AioRpcError as error:
                raise self._problem(error) from error

    def _problem(self, error: grpc.aio.AioRpcError) -> Problem:
        trailing = {key: value for key, value in error.trailing_metadata() or () if isinstance(value, str)}
        kind = _kind(error.code().name, trailing.get("problem-kind", ""))
        if kind is Kind.UNAVAILABLE:
            return Unavailable(what=self._what)
        return RemoteProblem(kind, trailing.get("problem-code", "remote-problem"), error.details() or "refused")

    async def close(self) -> None:
        await self.channel.close()


__all__ = [
    "Client",
    "Door",
    "ForeignConsortium",
    "Identity",
    "RemoteProblem",
    "Server",
    "actor",
    "allowed",
    "channel",
    "consortium",
    "identifier",
]
