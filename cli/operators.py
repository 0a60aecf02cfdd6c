"""An operator at the gRPC door of the services: counts, lag, and journeys."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from speerpunt.runtime.v1 import operations_pb2 as pb
from speerpunt.runtime.v1 import operations_pb2_grpc

from cli.ground import Ground
from runtime.rpc import Identity, channel

DEADLINE_SECONDS = 10.0
ASK_AGAIN_SECONDS = 0.1


class StillBehind(Exception):
    """A consumer did not catch up in time; says which and by how much."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """All services in numbers, at one moment."""

    services: list[pb.DescribeResponse]
    consumers: list[pb.ConsumerLag]

    @property
    def published(self) -> int:
        return sum(each.events_published for each in self.services)

    @property
    def lag(self) -> int:
        return sum(each.lag for each in self.consumers)

    @property
    def still(self) -> bool:
        """Whether nothing waits to be published or handled."""
        return self.lag == 0 and not any(each.outbox_depth for each in self.services)

    @property
    def busy(self) -> str:
        """What is still on its way, for a sentence."""
        waiting = [
            f"{each.service} has {each.outbox_depth} facts to publish" for each in self.services if each.outbox_depth
        ]
        behind = [f"{each.consumer} has {each.lag} of {each.topic} to handle" for each in self.consumers if each.lag]
        return ", ".join(waiting + behind) or "new facts kept coming"


@dataclass(slots=True)
class Operators:
    """A signed-in operator of every service."""

    addresses: dict[str, str]
    token: str
    identity: Identity | None = None

    @classmethod
    async def sign_in(cls, stack: Ground) -> Self:
        """An operator of this installation."""
        scopes = [f"{service}:read" for service in stack.services]
        token = await stack.token("operator-1", {"roles": ["operator"], "scopes": scopes})
        return cls(dict(stack.grpc), token, stack.identity)

    async def describe(self, but: Collection[str] = ()) -> list[pb.DescribeResponse]:
        """Every service in numbers."""
        return list(
            await asyncio.gather(
                *(self._ask(name, "Describe", pb.DescribeRequest()) for name in self.addresses if name not in but)
            )
        )

    async def lag(self, but: Collection[str] = ()) -> list[pb.ConsumerLag]:
        """How far every consumer of every service is behind."""
        asked = (self._ask(name, "GetLag", pb.GetLagRequest()) for name in self.addresses if name not in but)
        found = await asyncio.gather(*asked)
        return [consumer for answer in found for consumer in answer.consumers]

    async def follow(self, correlation_id: UUID) -> list[pb.Step]:
        """What every service received under one correlation id, in the order in which it was handled."""
        wanted = pb.FollowRequest(correlation_id=str(correlation_id))
        found = await asyncio.gather(*(self._ask(name, "Follow", wanted) for name in self.addresses))
        steps = [step for answer in found for step in answer.steps]
        return sorted(steps, key=lambda step: step.handled_at.ToNanoseconds())

    async def caught_up(self, within_seconds: float, but: Collection[str] = ()) -> Quiet:
        """Returns when every fact is published and every consumer has handled everything, with the figures of then.

        Services in `but` may be busy. Asked twice, since what was just handled may have put something on its way.
        Raises StillBehind.
        """
        until = asyncio.get_running_loop().time() + within_seconds
        before: Quiet | None = None
        while True:
            now = Quiet(*await asyncio.gather(self.describe(but), self.lag(but)))
            if now.still and before is not None and before.still and now.published == before.published:
                return now
            if asyncio.get_running_loop().time() > until:
                raise StillBehind(f"After {within_seconds:.0f} s {now.busy}.")
            if not now.still:
                await asyncio.sleep(ASK_AGAIN_SECONDS)
            before = now

    async def _ask(self, service: str, method: str, request: Any) -> Any:
        metadata = (("authorization", f"Bearer {self.token}"),)
        async with channel(self.addresses[service], self.identity) as opened:
            call = getattr(operations_pb2_grpc.OperationsStub(opened), method)
            return await call(request, metadata=metadata, timeout=DEADLINE_SECONDS)
