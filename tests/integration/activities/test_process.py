"""The service as a process of its own: it becomes ready, answers at its doors, publishes, and ends when asked to."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import grpc
import httpx2
import pytest
from aiokafka import AIOKafkaConsumer
from grpc import aio
from speerpunt.activities.v1 import activities_pb2, activities_pb2_grpc

from runtime.ids import coded_id
from runtime.postgres import Database
from tests.integration.activities.portal import Issuer, an_issuer
from tests.integration.activities.region import COMPANIES, SCHOOL, a_region
from tests.support.servers import DatabaseFor, KafkaForTest, ServiceDatabase

PROJECT = Path(__file__).resolve().parents[3]


@dataclass
class Running:
    """The process, where its doors are, and who signs tokens for it."""

    http: str
    grpc: str
    issuer: Issuer
    region: UUID


@asynccontextmanager
async def a_process(
    made: ServiceDatabase, kafka: KafkaForTest, folder: Path, issuer: Issuer
) -> AsyncIterator[dict[str, str]]:
    """`python -m services.activities` until the end of the block; its addresses."""
    ready = folder / "ready.json"
    settings = {
        "DATABASE_URL": made.app_url,
        **kafka.variables(""),
        "GROUP_SESSION_TIMEOUT_MS": "6000",
        "ISSUER": issuer.address,
        "JWKS_URL": f"{issuer.address}/jwks.json",
        "FUNDING_GRPC": "127.0.0.1:1",
        "PARTNERS_GRPC": "127.0.0.1:1",
        "READY_FILE": str(ready),
    }
    environment = {**os.environ, **{f"SPEERPUNT_{name}": value for name, value in settings.items()}}
    environment["PYTHONPATH"] = os.pathsep.join([str(PROJECT), str(PROJECT / "proto" / "gen")])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.activities", cwd=PROJECT, env=environment, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(60):
            while not ready.exists():
                if process.returncode is not None:
                    _, said = await process.communicate()
                    pytest.fail(f"the service did not start:\n{said.decode()}")
                await asyncio.sleep(0.05)
        yield json.loads(ready.read_text())
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            _, said = await process.communicate()
        assert process.returncode == 0, said.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.fixture
async def running(database_for: DatabaseFor, kafka: KafkaForTest, tmp_path: Path) -> AsyncIterator[Running]:
    made = await database_for("activities")
    database = await Database.open(made.app_url, name="test", most=2)
    region = await a_region(database)
    await database.close()
    await kafka.create_topics("partners.events")
    async with an_issuer() as issuer, a_process(made, kafka, tmp_path, issuer) as told:
        yield Running(told["http"], told["grpc"], issuer, region)


async def test_what_is_planned_over_http_is_published_and_answered_over_grpc(
    running: Running, kafka: KafkaForTest
) -> None:
    office = running.issuer.token("office", "office", running.region)
    body = {
        "kind": "company-visit",
        "title": "Open dag",
        "line": "bouw",
        "schoolId": str(SCHOOL),
        "companyId": str(COMPANIES[0]),
        "startsAt": "2099-05-01T08:00:00Z",
        "endsAt": "2099-05-01T09:00:00Z",
        "seats": 30,
    }
    async with httpx2.AsyncClient(base_url=f"http://{running.http}") as client:
        assert (await client.get("/readyz")).status_code == 200
        put = await client.put("/v1/activities/open-dag", json=body, headers=office)
        assert put.status_code == 201, put.text
        paid = await client.put("/v1/activities/betaald", json={**body, "priceCents": 100}, headers=office)
        assert paid.json()["state"] == "waiting-for-budget"

    consumer = AIOKafkaConsumer(f"{kafka.prefix}activities.events", **kafka.client, auto_offset_reset="earliest")
    await consumer.start()
    try:
        async with asyncio.timeout(20):
            message = await consumer.getone()
    finally:
        await consumer.stop()
    assert dict(message.headers)["ce_type"] == b"nl.speerpunt.activities.activity-booked.v1"
    assert json.loads(message.value)["code"] == "open-dag"
    assert dict(message.headers)["ce_id"].decode() == put.headers["Event-Id"]

    metadata = [("authorization", office["Authorization"])]
    async with aio.insecure_channel(running.grpc) as channel:
        agenda = activities_pb2_grpc.AgendaStub(channel)
        wanted = activities_pb2.GetActivityRequest(
            consortium_id=str(running.region), activity_id=str(coded_id(running.region, "activity", "open-dag"))
        )
        found = await agenda.GetActivity(wanted, timeout=2, metadata=metadata)
        assert (found.activity.state, found.activity.seats) == ("booked", 30)
        upcoming = activities_pb2.ListUpcomingRequest(consortium_id=str(running.region), limit=10)
        setattr(upcoming, "from", "2099-01-01T00:00:00Z")
        listed = await agenda.ListUpcoming(upcoming, timeout=2, metadata=metadata)
        assert {each.code for each in listed.activities} == {"open-dag", "betaald"}
        school = [("authorization", running.issuer.token("t", "school", running.region)["Authorization"])]
        with pytest.raises(aio.AioRpcError) as refused:
            await agenda.GetActivity(wanted, timeout=2, metadata=school)
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
        stranger = [("authorization", running.issuer.token("t", "office", SCHOOL)["Authorization"])]
        with pytest.raises(aio.AioRpcError) as foreign:
            await agenda.GetActivity(wanted, timeout=2, metadata=stranger)
        assert foreign.value.code() is grpc.StatusCode.PERMISSION_DENIED
