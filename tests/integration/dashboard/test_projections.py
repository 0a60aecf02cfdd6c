"""The read model is made of facts alone: each has its place, in any order, and twice is as good as once."""

import importlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from runtime.event import Fact, Received, parse_object
from runtime.migrate import migrate
from runtime.postgres import Database
from services.dashboard.app import MIGRATIONS
from services.dashboard.domain.standing import Sum
from services.dashboard.handlers import projector, subscriptions
from services.dashboard.handlers.facts import FACTS
from services.dashboard.store import Q
from services.dashboard.web import views
from tests.support.servers import ServiceDatabase

REGION, OTHER = UUID(int=71), UUID(int=72)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
OURS = ("heard", "pulses", "sessions", "generation", "doings", "alarms", "schema_migrations")


@pytest.fixture
async def db(database_for: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Database]:
    database = await database_for("dashboard")
    await migrate(database.owner_url, MIGRATIONS, app_role=database.app_role)
    found = await Database.open(database.app_url, name="test", most=3)
    yield found
    await found.close()


def samples(service: str) -> list[Fact]:
    return [
        each for each in importlib.import_module(f"services.{service}.events").SAMPLES if each.topic.endswith(".events")
    ]


def received(fact: Fact, sequence: int, region: UUID = REGION, about: str = "thing/1") -> Received:
    """A fact as Kafka would bring it."""
    return Received(
        topic=fact.topic,
        partition=0,
        offset=sequence,
        timestamp=NOW + timedelta(seconds=sequence),
        key=b"k",
        value=fact.to_json(),
        headers={},
        id=str(uuid4()),
        type=fact.fact_type,
        source=f"urn:speerpunt:{fact.topic.split('.')[0]}",
        subject=about,
        time=NOW + timedelta(seconds=sequence),
        consortium_id=region,
        sequence=sequence,
        correlation_id=UUID(int=9),
        data=parse_object(fact.to_json())[0],
    )


async def hear(db: Database, service: str, events: Sequence[Received]) -> None:
    async with db.transaction({event.consortium_id for event in events if event.consortium_id}) as tx:
        await projector(service).handle(tx, events)


async def rows(db: Database, table: str, region: UUID = REGION) -> list[dict[str, Any]]:
    async with db.transaction(region) as tx:
        found = [dict(row) for row in await tx.fetch(f"SELECT * FROM {table} WHERE consortium_id = $1", region)]
    return sorted(found, key=str)


async def everything(db: Database) -> dict[str, list[dict[str, Any]]]:
    tables = await db.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    named = [row["tablename"] for row in tables if row["tablename"] not in OURS]
    with_region = await db.pool.fetch(
        "SELECT table_name FROM information_schema.columns "
        "WHERE column_name = 'consortium_id' AND table_schema = 'public'"
    )
    of_regions = {row["table_name"] for row in with_region}
    runtime = {"outbox", "outbox_aside", "inbox", "dead_letters", "idempotency"}
    return {name: await rows(db, name) for name in named if name in of_regions - runtime}


@pytest.mark.parametrize("service", sorted(FACTS))
async def test_every_golden_sample_finds_its_place_and_twice_is_once(service: str, db: Database) -> None:
    events = [received(fact, place) for place, fact in enumerate(samples(service), 1)]
    await hear(db, service, events)
    once = await everything(db)
    await hear(db, service, events)
    assert await everything(db) == once
    assert len(await rows(db, "heard")) == len(events)


def test_every_fact_that_is_projected_is_one_that_its_service_publishes() -> None:
    for service, kinds in FACTS.items():
        published = {fact.fact_type for fact in samples(service)}
        assert {f"nl.speerpunt.{service}.{kind}.v1" for kind in kinds} <= published


async def test_what_is_said_of_contributions_ends_the_same_whatever_the_order_of_the_batches(db: Database) -> None:
    events = importlib.import_module("services.funding.events")
    declared = next(fact for fact in samples("funding") if isinstance(fact, events.ContributionDeclared))
    ids = [uuid4() for _ in range(20)]
    told = [received(declared.model_copy(update={"contribution_id": each}), 1) for each in ids]
    await hear(db, "funding", told)
    later = [received(events.ContributionVerified(contribution_id=each, by="rule"), 2) for each in ids]
    later += [received(events.ContributionAccepted(contribution_id=each, batch_id=ids[0]), 3) for each in ids]
    later += [received(events.ContributionReversed(contribution_id=each, reason="replaced"), 4) for each in ids[:5]]
    random.Random(7).shuffle(later)
    for begin in range(0, len(later), 9):
        await hear(db, "funding", later[begin : begin + 9])
    states = {row["contribution_id"]: row["state"] for row in await rows(db, "contributions")}
    assert states == {each: "reversed" if each in ids[:5] else "accepted" for each in ids}


async def test_a_batch_over_regions_leaves_each_its_own(db: Database) -> None:
    facts = samples("partners")
    events = [received(fact, place, region) for place, fact in enumerate(facts, 1) for region in (REGION, OTHER)]
    await hear(db, "partners", events)
    assert len(await rows(db, "organisations")) == len(await rows(db, "organisations", OTHER)) == 1
    async with db.transaction(REGION) as tx:
        assert await tx.fetchval("SELECT count(*) FROM organisations") == 1


async def test_a_region_shows_closed_from_its_closing_to_its_reopening_whichever_is_heard_first(db: Database) -> None:
    events = importlib.import_module("services.partners.events")
    founded, closed, reopened = (
        next(fact for fact in samples("partners") if isinstance(fact, kind))
        for kind in (events.ConsortiumFounded, events.ConsortiumClosed, events.ConsortiumReopened)
    )
    seen = []
    for fact, sequence in ((founded, 1), (reopened, 3), (closed, 2), (closed, 4), (reopened, 5)):
        await hear(db, "partners", [received(fact, sequence)])
        [region] = await Q.all_regions.rows(db.pool)
        seen.append((region["closed_since"], region["closed_reason"]))
    still = (closed.since, closed.reason)
    assert seen == [(None, ""), (None, ""), (None, ""), still, (None, "")]


async def test_regions_side_by_side_come_to_what_each_comes_to_by_itself(db: Database) -> None:
    """Over made up years: the sums of the database are those of the rules, on any day."""
    events = importlib.import_module("services.funding.events")
    samples_of = {type(fact): fact for fact in samples("funding")}
    declared, pledged = samples_of[events.ContributionDeclared], samples_of[events.PledgeSigned]
    dice = random.Random(11)
    for region in (REGION, OTHER):
        told, companies = [], [uuid4() for _ in range(6)]
        for place, company in enumerate(companies, 1):
            first = date(2021, 1, 1) + timedelta(days=dice.randrange(400))
            lines = [
                events.PledgedLine(line=line, minutes=60, cents=dice.randrange(1, 90_000_000))
                for line in ("robots", "water")
            ]
            of = {"pledge_id": uuid4(), "organisation_id": company, "from_": first, "signed_on": first}
            last = first + timedelta(days=dice.randrange(1, 900))
            told.append(
                received(pledged.model_copy(update={**of, "until": last, "lines": tuple(lines)}), place, region)
            )
        ids = [uuid4() for _ in range(120)]
        for each in ids:
            of = {
                "contribution_id": each,
                "organisation_id": dice.choice(companies),
                "line": dice.choice(("robots", "water", "wind")),
                "day": date(2021, 1, 1) + timedelta(days=dice.randrange(1500)),
                "value_cents": dice.randrange(1, 5_000_000),
            }
            told.append(received(declared.model_copy(update=of), 1, region))
        await hear(db, "funding", told)
        moves: list[Received] = []
        for each in dice.sample(ids, 90):
            moves.append(received(events.ContributionAccepted(contribution_id=each, batch_id=ids[0]), 2, region))
            if dice.random() < 0.2:
                moves.append(received(events.ContributionReversed(contribution_id=each, reason="replaced"), 3, region))
        await hear(db, "funding", moves)
    for day in (date(2020, 1, 1), date(2022, 3, 4), date(2023, 6, 30), date(2099, 1, 1)):
        alone = {}
        for region in (REGION, OTHER):
            async with db.transaction(region) as tx:
                found = await views.standing(tx, day)
            alone[region] = Sum(found.total.realised_cents, found.forecast_cents, found.readings)
        async with db.transaction({REGION, OTHER}) as tx:
            assert await views.sums(tx, [REGION, OTHER], day) == alone
        assert (alone[REGION].forecast_cents > 0) is (day.year > 2020)


async def test_a_seal_that_does_not_follow_from_the_one_before_shows_that_the_chain_is_broken(db: Database) -> None:
    events = importlib.import_module("services.funding.events")
    sample = next(fact for fact in samples("funding") if isinstance(fact, events.EntriesSealed))

    def seal(batch: int, head: str, previous: str) -> Received:
        return received(
            sample.model_copy(update={"batch": batch, "count": batch * 10, "head": head, "previous": previous}), batch
        )

    await hear(db, "funding", [seal(1, "aa", "00"), seal(2, "bb", "aa")])
    assert [row["broken_at"] for row in await rows(db, "seals")] == [None]
    await hear(db, "funding", [seal(3, "cc", "bb"), seal(4, "dd", "xx"), seal(5, "ee", "dd")])
    await hear(db, "funding", [seal(6, "ff", "ee")])
    assert [(row["broken_at"], row["batch"], row["head"]) for row in await rows(db, "seals")] == [(4, 6, "ff")]


async def test_a_new_database_reads_the_topics_from_their_beginning(db: Database) -> None:
    generation = await db.pool.fetchval("SELECT generation FROM generation")
    assert {each.group_id for each in subscriptions(generation)} == {f"dashboard.{name}.{generation}" for name in FACTS}


async def test_a_record_ends_as_what_was_said_of_it_last_whichever_was_heard_first(db: Database) -> None:
    events = importlib.import_module("services.funding.events")
    held = next(fact for fact in samples("funding") if isinstance(fact, events.ContributionHeld))
    declared = next(fact for fact in samples("funding") if isinstance(fact, events.ContributionDeclared))
    declared = declared.model_copy(update={"sender": held.sender, "record_id": held.record_id})
    first, then = received(held, 1), received(declared, 2)
    await hear(db, "funding", [then])
    await hear(db, "funding", [first])
    [late] = await rows(db, "records")
    async with db.transaction(REGION) as tx:
        await tx.execute("DELETE FROM records")
        await tx.execute("DELETE FROM contributions")
    await hear(db, "funding", [first])
    await hear(db, "funding", [then])
    assert await rows(db, "records") == [late]
    assert late["outcome"] == "booked"
