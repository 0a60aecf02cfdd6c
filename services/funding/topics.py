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
    readers=("partners", "notifications", "dashboard"),
)

TOPICS: tuple[Topic, ...] = (EVENTS,)

THIRTY_DAYS_MS = 30 * 24 * 3600 * 1000


def of_sender(code: str) -> tuple[Topic, Topic]:
    """The two topics of a sender: what it sends, and what it is told."""
    intake = Topic(
        name=f"intake.contributions.{code}",
        partitions=1,
        retention_ms=THIRTY_DAYS_MS,
        max_bytes=65_536,
        timestamp_type="LogAppendTime",
        key="whatever the sender likes",
        writers=(f"sender:{code}",),
        readers=("funding",),
        relayed=False,
    )
    receipts = Topic(
        name=f"receipts.contributions.{code}",
        partitions=1,
        retention_ms=THIRTY_DAYS_MS,
        max_bytes=65_536,
        timestamp_type="LogAppendTime",
        key="id of the sender's record",
        writers=("funding",),
        readers=(f"sender:{code}",),
    )
    return intake, receipts
