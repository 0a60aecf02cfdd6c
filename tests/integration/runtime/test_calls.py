"""A call from service to service: a refusal arrives as what it was, and who an account is holds for seconds only."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import grpc
import pytest
from speerpunt.partners.v1 import partners_pb2 as pb
from speerpunt.partners.v1 import partners_pb2_grpc

from runtime.auth import Actor, ServiceTokens, TokenChecker
from runtime.people import REMEMBERED_SECONDS, People
from runtime.problems import Kind, Problem, Unavailable
from runtime.rpc import Client, Door, RemoteProblem, Server, allowed
from runtime.settings import Settings

REGION, ADA = UUID(int=1), UUID(int=2)


class Callers(TokenChecker):
    """Every caller is a service: tokens themselves are tested elsewhere."""

    async def actor(self, authorization: str | None) -> Actor:
        return Actor("test", "somebody", frozenset({"service"}), frozenset(), frozenset())


class Own(ServiceTokens):
    """A token that is there already."""

    async def token(self) -> str:
        return "signed"


class DoorClosed(Problem):
    """The door is closed; come back tomorrow."""


@dataclass
class Directory(partners_pb2_grpc.PartnerDirectoryServicer):
    """Knows Ada's account until it is unlinked, and refuses as it is told to."""

    linked: bool = True
    refusal: Exception | None = None
    asked: list[str] = field(default_factory=list)

    @allowed("service")
    async def ResolvePerson(self, request: Any, context: Any) -> Any:
        self.asked.append(request.subject)
        if self.refusal is not None:
            raise self.refusal
        known = self.linked and request.subject == "ada"
        return pb.ResolvePersonResponse(person_id=str(ADA) if known else "")


A_DIRECTORY: Any = Directory
"""Typed loosely: the generated stubs call methods abstract that nobody asks for here."""


@dataclass
class Wire:
    """Both ends of a call, and the caller's clock in seconds."""

    other: Directory
    client: Client
    now: float = 1_000.0

    async def ask(self) -> Any:
        stub = partners_pb2_grpc.PartnerDirectoryStub(self.client.channel)
        return await self.client.call(stub.ResolvePerson, pb.ResolvePersonRequest(subject="ada"))


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    settings, other = Settings(drain_timeout_seconds=1), A_DIRECTORY()
    door = Door(
        "speerpunt.partners.v1.PartnerDirectory", partners_pb2_grpc.add_PartnerDirectoryServicer_to_server, other
    )
    server, stop = Server(settings, [door], Callers(settings)), asyncio.Event()
    serving = asyncio.create_task(server.run(stop))
    await server.up.wait()
    client = Client(server.address, "the directory", Own(settings))
    yield Wire(other, client)
    await client.close()
    stop.set()
    await serving


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.UNAVAILABLE], ids=lambda kind: kind.name)
async def test_a_refusal_keeps_its_kind_code_and_sentence_on_the_way(wire: Wire, kind: Kind) -> None:
    wire.other.refusal = DoorClosed()
    wire.other.refusal.kind = kind
    with pytest.raises(RemoteProblem, match="come back tomorrow") as refused:
        await wire.ask()
    assert (refused.value.kind, refused.value.code) == (kind, "door-closed")


async def test_a_fault_at_the_other_side_is_not_a_refusal(wire: Wire) -> None:
    wire.other.refusal = ValueError("a bug")
    with pytest.raises(Unavailable):
        await wire.ask()
    wire.other.refusal = Unavailable(what="The database")
    with pytest.raises(Unavailable):
        await wire.ask()


async def test_a_status_without_a_named_kind_still_gives_its_kind() -> None:
    class Plain(partners_pb2_grpc.PartnerDirectoryServicer):
        async def ResolvePerson(self, request: Any, context: Any) -> Any:
            await context.abort(grpc.StatusCode.NOT_FOUND, "nobody")

    a_plain: Any = Plain
    server = grpc.aio.server()
    partners_pb2_grpc.add_PartnerDirectoryServicer_to_server(a_plain(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    client = Client(f"127.0.0.1:{port}", "the directory", Own(Settings()))
    with pytest.raises(RemoteProblem) as refused:
        await Wire(A_DIRECTORY(), client).ask()
    assert refused.value.kind is Kind.NOT_FOUND
    await client.close()
    await server.stop(0)


async def test_a_known_person_is_asked_for_once_in_a_burst_and_an_unknown_one_each_time(wire: Wire) -> None:
    people = People(wire.client, lambda: wire.now)
    for _ in range(3):
        assert await people.person_for(REGION, "issuer", "ada") == ADA
        assert await people.person_for(REGION, "issuer", "stranger") is None
    assert wire.other.asked == ["ada", "stranger", "stranger", "stranger"]


async def test_an_ended_link_holds_within_seconds(wire: Wire) -> None:
    people = People(wire.client, lambda: wire.now)
    assert await people.person_for(REGION, "issuer", "ada") == ADA
    wire.other.linked = False
    wire.now += REMEMBERED_SECONDS
    assert await people.person_for(REGION, "issuer", "ada") is None


async def test_who_somebody_was_is_not_told_once_partners_is_away(wire: Wire) -> None:
    people = People(wire.client, lambda: wire.now)
    assert await people.person_for(REGION, "issuer", "ada") == ADA
    wire.other.refusal = Unavailable(what="The database")
    wire.now += REMEMBERED_SECONDS
    with pytest.raises(Unavailable):
        await people.person_for(REGION, "issuer", "ada")


class Ended:
    """A method of a stub whose connection ends before an answer, so often; or that is refused."""

    def __init__(self, times: int, *trailing: tuple[str, str]) -> None:
        self.left, self.asked, self.trailing = times, 0, trailing

    async def __call__(self, request: str, **_: Any) -> str:
        self.asked += 1
        if self.left:
            self.left -= 1
            trailing = grpc.aio.Metadata(*self.trailing)
            raise grpc.aio.AioRpcError(grpc.StatusCode.UNAVAILABLE, grpc.aio.Metadata(), trailing, "Socket closed")
        return f"answer to {request}"


async def test_what_may_be_asked_twice_is_asked_once_more_when_the_connection_ends_before_the_answer(
    wire: Wire,
) -> None:
    assert await wire.client.call(Ended(1), "a question", again=True) == "answer to a question"
    for method, again, asked in (
        (Ended(1), False, 1),
        (Ended(2), True, 2),
        (Ended(1, ("problem-kind", "unavailable")), True, 1),
    ):
        with pytest.raises(Unavailable):
            await wire.client.call(method, "a question", again=again)
        assert method.asked == asked
