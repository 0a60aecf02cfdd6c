"""Kafka's side of a backup: where topics end, where groups are, and where groups go on after a restore."""

from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import OffsetAndMetadata

from deploy.backup.place import CannotBackUp, Place
from runtime.kafka import know

Ends = dict[str, dict[int, int]]
"""The offset after the last message, by topic (without the installation's prefix) and partition."""
FACTS = ".events"


async def ends(place: Place) -> Ends:
    """Where the topics of this installation end now."""
    client = _reader(place)
    await client.start()
    try:
        partitions = await _partitions(client, place)
        know(client, partitions)
        found = await client.end_offsets(partitions)
    finally:
        await client.stop()
    told: Ends = {}
    for one, offset in sorted(found.items()):
        told.setdefault(one.topic.removeprefix(place.topic_prefix), {})[one.partition] = offset
    return told


async def groups(place: Place, services: Iterable[str]) -> dict[str, dict[TopicPartition, int]]:
    """The committed positions of every consumer group of these services, by the group's full name."""
    admin = AIOKafkaAdminClient(**place.kafka.client(), request_timeout_ms=10_000)
    await admin.start()
    try:
        wanted = tuple(f"{place.topic_prefix}{service}." for service in services)
        names = sorted(name for name, *_ in await admin.list_consumer_groups() if name.startswith(wanted))
        found = {}
        for name in names:
            offsets = await admin.list_consumer_group_offsets(name)
            found[name] = {one: told.offset for one, told in offsets.items() if told.offset >= 0}
        return found
    finally:
        await admin.close()


async def behind(place: Place, services: Iterable[str]) -> list[str]:
    """Which groups have not handled all of what they read, in words."""
    now = await ends(place)
    found = []
    for group, positions in (await groups(place, services)).items():
        left = sum(now.get(_plain(place, one), {}).get(one.partition, 0) - offset for one, offset in positions.items())
        if left:
            found.append(f"{group} has {left} messages to handle")
    return found


async def place_groups(place: Place, services: Iterable[str], facts_from: str) -> dict[str, str]:
    """Puts the groups of these services where they go on: the intake at its beginning, facts at the `end` or the
    `beginning`. What each group does now, by its name. Raises CannotBackUp while a member of a group runs."""
    done = {}
    for group, positions in (await groups(place, services)).items():
        client = _reader(place, group)
        await client.start()
        try:
            every = await _partitions(client, place, {one.topic for one in positions})
            facts = [one for one in every if one.topic.endswith(FACTS)]
            know(client, every)
            offsets: dict[TopicPartition, int] = await client.beginning_offsets(every)
            if facts_from == "end":
                offsets |= await client.end_offsets(facts)
            try:
                await client.commit({one: OffsetAndMetadata(offset, "restored") for one, offset in offsets.items()})
            except Exception as error:
                raise CannotBackUp(
                    f"The group {group} cannot be put back ({type(error).__name__}): end every process of its service."
                ) from error
        finally:
            await client.stop()
        done[group] = facts_from if facts else "beginning"
    return done


def _reader(place: Place, group: str | None = None) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(**place.kafka.client(), group_id=group, enable_auto_commit=False)


async def _partitions(client: Any, place: Place, only: Iterable[str] | None = None) -> list[TopicPartition]:
    """All partitions of this installation's topics, or of these."""
    metadata = await client._client.fetch_all_metadata()
    names = set(only) if only is not None else metadata.topics()
    ours = [name for name in names if name.startswith(place.topic_prefix) and not name.startswith("__")]
    return [
        TopicPartition(name, number) for name in sorted(ours) for number in metadata.partitions_for_topic(name) or ()
    ]


def _plain(place: Place, one: TopicPartition) -> str:
    return str(one.topic).removeprefix(place.topic_prefix)
