"""The money of every region as observable gauges, for whoever watches an installation rather than a region.

They are looked up in the read model, in cents, by the code of a region: no organisation and no person is
named. Every process of the dashboard tells the same, so an expression takes the highest, never the sum.
"""

import asyncio
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from asyncpg import Record
from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Meter, Observation

from runtime.postgres import PASSING, Database
from runtime.ticking import every
from services.dashboard.domain.standing import readings_of
from services.dashboard.settings import Settings
from services.dashboard.store import Q
from services.dashboard.web import views

PROGRAMME = "speerpunt.programme.cents"
COFINANCING = "speerpunt.cofinancing.cents"
REQUIRED = "speerpunt.cofinancing.required.cents"

log = structlog.get_logger(__name__)


class Money:
    """The gauges of money. Without an exporter it looks up nothing."""

    def __init__(self, database: Database, settings: Settings, meter: Meter | None = None) -> None:
        self._database, self._settings = database, settings
        self._seen: dict[str, list[Observation]] = {}
        meter = meter or metrics.get_meter("speerpunt")
        for name, description in (
            (PROGRAMME, "cents of a line that were allocated, and of those committed, claimed and paid"),
            (COFINANCING, "cents of co-financing that were accepted, declared and promised, and what it will come to"),
            (REQUIRED, "cents of co-financing that each reading of the rules asks for"),
        ):
            meter.create_observable_gauge(name, [self._remembered(name)], unit="{cent}", description=description)

    async def run(self, stop: asyncio.Event) -> None:
        """Looks as often as is set, until `stop`."""
        if self._settings.telemetry_otlp:
            seconds = self._settings.money_poll_seconds
            await every(seconds, lambda: self.look(datetime.now(UTC)), stop, name="money gauges")
        else:
            await stop.wait()

    async def look(self, at: datetime) -> None:
        """Looks once, at every region on its own day. What cannot be looked up is left out, never told as it was."""
        seen: dict[str, list[Observation]] = {}
        try:
            for region in await Q.all_regions.rows(self._database.pool):
                await self._region(region, at, seen)
        except PASSING as error:
            log.warning("money-not-read", error=type(error).__name__)
            seen = {}
        self._seen = seen

    async def _region(self, region: Record, at: datetime, seen: dict[str, list[Observation]]) -> None:
        def tell(name: str, cents: int, **attributes: str) -> None:
            told = {"region": region["code"], **attributes}
            seen.setdefault(name, []).append(Observation(cents, told))

        async with self._database.transaction(region["consortium_id"]) as tx:
            found = await views.programme(tx, at.astimezone(ZoneInfo(region["zone"])).date())
            positions = await Q.positions.rows(tx, [region["consortium_id"]])
        for row in found["rows"]:
            for stage in ("allocated", "committed", "claimed", "paid"):
                tell(PROGRAMME, row[stage], kind=row["kind"], line=row["line"], stage=stage)
        for position in positions:
            for stage in ("realised", "declared", "promised", "forecast"):
                tell(COFINANCING, position[f"{stage}_cents"], stage=stage)
            for reading in readings_of(json.loads(position["readings"])):
                tell(REQUIRED, reading.required_cents, base=reading.base)

    def _remembered(self, name: str) -> Any:
        def observe(_options: CallbackOptions) -> Iterable[Observation]:
            return list(self._seen.get(name, ()))

        return observe
