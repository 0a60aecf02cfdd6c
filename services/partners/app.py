"""The composition root of partners: the only file that wires."""

from pathlib import Path

from fastapi import FastAPI

from runtime.auth import TokenChecker
from runtime.http import create_app
from runtime.lifespan import Service
from runtime.postgres import Database
from services.partners import api, rpc
from services.partners.settings import Settings
from services.partners.topics import TOPICS

VERSION = "0.1.0"


def http_app(settings: Settings, database: Database | None = None, tokens: TokenChecker | None = None) -> FastAPI:
    """The HTTP application; without a database it can only describe itself."""
    return create_app(
        service="partners",
        title="Speerpunt partners",
        description="Regions, their programmes and organisations, and the people behind accounts.",
        version=VERSION,
        routers=(api.router,),
        settings=settings,
        database=database,
        tokens=tokens,
    )


async def wire(settings: Settings) -> Service:
    """The service, connected."""
    database = await Database.open(settings.database_url.get_secret_value(), name="partners")
    tokens = TokenChecker(settings)
    return Service(
        name="partners",
        version=VERSION,
        settings=settings,
        database=database,
        http=http_app(settings, database, tokens),
        migrations=Path(__file__).with_name("migrations"),
        grpc=(rpc.door(database),),
        tokens=tokens,
        topics=TOPICS,
    )
