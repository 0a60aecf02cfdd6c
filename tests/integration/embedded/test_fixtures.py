"""What other tests lean on: a database and topics of their own."""

import asyncpg

from tests.support.servers import DatabaseFor, KafkaForTest


async def test_two_databases_of_a_service_share_nothing_but_their_schema(database_for: DatabaseFor) -> None:
    one, other = await database_for("funding"), await database_for("funding")
    assert one.name != other.name
    first, second = await asyncpg.connect(one.owner_url), await asyncpg.connect(other.app_url)
    await first.execute("CREATE TABLE only_here (id int)")
    assert await second.fetchval("SELECT to_regclass('only_here')") is None
    assert await second.fetchval("SELECT to_regclass('outbox')") is not None
    assert await second.fetchval("SELECT current_user") == "funding_app"
    await first.close()
    await second.close()


async def test_topics_are_made_under_the_prefix_of_the_test(kafka: KafkaForTest) -> None:
    [name] = await kafka.create_topics("partners.events", partitions=3)
    assert name == f"{kafka.prefix}partners.events"
