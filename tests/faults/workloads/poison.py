"""Messages that nobody can handle, among the facts of partners."""

import asyncio
import contextlib
import random
from collections import Counter
from dataclasses import dataclass, field
from uuid import uuid4

from aiokafka.errors import KafkaError
from speerpunt.runtime.v1 import operations_pb2 as pb
from speerpunt.runtime.v1 import operations_pb2_grpc

from runtime.rpc import RemoteProblem
from tests.faults.invariants import Letter, Outcome, Violation, dead_letters_are_whole, settled
from tests.faults.workloads.region import Region
from tests.faults.world import World

KNOWN = "nl.speerpunt.partners.organisation-registered.v1"
NEWER = "nl.speerpunt.partners.organisation-registered.v9"
MARK = "test-poison"
CONSUMERS = {"funding": "funding.partners", "activities": "activities.partners"}
"""Who hears partners.events: each of them must end with the same dead letters."""
POISON: tuple[tuple[str, bytes | None], ...] = (
    ("", b"no event at all"),
    ("", None),
    (KNOWN, b'{"organisationId": "half'),
    (KNOWN, b"\xff\xfe\x00"),
    (KNOWN, b'{"organisationId": NaN}'),
    (KNOWN, b'{"code": "a\\u0000b"}'),
    (KNOWN, b'{"organisationId": ' + b"9" * 5_000 + b"}"),
    (KNOWN, b"[" * 20_000),
    (KNOWN, b'{"consortium": "of another shape"}'),
    (KNOWN, b""),
)


@dataclass
class Poison:
    """Somebody writes garbage to the topic of partners: each message ends as a dead letter at everyone who hears that
    topic, byte for byte, later ones of its key are parked, and all of it can be settled. I8.

    A newer version of a fact is no poison: who does not know it leaves it alone.
    """

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    _region: Region = field(default_factory=Region)
    _mark: bytes = b""

    async def set_up(self, world: World, seed: int) -> None:
        await self._region.found(world, "poison", seed)
        self._mark = uuid4().hex.encode()

    async def clients(self, world: World, rng: random.Random, until: float) -> None:
        loop = asyncio.get_running_loop()
        left = rng.sample(POISON, 4)
        while left and loop.time() < until:
            producer = world.producer()
            try:
                await producer.start()
                while left:
                    await asyncio.sleep(rng.uniform(0.2, 1.0))
                    kind, value = left[-1]
                    keyed = value is None or rng.random() < 0.8  # the client sends nothing that has neither
                    key = uuid4().hex.encode() if keyed else None
                    await producer.send_and_wait("partners.events", value, key=key, headers=self._headers(kind))
                    await producer.send_and_wait("partners.events", b"{}", key=key, headers=self._headers(NEWER))
                    left.pop()
                    self.outcomes["ok"] += 1
            except (KafkaError, OSError):
                self.outcomes["unknown"] += 1
                await asyncio.sleep(0.3)
            finally:
                with contextlib.suppress(Exception):
                    await asyncio.wait_for(producer.stop(), 3)

    def _headers(self, kind: str) -> list[tuple[str, bytes]]:
        told = {"ce_id": str(uuid4()), "ce_type": kind, "ce_consortiumid": str(self._region.id), MARK: ""}
        return [(name, value.encode() or self._mark) for name, value in told.items() if value or name == MARK]

    async def violations(self, world: World) -> list[Violation]:
        sent = [
            (one, dict(one.headers))
            for one in await world.records("partners.events")
            if (MARK, self._mark) in one.headers
        ]
        bad = [one for one, headers in sent if headers.get("ce_type") != NEWER.encode()]
        if not bad:
            return [Violation("I8", "no poison was sent: the workload proves nothing")]
        expected: list[Letter] = [
            (f"{consumer} partners.events-{one.partition}-{one.offset}", one.key, one.value)
            for consumer in CONSUMERS.values()
            for one in bad
        ]
        found: list[Letter] = []
        for service in world.services:
            rows = await world.sql(service, "SELECT * FROM dead_letters WHERE state = 'waiting'")
            found += [(f"{row['consumer']} {row['record']}", row["key"], row["value"]) for row in rows]
        violations = dead_letters_are_whole(expected, found)
        for service in world.services:
            violations += await settle(world, service)
        return violations


async def settle(world: World, service: str) -> list[Violation]:
    """Replays what cannot be handled, which says so and changes nothing, and then gives it up."""
    client = world.rpc(service)
    stub = operations_pb2_grpc.OperationsStub(client.channel)
    waiting = await client.call(stub.ListDeadLetters, pb.ListDeadLettersRequest(limit=500))
    violations: list[Violation] = []
    for letter in waiting.dead_letters:
        try:
            await client.call(stub.Replay, pb.ReplayRequest(dead_letter_id=letter.id))
            violations.append(Violation("I8", f"{letter.record} was handled after all"))
        except RemoteProblem as problem:
            if problem.code != "replay-failed":
                violations.append(Violation("I8", f"replaying {letter.record} ended as {problem.code}"))
        await client.call(stub.Discard, pb.DiscardRequest(dead_letter_id=letter.id, reason="a test"))
    told = await world.describe(service)
    return [*violations, *settled(told.dead_letters, told.parked)]
