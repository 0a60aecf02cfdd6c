"""Rivals for the seats of activities, over HTTP."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from tests.faults.invariants import Outcome, Violation
from tests.faults.workloads.region import PATIENCE_SECONDS, Region, persevere
from tests.faults.world import Refused, World


@dataclass
class Bookings:
    """Rivals sign classes up for the seats of activities over HTTP, each under an idempotency key. I7 and I11."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    _region: Region = field(default_factory=Region)
    _told: dict[str, tuple[str, int]] = field(default_factory=dict)
    _wrong: list[Violation] = field(default_factory=list)
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
            rivals = (self._sign_up(world, code, rng.randint(3, 9)) for _ in range(12))
            await asyncio.gather(*rivals)
            await self._plan(world)

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
            self._told[name] = (answer["id"], pupils)
            again, repeated = await persevere(ask)
            if again == "ok" and repeated["id"] != answer["id"]:
                self._wrong.append(Violation("I11", f"{name} was booked as {answer['id']}, then {repeated['id']}"))

    async def violations(self, world: World) -> list[Violation]:
        found = list(self._wrong)
        rows = await world.sql("activities", "SELECT * FROM bookings WHERE consortium_id = $1", self._region.id)
        kept = {row["code"]: row for row in rows}
        if len(kept) != len(rows):
            found.append(Violation("I7", "a class is signed up twice for one activity"))
        for name, (booking_id, _) in self._told.items():
            if name not in kept or str(kept[name]["booking_id"]) != booking_id:
                found.append(Violation("I3", f"{name} was told that it is signed up, and it is not"))
        seats: Counter[UUID] = Counter()
        for row in rows:
            seats[row["activity_id"]] += row["pupils"]
        found += [
            Violation("I7", f"{taken} of {self.SEATS} seats of {activity} are taken")
            for activity, taken in seats.items()
            if taken > self.SEATS
        ]
        return found
