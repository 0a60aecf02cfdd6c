"""Right and wrong designs of the heart, side by side, on the steps service: each wrong one is caught by an invariant.

`python -m tests.faults.designs relay|consumer|writer DESIGN [CONSORTIUM WALKERS...]` runs one of them in a process.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

from runtime import failpoints, outbox
from runtime.consumer import Consumer
from runtime.event import Change, Context, Received
from runtime.postgres import Database, Tx
from runtime.relay import Relay
from runtime.relay.page import Page
from runtime.settings import Settings
from tests.support import steps


class NaiveCursor(Relay):
    """Reads on from the last number it published, as if numbers were given out in the order of the commits."""

    async def _send(self, page: Page) -> tuple[list[int], Exception | None]:
        sent, error = await super()._send(page)
        self._floor.safe = max([self._floor.safe, *sent])
        return sent, error


class NoInbox(Consumer):
    """Has the effect of whatever is delivered."""

    async def _in_one_transaction(self, events: Sequence[Received]) -> None:
        tenants = set(self.subscription.consortia(events))
        async with self.db.transaction(tenants, Context(actor=self.name)) as tx:
            await self.subscription.handler.handle(tx, events)
            failpoints.hit("consumer.before-commit")
        failpoints.hit("consumer.after-commit")


class OffsetsFirst(Consumer):
    """Tells Kafka that a batch is handled, and then handles it."""

    async def _handle(
        self, client: AIOKafkaConsumer, batch: Mapping[TopicPartition, Sequence[Received]]
    ) -> dict[TopicPartition, int]:
        await self._commit(client, {partition: events[-1].offset + 1 for partition, events in batch.items()})
        return await super()._handle(client, batch)


async def fact_with_its_state(db: Database, consortium_id: UUID, walker: UUID, *, dies: bool) -> None:
    """The right design: killed in the middle, neither is there."""
    async with db.transaction(consortium_id) as tx:
        await steps.step_within(tx, [walker])
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)


async def fact_after_its_state(db: Database, consortium_id: UUID, walker: UUID, *, dies: bool) -> None:
    """Commits the state, and then writes the fact: killed in the middle, nobody is ever told."""
    async with db.transaction(consortium_id) as tx:
        version = await move(tx, walker)
    if dies:
        os.kill(os.getpid(), signal.SIGKILL)
    async with db.transaction(consortium_id) as tx:
        change = Change("walker", walker, version, (steps.Stepped(step=version),))
        await outbox.append(tx, change, source="urn:speerpunt:steps", at=datetime.now(UTC))


async def move(tx: Tx, walker: UUID) -> int:
    """A step of one walker, which locks it."""
    version: int = await tx.fetchval(
        "INSERT INTO walkers VALUES ($1, $2, 1) ON CONFLICT (consortium_id, walker_id) "
        "DO UPDATE SET version = walkers.version + 1 RETURNING version",
        tx.consortium_id,
        walker,
    )
    return version


async def step_in_order(tx: Tx, walkers: Sequence[UUID]) -> None:
    """The right design: whoever steps several walkers locks them in the order of their ids."""
    await steps.step_within(tx, walkers)


async def step_as_given(tx: Tx, walkers: Sequence[UUID]) -> None:
    """Locks them in the order in which somebody named them."""
    for walker in walkers:
        await steps.step_within(tx, [walker])


RELAYS = {"floor": Relay, "naive-cursor": NaiveCursor}
CONSUMERS = {"inbox": Consumer, "no-inbox": NoInbox, "offsets-first": OffsetsFirst}
WRITERS = {"fact-with-state": fact_with_its_state, "fact-after-state": fact_after_its_state}


async def main(role: str, design: str, more: Sequence[str]) -> None:
    """Runs a relay or a consumer until it is stopped; a writer takes steps and dies in the middle of the last."""
    settings = Settings()
    db = await Database.open(settings.database_url.get_secret_value(), name=role, most=4)
    stop = asyncio.Event()
    if role == "relay":
        await RELAYS[design](db, settings).run(stop)
    elif role == "consumer":
        await CONSUMERS[design](db, settings, steps.subscription()).run(stop)
    else:
        consortium_id, *walkers = (UUID(word) for word in more)
        for walker in walkers:
            await WRITERS[design](db, consortium_id, walker, dies=False)
        await WRITERS[design](db, consortium_id, walkers[0], dies=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
