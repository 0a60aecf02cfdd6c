"""Waiting until what was told of a region has had its effect everywhere, so that the parts of an archive fit."""

import asyncio
import time
from collections.abc import Sequence

from speerpunt.runtime.v1 import operations_pb2 as pb

from cli.commands.regions.closing import LOOK_SECONDS
from cli.exits import Exit, Stopped
from cli.installation import Operator

SETTLED_SECONDS = 120.0
ROUNDS = 3
"""Facts cause facts: a confirmed lesson is booked, what was booked moves a position, a pledge gives standing."""
Place = tuple[str, str, int]
"""Consumer, topic and partition."""


async def settled(at: Operator, services: Sequence[str]) -> None:
    """Waits until all that waited to be told when this was asked is told, and heard, and so what that caused.

    Others may tell and hear on meanwhile. Raises Stopped after two minutes.
    """
    until = time.monotonic() + SETTLED_SECONDS
    for _ in range(ROUNDS):
        await asyncio.gather(*(_told(at, name, until) for name in services))
        await asyncio.gather(*(_heard(at, name, until) for name in services))


async def _told(at: Operator, service: str, until: float) -> None:
    since = time.monotonic()
    while True:
        about = await at.ask(service, "Describe", pb.DescribeRequest())
        if not about.outbox_depth or about.outbox_age_seconds < time.monotonic() - since:
            return
        await _wait(service, until)


async def _heard(at: Operator, service: str, until: float) -> None:
    ends: dict[Place, int] = {}
    while True:
        told = await at.ask(service, "GetLag", pb.GetLagRequest())
        for one in told.consumers:
            ends.setdefault((one.consumer, one.topic, one.partition), one.end)
        if all(one.committed >= ends[one.consumer, one.topic, one.partition] or not one.lag for one in told.consumers):
            return
        await _wait(service, until)


async def _wait(service: str, until: float) -> None:
    if time.monotonic() > until:
        raise Stopped(
            f"{service} has not handled yet what was told before the region was closed. `speerpunt status` shows what"
            " is behind; try again when it has caught up.",
            "unavailable",
            Exit.AWAY,
        )
    await asyncio.sleep(LOOK_SECONDS)
