"""The Kafka door of the dashboard: everything that the services publish becomes its read model, batch by batch.

The events of a batch are taken type by type, in the order of `FACTS`, each type with one statement. Rows are guarded by
the sequence of their aggregate, so that the order between types does not matter.
"""

import json
import re
from collections.abc import Awaitable, Callable, Sequence

from runtime.consumer import Router, Subscription
from runtime.event import Received
from runtime.postgres import Tx
from runtime.queries import Queries, Statement
from services.dashboard.handlers.facts import FACTS, Heard

Q = Queries(__file__, "projections")

PREFIX = "nl.speerpunt."


class Projector(Router):
    """Notes every event, projects those it knows, and tells open pages that something moved."""

    async def handle(self, tx: Tx, events: Sequence[Received]) -> None:
        """Notes all of them first: also what nothing is projected of can be followed."""
        ours = [event for event in events if event.type.startswith(PREFIX) and event.consortium_id]
        await Q.note.execute(tx, json.dumps([_note(event) for event in ours]))
        await super().handle(tx, events)
        await Q.beat.execute(tx, sorted({event.consortium_id for event in ours if event.consortium_id}, key=str))


def _note(event: Received) -> dict[str, str | None]:
    return {
        "consortium_id": str(event.consortium_id),
        "event_id": event.id,
        "type": event.type.removeprefix(PREFIX),
        "source": event.source,
        "subject": event.subject,
        "correlation_id": str(event.correlation_id) if event.correlation_id else None,
        "trace_id": event.trace_id,
        "occurred_at": (event.time or event.timestamp).isoformat(),
    }


def _project(statement: Statement, kind: str) -> Callable[[Tx, Sequence[tuple[Received, Heard]]], Awaitable[None]]:
    async def project(tx: Tx, heard: Sequence[tuple[Received, Heard]]) -> None:
        rows = [
            {
                **data.model_dump(mode="json"),
                "consortium_id": str(event.consortium_id),
                "seq": event.sequence or 0,
                "occurred_at": (event.time or event.timestamp).isoformat(),
                "type": kind,
            }
            for event, data in heard
        ]
        await statement.execute(tx, json.dumps(rows))

    return project


def _name(model: type[Heard]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", model.__name__).lower()


def projector(service: str) -> Projector:
    """What projects the events of this service."""
    found = Projector(by_type=True)
    for kind, model in FACTS[service].items():
        found.on_many(f"{PREFIX}{service}.{kind}.v1", model, _project(getattr(Q, _name(model)), kind))
    return found


def subscriptions(generation: str = "") -> tuple[Subscription, ...]:
    """All topics of facts. The group is named after the generation of the database: a new one reads from the start."""
    return tuple(
        Subscription(
            name=f"dashboard.{service}",
            group=f"dashboard.{service}.{generation}" if generation else "",
            handler=projector(service),
            topics=(f"{service}.events",),
        )
        for service in FACTS
    )
