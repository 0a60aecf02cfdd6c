"""P24: all regions side by side on the dashboard, added up by the database, or every cell read and added here."""

import time
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from bench.measure import Row, Work, compare
from bench.places import PROJECT, Place
from runtime.postgres import Database
from services.dashboard.domain.standing import Sum
from services.dashboard.web import views

REGIONS, COMPANIES, CONTRIBUTIONS = 78, 10_000, 500_000
PROMISING = COMPANIES // REGIONS * REGIONS
"""So that each company is of one region."""
ON = date(2024, 12, 31)

_FILL = f"""
INSERT INTO contributions
SELECT md5('region' || n % {REGIONS})::uuid, md5('contribution' || n)::uuid,
       md5('company' || n % {PROMISING})::uuid, 'line-' || n % 7, date '2021-01-01' + n % 1400, 'hours', 60 + n % 400,
       5000 + n % 9000, 'intake', CASE WHEN n % 40 = 0 THEN 'declared' ELSE 'accepted' END, now(), 1
FROM generate_series(1, {CONTRIBUTIONS}) AS n;
INSERT INTO pledges (consortium_id, pledge_id, organisation_id, minutes, cents, signed_on, first_day, last_day, lines,
                     seq)
SELECT md5('region' || n % {REGIONS})::uuid, md5('pledge' || n)::uuid, md5('company' || n)::uuid, 6000, 800000,
       date '2021-01-01', date '2021-01-01' + n % 300, date '2025-06-30',
       jsonb_build_array(jsonb_build_object('line', 'line-' || n % 7, 'minutes', 3000, 'cents', 300000 + n),
                         jsonb_build_object('line', 'line-' || n % 5, 'minutes', 3000, 'cents', 500000 - n)), 1
FROM generate_series(0, {PROMISING} - 1) AS n;
ANALYZE;
"""

Answer = dict[UUID, Sum]


async def p24(place: Place, only: set[str], say: Any) -> list[Row]:
    """The read model of a whole country, as its migrations and triggers keep it."""
    settings = await place.settings("dashboard", PROJECT / "services" / "dashboard" / "migrations")
    connection = await asyncpg.connect(settings.owner_database_url.get_secret_value())
    await connection.execute(_FILL, timeout=300)
    regions = [row[0] for row in await connection.fetch("SELECT DISTINCT consortium_id FROM contributions")]
    await connection.close()
    database = await Database.open(settings.database_url.get_secret_value(), name="bench")
    answers: list[Answer] = []

    async def added_up() -> Answer:
        async with database.transaction(regions) as tx:
            return await views.sums(tx, regions, ON)

    async def one_by_one() -> Answer:
        found: Answer = {}
        for region in regions:
            async with database.transaction(region) as tx:
                stands = await views.standing(tx, ON)
            found[region] = Sum(stands.total.realised_cents, stands.forecast_cents, stands.readings)
        return found

    def page(make: Callable[[], Awaitable[Answer]]) -> Callable[[], Awaitable[Work]]:
        async def turn() -> Work:
            began = time.perf_counter()
            answers.append(await make())
            return Work(1, figure=(time.perf_counter() - began) * 1000)

        return turn

    async def check() -> bool:
        return len(answers[0]) == REGIONS and all(each == answers[0] for each in answers)

    try:
        return [
            await compare(
                "P24",
                f"{REGIONS} regions side by side, {COMPANIES:,} companies, {CONTRIBUTIONS:,} contributions",
                "every cell read and added up by the rules, region by region",
                page(added_up),
                page(one_by_one),
                unit="ms a page",
                floor=0.5,
                goal=0.25,
                better="lower",
                check=check,
                say=say,
            )
        ]
    finally:
        await database.close()
