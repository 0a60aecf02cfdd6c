"""The Kafka door: copies of partners, kept in the order of each aggregate's sequence."""

import asyncio
import json
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaProducer

from runtime.consumer import Consumer
from runtime.ids import consortium_id, new_id
from runtime.postgres import Database
from runtime.settings import Settings
from services.activities.handlers import subscriptions
from services.activities.store import catalogue, copies
from tests.support.servers import DatabaseFor, KafkaForTest
from tests.unit.activities.builders import an_id

REGION = consortium_id("sto-amersfoort")


def an_event(fact: str, sequence: int, **data: Any) -> tuple[bytes, list[tuple[str, bytes]]]:
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(new_id()),
        "ce_type": f"nl.speerpunt.partners.{fact}.v1",
        "ce_source": "urn:speerpunt:partners",
        "ce_subject": "x",
        "ce_time": "2023-04-03T09:00:00Z",
        "ce_consortiumid": str(REGION),
        "ce_sequence": str(sequence),
        "content-type": "application/json",
    }
    return json.dumps(data).encode(), [(name, value.encode()) for name, value in headers.items()]


async def heard(database: Database, kafka: KafkaForTest, events: list[tuple[bytes, list[tuple[str, bytes]]]]) -> None:
    """Publishes the events and consumes until all of them had their effect."""
    (topic,) = await kafka.create_topics("partners.events")
    producer = AIOKafkaProducer(**kafka.client)
    await producer.start()
    try:
        for value, headers in events:
            await producer.send_and_wait(topic, value, key=b"one", headers=headers)
    finally:
        await producer.stop()
    settings = Settings(**kafka.settings)
    (subscription,) = subscriptions()
    consumer = Consumer(database, settings, subscription)
    await consumer.start()
    try:
        seen = 0
        async with asyncio.timeout(30):
            while seen < len(events):
                seen += await consumer.run_once()
    finally:
        await consumer.close()


async def test_copies_follow_partners_and_are_never_replaced_by_older_ones(
    database_for: DatabaseFor, kafka: KafkaForTest
) -> None:
    made = await database_for("activities")
    database = await Database.open(made.app_url, name="test", most=5)
    organisation = {
        "organisationId": str(an_id("school")),
        "code": "het-element",
        "kind": "vmbo",
        "registryNumbers": {},
    }
    programme = {"programmeId": str(an_id("programme")), "code": "sto", "title": "STO", "from": "2020-01-01"}
    lines = [{"id": str(UUID(int=n)), "code": f"line-{n}", "title": f"Line {n}", "budgeted": True} for n in range(3)]
    events = [
        an_event("consortium-founded", 1, code="sto-amersfoort", name="STO", zone="Europe/Amsterdam", currency="EUR"),
        an_event("organisation-registered", 2, name="New", municipality="Amersfoort", **organisation),
        an_event("organisation-registered", 1, name="Old", **organisation),
        an_event("programme-planned", 1, until="2023-12-31", spearheads=lines[:2], locations=[], **programme),
        an_event("programme-planned", 2, until="2024-12-31", spearheads=lines[:1], locations=lines[2:], **programme),
        an_event("something-unheard-of", 1),
    ]
    await heard(database, kafka, events)
    async with database.transaction(REGION) as tx:
        school = await copies.organisation(tx, an_id("school"))
        assert school is not None
        assert (school.name, school.municipality, school.is_school) == ("New", "Amersfoort", True)
        assert await copies.lines(tx) == {"line-0", "line-2"}
        assert str(await copies.zone_of(tx)) == "Europe/Amsterdam"
        assert [kind.code for kind in await catalogue.kinds(tx)] == ["company-visit", "guest-lesson"]
    await database.close()
