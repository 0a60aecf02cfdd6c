"""Partners as a process of its own: it becomes ready, publishes what was put in order, and ends when asked to."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from aiokafka import AIOKafkaConsumer

from tests.integration.activities.portal import Issuer, an_issuer
from tests.integration.partners.doors import REGION
from tests.support.servers import DatabaseFor, KafkaForTest, ServiceDatabase

PROJECT = Path(__file__).resolve().parents[3]


@asynccontextmanager
async def a_process(
    made: ServiceDatabase, kafka: KafkaForTest, folder: Path, issuer: Issuer
) -> AsyncIterator[dict[str, str]]:
    """`python -m services.partners` until the end of the block; its addresses."""
    ready = folder / "ready.json"
    settings = {
        "DATABASE_URL": made.app_url,
        **kafka.variables(""),
        "GROUP_SESSION_TIMEOUT_MS": "6000",
        "ISSUER": issuer.address,
        "JWKS_URL": f"{issuer.address}/jwks.json",
        "READY_FILE": str(ready),
    }
    environment = {**os.environ, **{f"SPEERPUNT_{name}": value for name, value in settings.items()}}
    environment["PYTHONPATH"] = os.pathsep.join([str(PROJECT), str(PROJECT / "proto" / "gen")])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.partners", cwd=PROJECT, env=environment, stderr=asyncio.subprocess.PIPE
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


async def test_what_is_put_over_http_is_published_with_its_versions(
    database_for: DatabaseFor, kafka: KafkaForTest, tmp_path: Path
) -> None:
    made = await database_for("partners")
    async with an_issuer() as issuer, a_process(made, kafka, tmp_path, issuer) as told:
        office = issuer.token("office", "office", REGION, service="partners")
        async with httpx2.AsyncClient(base_url=f"http://{told['http']}") as client:
            assert (await client.get("/readyz")).status_code == 200
            assert (await client.put("/v1/organisations/acme", json={})).status_code == 401
            answers = [
                await client.put("/v1/organisations/acme", json={"name": name, "kind": "company"}, headers=office)
                for name in ("Acme", "Acme", "Acme B.V.")
            ]
        assert [each.headers["Result"] for each in answers] == ["created", "unchanged", "changed"]

        consumer = AIOKafkaConsumer(f"{kafka.prefix}partners.events", **kafka.client, auto_offset_reset="earliest")
        await consumer.start()
        try:
            async with asyncio.timeout(20):
                messages = [await consumer.getone(), await consumer.getone()]
        finally:
            await consumer.stop()
    assert [json.loads(message.value or b"")["name"] for message in messages] == ["Acme", "Acme B.V."]
    published = [dict(message.headers)["ce_id"].decode() for message in messages]
    assert published == [answers[0].headers["Event-Id"], answers[2].headers["Event-Id"]]
