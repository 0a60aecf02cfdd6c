"""Operations over gRPC: an operator sees what a service does and mends it; nobody else gets in."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from pydantic import BaseModel
from speerpunt.runtime.v1 import operations_pb2 as pb
from speerpunt.runtime.v1 import operations_pb2_grpc

from runtime import operations, ops
from runtime.auth import Actor, TokenChecker
from runtime.consumer import Consumer, Router, Subscription
from runtime.event import Received
from runtime.postgres import Tx
from runtime.rpc import Server
from tests.integration.runtime.conftest import Steps
from tests.support import steps
from tests.support.publishing import publish

METHODS: dict[str, dict[str, Any]] = {
    "Describe": {},
    "GetLag": {},
    "ListDeadLetters": {},
    "GetDeadLetter": {"dead_letter_id": str(uuid4())},
    "Replay": {"dead_letter_id": str(uuid4())},
    "Discard": {"dead_letter_id": str(uuid4()), "reason": "never mind"},
    "Pause": {"consumer": "steps.own"},
    "Resume": {"consumer": "steps.own"},
    "Follow": {"correlation_id": str(uuid4())},
}


class Tokens(TokenChecker):
    """Reads the role out of the header: tokens themselves are tested elsewhere."""

    async def actor(self, authorization: str | None) -> Actor:
        return Actor("test", "olga", frozenset({authorization or "nobody"}), frozenset(), frozenset())


class Failing:
    """The steps' own handler, which fails at one walker's second step as long as it is ill."""

    def __init__(self) -> None:
        self.walker, self.ill = uuid4(), True
        self.router: Router = steps.subscription().handler  # type: ignore[assignment]

    async def prepare(self, events: Sequence[Received]) -> None:
        return

    def model_of(self, event_type: str) -> type[BaseModel] | None:
        return self.router.model_of(event_type)

    async def handle(self, tx: Tx, events: Sequence[Received]) -> None:
        for event in events:
            if self.ill and event.subject == f"walker/{self.walker}" and event.sequence == 2:
                raise ValueError("a value that must not show")
        await self.router.handle(tx, events)


@dataclass
class Desk:
    """A caller of Operations, and the service behind it."""

    service: Steps
    failing: Failing
    own: Subscription
    stub: Any

    async def call(self, method: str, role: str = "operator", **fields: Any) -> Any:
        request = getattr(pb, f"{method}Request")(**fields)
        return await getattr(self.stub, method)(request, timeout=20, metadata=(("authorization", role),))

    async def refusal(self, method: str, role: str = "operator", **fields: Any) -> grpc.StatusCode:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await self.call(method, role, **fields)
        code: grpc.StatusCode = refused.value.code()
        return code

    async def publish(self) -> None:
        await publish(self.service.db, self.service.settings)

    async def consume(self, messages: int) -> None:
        """Runs the consumer until it has this many messages behind it."""
        consumer = Consumer(self.service.db, self.service.settings, self.own)
        await consumer.start()
        async with asyncio.timeout(30):
            while True:
                await consumer.run_once()
                lag = await ops.lag(self.service.db, self.service.settings, [self.own])
                if sum(one.end for one in lag) == messages and not any(one.behind for one in lag):
                    break
        await consumer.close()


@pytest.fixture
async def desk(service: Steps) -> AsyncIterator[Desk]:
    failing = Failing()
    own = Subscription(name="steps.own", handler=failing, topics=("steps.events",), attempts=2)
    door = operations.door("steps", "1.2.3", ["relay", "grpc"], service.db, service.settings, [own])
    settings = service.settings.model_copy(update={"drain_timeout_seconds": 1})
    server = Server(settings, [door], Tokens(settings))
    stop = asyncio.Event()
    serving = asyncio.create_task(server.run(stop))
    await server.up.wait()
    async with grpc.aio.insecure_channel(server.address) as channel:
        yield Desk(service, failing, own, operations_pb2_grpc.OperationsStub(channel))
    stop.set()
    await serving


async def test_the_lag_of_a_hundred_senders_is_told_before_a_caller_gives_up(desk: Desk) -> None:
    """A call between services ends after two seconds; one topic at a time takes ten."""
    await desk.service.kafka.create_topics(*(f"intake.sender-{number}" for number in range(100)))
    many = Subscription("steps.many", Router(), pattern=r"intake\.[a-z0-9-]+", raw=True)
    async with asyncio.timeout(8):
        lag = await ops.lag(desk.service.db, desk.service.settings, [many, desk.own])
    assert len([one for one in lag if one.consumer == "steps.many"]) == 100
    assert all(one.behind == 0 for one in lag)


async def test_an_operator_sees_a_dead_letter_mends_the_cause_and_replays_it(desk: Desk) -> None:
    consortium, ill, well = uuid4(), desk.failing.walker, uuid4()
    for _ in range(3):
        await steps.step(desk.service.db, consortium, [ill, well])
    before = await desk.call("Describe")
    assert (before.service, before.version, list(before.roles)) == ("steps", "1.2.3", ["grpc", "relay"])
    assert (before.outbox_depth, before.events_published) == (6, 0)
    assert before.outbox_age_seconds > 0

    await desk.publish()
    behind = (await desk.call("GetLag", role="service")).consumers
    assert {(one.consumer, one.topic) for one in behind} == {("steps.own", "steps.events")}
    assert (len(behind), sum(one.lag for one in behind)) == (3, 6)
    await desk.consume(6)
    after = await desk.call("Describe")
    assert (after.outbox_depth, after.outbox_age_seconds, after.events_published) == (0, 0, 6)
    assert (after.events_consumed, after.dead_letters, after.parked, after.refused) == (4, 1, 1, 0)

    [letter] = (await desk.call("ListDeadLetters")).dead_letters
    assert (letter.consumer, letter.code, letter.state) == ("steps.own", "handler-failed", "waiting")
    assert letter.parked_behind == 1
    assert letter.record.startswith("steps.events-")
    assert "must not show" not in letter.reason
    assert not (await desk.call("ListDeadLetters", after=letter.id)).dead_letters
    opened = await desk.call("GetDeadLetter", dead_letter_id=letter.id)
    assert opened.dead_letter == letter
    assert json.loads(opened.payload) == {"step": 2, "(undeclared 1)": "(text of 0)"}
    assert opened.envelope["type"] == letter.type == steps.Stepped.fact_type
    assert opened.stack

    assert await desk.refusal("Replay", dead_letter_id=letter.id) is grpc.StatusCode.FAILED_PRECONDITION
    desk.failing.ill = False
    assert (await desk.call("Replay", dead_letter_id=letter.id)).handled == 2
    assert await steps.heard(desk.service.db, consortium) == {ill: [1, 2, 3], well: [1, 2, 3]}
    [settled] = (await desk.call("ListDeadLetters", settled=True)).dead_letters
    assert (settled.id, settled.state, settled.closed_by) == (letter.id, "replayed", "test|olga")
    mended = await desk.call("Describe")
    assert (mended.events_consumed, mended.dead_letters, mended.parked) == (6, 0, 0)


async def test_a_dead_letter_is_discarded_only_with_a_reason(desk: Desk) -> None:
    consortium, ill = uuid4(), desk.failing.walker
    for _ in range(3):
        await steps.step(desk.service.db, consortium, [ill])
    await desk.publish()
    await desk.consume(3)
    [letter] = (await desk.call("ListDeadLetters", limit=1)).dead_letters
    for reason in ("", " \0 ", "x" * 501):
        refused = await desk.refusal("Discard", dead_letter_id=letter.id, reason=reason)
        assert refused is grpc.StatusCode.INVALID_ARGUMENT
    assert (await desk.call("Discard", dead_letter_id=letter.id, reason="sent by mistake")).handled == 1
    assert await steps.heard(desk.service.db, consortium) == {ill: [1, 3]}
    assert not (await desk.call("ListDeadLetters")).dead_letters
    [settled] = (await desk.call("ListDeadLetters", settled=True)).dead_letters
    assert (settled.state, settled.closed_by, settled.closed_because) == ("discarded", "test|olga", "sent by mistake")
    assert settled.HasField("closed_at")


async def test_a_consumer_is_paused_and_resumed_by_its_name(desk: Desk) -> None:
    await desk.call("Pause", consumer="steps.own")
    assert all(one.paused for one in (await desk.call("GetLag")).consumers)
    await desk.call("Resume", consumer="steps.own")
    assert not any(one.paused for one in (await desk.call("GetLag")).consumers)
    for method in ("Pause", "Resume"):
        assert await desk.refusal(method, consumer="steps.other") is grpc.StatusCode.NOT_FOUND


async def test_a_journey_is_followed_by_its_correlation_id(desk: Desk) -> None:
    consortium = uuid4()
    [event_id] = await steps.step(desk.service.db, consortium, [uuid4()])
    await desk.publish()
    await desk.consume(1)
    correlation: UUID = await desk.service.db.pool.fetchval("SELECT correlation_id FROM inbox")
    sent, received = (await desk.call("Follow", correlation_id=str(correlation))).steps
    assert (sent.service, sent.topic, sent.consumer, sent.published) == ("steps", "steps.events", "", True)
    assert (received.service, received.consumer, received.published) == ("steps", "steps.own", False)
    for step in (sent, received):
        assert (step.event_id, step.type) == (str(event_id), steps.Stepped.fact_type)
    assert sent.published_at == received.published_at
    assert not sent.HasField("handled_at")
    times = [sent.occurred_at, sent.published_at, received.handled_at]
    assert [at.ToDatetime() for at in times] == sorted(at.ToDatetime() for at in times)
    assert not (await desk.call("Follow", correlation_id=str(uuid4()))).steps


@pytest.mark.parametrize("method", METHODS)
async def test_nobody_but_an_operator_or_a_service_gets_in(desk: Desk, method: str) -> None:
    for role in ("office", "controller", "nobody"):
        assert await desk.refusal(method, role, **METHODS[method]) is grpc.StatusCode.PERMISSION_DENIED


async def test_what_is_not_an_id_or_not_there_is_refused(desk: Desk) -> None:
    assert await desk.refusal("Replay", dead_letter_id="7") is grpc.StatusCode.INVALID_ARGUMENT
    for method in ("GetDeadLetter", "Replay"):
        assert await desk.refusal(method, dead_letter_id=str(uuid4())) is grpc.StatusCode.NOT_FOUND
    assert await desk.refusal("Follow", correlation_id="") is grpc.StatusCode.INVALID_ARGUMENT
    assert await desk.refusal("ListDeadLetters", limit=-1) is grpc.StatusCode.INVALID_ARGUMENT
    assert await desk.refusal("ListDeadLetters", after="x") is grpc.StatusCode.INVALID_ARGUMENT
