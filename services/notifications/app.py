"""The composition root of notifications: the only file that wires."""

from functools import partial
from pathlib import Path

from fastapi import FastAPI

from runtime.auth import ServiceTokens, TokenChecker
from runtime.http import create_app
from runtime.lifespan import Service
from runtime.postgres import Database
from runtime.rpc import Client, Identity
from runtime.ticking import every
from services.notifications.api import ROUTERS
from services.notifications.clients import Directory, Post, operators
from services.notifications.handlers import subscriptions
from services.notifications.letters import Letters
from services.notifications.loops import Reminders, Sender, now
from services.notifications.rpc import door
from services.notifications.settings import Settings
from services.notifications.topics import TOPICS

NAME = "notifications"
VERSION = "0.1.0"
MIGRATIONS = Path(__file__).with_name("migrations")


def http_app(settings: Settings, database: Database | None = None, tokens: TokenChecker | None = None) -> FastAPI:
    """The HTTP application; without a database it can only describe itself."""
    return create_app(
        service=NAME,
        title="Speerpunt notifications",
        description="The planning of a region, and who was told what of it and of what happens elsewhere.",
        version=VERSION,
        routers=ROUTERS,
        settings=settings,
        database=database,
        tokens=tokens,
    )


async def wire(settings: Settings) -> Service:
    """The service as it runs with these settings."""
    database = await Database.open(settings.database_url.get_secret_value(), name=NAME)
    tokens = TokenChecker(settings)
    partners = Client(settings.partners_grpc, "partners", ServiceTokens(settings), Identity.of(settings))
    sender = Sender(database, Directory(partners, operators(settings)), Post(settings), Letters(), settings)
    reminders = Reminders(database)
    return Service(
        name=NAME,
        version=VERSION,
        settings=settings,
        database=database,
        http=http_app(settings, database, tokens),
        migrations=MIGRATIONS,
        grpc=(door(database),),
        tokens=tokens,
        subscriptions=subscriptions(),
        topics=TOPICS,
        loops={
            "sender": partial(every, settings.send_poll_seconds, lambda: sender.run_once(now()), name="sender"),
            "reminders": partial(
                every, settings.remind_poll_seconds, lambda: reminders.run_once(now()), name="reminders"
            ),
        },
        on_close=[partners.close],
    )
