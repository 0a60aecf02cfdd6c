"""Whom activities asks: funding, to set money aside. Never inside a transaction.

What the other side cannot answer now is `Unavailable`; what it refuses is a refusal with its own sentence.
"""

from collections.abc import Awaitable
from typing import TypeVar
from uuid import UUID

from speerpunt.funding.v1 import funding_pb2, funding_pb2_grpc

from runtime.postgres import RegionClosed
from runtime.problems import Kind, NotFound, Problem, Unavailable
from runtime.rpc import Client, RemoteProblem
from services.activities.store.activities import BudgetStep

_SET_ASIDE = frozenset({funding_pb2.RESERVATION_STATE_RESERVED, funding_pb2.RESERVATION_STATE_CONFIRMED})

T = TypeVar("T")


class RefusedElsewhere(Problem):
    """The service {what} refuses this: {why}"""


async def answered(what: str, call: Awaitable[T]) -> T:
    """The answer. Raises Unavailable, NotFound or the other side's refusal.

    Only what is surely a refusal counts as one: a wrong token or a bug over there is no reason to cancel anything.
    """
    try:
        return await call
    except RemoteProblem as problem:
        if problem.code == RegionClosed.code:  # it waits here too, once this service has heard of it
            raise Unavailable(what=what) from problem
        match problem.kind:
            case Kind.NOT_FOUND:
                raise NotFound(what=f"such thing at {what}") from problem
            case Kind.CONFLICT | Kind.INVALID:
                raise RefusedElsewhere(what=what, why=problem.detail) from problem
            case _:
                raise Unavailable(what=what) from problem


class FundingDesk:
    """Money set aside per activity: the reservation has the activity's id, for ever, so every call may be repeated."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._stub = funding_pb2_grpc.FundingDeskStub(client.channel)

    async def reserve(self, consortium_id: UUID, step: BudgetStep) -> None:
        """Sets the price aside on the activity's line. Raises RefusedElsewhere, NotFound or Unavailable."""
        request = funding_pb2.ReserveRequest(
            consortium_id=str(consortium_id),
            reservation_id=str(step.activity_id),
            line=step.line,
            cents=step.cents,
            purpose=f"activity {step.code}",
        )
        answer = await answered("funding", self._client.call(self._stub.Reserve, request, again=True))
        if answer.state not in _SET_ASIDE:
            raise RefusedElsewhere(what="funding", why="this reservation was released before.")

    async def confirm(self, consortium_id: UUID, step: BudgetStep) -> None:
        """Turns what was set aside into a commitment."""
        request = funding_pb2.ConfirmRequest(consortium_id=str(consortium_id), reservation_id=str(step.activity_id))
        await answered("funding", self._client.call(self._stub.Confirm, request, again=True))

    async def release(self, consortium_id: UUID, step: BudgetStep) -> None:
        """Gives what was set aside back. Raises NotFound when nothing ever was."""
        request = funding_pb2.ReleaseRequest(consortium_id=str(consortium_id), reservation_id=str(step.activity_id))
        await answered("funding", self._client.call(self._stub.Release, request, again=True))
