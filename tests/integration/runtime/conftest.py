"""The steps service on a database and topics of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from runtime.kafka import ensure_topics
from runtime.migrate import migrate
from runtime.postgres import Database
from runtime.settings import Settings
from tests.support import steps
from tests.support.servers import KafkaForTest, ServiceDatabase


@dataclass
class Steps:
    database: ServiceDatabase
    db: Database
    settings: Settings
    kafka: KafkaForTest


@pytest.fixture
async def service(
    database_for: Callable[[str], Awaitable[ServiceDatabase]], kafka: KafkaForTest
) -> AsyncIterator[Steps]:
    database = await database_for("steps")
    await migrate(database.owner_url, steps.MIGRATIONS, app_role=database.app_role)
    settings = steps.settings_for(database, kafka)
    await ensure_topics(settings, [steps.TOPIC])
    db = await Database.open(database.app_url, name="test", most=5)
    yield Steps(database, db, settings, kafka)
    await db.close()
