"""What a running installation keeps and tells, place by place: to look for what should be nowhere in it."""

import asyncio
from collections.abc import Iterable, Mapping

import asyncpg
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient

from deploy.embedded.supervisor import Stack

Places = Mapping[str, str]
"""What is there, under the name of the place."""


async def tables(url: str) -> dict[str, str]:
    """All rows of all tables of a database, bytes and JSON included, as the superuser sees them."""
    connection = await asyncpg.connect(url)
    try:
        names = await connection.fetch(
            "SELECT table_schema, table_name FROM information_schema.tables"
            " WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        )
        return {
            name: repr([tuple(row) for row in await connection.fetch(f'SELECT * FROM "{schema}"."{name}"')])
            for schema, name in names
        }
    finally:
        await connection.close()


async def topics(stack: Stack) -> dict[str, str]:
    """Every record of every topic: key, value and headers."""
    admin = AIOKafkaAdminClient(**stack.kafka_admin.client())
    await admin.start()
    try:
        names = [name for name in await admin.list_topics() if not name.startswith("__")]
    finally:
        await admin.close()
    consumer = AIOKafkaConsumer(*names, **stack.kafka_admin.client(), auto_offset_reset="earliest")
    found: dict[str, list[str]] = {name: [] for name in names}
    await consumer.start()
    try:
        async with asyncio.timeout(30):
            while not (mine := consumer.assignment()):
                await consumer.getmany(timeout_ms=50)
            await consumer.seek_to_beginning()
            ends = await consumer.end_offsets(list(mine))
            while any([await consumer.position(each) < end for each, end in ends.items()]):
                for each, records in (await consumer.getmany(timeout_ms=200)).items():
                    found[each.topic] += [repr((one.key, one.value, one.headers)) for one in records]
    finally:
        await consumer.stop()
    return {name: "\n".join(records) for name, records in found.items()}


async def everywhere(stack: Stack) -> dict[str, str]:
    """Tables, topics, logs and spans of an installation that runs."""
    found: dict[str, str] = {}
    for service, database in stack.databases.items():
        kept = await tables(database.superuser_url)
        found |= {f"table {service}.{name}": rows for name, rows in kept.items()}
    found |= {f"topic {name}": records for name, records in (await topics(stack)).items()}
    for path in (stack.folder / "logs").glob("*.log"):
        found[f"log {path.stem}"] = path.read_text(encoding="utf-8", errors="replace")
    for service, path in stack.telemetry_files.items():
        found[f"spans {service}"] = path.read_text(encoding="utf-8") if path.exists() else ""
    return found


def places(found: Places, words: Iterable[str]) -> list[str]:
    """Where one of these words stands, in capitals or not."""
    sought = [each.lower() for each in words]
    return sorted(place for place, text in found.items() if any(each in text.lower() for each in sought))
