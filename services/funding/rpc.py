"""The gRPC door of funding: the money, for those who must not overspend it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

from speerpunt.funding.v1 import funding_pb2, funding_pb2_grpc

from runtime import rpc, telemetry
from runtime.event import Context
from runtime.postgres import Database, Tx
from runtime.problems import InvalidInput, Kind, Problem
from services.funding.commands import position, reservations
from services.funding.store import ledger as books
from services.funding.store import partners

_STATES = {
    "reserved": funding_pb2.RESERVATION_STATE_RESERVED,
    "confirmed": funding_pb2.RESERVATION_STATE_CONFIRMED,
    "released": funding_pb2.RESERVATION_STATE_RELEASED,
}
_LONGEST_PURPOSE = 200


class BadDay(Problem, kind=Kind.INVALID):
    """{field} must be a day like 2023-11-01, or empty for today."""


class FundingDesk(funding_pb2_grpc.FundingDeskServicer):
    """GetBalance, Reserve, Confirm, Release and GetPosition, within one consortium; CheckBalances over all of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @rpc.allowed("service", "office", "controller", "accountant")
    async def GetBalance(  # noqa: N802
        self, request: funding_pb2.GetBalanceRequest, context: Any
    ) -> funding_pb2.GetBalanceResponse:
        """A line's money. Raises NoSuchLine."""
        async with self._transaction(request.consortium_id) as tx:
            budget = await reservations.balance(tx, request.line)
        return funding_pb2.GetBalanceResponse(
            allocated_cents=budget.allocated_cents,
            reserved_cents=budget.reserved_cents,
            committed_cents=budget.committed_cents,
            claimed_cents=budget.claimed_cents,
            available_cents=budget.available_cents,
        )

    @rpc.allowed("service")
    async def Reserve(  # noqa: N802
        self, request: funding_pb2.ReserveRequest, context: Any
    ) -> funding_pb2.ReserveResponse:
        """Sets money aside. Raises NoSuchLine, NotABudget, BudgetExceeded and ReservationReused."""
        if len(request.purpose) > _LONGEST_PURPOSE:
            raise InvalidInput(summary=f"purpose has {_LONGEST_PURPOSE} characters at most.")
        reservation_id = rpc.identifier("reservation_id", request.reservation_id)
        async with self._transaction(request.consortium_id, command=True) as tx:
            made = await reservations.reserve(
                tx, reservation_id, request.line, request.cents, request.purpose, at=datetime.now(UTC)
            )
        return funding_pb2.ReserveResponse(state=_STATES[made.state], available_cents=made.available_cents)

    @rpc.allowed("service")
    async def Confirm(  # noqa: N802
        self, request: funding_pb2.ConfirmRequest, context: Any
    ) -> funding_pb2.ConfirmResponse:
        """Commits what was set aside. Raises NotFound and ReservationReleased."""
        reservation_id = rpc.identifier("reservation_id", request.reservation_id)
        at = datetime.now(UTC)
        async with self._transaction(request.consortium_id, command=True) as tx:
            made = await reservations.confirm(tx, reservation_id, day=await _day(tx, at), at=at)
        return funding_pb2.ConfirmResponse(state=_STATES[made.state])

    @rpc.allowed("service")
    async def Release(  # noqa: N802
        self, request: funding_pb2.ReleaseRequest, context: Any
    ) -> funding_pb2.ReleaseResponse:
        """Gives money back to its line; an id that never arrived is kept as released."""
        reservation_id = rpc.identifier("reservation_id", request.reservation_id)
        at = datetime.now(UTC)
        async with self._transaction(request.consortium_id, command=True) as tx:
            made = await reservations.release(tx, reservation_id, day=await _day(tx, at), at=at)
        return funding_pb2.ReleaseResponse(state=_STATES[made.state])

    @rpc.allowed("service", "operator")
    async def CheckBalances(  # noqa: N802
        self, request: funding_pb2.CheckBalancesRequest, context: Any
    ) -> funding_pb2.CheckBalancesResponse:
        """The regions whose accounts do not add up to zero, over the whole installation."""
        async with self._database.transaction(await partners.regions(self._database)) as tx:
            off = await books.unbalanced(tx)
        return funding_pb2.CheckBalancesResponse(
            imbalances=[
                funding_pb2.Imbalance(consortium_id=str(region), cents=moved.cents, minutes=moved.minutes)
                for region, moved in off.items()
            ]
        )

    @rpc.allowed("service", "office", "controller", "accountant")
    async def GetPosition(  # noqa: N802
        self, request: funding_pb2.GetPositionRequest, context: Any
    ) -> funding_pb2.GetPositionResponse:
        """Co-financing against the threshold: what the REST door shows. Raises BadDay and RegionNotKnown."""
        as_of, known_on = _named_day("as_of", request.as_of), _named_day("known_on", request.known_on)
        async with self._transaction(request.consortium_id) as tx:
            today = await _day(tx, datetime.now(UTC))
            stands = await position.position(tx, as_of or today, known_on or today)
        return funding_pb2.GetPositionResponse(
            realised_cents=stands.sums.realised_cents,
            realised_minutes=stands.sums.realised_minutes,
            declared_cents=stands.sums.declared_cents,
            declared_minutes=stands.sums.declared_minutes,
            promised_cents=stands.sums.promised_cents,
            promised_minutes=stands.sums.promised_minutes,
            forecast_cents=stands.sums.forecast_cents,
            as_of=stands.as_of.isoformat(),
            known_on=stands.known_on.isoformat(),
            thresholds=[
                funding_pb2.Threshold(
                    base=each.base.value,
                    required_cents=each.required_cents,
                    shortfall_cents=each.shortfall_cents,
                    realised_basis_points=each.reached_basis_points,
                    forecast_shortfall_cents=each.forecast_shortfall_cents,
                )
                for each in stands.readings
            ],
        )

    @asynccontextmanager
    async def _transaction(self, consortium_id: str, *, command: bool = False) -> AsyncIterator[Tx]:
        """Raises RegionClosed for a command of a region that is closed."""
        cause = Context(traceparent=telemetry.current_traceparent(), actor=f"service:{rpc.actor().subject}")
        region = rpc.consortium(consortium_id)
        async with self._database.transaction(region, cause, command_of=region if command else None) as tx:
            yield tx


async def _day(tx: Tx, at: datetime) -> date:
    """The day it is in the region. Raises RegionNotKnown."""
    return at.astimezone((await partners.consortium(tx)).zone).date()


def _named_day(field: str, value: str) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise BadDay(field=field) from None


def door(database: Database) -> rpc.Door:
    """The FundingDesk, ready to be served."""
    return rpc.Door(
        "speerpunt.funding.v1.FundingDesk",
        funding_pb2_grpc.add_FundingDeskServicer_to_server,
        FundingDesk(database),
    )
