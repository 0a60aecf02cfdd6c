"""Rivals for the money of a line, over gRPC."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from speerpunt.funding.v1 import funding_pb2, funding_pb2_grpc

from tests.faults.invariants import Outcome, Violation, line_is_not_overdrawn, retries_get_the_first_answer
from tests.faults.workloads.region import Region, persevere
from tests.faults.world import World


@dataclass
class Budgets:
    """Rivals set money of one line aside, commit it and give it back, over gRPC. I2, I3 and I11."""

    rivals: int = 6
    pause_seconds: float = 0.0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    _region: Region = field(default_factory=Region)
    _told: dict[UUID, set[str]] = field(default_factory=dict)
    _answers: list[tuple[str, object, object]] = field(default_factory=list)

    async def set_up(self, world: World, seed: int) -> None:
        await self._region.found(world, "budgets", seed)
        await self._region.with_money(world, 100_000)

    async def clients(self, world: World, rng: random.Random, until: float) -> None:
        await asyncio.gather(*(self._client(world, random.Random(rng.random()), until) for _ in range(self.rivals)))

    async def _client(self, world: World, rng: random.Random, until: float) -> None:
        loop = asyncio.get_running_loop()
        client = world.rpc("funding")
        stub = funding_pb2_grpc.FundingDeskStub(client.channel)
        region, said = str(self._region.id), _state
        while loop.time() < until:
            reservation_id, cents = uuid4(), rng.randint(100, 9_000)
            asked = funding_pb2.ReserveRequest(
                consortium_id=region, reservation_id=str(reservation_id), line="robotica", cents=cents, purpose="test"
            )
            outcome, answer = await persevere(lambda: client.call(stub.Reserve, asked))  # noqa: B023
            self.outcomes[outcome] += 1
            if outcome != "ok":
                await asyncio.sleep(0.02)
                continue
            seen = self._told.setdefault(reservation_id, {said(answer)})
            ended, again = await persevere(lambda: client.call(stub.Reserve, asked))  # noqa: B023
            if ended == "ok":
                self._answers.append((f"reservation {reservation_id}", said(answer), said(again)))
            name = str(reservation_id)
            if rng.random() < 0.6:
                commit = funding_pb2.ConfirmRequest(consortium_id=region, reservation_id=name)
                outcome, answer = await persevere(lambda: client.call(stub.Confirm, commit))  # noqa: B023
                self.outcomes[outcome] += 1
                seen |= {said(answer)} if outcome == "ok" else {"?"}
            if rng.random() < 0.9:
                release = funding_pb2.ReleaseRequest(consortium_id=region, reservation_id=name)
                outcome, answer = await persevere(lambda: client.call(stub.Release, release))  # noqa: B023
                self.outcomes[outcome] += 1
                seen |= {said(answer)} if outcome == "ok" else {"?"}
            await asyncio.sleep(self.pause_seconds)

    async def violations(self, world: World) -> list[Violation]:
        found = retries_get_the_first_answer(self._answers)
        rows = await world.sql("funding", "SELECT * FROM reservations WHERE consortium_id = $1", self._region.id)
        kept = {row["reservation_id"]: row for row in rows}
        order = ("reserved", "confirmed", "released")
        for reservation_id, seen in self._told.items():
            last = max((each for each in seen if each != "?"), key=order.index)
            now = kept[reservation_id]["state"] if reservation_id in kept else None
            if now != last and "?" not in seen:
                found.append(Violation("I3", f"reservation {reservation_id} was acknowledged as {last} and is {now}"))
        budget = await world.sql(
            "funding", "SELECT * FROM budget_lines WHERE consortium_id = $1 AND line = 'robotica'", self._region.id
        )
        bound = {state: sum(row["cents"] for row in rows if row["state"] == state) for state in order}
        line = budget[0]
        return [
            *found,
            *line_is_not_overdrawn(line["allocated_cents"], line["reserved_cents"], line["committed_cents"], bound),
        ]


def _state(answer: Any) -> str:
    return str(funding_pb2.ReservationState.Name(answer.state)).removeprefix("RESERVATION_STATE_").lower()
