"""The composition root of activities: the only file that wires."""

from functools import partial
from pathlib import Path

from fastapi import FastAPI

from runtime.auth import ServiceTokens, TokenChecker
from runtime.http import PeopleDirectory, create_app
from runtime.lifespan import Service
from runtime.people import People
from runtime.postgres import Database
from runtime.rpc import Client, Identity
from runtime.ticking import every
from services.activities.api import ROUTERS
from services.activities.clients import FundingDesk
from services.activities.handlers import subscriptions
from services.activities.loops import BudgetLoop, HoldExpiry, now
from services.activities.rpc import door
from services.activities.settings import Settings
from services.activities.topics import TOPICS

NAME = "activities"
VERSION = "0.1.0"
MIGRATIONS = Path(__file__).with_name("migrations")


def http_app(
    settings: Settings,
    database: Database | None = None,
    tokens: TokenChecker | None = None,
    people: PeopleDirectory | None = None,
) -> FastAPI:
    """The HTTP application; without a database it can only describe itself."""
    return create_app(
        service=NAME,
        title="Speerpunt activities",
        description="Offers and requests of guest lessons and company visits, matched, planned, done and confirmed.",
        version=VERSION,
        routers=ROUTERS,
        settings=settings,
        database=database,
        tokens=tokens,
        people=people,
    )


async def wire(settings: Settings) -> Service:
    """The service as it runs with these settings."""
    database = await Database.open(settings.database_url.get_secret_value(), name=NAME)
    tokens = ServiceTokens(settings)
    funding = Client(settings.funding_grpc, "funding", tokens, Identity.of(settings))
    partners = Client(settings.partners_grpc, "partners", tokens, Identity.of(settings))
    checker = TokenChecker(settings)
    http = http_app(settings, database, checker, People(partners))
    holds, budget = HoldExpiry(database), BudgetLoop(database, FundingDesk(funding))
    return Service(
        name=NAME,
        version=VERSION,
        settings=settings,
        database=database,
        http=http,
        migrations=MIGRATIONS,
        grpc=(door(database),),
        tokens=checker,
        subscriptions=subscriptions(),
        topics=TOPICS,
        loops={
            "holds": partial(every, settings.hold_poll_seconds, lambda: holds.run_once(now()), name="holds"),
            "budget": partial(every, settings.budget_poll_seconds, lambda: budget.run_once(now()), name="budget"),
        },
        on_close=[funding.close, partners.close],
    )
