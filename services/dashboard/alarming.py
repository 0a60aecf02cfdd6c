"""The loop that watches: looks, compares with what was raised before, keeps what changed, and has it told.

Several processes may run it: one looks at a time, an alarm is raised once, and telling is repeated until notifications
has it, under an id that it takes once.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from asyncpg import Record
from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Meter, Observation

from runtime.ids import new_id
from runtime.postgres import Database
from runtime.problems import Problem
from services.dashboard.clients import Consoles
from services.dashboard.domain import alarms as rules
from services.dashboard.domain.alarms import Deadline, RegionSeen, Seen, ServiceSeen, Thresholds
from services.dashboard.store import Q

KEPT = timedelta(days=90)

log = structlog.get_logger(__name__)
Look = Callable[[datetime], Awaitable[Seen]]
Tell = Callable[[Record, bool], Awaitable[None]]


class Watcher:
    """Watches the installation."""

    def __init__(
        self, database: Database, look: Look, tell: Tell, bounds: Thresholds, meter: Meter | None = None
    ) -> None:
        self._database, self._look, self._tell, self._bounds = database, look, tell, bounds
        self._since: dict[str, datetime] = {}
        self._known: dict[tuple[str, str], int] = {}
        meter = meter or metrics.get_meter("speerpunt")
        meter.create_observable_gauge(
            "speerpunt.alarms",
            [self._observed],
            unit="{alarm}",
            description="alarms that are raised, by kind and about",
        )

    async def run_once(self, at: datetime) -> tuple[int, int]:
        """Looks once and tells what changed; how many were raised and cleared."""
        raised, cleared = await self._compare(await self._look(at), at)
        await self._tell_all()
        return raised, cleared

    async def _compare(self, seen: Seen, at: datetime) -> tuple[int, int]:
        async with self._database.transaction(()) as tx:
            if not await Q.alarm_turn.value(tx):
                return 0, 0
            before = {row["key"] for row in await Q.open_alarms.rows(tx)}
            now = rules.amiss(seen, self._bounds, before)
            self._since = {key: self._since.get(key, at) for key in now}
            lasting = rules.lasting(now, self._since, self._bounds, at)
            raised = 0
            for key, alarm in now.items():
                if key in before:
                    await Q.update_alarm.execute(tx, key, alarm.amount, alarm.day, alarm.title)
                elif key in lasting:
                    raised += await Q.raise_alarm.execute(
                        tx,
                        new_id(),
                        key,
                        alarm.kind.value,
                        alarm.about,
                        alarm.region,
                        alarm.amount,
                        alarm.bound,
                        alarm.day,
                        alarm.title,
                        at,
                    )
            cleared = await Q.clear_alarms.execute(tx, sorted(before - now.keys() - rules.unseen(seen)), at)
            await Q.forget_alarms.execute(tx, at - KEPT)
            held = await Q.open_alarms.rows(tx)
        self._known = dict.fromkeys(self._known, 0)
        for row in held:
            place = row["kind"], row["about"]
            self._known[place] = self._known.get(place, 0) + 1
        return raised, cleared

    async def _tell_all(self) -> None:
        """Has told what was not told yet; what notifications cannot take now waits for the next look."""
        for row in await Q.untold_alarms.rows(self._database.pool):
            for cleared in (False, True):
                if (not cleared and row["raised_told"]) or (cleared and row["cleared_at"] is None):
                    continue
                try:
                    await self._tell(row, cleared)
                except Problem as problem:
                    log.warning("alarm-not-told", kind=row["kind"], about=row["about"], cause=problem.code)
                    return
                await Q.alarm_told.execute(self._database.pool, row["alarm_id"], not cleared)

    def _observed(self, _options: CallbackOptions) -> Iterable[Observation]:
        """1 and more while it is raised, 0 once it was: an alerting rule sees it end."""
        return [Observation(n, {"kind": kind, "about": about}) for (kind, about), n in self._known.items()]


@dataclass(frozen=True, slots=True)
class Looker:
    """Sees everything: the services through their Operations, the regions in the read model, the books at funding."""

    database: Database
    consoles: Consoles
    bounds: Thresholds

    async def __call__(self, at: datetime) -> Seen:
        states = await self.consoles.states(None)
        services = tuple(
            ServiceSeen(
                state.name,
                state.behind if state.about is not None else None,
                state.about.dead_letters if state.about is not None else None,
            )
            for state in states
        )
        try:
            books = await self.consoles.imbalances()
        except Problem:
            books = None
        regions = []
        for row in await Q.all_regions.rows(self.database.pool):
            region, today = row["consortium_id"], at.astimezone(ZoneInfo(row["zone"])).date()
            async with self.database.transaction(region) as tx:
                until = today + timedelta(days=self.bounds.deadline_days)
                deadlines = await Q.deadlines.rows(tx, region, today, until)
                waiting, seal = await Q.waiting.row(tx, region), await Q.books.row(tx, region)
            cents, minutes = (None, None) if books is None else books.get(region, (0, 0))
            oldest = waiting["oldest"] if waiting else None
            regions.append(
                RegionSeen(
                    region,
                    row["code"],
                    row["name"],
                    today,
                    cents,
                    minutes,
                    seal["broken_at"] if seal else None,
                    tuple(Deadline(each["code"], each["title"], each["day"]) for each in deadlines),
                    oldest.date() if oldest else None,
                    waiting["records"] if waiting else 0,
                )
            )
        return Seen(services, tuple(regions))
