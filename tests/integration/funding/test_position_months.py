"""Totals by month: a day long ago reads months and not contributions, and finds what a scan of all would find."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime import ids
from runtime.postgres import Database
from services.funding.commands import contributions, schemes
from services.funding.domain.contribution import Hands, Lesson
from services.funding.domain.scheme import EligibleKinds, Rate, Rule
from services.funding.store import positions
from services.funding.teller import Teller
from tests.support.funding_books import AT, OFFICE, Region, book_lesson
from tests.support.servers import DatabaseFor

FIRST = date(2020, 1, 1)
NOW = datetime(2023, 11, 1, 12, tzinfo=UTC)
CODES = ("acme", "bolt")
RULES = (
    Rule("kinds", EligibleKinds(("hours",)), FIRST, date(2018, 10, 1), "the scheme"),
    Rule("rate-hours", Rate("hours", 5_000), FIRST, date(2018, 10, 1), "the region"),
)
SCAN = """
SELECT coalesce(sum(value_cents) FILTER (WHERE state = 'accepted'), 0)::bigint AS realised,
       coalesce(sum(value_cents) FILTER (WHERE state <> 'accepted'), 0)::bigint AS declared
FROM contributions
WHERE consortium_id = $1 AND day <= $2 AND state IN ('declared', 'verified', 'accepted')
"""
a_day = st.integers(0, 120).map(lambda days: FIRST + timedelta(days=days))
# What is done one after another: a lesson of a company on a day, accepting up to a day, folding the moves.
a_step = st.one_of(
    st.tuples(st.sampled_from(CODES), a_day, st.integers(1, 900)),
    st.tuples(st.just("accept"), a_day, st.just(0)),
    st.tuples(st.just("fold"), st.just(FIRST), st.just(0)),
)


@pytest.fixture
async def database(database_for: DatabaseFor) -> AsyncIterator[Database]:
    opened = await Database.open((await database_for("funding")).app_url, name="test", most=4)
    yield opened
    await opened.close()


async def a_region(database: Database) -> Region:
    made = Region(database)
    await made.found(str(made.id))
    await made.plan()
    for code in CODES:
        await made.organisation(code)
    async with made.transaction() as tx:
        await schemes.put_scheme(tx, "sto", "The scheme", RULES, at=AT)
    return made


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(a_step, max_size=14), as_of=a_day)
async def test_any_day_stands_as_a_scan_says_however_often_and_whenever_moves_were_folded(
    database: Database, steps: list[tuple[str, date, int]], as_of: date
) -> None:
    region = await a_region(database)
    for what, day, minutes in steps:
        if what == "fold":
            await Teller(database, clock=lambda: NOW).run_once()
            continue
        async with region.transaction() as tx:
            if what == "accept":
                await contributions.accept(tx, day, batch_id=ids.new_id(), hands=Hands(OFFICE), at=AT)
            else:
                whose = ids.coded_id(region.id, "organisation", what)
                await book_lesson(tx, Lesson(ids.new_id(), "lesson", whose, "instroom", day, minutes), at=AT)
    for day in {as_of, as_of.replace(day=1), FIRST, FIRST - timedelta(days=1), as_of + timedelta(days=31)}:
        async with region.transaction() as tx:
            found = await positions.programme(tx, day)
            scanned = await tx.fetchrow(SCAN, region.id, day)
        assert scanned is not None
        assert (found.realised_cents, found.declared_cents) == (scanned["realised"], scanned["declared"])


async def test_the_months_sum_to_the_totals(database: Database) -> None:
    region = await a_region(database)
    whose = ids.coded_id(region.id, "organisation", "acme")
    for month in (1, 2, 2, 3):
        async with region.transaction() as tx:
            await book_lesson(tx, Lesson(ids.new_id(), "x", whose, "instroom", date(2020, month, 9), 60), at=AT)
    await Teller(database, clock=lambda: NOW).run_once()
    async with region.transaction() as tx:
        months = await tx.fetch("SELECT month, declared_minutes FROM position_months ORDER BY month")
        (total,) = await tx.fetch("SELECT declared_minutes FROM position_totals")
    assert [(row["month"].month, row["declared_minutes"]) for row in months] == [(1, 60), (2, 120), (3, 60)]
    assert total["declared_minutes"] == 240


async def test_a_day_long_ago_does_not_read_the_contributions_that_came_after_its_month(
    database_for: DatabaseFor,
) -> None:
    """Guards the shape of the plan: the contributions read are those of one month."""
    made = await database_for("funding")
    database = await Database.open(made.app_url, name="test", most=2)
    region = await a_region(database)
    whose = ids.coded_id(region.id, "organisation", "acme")
    async with region.transaction() as tx:
        await tx.execute(
            "INSERT INTO contributions (consortium_id, contribution_id, organisation_id, line, day, kind, minutes, "
            "value_cents, rule, origin, state, version) "
            "SELECT $1, gen_random_uuid(), $2, 'instroom', $3::date + n % 1000, 'hours', 60, 5000, 'rate-hours', "
            "'rest', 'verified', 2 FROM generate_series(0, 19999) AS n",
            region.id,
            whose,
            FIRST,
        )
    await Teller(database, clock=lambda: NOW).run_once()
    owner = await asyncpg.connect(made.owner_url)
    await owner.execute("ANALYZE contributions")
    await owner.close()
    async with region.transaction() as tx:
        found = await positions.programme(tx, date(2020, 1, 15))
        told = await tx.fetchval(
            "EXPLAIN (ANALYZE, FORMAT JSON) SELECT sum(declared_cents) FROM position_cells($1, $2)",
            region.id,
            date(2020, 1, 15),
        )
    await database.close()
    assert found.declared_cents == 15 * 20 * 5_000
    reads = [node for node in nodes(json.loads(told)[0]["Plan"]) if node.get("Relation Name") == "contributions"]
    assert sum(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in reads) == 16 * 20


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan and all that is under it."""
    yield plan
    for each in plan.get("Plans", []):
        yield from nodes(each)
