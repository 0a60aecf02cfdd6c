"""The topic that funding owns, and who may write and read it. Topics per sender are declared with the sender."""

from runtime.kafka import Topic

EVENTS = Topic(
    name="funding.events",
    partitions=12,
    retention_ms=None,
    max_bytes=65_536,
    timestamp_type="CreateTime",
    key="id of the scheme, grant, allocation, reservation, pledge, contribution or ledger",
    writers=("funding",),
    readers=("partners", "notifications"),
)

TOPICS: tuple[Topic, ...] = (EVENTS,)
