"""Every role in a process of its own: it works across processes, one trace runs through all of them, and what is away
is waited for."""

import asyncio
import json
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
import pytest

from cli.portal import Portal
from deploy.embedded.folders import PROJECT
from deploy.embedded.processes import Child, Program
from deploy.embedded.supervisor import Stack
from runtime import ids

pytestmark = pytest.mark.timeout(240)

ROLES = {
    "funding": ("http", "grpc", "consumer", "relay", "sealer,position,effects,expiry,reminding"),
    "activities": ("http", "consumer", "relay", "budget", "grpc,holds,housekeeper"),
}
REGION = ids.consortium_id("sto-roles")
SCHOOL, COMPANY = (ids.coded_id(REGION, "organisation", code) for code in ("school", "company"))
SCHEME = PROJECT / "services" / "funding" / "schemes" / "sto-2020-2024.json"
DEADLINE_SECONDS = 40


@dataclass
class World:
    """The stack with its roles apart, and the people of a small region."""

    stack: Stack
    folder: Path
    client: httpx2.AsyncClient
    running: dict[tuple[str, str], Child] = field(default_factory=dict)
    people: dict[str, Portal] = field(default_factory=dict)

    async def start(self, service: str, roles: str) -> None:
        """`python -m services.X --roles ...`, until it is ready."""
        place = self.folder / f"{service}-{roles.replace(',', '-')}"
        place.mkdir(exist_ok=True)
        ready = place / "ready.json"
        ready.unlink(missing_ok=True)
        environment = {
            **self.stack.environment(service),
            "SPEERPUNT_READY_FILE": str(ready),
            "SPEERPUNT_TELEMETRY_FILE": str(place / "spans.jsonl"),
        }
        command = [sys.executable, "-m", f"services.{service}", "--roles", roles]
        program = Program(f"{service}-{roles}", command, environment, PROJECT, lambda _: ready.exists(), "See its log.")
        child = program.launch(place)
        self.running[service, roles] = child
        await program.until_ready(child)

    def spans(self) -> list[dict[str, Any]]:
        """All spans that were written so far, each with the process that wrote it."""
        found = []
        for path in self.folder.glob("*/spans.jsonl"):
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            found += [{**json.loads(line), "process": path.parent.name} for line in lines if line.endswith("\n")]
        return found

    def log_lines(self, service: str, roles: str) -> list[dict[str, Any]]:
        """What a process logged as JSON."""
        lines = self.running[service, roles].log.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    async def rows(self, service: str, query: str) -> list[Any]:
        connection = await asyncpg.connect(self.stack.databases[service].superuser_url)
        try:
            found: list[Any] = await connection.fetch(query)
        finally:
            await connection.close()
        return found

    async def heard(self, service: str, path: str, event_id: str) -> None:
        """Waits until a service has handled this event."""
        headers = {"Authorization": f"Bearer {self.people['office'].token}", "Wait-For": event_id}

        async def arrived() -> bool:
            answer = await self.client.get(self.stack.http[service] + path, headers=headers)
            return answer.headers["Wait-For-Status"] == "done"

        await eventually(arrived)

    async def plan(self, code: str, day: str = "2023-03-06", cents: int = 0) -> dict[str, Any]:
        """An activity of the school and the company, from nine to eleven."""
        body = {
            "kind": "guest-lesson",
            "title": "Lassen",
            "line": "robotisering",
            "schoolId": str(SCHOOL),
            "companyId": str(COMPANY),
            "startsAt": f"{day}T08:00:00Z",
            "endsAt": f"{day}T10:00:00Z",
            "seats": 30,
            "priceCents": cents,
        }
        planned: dict[str, Any] = await self.people["office"].put("activities", f"/v1/activities/{code}", body)
        return planned

    async def hold(self, code: str, traceparent: str, day: str = "2023-03-06") -> str:
        """A lesson planned, reported by the company, confirmed by the school in this trace; its event."""
        await self.plan(code, day)
        present = {"workers": 1, "minutesEach": 120, "pupils": 24}
        await self.people["company"].post("activities", f"/v1/activities/{code}/completion", present)
        headers = {
            "Authorization": f"Bearer {self.people['teacher'].token}",
            "Idempotency-Key": secrets.token_hex(8),
            "traceparent": traceparent,
        }
        url = f"{self.stack.http['activities']}/v1/activities/{code}/confirmation"
        answer = await self.client.post(url, headers=headers)
        assert answer.status_code == 200, answer.text
        return str(answer.headers["Event-Id"])


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await holds():
            await asyncio.sleep(0.05)


def a_trace() -> tuple[str, str, str]:
    """A traceparent, its trace and its span."""
    trace, span = secrets.token_hex(16), secrets.token_hex(8)
    return f"00-{trace}-{span}-01", trace, span


async def found_the_region(world: World) -> None:
    """A school, a company, one spearhead with money, and a person behind each account."""
    stack, client = world.stack, world.client
    who: Mapping[str, tuple[str, list[UUID]]] = {
        "office": ("office", []),
        "controller": ("controller", []),
        "teacher": ("school", [SCHOOL]),
        "company": ("company", [COMPANY]),
    }
    for name, (role, organisations) in who.items():
        world.people[name] = await Portal.sign_in(client, stack, name, [role], REGION, organisations)
    office = world.people["office"]
    consortium = {"name": "Roles", "zone": "Europe/Amsterdam", "currency": "EUR", "language": "nl"}
    await office.put("partners", "/v1/consortia/sto-roles", {**consortium, "standingPolicy": ["party"]})
    for code, kind in (("school", "vmbo"), ("company", "company")):
        await office.put("partners", f"/v1/organisations/{code}", {"name": code.title(), "kind": kind})
    programme = {
        "title": "Programme",
        "from": "2020-01-01",
        "until": "2024-12-31",
        "spearheads": [{"code": "robotisering", "title": "Robotisering"}],
        "locations": [],
    }
    await office.put("partners", "/v1/programmes/programme", programme)
    for name in who:
        await office.put("partners", f"/v1/persons/{name}/account", {"issuer": stack.issuer, "subject": name})
    for event in office.events:
        await world.heard("activities", "/v1/offers", event)
        await world.heard("funding", "/v1/grants", event)
    await office.put("funding", "/v1/schemes/sto", json.loads(SCHEME.read_text(encoding="utf-8")))
    grant = {
        "scheme": "sto",
        "cents": 1_000_000,
        "from": "2020-01-01",
        "until": "2024-12-31",
        "awardedOn": "2019-12-01",
    }
    await office.put("funding", "/v1/grants/grant", grant)
    spearheads = {"code": "spearheads", "kind": "spearhead", "shareBasisPoints": 10_000}
    lines = [{"line": "robotisering", "shareBasisPoints": 10_000}]
    plan = {"code": "first", "grant": "grant", "effectiveOn": "2020-01-01", "reason": "The plan"}
    proposed = await office.post("funding", "/v1/allocations", {**plan, "envelopes": [{**spearheads, "lines": lines}]})
    await world.people["controller"].post("funding", f"/v1/allocations/{proposed['id']}/approval")


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    runs = tmp_path_factory.mktemp("runs")
    stack = Stack(services=("partners", "funding", "activities"), runs=runs, progress=lambda _: None)
    async with stack, httpx2.AsyncClient(timeout=20) as client:
        found = World(stack, tmp_path_factory.mktemp("roles"), client)
        try:
            for service in ROLES:
                assert await stack.stop_one(service)
            async with asyncio.TaskGroup() as starting:
                for service, roles in ROLES.items():
                    for each in roles:
                        starting.create_task(found.start(service, each))
            await found_the_region(found)
            yield found
            ended = await asyncio.gather(*(child.stop(20) for child in found.running.values()))
            assert all(ended), "SIGTERM drains every role"
        finally:
            for child in found.running.values():
                child.kill()


async def test_a_confirmed_lesson_is_in_the_books_though_every_role_is_a_process_of_its_own(world: World) -> None:
    event = await world.hold("les-1", a_trace()[0])
    await world.heard("funding", "/v1/grants", event)
    listed = (await world.people["office"].get("funding", "/v1/contributions"))["items"]
    assert [each["minutes"] for each in listed if each["activityRef"] == "les-1"] == [120]

    async def sealed() -> bool:
        verdict = await world.people["office"].get("funding", "/v1/ledger/verification")
        return bool(verdict["ok"]) and verdict["entries"] > 0 and not verdict["unsealed"]

    await eventually(sealed)


async def test_one_trace_runs_from_the_http_call_over_outbox_kafka_and_inbox_to_what_the_next_service_publishes(
    world: World,
) -> None:
    traceparent, trace, caller = a_trace()
    await world.hold("les-2", traceparent)
    chain = (
        ("POST /v1/activities/{code}/confirmation", "activities-http"),
        ("send activities.events", "activities-relay"),
        ("process activities.events", "funding-consumer"),
        ("send funding.events", "funding-relay"),
    )
    reached: list[str] = []

    async def whole() -> bool:
        spans = [span for span in world.spans() if span["trace"] == trace]
        parents, reached[:] = {caller}, []
        for name, process in chain:
            here = [s for s in spans if (s["name"], s["process"]) == (name, process) and s["parent"] in parents]
            if not here:
                return False
            reached.append(name)
            parents = {span["span"] for span in here}
        return True

    try:
        await eventually(whole)
    except TimeoutError:
        pytest.fail(f"the trace ends after {reached}")


async def test_what_a_consumer_logs_of_a_message_carries_the_trace_of_the_call_that_caused_it(world: World) -> None:
    traceparent, trace, _ = a_trace()
    await world.hold("les-before-any-rule", traceparent, day="2011-03-07")

    async def logged() -> bool:
        lines = world.log_lines("funding", "consumer")
        return any(line["event"] == "dead-letter" and line.get("trace_id") == trace for line in lines)

    await eventually(logged)


async def test_a_paid_activity_waits_while_funding_is_dead_and_goes_on_when_it_is_back(world: World) -> None:
    world.running["funding", "grpc"].kill()
    assert (await world.plan("paid", "2023-04-03", cents=25_000))["state"] == "waiting-for-budget"

    async def tried() -> bool:
        return bool(await world.rows("activities", "SELECT FROM budget_steps WHERE step = 'reserve' AND cause <> ''"))

    await eventually(tried)
    assert (await world.people["office"].get("activities", "/v1/activities/paid"))["state"] == "waiting-for-budget"
    await world.start("funding", "grpc")

    async def booked() -> bool:
        return bool((await world.people["office"].get("activities", "/v1/activities/paid"))["state"] == "booked")

    async def settled() -> bool:
        return bool(await world.rows("activities", "SELECT FROM budget_steps WHERE step = 'done'"))

    await eventually(booked)
    await eventually(settled)
    reserved = await world.rows("funding", "SELECT state, cents FROM reservations")
    assert [tuple(row) for row in reserved] == [("confirmed", 25_000)]
