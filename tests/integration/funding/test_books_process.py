"""Funding as a process: it migrates, serves, seals what is booked, and publishes the seal."""

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from aiokafka import AIOKafkaConsumer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from runtime.postgres import Database
from services.funding.domain.chain import key_id_of
from tests.support.funding_books import Region
from tests.support.servers import DatabaseFor, KafkaForTest

PROJECT = Path(__file__).parents[3]


async def test_a_booked_grant_is_sealed_and_its_seal_published_by_the_running_service(
    database_for: DatabaseFor, kafka: KafkaForTest, tmp_path: Path
) -> None:
    made = await database_for("funding")
    key = Ed25519PrivateKey.generate()
    key_file = tmp_path / "seal.pem"
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    environment = {
        **os.environ,
        "SPEERPUNT_ENVIRONMENT": "test",
        "SPEERPUNT_DATABASE_URL": made.app_url,
        **kafka.variables(),
        "SPEERPUNT_SEAL_KEY_FILE": str(key_file),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.funding", "serve", cwd=PROJECT, env=environment, stderr=asyncio.subprocess.PIPE
    )
    database = await Database.open(made.app_url, name="test", most=2)
    try:
        seal = await asyncio.wait_for(_seal_of_a_grant(process, database, kafka), 60)
        assert seal["count"] == 1
        assert seal["keyId"] == key_id_of(key.public_key().public_bytes_raw().hex())
        assert datetime.fromisoformat(str(seal["sealedAt"])).tzinfo == UTC
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), 30)
        await database.close()
    assert process.returncode == 0, errors.decode()


async def _seal_of_a_grant(
    process: asyncio.subprocess.Process, database: Database, kafka: KafkaForTest
) -> dict[str, object]:
    assert process.stderr is not None
    said = b""
    async for line in process.stderr:
        said += line
        if b'"ready"' in line:
            break
    else:
        raise AssertionError(f"the service ended before it was ready:\n{said.decode()}")
    await Region(database).grant()
    consumer = AIOKafkaConsumer(f"{kafka.prefix}funding.events", **kafka.client, auto_offset_reset="earliest")
    await consumer.start()
    try:
        async for message in consumer:
            if dict(message.headers)["ce_type"].endswith(b"entries-sealed.v1"):
                published: dict[str, object] = json.loads(message.value)
                return published
    finally:
        await consumer.stop()
    raise AssertionError("the topic ended")
