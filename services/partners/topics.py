"""The topic that partners owns, and who may write and read it."""

from runtime.kafka import Topic

EVENTS = Topic(
    name="partners.events",
    partitions=12,
    retention_ms=None,
    max_bytes=65_536,
    timestamp_type="CreateTime",
    key="id of what the fact is about: consortium, programme, organisation (its standing too), agreement, ...",
    writers=("partners",),
    readers=("funding", "activities", "notifications", "dashboard"),
)

TOPICS: tuple[Topic, ...] = (EVENTS,)
