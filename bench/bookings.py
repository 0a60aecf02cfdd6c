"""P17: signing a class up for a slot as the service does it, against a bare INSERT ... ON CONFLICT of the same row."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from fastapi import Response

import services.activities
from bench.measure import Row, Work, compare
from bench.places import Place
from runtime.event import Context
from runtime.http.lanes import Asked, Key, Lanes
from runtime.ids import new_id
from runtime.postgres import Database
from services.activities.api.models import BookingView
from services.activities.commands.bookings import SIGN_UP, SignUp
from services.activities.domain.activities import Party, Speaker
from services.activities.store.activities import Booking

MIGRATIONS = Path(services.activities.__file__).parent / "migrations"
REGION, SCHOOL, COMPANY, ACTIVITY = (UUID(int=number) for number in range(1, 5))
SECONDS = 5
RIVALS = 16
SLOT = f"""
INSERT INTO organisations (consortium_id, organisation_id, code, name, kind, municipality, sequence)
VALUES ('{REGION}', '{SCHOOL}', 'school', 'A school', 'vmbo', NULL, 1),
       ('{REGION}', '{COMPANY}', 'company', 'A company', 'company', NULL, 1);
INSERT INTO kinds (consortium_id, code, title, behaviour, place, cancel_hours)
VALUES ('{REGION}', 'open-day', 'Open day', 'session', 'school', 24);
INSERT INTO activities (consortium_id, activity_id, code, kind, title, line, school_id, company_id, starts_at, ends_at,
                        state, price_cents, preparation_minutes, teachers, version)
VALUES ('{REGION}', '{ACTIVITY}', 'open-day', 'open-day', 'Open day', 'technology', '{SCHOOL}', '{COMPANY}',
        now() + interval '1 day', now() + interval '25 hours', 'booked', 0, 0, '{{}}', 1);
INSERT INTO slots (consortium_id, activity_id, seats) VALUES ('{REGION}', '{ACTIVITY}', 2000000000);
"""
BARE = """INSERT INTO bookings (consortium_id, booking_id, activity_id, code, school_id, pupils, state, booked_at)
VALUES ($1, $2, $3, $4, $5, $6, 'booked', $7) ON CONFLICT (consortium_id, activity_id, code) DO NOTHING"""


async def p17(place: Place, only: set[str], say: Any) -> list[Row]:
    """Sixteen rivals for one slot, in a process; ours also keeps the key and the answer, and counts the seats."""
    settings = await place.settings("bench_slots", MIGRATIONS)
    owner = settings.owner_database_url.get_secret_value()
    connection = await asyncpg.connect(owner)
    database = await Database.open(settings.database_url.get_secret_value(), name="bench", most=RIVALS)
    bare = await asyncpg.create_pool(owner, min_size=RIVALS, max_size=RIVALS)
    lanes = Lanes(database)
    speaker = Speaker(frozenset({Party.OFFICE}), frozenset())
    signed_up = refused = 0
    try:
        await connection.execute(SLOT)

        async def rivals(once: Any) -> Work:
            until, done = time.perf_counter() + SECONDS, 0

            async def one() -> None:
                nonlocal done
                while time.perf_counter() < until:
                    await once()
                    done += 1

            began = time.perf_counter()
            await asyncio.gather(*(one() for _ in range(RIVALS)))
            return Work(done, seconds=time.perf_counter() - began)

        async def sign_up() -> None:
            nonlocal signed_up, refused
            booking_id = new_id()
            ask = SignUp(booking_id, "open-day", SCHOOL, str(booking_id), 1, speaker)
            key = Key("office", str(booking_id), booking_id.bytes)
            asked = Asked(ask, key, Context(), _answer, lambda _: True)
            if await lanes.answer(SIGN_UP, REGION, asked) is None:
                refused += 1
            signed_up += 1

        async def insert() -> None:
            async with bare.acquire() as one:
                code = str(booking_id := new_id())
                await one.execute(BARE, REGION, booking_id, ACTIVITY, code, SCHOOL, 1, datetime.now(UTC))

        async def check() -> bool:
            taken = await connection.fetchval("SELECT taken FROM slots")
            kept = await connection.fetchval("SELECT count(*) FROM idempotency WHERE status = 201")
            return bool(taken == kept == signed_up > 0 == refused)

        return [
            await compare(
                "P17",
                "16 rivals sign up for one slot: rules, seats, booking, key and answer",
                "bare INSERT ... ON CONFLICT of the booking, 16 connections, one round trip each",
                lambda: rivals(sign_up),
                lambda: rivals(insert),
                unit="bookings/s",
                floor=0.6,
                goal=0.8,
                check=check,
                say=say,
            )
        ]
    finally:
        await bare.close()
        await database.close()
        await connection.close()


def _answer(booking: Booking, _event_id: UUID | None) -> Response:
    return Response(BookingView.of(booking).model_dump_json(by_alias=True), 201)
