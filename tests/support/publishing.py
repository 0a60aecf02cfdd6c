"""Publishes what waits in an outbox, as the relay does, and returns when it is empty."""

import asyncio

from runtime.postgres import Database
from runtime.relay import Relay
from runtime.settings import Settings


async def publish(db: Database, settings: Settings) -> None:
    """Leads once nobody else does, publishes until nothing is left, and gives up the lead."""
    relay = Relay(db, settings)
    async with asyncio.timeout(10):
        while not await relay.lead():
            await asyncio.sleep(0.02)
    while await relay.run_once():
        pass
    await relay.close()
