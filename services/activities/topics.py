"""The topic that activities owns, and who may write and read it."""

from runtime.kafka import Topic

EVENTS = Topic(
    name="activities.events",
    partitions=12,
    retention_ms=None,
    max_bytes=65_536,
    timestamp_type="CreateTime",
    key="id of the offer, request or activity",
    writers=("activities",),
    readers=("funding", "notifications", "dashboard"),
)

TOPICS: tuple[Topic, ...] = (EVENTS,)
