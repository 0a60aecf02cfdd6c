"""What is now, as observable gauges: the outbox, the lag, dead letters that wait, and the use of the pool.

The exporter asks from a thread of its own, so what needs the database or Kafka is looked up by a loop and remembered.
Replicas of a service tell the same outbox, lag and dead letters: take the largest, do not add them up.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from aiokafka.errors import KafkaError
from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Meter, Observation

from runtime import ops
from runtime.consumer import Subscription
from runtime.postgres import PASSING, Database
from runtime.settings import Settings
from runtime.ticking import every

log = structlog.get_logger(__name__)

EVERY_SECONDS = 15.0


class Gauges:
    """One service's gauges. Without an exporter it looks up nothing."""

    def __init__(
        self,
        service: str,
        database: Database,
        settings: Settings,
        subscriptions: Sequence[Subscription],
        meter: Meter | None = None,
    ) -> None:
        self._service = service
        self._database = database
        self._settings = settings
        self._subscriptions = subscriptions
        self._exported = bool(settings.telemetry_otlp)
        self._seen: dict[str, list[Observation]] = {}
        meter = meter or metrics.get_meter("speerpunt")
        for name, unit, description in (
            ("speerpunt.outbox.depth", "{fact}", "facts that wait to be published, those set aside included"),
            ("speerpunt.outbox.age", "s", "how long the oldest of them has waited"),
            ("speerpunt.consumer.lag", "{message}", "messages that a consumer has not handled"),
            ("speerpunt.dead_letters.waiting", "{message}", "dead letters that wait for an operator"),
            ("speerpunt.parked", "{message}", "messages parked behind a dead letter"),
        ):
            meter.create_observable_gauge(name, [self._remembered(name)], unit=unit, description=description)
        meter.create_observable_gauge(
            "speerpunt.pool.connections", [self._pool], description="connections to the database, by state"
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Looks every 15 seconds until `stop`. What cannot be looked up now is left out, never told as it was."""
        if self._exported:
            await every(EVERY_SECONDS, self.look, stop, name="gauges")
        else:
            await stop.wait()

    async def look(self) -> None:
        """Looks once."""
        self._seen = {}
        try:
            found = await ops.summary(self._database)
            self._tell("speerpunt.outbox.depth", found.outbox.waiting + found.outbox.aside)
            self._tell("speerpunt.outbox.age", found.outbox.age_seconds)
            self._tell("speerpunt.dead_letters.waiting", found.dead_letters_waiting)
            self._tell("speerpunt.parked", found.parked)
            if self._subscriptions:
                behind: dict[tuple[str, str], int] = {}
                for one in await ops.lag(self._database, self._settings, self._subscriptions):
                    place = one.consumer, one.topic
                    behind[place] = behind.get(place, 0) + one.behind
                for (consumer, topic), messages in behind.items():
                    self._tell("speerpunt.consumer.lag", messages, consumer=consumer, topic=topic)
        except (KafkaError, *PASSING) as error:
            log.warning("gauges-not-read", error=type(error).__name__)

    def _tell(self, name: str, value: float, **attributes: str) -> None:
        told = {"service.name": self._service, **attributes}
        self._seen.setdefault(name, []).append(Observation(value, told))

    def _remembered(self, name: str) -> Any:
        def observe(_options: CallbackOptions) -> Iterable[Observation]:
            return list(self._seen.get(name, ()))

        return observe

    def _pool(self, _options: CallbackOptions) -> Iterable[Observation]:
        size, idle = self._database.pool.get_size(), self._database.pool.get_idle_size()
        told = {"service.name": self._service}
        return [Observation(size - idle, {**told, "state": "used"}), Observation(idle, {**told, "state": "idle"})]
