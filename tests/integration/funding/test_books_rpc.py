"""FundingDesk over gRPC: the money of a line, set aside and committed, and the co-financing position."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from speerpunt.funding.v1 import funding_pb2 as pb
from speerpunt.funding.v1 import funding_pb2_grpc

from runtime import closing
from runtime.auth import Actor, TokenChecker
from runtime.postgres import Database
from runtime.rpc import Server
from runtime.settings import Settings
from services.funding.commands import contributions, schemes
from services.funding.domain.contribution import Hands, Lesson
from services.funding.domain.scheme import EligibleKinds, Rate, Rule
from services.funding.rpc import door
from tests.support.funding_books import AT, Region, book_lesson
from tests.support.servers import DatabaseFor


class Tokens(TokenChecker):
    """Reads the role out of the header: tokens themselves are tested with the runtime."""

    async def actor(self, authorization: str | None) -> Actor:
        role, region = (authorization or "nobody 0").split()
        consortia = frozenset() if role == "service" else frozenset({UUID(region)})
        return Actor("test", "activities", frozenset({role}), frozenset(), consortia)


@dataclass
class Desk:
    """A caller of FundingDesk for one region."""

    region: Region
    stub: Any

    async def call(self, method: str, role: str = "service", region: UUID | None = None, **fields: Any) -> Any:
        request = getattr(pb, f"{method}Request")(consortium_id=str(region or self.region.id), **fields)
        metadata = (("authorization", f"{role} {self.region.id}"),)
        return await getattr(self.stub, method)(request, timeout=5, metadata=metadata)


async def test_books_that_do_not_add_up_are_named_to_services_and_operators_and_nobody_else(desk: Desk) -> None:
    for role in ("service", "operator"):
        metadata = (("authorization", f"{role} {desk.region.id}"),)
        assert not (await desk.stub.CheckBalances(pb.CheckBalancesRequest(), timeout=5, metadata=metadata)).imbalances
    async with desk.region.database.transaction(desk.region.id) as tx:
        await tx.connection.execute(
            "UPDATE accounts SET cents = cents + 7 WHERE account = (SELECT min(account) FROM accounts)"
        )
    [off] = (await desk.stub.CheckBalances(pb.CheckBalancesRequest(), timeout=5, metadata=metadata)).imbalances
    assert (off.consortium_id, off.cents, off.minutes) == (str(desk.region.id), 7, 0)
    office = (("authorization", f"office {desk.region.id}"),)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await desk.stub.CheckBalances(pb.CheckBalancesRequest(), timeout=5, metadata=office)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


@pytest.fixture
async def desk(database_for: DatabaseFor) -> AsyncIterator[Desk]:
    database = await Database.open((await database_for("funding")).app_url, name="test", most=5)
    settings = Settings(drain_timeout_seconds=1)
    server = Server(settings, [door(database)], Tokens(settings))
    stop = asyncio.Event()
    serving = asyncio.create_task(server.run(stop))
    await server.up.wait()
    region = Region(database)
    await region.found()
    await region.grant(1_000_000_000)
    await region.approve(await region.propose())
    async with grpc.aio.insecure_channel(server.address) as channel:
        yield Desk(region, funding_pb2_grpc.FundingDeskStub(channel))
    stop.set()
    await serving
    await database.close()


async def test_money_is_reserved_confirmed_and_released_by_one_id(desk: Desk) -> None:
    mine: dict[str, Any] = {"reservation_id": str(uuid4())}
    for _ in range(2):
        answer = await desk.call("Reserve", line="instroom", cents=1_000, purpose="a visit", **mine)
        assert (answer.state, answer.available_cents) == (pb.RESERVATION_STATE_RESERVED, 49_999_000)
    assert (await desk.call("Confirm", **mine)).state == pb.RESERVATION_STATE_CONFIRMED
    balance = await desk.call("GetBalance", line="instroom")
    assert (balance.committed_cents, balance.reserved_cents, balance.available_cents) == (1_000, 0, 49_999_000)
    assert (await desk.call("Release", **mine)).state == pb.RESERVATION_STATE_RELEASED
    assert (await desk.call("GetBalance", line="instroom")).available_cents == 50_000_000


async def test_a_refusal_is_a_status_with_its_code_and_sentence(desk: Desk) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await desk.call("Reserve", line="instroom", cents=50_000_001, purpose="", reservation_id=str(uuid4()))
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert ("problem-code", "budget-exceeded") in tuple(refused.value.trailing_metadata() or ())
    assert "50000000 cents left" in (refused.value.details() or "")


async def test_only_services_reserve_and_nobody_reads_the_neighbours(desk: Desk) -> None:
    for role, region in (("accountant", None), ("office", uuid4())):
        method = "Reserve" if role == "accountant" else "GetBalance"
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await desk.call(method, role=role, region=region, line="instroom")
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_the_position_shows_both_readings_while_the_base_is_undecided(desk: Desk) -> None:
    start = date(2018, 10, 1)
    rules = (
        Rule("kinds", EligibleKinds(("hours",)), start, start, "the scheme"),
        Rule("rate-hours", Rate("hours", 5_000), start, start, "the region"),
    )
    lesson = Lesson(uuid4(), "lesson", uuid4(), "instroom", AT.date(), 180_000)
    async with desk.region.transaction() as tx:
        await schemes.put_scheme(tx, "sto", "Sterk Techniekonderwijs", rules, at=AT)
        await book_lesson(tx, lesson, at=AT)
        await contributions.accept(tx, AT.date(), batch_id=uuid4(), hands=Hands(uuid4()), at=AT)
    stands = await desk.call("GetPosition", role="office")
    assert (stands.realised_cents, stands.realised_minutes) == (15_000_000, 180_000)
    shown = [(each.base, each.required_cents, each.shortfall_cents) for each in stands.thresholds]
    assert shown == [("of-subsidy", 75_000_000, 60_000_000), ("of-total", 81_081_081, 66_081_081)]
    assert stands.thresholds[0].realised_basis_points == 2_000


async def test_a_closed_region_sets_nothing_aside_and_still_tells_its_balance(desk: Desk) -> None:
    reservation = str(uuid4())
    await desk.call("Reserve", reservation_id=reservation, line="robotisering", cents=100, purpose="a lesson")
    async with desk.region.database.transaction(desk.region.id) as tx:
        await closing.keep(tx, closing.Closure(desk.region.id, True, "the end", AT, 9))
    asked: list[tuple[str, dict[str, Any]]] = [
        ("Reserve", {"reservation_id": str(uuid4()), "line": "robotisering", "cents": 1, "purpose": "x"}),
        ("Confirm", {"reservation_id": reservation}),
        ("Release", {"reservation_id": reservation}),
    ]
    for method, fields in asked:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await desk.call(method, **fields)
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert ("problem-code", "region-closed") in tuple(refused.value.trailing_metadata() or ())
    assert (await desk.call("GetBalance", line="robotisering")).reserved_cents == 100
