"""The composition root of partners: the only file that wires."""

from pathlib import Path
from uuid import UUID

from fastapi import FastAPI

from runtime.auth import TokenChecker
from runtime.http import PeopleDirectory, create_app
from runtime.lifespan import Service
from runtime.postgres import Database
from services.partners import rpc
from services.partners.api import ROUTERS
from services.partners.erasures import Erasures
from services.partners.handlers import subscriptions
from services.partners.settings import Settings
from services.partners.store import persons
from services.partners.topics import TOPICS

VERSION = "0.1.0"


class OwnPeople(PeopleDirectory):
    """The person behind an account, from this service's own database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def person_for(self, consortium_id: UUID, issuer: str, subject: str) -> UUID | None:
        """The person, or None when this account was never linked to one."""
        async with self._database.transaction(consortium_id) as tx:
            return await persons.person_of(tx, issuer, subject)


def http_app(settings: Settings, database: Database | None = None, tokens: TokenChecker | None = None) -> FastAPI:
    """The HTTP application; without a database it can only describe itself."""
    return create_app(
        service="partners",
        title="Speerpunt partners",
        description="Regions, their programmes and organisations, who signed what, and who counts as a partner.",
        version=VERSION,
        routers=ROUTERS,
        settings=settings,
        database=database,
        tokens=tokens,
        people=OwnPeople(database) if database else None,
    )


async def wire(settings: Settings) -> Service:
    """The service, connected."""
    database = await Database.open(settings.database_url.get_secret_value(), name="partners")
    tokens = TokenChecker(settings)
    erasures = Erasures(database, interval_seconds=settings.erasure_interval_seconds)
    return Service(
        name="partners",
        version=VERSION,
        settings=settings,
        database=database,
        http=http_app(settings, database, tokens),
        migrations=Path(__file__).with_name("migrations"),
        grpc=(rpc.door(database),),
        tokens=tokens,
        subscriptions=subscriptions(),
        topics=TOPICS,
        loops={"erasures": erasures.run},
    )
