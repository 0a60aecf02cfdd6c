"""Traces, metrics and logs. One trace runs from the HTTP call to the last effect."""

import json
import logging
import sys
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace import TracerProvider as TracerProviderApi
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from runtime.settings import Settings

_PROPAGATOR = TraceContextTextMapPropagator()
_meter = metrics.get_meter("speerpunt")

published = _meter.create_counter("speerpunt.events.published", description="facts acknowledged by the broker")
consumed = _meter.create_counter("speerpunt.events.consumed", description="messages that took effect")
duplicates = _meter.create_counter("speerpunt.events.duplicates", description="messages that were here before")
dead_letters = _meter.create_counter("speerpunt.dead_letters", description="messages we failed to handle")
refusals = _meter.create_counter("speerpunt.refusals", description="records refused with a sentence")
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
http_seconds = _meter.create_histogram(
    "http.server.request.duration",
    unit="s",
    description="HTTP requests by route and outcome",
    explicit_bucket_boundaries_advisory=_SECONDS,
)
rpc_seconds = _meter.create_histogram(
    "rpc.server.duration",
    unit="s",
    description="gRPC calls by method and outcome",
    explicit_bucket_boundaries_advisory=_SECONDS,
)


class _FileExporter(SpanExporter):
    """Writes each span as a line of JSON: what the embedded run has in the place of a trace store."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8")

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        for span in spans:
            context = span.get_span_context()
            if context is None:
                continue
            line = {
                "trace": f"{context.trace_id:032x}",
                "span": f"{context.span_id:016x}",
                "parent": f"{span.parent.span_id:016x}" if span.parent else None,
                "name": span.name,
                "kind": span.kind.name.lower(),
                "service": span.resource.attributes.get("service.name"),
                "start_ns": span.start_time,
                "end_ns": span.end_time,
                "attributes": dict(span.attributes or {}),
            }
            self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        self._file.close()


def set_up(settings: Settings, *, service: str, version: str) -> None:
    """Starts telemetry for this process: spans sampled at the root, logs as JSON on stderr."""
    resource = Resource.create({"service.name": service, "service.version": version})
    provider = TracerProvider(resource=resource, sampler=ParentBased(TraceIdRatioBased(settings.telemetry_sample)))
    if settings.telemetry_file:
        provider.add_span_processor(
            BatchSpanProcessor(_FileExporter(settings.telemetry_file), schedule_delay_millis=200)
        )
    if settings.telemetry_otlp:
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.telemetry_otlp)))
        reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=settings.telemetry_otlp))
        metrics.set_meter_provider(MeterProvider(resource=resource, metric_readers=[reader]))
    trace.set_tracer_provider(provider)
    set_up_logs(service, settings.log_level)


def set_up_logs(service: str, level: str) -> None:
    """Logs as JSON on stderr, a line each, with the trace and without values of errors."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _with_trace(service),
            _frames_only,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper(), logging.INFO)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def shut_down() -> None:
    """Sends what is still waiting to be exported."""
    for provider in (trace.get_tracer_provider(), metrics.get_meter_provider()):
        if isinstance(provider, TracerProvider | MeterProvider):
            provider.shutdown()


@lru_cache(maxsize=4)
def _tracer(provider: TracerProviderApi) -> Tracer:
    """Kept, because the library makes another tracer each time it is asked, which takes as long as a span."""
    return provider.get_tracer("speerpunt")


@contextmanager
def span(
    name: str,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    parent_traceparent: str | None = None,
    attributes: Mapping[str, str | int | float | bool] | None = None,
) -> Iterator[Span]:
    """A span below the given parent, or below the current one. An error marks it by its class, never its text."""
    parent = _PROPAGATOR.extract({"traceparent": parent_traceparent}) if parent_traceparent else None
    with _tracer(trace.get_tracer_provider()).start_as_current_span(
        name,
        context=parent,
        kind=kind,
        attributes=dict(attributes or {}),
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except Exception as error:
            current.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


@contextmanager
def spans_apart(
    name: str, parents: Sequence[tuple[str | None, Mapping[str, str | int | float | bool]]], *, kind: SpanKind
) -> Iterator[list[str | None]]:
    """A span of its own per parent and attributes, for work on many at once; the traceparent of each, in that order.

    None of them is the current one: what is caused must name its own. An error marks them all.
    """
    tracer = _tracer(trace.get_tracer_provider())
    opened = [
        tracer.start_span(name, _PROPAGATOR.extract({"traceparent": parent or ""}), kind, dict(attributes))
        for parent, attributes in parents
    ]
    try:
        yield [_traceparent_of(each) for each in opened]
    except Exception as error:
        for each in opened:
            each.set_status(Status(StatusCode.ERROR, type(error).__name__))
        raise
    finally:
        for each in opened:
            each.end()


def _traceparent_of(span: Span) -> str | None:
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier, trace.set_span_in_context(span))
    return carrier.get("traceparent")


def current_traceparent() -> str | None:
    """The W3C traceparent of the current span, to hand on in an event, a call or a row."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")


def current_trace_id() -> str | None:
    """The id of the current trace, as printed in problems and logs."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None


def log(name: str) -> Any:
    """A logger whose lines are JSON and carry the trace."""
    return structlog.get_logger(component=name)


def _with_trace(service: str) -> Any:
    def add(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        line["service"] = service
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            line["trace_id"] = f"{context.trace_id:032x}"
            line["span_id"] = f"{context.span_id:016x}"
        return line

    return add


def _frames_only(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Names the frames of an error and its class; its text may hold values that do not belong in a log."""
    error = line.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        frames: list[str] = []
        step = error.__traceback__
        while step is not None:
            code = step.tb_frame.f_code
            frames.append(f"{Path(code.co_filename).name}:{step.tb_lineno} {code.co_name}")
            step = step.tb_next
        line["error"] = type(error).__name__
        line["frames"] = frames[-12:]
    return line
