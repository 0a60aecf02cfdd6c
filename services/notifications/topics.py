"""The topic that notifications owns, and who may write and read it."""

from runtime.kafka import Topic

EVENTS = Topic(
    name="notifications.events",
    partitions=12,
    retention_ms=None,
    max_bytes=65_536,
    timestamp_type="CreateTime",
    key="id of the milestone or notice",
    writers=("notifications",),
    readers=("dashboard",),
)

TOPICS: tuple[Topic, ...] = (EVENTS,)
