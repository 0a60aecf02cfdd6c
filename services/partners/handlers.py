"""The Kafka door of partners: it hears of pledges, which give an organisation standing."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from runtime.consumer import Router, Subscription, context_of
from runtime.event import Received
from runtime.postgres import Tx
from services.partners.commands.pledges import keep_pledges
from services.partners.store.standing import HeardPledge


class PledgeSigned(BaseModel):
    """What partners uses of it."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, populate_by_name=True, frozen=True)

    pledge_id: UUID
    organisation_id: UUID
    first_day: date = Field(alias="from")
    last_day: date = Field(alias="until")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last_day < self.first_day:
            raise ValueError("a pledge ends after it starts")
        return self


class _OneKind(Router):
    """Hands all its events over as one run, so that a batch locks each region once and regions in one order."""

    async def handle(self, tx: Tx, events: Sequence[Received]) -> None:
        await super().handle(tx, [event for event in events if event.type in self._routes or not event.type])


async def keep(tx: Tx, run: Sequence[tuple[Received, PledgeSigned]]) -> None:
    """Keeps the newest of each pledge; what changes in a standing is caused by the last pledge of its organisation."""
    newest: dict[tuple[UUID, UUID], HeardPledge] = {}
    causes = {}
    for event, data in run:
        assert event.consortium_id is not None
        pledge = HeardPledge(
            event.consortium_id,
            data.pledge_id,
            data.organisation_id,
            data.first_day,
            data.last_day,
            event.sequence or 0,
        )
        kept = newest.get((pledge.consortium_id, pledge.pledge_id))
        if kept is None or kept.sequence < pledge.sequence:
            newest[pledge.consortium_id, pledge.pledge_id] = pledge
        causes[pledge.consortium_id, pledge.organisation_id] = context_of(event, tx.context.actor)
    await keep_pledges(tx, list(newest.values()), causes, datetime.now(UTC))


def subscriptions() -> tuple[Subscription, ...]:
    """What partners hears."""
    router = _OneKind()
    router.on_many("nl.speerpunt.funding.pledge-signed.v1", PledgeSigned, keep)
    return (Subscription("partners.funding", router, topics=("funding.events",)),)
