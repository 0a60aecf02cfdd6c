"""An alarm is raised once and cleared once, and each is told once, whoever looks and whoever is away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from asyncpg import Record
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from runtime.migrate import migrate
from runtime.postgres import Database
from runtime.problems import Unavailable
from services.dashboard.alarming import Watcher
from services.dashboard.app import MIGRATIONS
from services.dashboard.domain.alarms import Deadline, Kind, RegionSeen, Seen, ServiceSeen, Thresholds
from services.dashboard.store import Q
from tests.support.servers import ServiceDatabase

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
TODAY = date(2026, 3, 2)
WELL = Seen((ServiceSeen("funding", 0, 0),), (RegionSeen(UUID(int=7), "sto-x", "STO X", TODAY),))
ILL = Seen(
    (ServiceSeen("funding", 5_000, 2),),
    (
        RegionSeen(
            UUID(int=7),
            "sto-x",
            "STO X",
            TODAY,
            imbalance_cents=1,
            broken_at=4,
            deadlines=(Deadline("verslag", "Verslag in", TODAY),),
            oldest_unverified=TODAY - timedelta(days=90),
            unverified=3,
        ),
    ),
)
UNSEEN = Seen((ServiceSeen("funding", None, None),), ILL.regions)


@pytest.fixture
async def db(database_for: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Database]:
    database = await database_for("dashboard")
    await migrate(database.owner_url, MIGRATIONS, app_role=database.app_role)
    found = await Database.open(database.app_url, name="test", most=4)
    yield found
    await found.close()


@dataclass
class Installation:
    """What is to be seen now, and what was told; while it is away nothing can be told."""

    seen: Seen = WELL
    away: bool = False
    told: list[tuple[str, str, bool]] = field(default_factory=list)

    async def look(self, _at: datetime) -> Seen:
        return self.seen

    async def tell(self, alarm: Record, cleared: bool) -> None:
        if self.away:
            raise Unavailable(what="notifications")
        self.told.append((alarm["kind"], alarm["about"], cleared))

    def watcher(self, db: Database, meter: Any = None) -> Watcher:
        return Watcher(db, self.look, self.tell, Thresholds(lag_seconds=0), meter)


async def open_kinds(db: Database) -> list[str]:
    return sorted(row["kind"] for row in await Q.open_alarms.rows(db.pool))


async def test_each_kind_is_raised_once_cleared_once_and_told_of_both(db: Database) -> None:
    installation = Installation(ILL)
    watcher = installation.watcher(db)
    assert await watcher.run_once(AT) == (6, 0)
    assert await watcher.run_once(AT + timedelta(seconds=15)) == (0, 0)
    assert await open_kinds(db) == sorted(kind.value for kind in Kind)
    installation.seen = WELL
    assert await watcher.run_once(AT + timedelta(seconds=30)) == (0, 6)
    assert await watcher.run_once(AT + timedelta(seconds=45)) == (0, 0)
    assert await open_kinds(db) == []
    about = {kind: "funding" if kind in (Kind.LAG, Kind.DEAD_LETTERS) else "sto-x" for kind in Kind}
    expected = [(kind.value, about[kind], cleared) for kind in Kind for cleared in (False, True)]
    assert sorted(installation.told) == sorted(expected)
    installation.seen = ILL
    assert await watcher.run_once(AT + timedelta(seconds=60)) == (6, 0), "what comes back is raised again"


async def test_what_is_not_seen_clears_nothing(db: Database) -> None:
    installation = Installation(ILL)
    watcher = installation.watcher(db)
    await watcher.run_once(AT)
    installation.seen = UNSEEN
    assert await watcher.run_once(AT + timedelta(seconds=15)) == (0, 0)
    assert len(await open_kinds(db)) == 6


async def test_what_could_not_be_told_is_told_later_and_two_that_look_at_once_raise_it_once(db: Database) -> None:
    installation = Installation(ILL, away=True)
    both = await asyncio.gather(*(installation.watcher(db).run_once(AT) for _ in range(2)))
    assert sum(raised for raised, _ in both) == 6
    assert installation.told == []
    installation.away, installation.seen = False, WELL
    await installation.watcher(db).run_once(AT + timedelta(seconds=15))
    assert len(installation.told) == len(set(installation.told)) == 12, "also what was over before it could be told"
    await installation.watcher(db).run_once(AT + timedelta(seconds=30))
    assert len(installation.told) == 12


async def test_the_gauge_shows_an_alarm_and_that_it_ended(db: Database) -> None:
    reader = InMemoryMetricReader()
    meter = MeterProvider(metric_readers=[reader]).get_meter("test")
    installation = Installation(ILL)
    watcher = installation.watcher(db, meter)

    def shown() -> dict[tuple[str, str], float]:
        data = reader.get_metrics_data()
        points = [
            point
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            for point in metric.data.data_points
        ]
        return {(str(p.attributes["kind"]), str(p.attributes["about"])): p.value for p in points if p.attributes}  # type: ignore[union-attr]

    await watcher.run_once(AT)
    assert shown()["dead-letters", "funding"] == 1
    assert len(shown()) == 6
    installation.seen = WELL
    await watcher.run_once(AT + timedelta(seconds=15))
    assert set(shown().values()) == {0}
