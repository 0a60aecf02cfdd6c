"""The services as their `app.py` wires them, on real databases: what is looked at is what is started."""

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from runtime.lifespan import Service
from tests.support.servers import ServiceDatabase

PROJECT = Path(__file__).resolve().parents[2]
SERVICES = sorted(path.parent.name for path in (PROJECT / "services").glob("*/__main__.py"))
"""Every service that can be started."""


@asynccontextmanager
async def wired(service: str, database: ServiceDatabase, **more: Any) -> AsyncIterator[Service]:
    """The service, wired and connected to this database; nothing of it runs."""
    settings = importlib.import_module(f"services.{service}.settings").Settings(
        database_url=SecretStr(database.app_url), **more
    )
    made: Service = await importlib.import_module(f"services.{service}.app").wire(settings)
    try:
        yield made
    finally:
        for close in made.on_close:
            await close()
        await made.database.close()
