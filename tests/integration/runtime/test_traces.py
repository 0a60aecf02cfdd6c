"""Every event that is handled has a span below what sent it, and hands it on to what it causes, alone or in a set."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from runtime import outbox
from runtime.consumer import Router, context_of
from runtime.event import Change, Received
from runtime.postgres import Tx
from tests.integration.runtime.conftest import Steps
from tests.support import steps


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """What is traced in this test, by a provider of its own: that of the process can be set only once."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    return exporter


def heard(number: int, region: object) -> Received:
    """A step that somebody's call of its own caused."""
    return Received(
        "steps.events",
        0,
        number,
        datetime.now(UTC),
        b"key",
        b"{}",
        {},
        id=str(uuid4()),
        type=steps.Stepped.fact_type,
        consortium_id=region,  # type: ignore[arg-type]
        traceparent=f"00-{number:032x}-{number:016x}-01",
        data={"step": number},
    )


async def cause(tx: Tx, event: Received) -> None:
    change = Change("walker", uuid4(), 1, (steps.Stepped(step=1, note=event.id),))
    narrowed = tx.within(tx.consortium_id, context_of(event))
    await outbox.append(narrowed, change, source="urn:speerpunt:steps", at=datetime.now(UTC))


async def one(tx: Tx, event: Received, data: steps.HeardStep) -> None:
    await cause(tx, event)


async def many(tx: Tx, run: Sequence[tuple[Received, steps.HeardStep]]) -> None:
    for event, _ in run:
        await cause(tx, event)


@pytest.mark.parametrize("together", [False, True], ids=["one by one", "as a set"])
async def test_what_an_event_causes_is_below_its_own_span(
    service: Steps, spans: InMemorySpanExporter, together: bool
) -> None:
    region, router = uuid4(), Router()
    if together:
        router.on_many(steps.Stepped.fact_type, steps.HeardStep, many)
    else:
        router.on(steps.Stepped.fact_type, steps.HeardStep, one)
    events = [heard(number, region) for number in (1, 2, 3)]
    async with service.db.transaction(region) as tx:
        await router.handle(tx, events)
    processed = {str((span.attributes or {})["messaging.message.id"]): span for span in spans.get_finished_spans()}
    assert sorted(processed) == sorted(event.id for event in events)
    rows = await service.db.pool.fetch(
        "SELECT convert_from(data, 'utf8')::jsonb->>'note' AS note, traceparent FROM outbox"
    )
    handed_on = {row["note"]: row["traceparent"] for row in rows}
    for event in events:
        span = processed[event.id]
        assert span.name == "process steps.events"
        assert span.parent is not None
        assert (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}") == tuple(
            (event.traceparent or "").split("-")[1:3]
        )
        assert handed_on[event.id] == f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-01"


async def test_a_set_that_fails_marks_the_span_of_each_and_names_no_value(
    service: Steps, spans: InMemorySpanExporter
) -> None:
    async def fails(tx: Tx, run: Sequence[tuple[Received, steps.HeardStep]]) -> None:
        raise ValueError("a value that must not show")

    router, region = Router(), uuid4()
    router.on_many(steps.Stepped.fact_type, steps.HeardStep, fails)
    with pytest.raises(ValueError, match="must not show"):
        async with service.db.transaction(region) as tx:
            await router.handle(tx, [heard(1, region), heard(2, region)])
    assert [(span.status.is_ok, span.status.description) for span in spans.get_finished_spans()] == [
        (False, "ValueError")
    ] * 2
    assert [span.events for span in spans.get_finished_spans()] == [(), ()]
