"""Where funding is put together: the only file that wires."""

import asyncio
from pathlib import Path

from fastapi import FastAPI

from runtime import kafka
from runtime.auth import ServiceTokens, TokenChecker
from runtime.http import PeopleDirectory, create_app
from runtime.lifespan import Service
from runtime.people import People
from runtime.postgres import Database
from runtime.rpc import Client, Identity
from services.funding import rpc, topics
from services.funding.api import BOOKS
from services.funding.api.asking import AudienceDirectory, ProgrammeDirectory
from services.funding.api.evidence import Keeping
from services.funding.calendar import Calendar
from services.funding.clients import Audiences, Programmes, Standings
from services.funding.domain.fingerprints import Fingerprints
from services.funding.effects import Effects
from services.funding.expiry import Expiry
from services.funding.handlers import subscriptions
from services.funding.handlers.intake import Intake
from services.funding.reminding import Reminding
from services.funding.sealer import Sealer, sealing_key
from services.funding.settings import Settings
from services.funding.teller import Teller

NAME = "funding"
VERSION = "0.1.0"
MIGRATIONS = Path(__file__).parent / "migrations"


def http_app(
    settings: Settings,
    database: Database | None = None,
    tokens: TokenChecker | None = None,
    people: PeopleDirectory | None = None,
    programmes: ProgrammeDirectory | None = None,
    taking_in: Intake | None = None,
    audiences: AudienceDirectory | None = None,
) -> FastAPI:
    """The HTTP application; without a database it can only describe itself."""
    app = create_app(
        service=NAME,
        title="Funding",
        description="The money and the books of a region: schemes, grants, allocations, pledges, positions, ledger.",
        version=VERSION,
        routers=BOOKS,
        settings=settings,
        database=database,
        tokens=tokens,
        people=people,
    )
    app.state.programmes = programmes
    app.state.audiences = audiences
    app.state.intake = taking_in
    app.state.giving_prefix = settings.giving_prefix
    app.state.evidence = Keeping(settings.evidence_folder, settings.most_evidence_bytes)

    async def make_sender_topics(code: str) -> None:
        await kafka.ensure_topics(settings, topics.of_sender(code))

    app.state.make_sender_topics = make_sender_topics
    return app


async def wire(settings: Settings) -> Service:
    """The service with all its doors and loops. Raises what opening the database raises."""
    database = await Database.open(settings.database_url.get_secret_value(), name=NAME)
    tokens = TokenChecker(settings)
    partners = Client(settings.partners_grpc, "partners", ServiceTokens(settings), Identity.of(settings))
    before = settings.fingerprint_keys_before.get_secret_value().split()
    keys = Fingerprints(settings.fingerprint_key.get_secret_value().encode(), tuple(each.encode() for each in before))
    taking_in = Intake(database, Standings(partners), keys)

    async def seal(stop: asyncio.Event) -> None:
        key = sealing_key(settings.seal_key_file)
        await Sealer(database, key, interval_seconds=settings.seal_interval_seconds).run(stop)

    effects = Effects(database, interval_seconds=settings.effect_interval_seconds)
    reminding = Reminding(database, interval_seconds=settings.expiry_interval_seconds)
    calendar = Calendar(database, interval_seconds=settings.calendar_interval_seconds)
    expiry = Expiry(database, interval_seconds=settings.expiry_interval_seconds)
    teller = Teller(database, interval_seconds=settings.position_interval_seconds)

    return Service(
        name=NAME,
        version=VERSION,
        settings=settings,
        database=database,
        http=http_app(
            settings, database, tokens, People(partners), Programmes(partners), taking_in, Audiences(partners)
        ),
        grpc=[rpc.door(database)],
        tokens=tokens,
        migrations=MIGRATIONS,
        subscriptions=subscriptions(taking_in),
        topics=topics.TOPICS,
        loops={
            "sealer": seal,
            "position": teller.run,
            "effects": effects.run,
            "expiry": expiry.run,
            "reminding": reminding.run,
            "calendar": calendar.run,
        },
        on_close=[partners.close],
    )
