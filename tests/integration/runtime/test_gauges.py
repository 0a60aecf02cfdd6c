"""What is now can be watched: outbox, lag, dead letters and pool as gauges, requests as durations."""

from uuid import uuid4

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint

from runtime import telemetry
from runtime.gauges import Gauges
from tests.integration.runtime.conftest import Steps
from tests.integration.runtime.http.conftest import Door, door, provider
from tests.support import steps
from tests.support.publishing import publish

__all__ = ["door", "provider"]

Points = dict[tuple[str, ...], float]


@pytest.fixture
def reader() -> InMemoryMetricReader:
    return InMemoryMetricReader()


def points(reader: InMemoryMetricReader, name: str, *attributes: str) -> Points:
    """The values of one instrument, by these attributes; of a histogram the number of values."""
    data = reader.get_metrics_data()
    found: Points = {}
    for resource in data.resource_metrics if data else ():
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in metric.data.data_points if metric.name == name else ():
                    told = tuple(str((point.attributes or {}).get(attribute)) for attribute in attributes)
                    found[told] = point.value if isinstance(point, NumberDataPoint) else point.count
    return found


async def test_gauges_tell_what_waits_and_what_lags(service: Steps, reader: InMemoryMetricReader) -> None:
    meter = MeterProvider([reader]).get_meter("test")
    gauges = Gauges("steps", service.db, service.settings, [steps.subscription()], meter)
    await gauges.look()
    assert points(reader, "speerpunt.outbox.depth") == {(): 0}
    for _ in range(3):
        await steps.step(service.db, uuid4(), [uuid4()])
    await gauges.look()
    assert points(reader, "speerpunt.outbox.depth") == {(): 3}
    assert points(reader, "speerpunt.outbox.age")[()] > 0
    assert points(reader, "speerpunt.consumer.lag", "consumer", "topic") == {("steps.own", "steps.events"): 0}
    await publish(service.db, service.settings)
    await gauges.look()
    assert points(reader, "speerpunt.outbox.depth") == {(): 0}
    assert points(reader, "speerpunt.consumer.lag", "consumer", "topic") == {("steps.own", "steps.events"): 3}
    assert points(reader, "speerpunt.dead_letters.waiting") == {(): 0}


async def test_the_pool_tells_what_of_it_is_in_use(service: Steps, reader: InMemoryMetricReader) -> None:
    Gauges("steps", service.db, service.settings, [], MeterProvider([reader]).get_meter("test"))
    async with service.db.transaction(uuid4()), service.db.transaction(uuid4()):
        assert points(reader, "speerpunt.pool.connections", "state")[("used",)] == 2
    assert points(reader, "speerpunt.pool.connections", "state")[("used",)] == 0


async def test_a_gauge_that_cannot_be_read_is_left_out(service: Steps, reader: InMemoryMetricReader) -> None:
    gauges = Gauges("steps", service.db, service.settings, [], MeterProvider([reader]).get_meter("test"))
    await gauges.look()
    assert points(reader, "speerpunt.outbox.depth") == {(): 0}
    await service.db.pool.close()
    await gauges.look()
    assert points(reader, "speerpunt.outbox.depth") == {}


async def test_every_request_is_timed_by_route_and_outcome(
    door: Door, reader: InMemoryMetricReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    histogram = MeterProvider([reader]).get_meter("test").create_histogram("http.server.request.duration", unit="s")
    monkeypatch.setattr(telemetry, "http_seconds", histogram)
    await door.ask("GET", "/v1/pebbles")
    await door.ask("POST", "/v1/pebbles", {"code": "flint", "grams": 0})
    await door.ask("GET", "/nowhere")
    timed = points(
        reader, "http.server.request.duration", "http.request.method", "http.route", "http.response.status_code"
    )
    assert timed == {
        ("GET", "/v1/pebbles", "200"): 1,
        ("POST", "/v1/pebbles", "400"): 1,
        ("GET", "unmatched", "404"): 1,
    }
