"""From the type of an event to the function that handles it, with the consumer's own tolerant model of its data."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID

from opentelemetry.trace import SpanKind
from pydantic import BaseModel, ValidationError

from runtime import telemetry
from runtime.consumer.outcomes import DeadMessage
from runtime.event import Context, Received
from runtime.postgres import Tx

M = TypeVar("M", bound=BaseModel)
One = Callable[[Tx, Received, M], Awaitable[None]]
Many = Callable[[Tx, Sequence[tuple[Received, M]]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Route:
    model: type[BaseModel]
    one: Callable[[Tx, Received, Any], Awaitable[None]] | None = None
    many: Callable[[Tx, Sequence[tuple[Received, Any]]], Awaitable[None]] | None = None


class Router:
    """A Handler that ignores the types it was not told about: unknown facts are somebody else's.

    Events are handled in the order in which they came; with `by_type` those of a batch are taken type by type, in the
    order in which the types were named. That is for a read model whose rows are guarded by the sequence of their
    aggregate: a batch then costs a statement per type, however its types are mixed.
    """

    def __init__(self, *, by_type: bool = False) -> None:
        self._by_type = by_type
        self._routes: dict[str, _Route] = {}
        self._prepare: Callable[[Sequence[Received]], Awaitable[None]] | None = None

    def on(self, event_type: str, model: type[M], handle: One[M]) -> None:
        """Events of this type go to `handle(tx, event, data)`, `tx` narrowed to the event's consortium and context."""
        self._add(event_type, _Route(model, one=handle))

    def on_many(self, event_type: str, model: type[M], handle: Many[M]) -> None:
        """Runs of events of this type go to `handle(tx, [(event, data), ...])` together: for statements over sets.

        Each event has a span of its own, which `context_of` hands on to what that event causes.
        """
        self._add(event_type, _Route(model, many=handle))

    def preparing(self, prepare: Callable[[Sequence[Received]], Awaitable[None]]) -> None:
        """Runs before the transaction with the events that have a route: the place for calls to other services."""
        self._prepare = prepare

    def _add(self, event_type: str, route: _Route) -> None:
        if event_type in self._routes:
            raise ValueError(f"{event_type} has a handler already")
        self._routes[event_type] = route

    def model_of(self, event_type: str) -> type[BaseModel] | None:
        """The model that events of this type are read with; None for a type that nobody handles here."""
        route = self._routes.get(event_type)
        return route.model if route is not None else None

    async def prepare(self, events: Sequence[Received]) -> None:
        if self._prepare is not None and (ours := [event for event in events if event.type in self._routes]):
            await self._prepare(ours)

    async def handle(self, tx: Tx, events: Sequence[Received]) -> None:
        if self._by_type:
            places = {event_type: place for place, event_type in enumerate(self._routes)}
            events = sorted(events, key=lambda event: places.get(event.type, -1))
        run: list[tuple[Received, BaseModel]] = []
        for place, event in enumerate(events):
            route = self._routes.get(event.type)
            if route is None:
                if not event.type:
                    raise DeadMessage("unreadable-event", "The message has no type: it is not an event.")
                continue
            data = read(event, route.model)
            if route.one is not None:
                assert event.consortium_id is not None
                narrowed = tx.within(event.consortium_id, context_of(event, tx.context.actor))
                with processing(event):
                    narrowed.context = context_of(event, tx.context.actor)
                    await route.one(narrowed, event, data)
            elif route.many is not None:
                run.append((event, data))
                last = place + 1 == len(events)
                if last or events[place + 1].type != event.type:
                    await _together(tx, run, route.many)
                    run = []


async def _together(tx: Tx, run: Sequence[tuple[Received, BaseModel]], many: Many[BaseModel]) -> None:
    topic = run[0][0].topic
    parents = [(event.traceparent, _attributes(event)) for event, _ in run]
    with telemetry.spans_apart(f"process {topic}", parents, kind=SpanKind.CONSUMER) as own:
        traced = zip(run, own, strict=True)
        await many(
            tx, [(replace(event, traceparent=mine or event.traceparent), data) for (event, data), mine in traced]
        )


def read(event: Received, model: type[M]) -> M:
    """The event's data in the consumer's own model. Raises DeadMessage naming fields, never values."""
    if event.data is None or event.consortium_id is None:
        raise DeadMessage("unreadable-event", "The message has no readable data, or does not say whose it is.")
    try:
        return model.model_validate(event.data)
    except ValidationError as error:
        wrong = sorted({".".join(map(str, one["loc"])) + ": " + one["type"] for one in error.errors()})
        raise DeadMessage(
            "unreadable-event", f"The data of this {event.type} does not fit: {', '.join(wrong)}."
        ) from None


def context_of(event: Received, actor: str | None = None) -> Context:
    """The context of what this event causes."""
    return Context(
        correlation_id=event.correlation_id or _uuid(event.id),
        causation_id=_uuid(event.id),
        traceparent=telemetry.current_traceparent() or event.traceparent,
        actor=actor,
    )


def processing(event: Received) -> Any:
    """The span of handling one event, a child of what sent it. For handlers that do not go through a Router."""
    return telemetry.span(
        f"process {event.topic}",
        kind=SpanKind.CONSUMER,
        parent_traceparent=event.traceparent,
        attributes=_attributes(event),
    )


def _attributes(event: Received) -> dict[str, str | int | float | bool]:
    return {"messaging.message.id": event.id, "messaging.destination.partition.id": event.partition}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
