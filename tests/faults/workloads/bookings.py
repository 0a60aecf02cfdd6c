"""Rivals for the seats of activities, over HTTP."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.faults.invariants import Outcome, Violation, retries_get_the_first_answer, seats_are_given_once
from tests.faults.workloads.region import PATIENCE_SECONDS, Region, persevere
from tests.faults.world import Refused, World


@dataclass
class Bookings:
    """Rivals sign classes up for the seats of activities over HTTP, each under an idempotency key. I7 and I11."""

    rivals: int = 12
    pause_seconds: float = 0.0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    _region: Region = field(default_factory=Region)
    _told: dict[str, str] = field(default_factory=dict)
    _answers: list[tuple[str, object, object]] = field(default_factory=list)
    _number: int = 0

    SEATS = 30

    async def set_up(self, world: World, seed: int) -> None:
        await self._region.found(world, "bookings", seed)
        await self._plan(world)

    async def _plan(self, world: World) -> str:
        self._number += 1
        code = f"visit-{self._number}"
        starts = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30, hours=3 * self._number)
        body = {
            "kind": "company-visit",
            "title": "A visit",
            "line": "robotica",
            "schoolId": str(self._region.school_id),
            "companyId": str(self._region.company_id),
            "startsAt": starts.isoformat(),
            "endsAt": (starts + timedelta(hours=2)).isoformat(),
            "seats": self.SEATS,
        }
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    await world.insist(self._region.office, "PUT", "activities", f"/v1/activities/{code}", body)
                    return code
                except Refused:  # the region is still on its way
                    await asyncio.sleep(0.1)

    async def clients(self, world: World, rng: random.Random, until: float) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < until:
            code = f"visit-{self._number}"
            rivals = (self._sign_up(world, code, rng.randint(3, 9)) for _ in range(self.rivals))
            await asyncio.gather(*rivals)
            await self._plan(world)
            await asyncio.sleep(self.pause_seconds)

    async def _sign_up(self, world: World, activity: str, pupils: int) -> None:
        key, name = str(uuid4()), f"class-{uuid4().hex[:8]}"
        body = {
            "activityCode": activity,
            "schoolId": str(self._region.school_id),
            "code": name,
            "pupils": pupils,
        }

        async def ask() -> Any:
            return await world.ask(self._region.office, "POST", "activities", "/v1/bookings", body, key)

        outcome, answer = await persevere(ask)
        self.outcomes[outcome] += 1
        if outcome == "ok":
            self._told[name] = answer["id"]
            again, repeated = await persevere(ask)
            if again != "unknown":
                self._answers.append((f"booking {name}", answer, repeated))

    async def violations(self, world: World) -> list[Violation]:
        rows = await world.sql("activities", "SELECT * FROM bookings WHERE consortium_id = $1", self._region.id)
        kept = [(str(row["activity_id"]), row["code"], str(row["booking_id"]), row["pupils"]) for row in rows]
        return [*retries_get_the_first_answer(self._answers), *seats_are_given_once(kept, self.SEATS, self._told)]
