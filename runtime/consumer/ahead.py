"""The page after the one in hand: fetched and read while the database is busy, so that neither waits for the other."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from runtime.event import Received

AT_ONCE = 8
"""Messages that are read before an answer of the database is looked for again: half a millisecond."""

Page = dict[TopicPartition, list[Received]]


@dataclass(slots=True)
class Ahead:
    """At most one page. Nothing in it has been handled, and nothing of it is committed.

    Order is kept because a page is only ever handled after the one before it: whatever makes a message come back (a
    retry, a pause, another member) drops what was read of its partition, and it is fetched again from where it was.
    """

    read: Callable[[TopicPartition, Sequence[Any]], list[Received]]
    most: int
    _page: Page = field(default_factory=dict)

    def take(self) -> Page:
        """The page, which is then no longer ahead."""
        page, self._page = self._page, {}
        return page

    async def fetch(self, client: AIOKafkaConsumer) -> None:
        """Takes what the client has already; reads it a little at a time."""
        fetched = await client.getmany(timeout_ms=0, max_records=self.most)
        self._page = {partition: [] for partition in fetched}  # from here on it can be dropped
        for partition, records in fetched.items():
            into = self._page.get(partition)
            for start in range(0, len(records), AT_ONCE):
                if into is None or self._page.get(partition) is not into:
                    break
                into += self.read(partition, records[start : start + AT_ONCE])
                await asyncio.sleep(0)

    def put_back(self, client: AIOKafkaConsumer, partition: TopicPartition) -> None:
        """Of a partition that stays ours, but has to wait: the client starts again where the page starts."""
        if read := self._page.pop(partition, None):
            client.seek(partition, read[0].offset)

    def drop(self, partition: TopicPartition) -> None:
        """Of a partition that starts again elsewhere, or is another member's."""
        self._page.pop(partition, None)

    def drop_all(self) -> None:
        self._page = {}
