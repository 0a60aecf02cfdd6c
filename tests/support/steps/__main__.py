"""`python -m tests.support.steps relay|consumer`: one role in a process of its own, settings from the environment."""

import asyncio
import sys

from runtime.consumer import Consumer
from runtime.postgres import Database
from runtime.relay import Relay
from runtime.settings import Settings
from tests.support.steps import subscription


async def run(role: str) -> None:
    settings = Settings()
    db = await Database.open(settings.database_url.get_secret_value(), name=role, most=4)
    stop = asyncio.Event()
    if role == "relay":
        await Relay(db, settings).run(stop)
    else:
        await Consumer(db, settings, subscription()).run(stop)


asyncio.run(run(sys.argv[1]))
