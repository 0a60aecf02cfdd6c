"""What activities says to others, against a real gRPC server that answers as they do."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from grpc import aio
from speerpunt.funding.v1 import funding_pb2, funding_pb2_grpc

from runtime.auth import ServiceTokens
from runtime.ids import consortium_id
from runtime.postgres import Database
from runtime.problems import NotFound, Unavailable
from runtime.rpc import Client
from runtime.settings import Settings
from services.activities.clients import FundingDesk, RefusedElsewhere
from services.activities.store.activities import BudgetStep
from tests.support.servers import DatabaseFor
from tests.unit.activities.builders import an_id

REGION = consortium_id("sto-amersfoort")
STEP = BudgetStep(an_id("activity"), "les-1", "reserve", 1, "robotisering", 25_000)


class Tokens(ServiceTokens):
    """A token that is there already."""

    def __init__(self) -> None:
        super().__init__(Settings())

    async def token(self) -> str:
        return "signed"


@dataclass
class Elsewhere(funding_pb2_grpc.FundingDeskServicer):
    """Funding: answers, or fails with the status it was told."""

    status: grpc.StatusCode | None = None
    state: Any = funding_pb2.RESERVATION_STATE_RESERVED
    asked: list[Any] = field(default_factory=list)

    async def _hear(self, request: Any, context: Any) -> None:
        assert dict(context.invocation_metadata())["authorization"] == "Bearer signed"
        assert context.time_remaining() < 3
        self.asked.append(request)
        if self.status is not None:
            await context.abort(self.status, "The line has 10 left; 250 were asked for.")

    async def Reserve(self, request: Any, context: Any) -> Any:
        await self._hear(request, context)
        return funding_pb2.ReserveResponse(state=self.state)

    async def Release(self, request: Any, context: Any) -> Any:
        await self._hear(request, context)
        return funding_pb2.ReleaseResponse()


A_SERVER: Any = Elsewhere
"""Typed loosely: the generated stubs call methods abstract that nobody asks for here."""


@dataclass
class Line:
    """The other side, and a client of it."""

    other: Elsewhere
    client: Client


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    server, other = aio.server(), A_SERVER()
    funding_pb2_grpc.add_FundingDeskServicer_to_server(other, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    client = Client(f"127.0.0.1:{port}", "elsewhere", Tokens())
    yield Line(other, client)
    await client.close()
    await server.stop(0)


async def test_the_reservation_has_the_id_of_the_activity(line: Line) -> None:
    await FundingDesk(line.client).reserve(REGION, STEP)
    (asked,) = line.other.asked
    assert (asked.reservation_id, asked.cents, asked.line) == (str(STEP.activity_id), 25_000, "robotisering")


async def test_only_a_refusal_counts_as_one(line: Line) -> None:
    desk = FundingDesk(line.client)
    line.other.status = grpc.StatusCode.FAILED_PRECONDITION
    with pytest.raises(RefusedElsewhere, match="The line has 10 left"):
        await desk.reserve(REGION, STEP)
    for status in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL, grpc.StatusCode.PERMISSION_DENIED):
        line.other.status = status
        with pytest.raises(Unavailable):
            await desk.reserve(REGION, STEP)
    line.other.status = grpc.StatusCode.NOT_FOUND
    with pytest.raises(NotFound):
        await desk.release(REGION, STEP)


async def test_a_reservation_that_was_released_before_is_a_refusal(line: Line) -> None:
    line.other.state = funding_pb2.RESERVATION_STATE_RELEASED
    with pytest.raises(RefusedElsewhere):
        await FundingDesk(line.client).reserve(REGION, STEP)


async def test_a_service_that_is_not_there_is_unavailable() -> None:
    client = Client("127.0.0.1:1", "funding", Tokens())
    with pytest.raises(Unavailable):
        await FundingDesk(client).confirm(REGION, STEP)
    await client.close()


async def test_no_call_leaves_from_inside_a_transaction(line: Line, database_for: DatabaseFor) -> None:
    made = await database_for("activities")
    database = await Database.open(made.app_url, name="test", most=2)
    async with database.transaction(REGION):
        with pytest.raises(RuntimeError, match="inside an open transaction"):
            await FundingDesk(line.client).reserve(REGION, STEP)
    await database.close()
    assert line.other.asked == []
