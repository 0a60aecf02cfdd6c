"""A region that was played on a stack with the dashboard, and the ways in: a browser, and the command line."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
from aiokafka import AIOKafkaProducer
from playwright.async_api import Browser, BrowserContext, Page
from typer.testing import CliRunner

from cli.app import app
from cli.demo import account, award, carry_out, lessons, plan, pledge, sign
from cli.demo.stage import Stage
from cli.demo.systems import Systems
from cli.region import read
from deploy.embedded.folders import PROJECT
from deploy.embedded.supervisor import SERVICES, Stack
from runtime import ids
from tests.support.browser import browser
from tests.support.watching import Told

CODE = "sto-gooi-klein"
DEADLINE_SECONDS = 40
_ONE_ENVIRONMENT = asyncio.Lock()
"""The environment is the process's: one command at a time."""


@dataclass
class World:
    """A played region on a stack with the dashboard, and a browser."""

    stack: Stack
    stage: Stage
    chromium: Browser
    told: Told
    """What the services tell of themselves."""
    said: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return self.stack.http["dashboard"]

    @property
    def region(self) -> str:
        return f"{self.address}/regions/{CODE}"

    @property
    def day(self) -> str:
        return self.stage.region.report_on.isoformat()

    async def context(self, locale: str = "nl-NL", **more: Any) -> BrowserContext:
        return await self.chromium.new_context(locale=locale, viewport={"width": 1200, "height": 900}, **more)

    async def signed_in(self, subject: str = "operator", context: BrowserContext | None = None) -> Page:
        """A page of somebody who went through the sign-in service; what its console complains of is kept."""
        page = await (context or await self.context()).new_page()
        page.on("console", lambda each: self.said.append(each.text) if each.type in ("error", "warning") else None)
        page.on("pageerror", lambda each: self.said.append(str(each)))
        await page.goto(f"{self.region}?on={self.day}")
        await page.click(f'button[value="{subject}"]')
        await page.wait_for_url(f"{self.region}?on={self.day}")
        return page


@asynccontextmanager
async def a_world(runs: Path) -> AsyncIterator[World]:
    """The region gooi-klein, played, and everything of it heard by the dashboard."""
    region = read(PROJECT / "examples" / "gooi-klein")
    async with browser() as chromium, _listening() as told:
        stack = Stack(
            services=SERVICES,
            runs=runs,
            progress=lambda _: None,
            environment={
                "*": {"SPEERPUNT_TELEMETRY_OTLP": told.otlp, "OTEL_METRIC_EXPORT_INTERVAL": "2000"},
                "dashboard": {"SPEERPUNT_ALARM_POLL_SECONDS": "2", "SPEERPUNT_MONEY_POLL_SECONDS": "2"},
            },
        )
        async with stack, httpx2.AsyncClient(timeout=30) as client:
            stage = await Stage.set(region, stack, client, time.monotonic())
            await played(stage)
            found = World(stack, stage, chromium, told)
            await heard_all(found)
            yield found


@asynccontextmanager
async def _listening() -> AsyncIterator[Told]:
    with Told() as told:
        yield told


async def played(stage: Stage) -> None:
    """The acts that leave something to look at: planned, awarded, signed, pledged, taught, brought in and accepted."""
    await plan.plan(stage)
    await award.award(stage)
    await plan.tell_planning(stage)
    await asyncio.gather(sign.sign(stage), pledge.pledge(stage), lessons.lessons(stage), carry_out.admit(stage))
    await stage.operators.caught_up(DEADLINE_SECONDS, but=("notifications",))
    async with Systems(await stage.admit(), stage.stack.kafka_admin) as systems:
        await carry_out.carry_out(stage, systems)
    await account.accept(stage)


async def heard_all(world: World) -> None:
    """Waits until the dashboard has heard everything that was published."""
    await world.stage.operators.caught_up(DEADLINE_SECONDS)


async def speerpunt(
    world: World,
    *words: str,
    ends: int = 0,
    environment: dict[str, str] | None = None,
    codes: tuple[str, ...] = (CODE,),
    roles: tuple[str, ...] = ("operator", "accountant"),
) -> Any:
    """What the command line answers a machine, as an operator with a token of these regions, and these roles."""
    stack = world.stack
    doors = [f"{name}.http={url}" for name, url in stack.http.items()]
    doors += [f"{name}.grpc={address}" for name, address in stack.grpc.items()]
    rights = [f"{service}:{right}" for service in SERVICES for right in ("read", "write")]
    claims = {"roles": roles, "scopes": rights, "consortia": [str(ids.consortium_id(code)) for code in codes]}
    form = {
        "grant_type": "urn:speerpunt:dev-person",
        "subject": "operator-at-a-terminal",
        "client_secret": stack.person_secret,
        "claims": json.dumps(claims),
    }
    token = (await world.stage.client.post(f"{stack.issuer}/token", data=form)).json()["access_token"]
    told = {"SPEERPUNT_ADDRESSES": ",".join(doors), "SPEERPUNT_TOKEN": token, **(environment or {})}
    async with asyncio.timeout(DEADLINE_SECONDS), _ONE_ENVIRONMENT:
        done = await asyncio.to_thread(CliRunner().invoke, app, [*words, "--json"], env=told)
    assert done.exit_code == ends, done.stderr
    assert "Traceback" not in done.output
    return json.loads(done.stdout or done.stderr)


async def poison(world: World) -> None:
    """A fact of partners that nobody can read, at one consumer's door."""
    producer = AIOKafkaProducer(**world.stack.kafka_admin.client())
    await producer.start()
    try:
        headers = [
            ("ce_id", str(uuid4()).encode()),
            ("ce_type", b"nl.speerpunt.partners.organisation-registered.v1"),
            ("ce_consortiumid", str(ids.consortium_id(CODE)).encode()),
        ]
        await producer.send_and_wait("partners.events", b'{"organisationId": 7}', key=b"x", headers=headers)
    finally:
        await producer.stop()


async def eventually(holds: Any) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await holds():
            await asyncio.sleep(0.2)
