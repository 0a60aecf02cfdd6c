"""What every workload needs: patience, and a region of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from runtime import ids
from runtime.problems import Kind, Problem
from tests.faults.invariants import Outcome
from tests.faults.world import Refused, Unknown, World, region_code

PATIENCE_SECONDS = 45


async def persevere(ask: Callable[[], Awaitable[Any]]) -> tuple[Outcome, Any]:
    """Asks, and asks again as long as nobody knows; how it ended, with the answer or the refusal."""
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE_SECONDS
    while True:
        try:
            return "ok", await ask()
        except Refused as refused:
            return "fail", refused
        except Problem as problem:
            if problem.kind not in (Kind.UNAVAILABLE, Kind.IN_PROGRESS):
                return "fail", problem
        except Unknown:
            pass
        if loop.time() > until:
            return "unknown", None
        await asyncio.sleep(0.1)


@dataclass
class Region:
    """A region with an office, a controller, a school and a company, as every workload needs it."""

    code: str = ""
    id: UUID = field(default_factory=uuid4)
    office: str = ""
    controller: str = ""
    school_id: UUID = field(default_factory=uuid4)
    company_id: UUID = field(default_factory=uuid4)

    async def found(self, world: World, name: str, seed: int) -> None:
        self.code = region_code(seed, name)
        self.id = ids.consortium_id(self.code)
        self.school_id = ids.coded_id(self.id, "organisation", "school")
        self.company_id = ids.coded_id(self.id, "organisation", "company")
        self.office = await world.token("office", ["office"], self.id)
        self.controller = await world.token("controller", ["controller"], self.id)
        body: dict[str, Any] = {
            "name": self.code,
            "zone": "Europe/Amsterdam",
            "currency": "EUR",
            "language": "nl",
            "standingPolicy": ["party", "umbrella", "pledge"],
        }
        await world.insist(self.office, "PUT", "partners", f"/v1/consortia/{self.code}", body)
        for code, kind in (("school", "vmbo"), ("company", "company")):
            body = {"name": code, "kind": kind, "municipality": "Amersfoort"}
            await world.insist(self.office, "PUT", "partners", f"/v1/organisations/{code}", body)
        body = {
            "title": "Programme",
            "from": "2020-01-01",
            "until": "2029-12-31",
            "spearheads": [{"code": "robotica", "title": "Robotica"}, {"code": "bouw", "title": "Bouw"}],
            "locations": [],
        }
        await world.insist(self.office, "PUT", "partners", "/v1/programmes/main", body)
        for person in ("office", "controller"):
            body = {"issuer": world.stack.issuer, "subject": person}
            await world.insist(self.office, "PUT", "partners", f"/v1/persons/{person}/account", body)

    async def with_money(self, world: World, cents: int) -> None:
        """A grant of so many cents, of which half goes to each line."""
        terms: dict[str, dict[str, Any]] = {
            "cofinancing": {"about": "cofinancing", "basisPoints": 1000},
            "eligible": {"about": "eligible-kinds", "kinds": ["hours"]},
            "rate": {"about": "rate", "kind": "hours", "centsPerHour": 6_000},
        }
        since = {"validFrom": "2020-01-01", "knownFrom": "2019-01-01", "source": "a test"}
        rules = [{"code": code, "terms": each, **since} for code, each in terms.items()]
        await world.insist(self.office, "PUT", "funding", "/v1/schemes/sto", {"title": "STO", "rules": rules})
        grant = {
            "scheme": "sto",
            "cents": cents,
            "from": "2020-01-01",
            "until": "2029-12-31",
            "awardedOn": "2019-12-01",
        }
        await world.insist(self.office, "PUT", "funding", "/v1/grants/grant", grant)
        await self.divide(world, "first", 5_000)

    async def divide(self, world: World, code: str, share: int) -> None:
        """Proposes a division in which the first line gets a share in basis points, and approves it."""
        proposed = await world.insist(self.office, "POST", "funding", "/v1/allocations", self.plan(code, share))
        await world.insist(self.controller, "POST", "funding", f"/v1/allocations/{proposed['id']}/approval")

    def plan(self, code: str, share: int) -> dict[str, Any]:
        lines = [{"line": "robotica", "weight": share}, {"line": "bouw", "weight": 10_000 - share}]
        envelope = {"code": "all", "kind": "spearhead", "shareBasisPoints": 10_000, "lines": lines}
        return {
            "code": code,
            "grant": "grant",
            "effectiveOn": "2020-01-01",
            "reason": "a test",
            "envelopes": [envelope],
        }
