"""The other services as the dashboard asks them: numbers of their events, and what an operator does to dead letters.

What a person asks carries the token of that person, so each service decides by itself whether that person may. What
the dashboard watches by itself carries its own.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from asyncpg import Record
from speerpunt.funding.v1 import funding_pb2, funding_pb2_grpc
from speerpunt.notifications.v1 import notifications_pb2, notifications_pb2_grpc
from speerpunt.runtime.v1 import operations_pb2 as pb
from speerpunt.runtime.v1 import operations_pb2_grpc

from runtime.auth import ServiceTokens
from runtime.problems import NotFound, Problem, Unavailable
from runtime.rpc import Client, Identity
from services.dashboard.settings import Settings

SERVICES = ("partners", "funding", "activities", "notifications", "dashboard")
"""Whose events flow: the dashboard hears, so it may have dead letters as well."""
ASK_SECONDS = 3.0
ACT_SECONDS = 9.0


@dataclass(frozen=True, slots=True)
class ServiceState:
    """One service at this moment; `problem` says why nothing is known of it."""

    name: str
    about: Any = None
    lag: tuple[Any, ...] = ()
    problem: str = ""

    @property
    def behind(self) -> int:
        """Messages that its consumers have yet to handle."""
        return sum(each.lag for each in self.lag)


class OnePerson:
    """The token of the person who asks, where a service's own would be."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def token(self) -> str:
        return self._token


class Consoles:
    """The Operations doors of the services."""

    def __init__(self, settings: Settings) -> None:
        own = ServiceTokens(settings)
        addresses = {name: str(getattr(settings, f"{name}_grpc")) for name in SERVICES}
        self._clients: Mapping[str, Client] = {
            name: Client(address, name, own, Identity.of(settings)) for name, address in addresses.items() if address
        }

    async def states(self, token: str | None) -> list[ServiceState]:
        """All services, asked by a person or (None) by the dashboard itself; one that is away says so."""
        return list(await asyncio.gather(*(self._state(name, token) for name in self._clients)))

    async def dead_letters(self, token: str, most: int = 200) -> list[tuple[str, Any]]:
        """What waits at every service that answers: (service, dead letter), the oldest first."""

        async def of(name: str) -> list[tuple[str, Any]]:
            try:
                told = await self._call(name, "ListDeadLetters", pb.ListDeadLettersRequest(limit=most), token)
            except Problem:
                return []
            return [(name, letter) for letter in told.dead_letters]

        found = await asyncio.gather(*(of(name) for name in self._clients))
        return sorted((each for one in found for each in one), key=lambda each: each[1].at.ToNanoseconds())

    async def settled(self, token: str, most: int = 20) -> list[tuple[str, Any]]:
        """What was replayed or discarded lately, from a browser or not: (service, dead letter), the last first."""

        async def of(name: str) -> list[tuple[str, Any]]:
            try:
                asked = pb.ListDeadLettersRequest(limit=most, settled=True)
                told = await self._call(name, "ListDeadLetters", asked, token)
            except Problem:
                return []
            return [(name, letter) for letter in told.dead_letters]

        found = await asyncio.gather(*(of(name) for name in self._clients))
        settled = sorted((each for one in found for each in one), key=lambda each: -each[1].closed_at.ToNanoseconds())
        return settled[:most]

    async def opened(self, service: str, dead_letter_id: str, token: str) -> Any:
        """One dead letter with its masked payload. Raises what the service says."""
        return await self._call(service, "GetDeadLetter", pb.GetDeadLetterRequest(dead_letter_id=dead_letter_id), token)

    async def replay(self, service: str, dead_letter_id: str, token: str) -> int:
        """Handles a dead letter again; how many messages that were. Raises what the service says."""
        told = await self._call(service, "Replay", pb.ReplayRequest(dead_letter_id=dead_letter_id), token, ACT_SECONDS)
        return int(told.handled)

    async def discard(self, service: str, dead_letter_id: str, reason: str, token: str) -> int:
        """Gives a dead letter up; how many messages behind it were handled. Raises what the service says."""
        asked = pb.DiscardRequest(dead_letter_id=dead_letter_id, reason=reason)
        return int((await self._call(service, "Discard", asked, token, ACT_SECONDS)).handled)

    async def follow(self, correlation_ids: Iterable[str], token: str) -> list[Any]:
        """What every service received and published under these ids, in time."""

        async def of(name: str, one: str) -> list[Any]:
            try:
                told = await self._call(name, "Follow", pb.FollowRequest(correlation_id=one), token)
            except Problem:
                return []
            return list(told.steps)

        found = await asyncio.gather(*(of(name, one) for one in correlation_ids for name in self._clients))
        steps = [step for one in found for step in one]
        return sorted(steps, key=lambda step: (step.handled_at if step.consumer else step.published_at).ToNanoseconds())

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()

    async def _state(self, name: str, token: str | None) -> ServiceState:
        try:
            about, lag = await asyncio.gather(
                self._call(name, "Describe", pb.DescribeRequest(), token),
                self._call(name, "GetLag", pb.GetLagRequest(), token),
            )
        except Problem as problem:
            return ServiceState(name, problem=problem.detail)
        return ServiceState(name, about, tuple(lag.consumers))

    async def _call(self, name: str, method: str, request: Any, token: str | None, seconds: float = ASK_SECONDS) -> Any:
        client = self._clients.get(name)
        if client is None:
            raise NotFound(what="service with this name")
        stub = operations_pb2_grpc.OperationsStub(client.channel)
        person = OnePerson(token) if token is not None else None
        return await client.call(getattr(stub, method), request, timeout_seconds=seconds, tokens=person)

    # -- what the dashboard asks and says by itself

    async def imbalances(self) -> dict[UUID, tuple[int, int]]:
        """The regions whose books do not add up to zero: cents and minutes. Raises Unavailable."""
        funding = self._own("funding")
        check = funding_pb2_grpc.FundingDeskStub(funding.channel).CheckBalances
        told = await funding.call(check, funding_pb2.CheckBalancesRequest(), timeout_seconds=ACT_SECONDS)
        return {UUID(each.consortium_id): (each.cents, each.minutes) for each in told.imbalances}

    async def tell_alarm(self, alarm: Record, cleared: bool) -> None:
        """Has told that an alarm was raised or cleared; repeating it changes nothing. Raises Unavailable."""
        notifications = self._own("notifications")
        request = notifications_pb2.TellAlarmRequest(
            alarm_id=str(alarm["alarm_id"]),
            consortium_id=str(alarm["region"] or ""),
            kind=alarm["kind"],
            about=alarm["about"],
            cleared=cleared,
            amount=alarm["amount"],
            bound=alarm["bound"],
            day=alarm["day"].isoformat() if alarm["day"] else "",
            title=alarm["title"],
        )
        tell = notifications_pb2_grpc.DeliveryStub(notifications.channel).TellAlarm
        await notifications.call(tell, request, timeout_seconds=ACT_SECONDS)

    def _own(self, name: str) -> Client:
        client = self._clients.get(name)
        if client is None:
            raise Unavailable(what=name)
        return client
