"""The Kafka door of partners: it hears of pledges, which give an organisation standing, and of who acted in the books,
whose names are held as long as the books are kept."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from runtime.consumer import Router, Subscription, context_of
from runtime.event import Received
from runtime.postgres import Tx
from services.partners.commands.erasure import hold_for_books
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


class Acted(BaseModel):
    """What partners uses of a fact of the books: who did it. Without, it is from before the fact said so."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    by: UUID | None


class Proposed(Acted):
    """Somebody proposed something."""

    by: UUID = Field(alias="proposedBy")


class Approved(Acted):
    """Somebody approved something."""

    by: UUID = Field(alias="approvedBy")


class Decided(Acted):
    """Somebody decided on something."""

    by: UUID = Field(alias="decidedBy")


class Submitted(Acted):
    """Somebody handed something in."""

    by: UUID = Field(alias="submittedBy")


class SignedOff(Acted):
    """Somebody signed something off."""

    by: UUID = Field(alias="signedBy")


class AllocationApproved(Acted):
    """Somebody approved a division."""

    allocation_id: UUID = Field(alias="allocationId")
    by: UUID | None = Field(None, alias="approvedBy")


class GrantDetermined(Acted):
    """Somebody approved a determination."""

    grant_id: UUID = Field(alias="grantId")
    by: UUID | None = Field(None, alias="approvedBy")


ACTS: dict[str, type[Acted]] = {
    "base-proposed": Proposed,
    "base-decided": Decided,
    "application-submitted": Submitted,
    "allocation-approved": AllocationApproved,
    "claim-approved": Approved,
    "progress-report-signed-off": SignedOff,
    "determination-proposed": Proposed,
    "grant-determined": GrantDetermined,
}


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


async def hold_names(tx: Tx, run: Sequence[tuple[Received, Acted]]) -> None:
    """Holds the name of whoever decided or signed in the books."""
    at = datetime.now(UTC)
    acted = [
        (event.consortium_id, data.by, (event.time or at).date())
        for event, data in run
        if event.consortium_id is not None and data.by is not None
    ]
    await hold_for_books(tx, acted, at=at)


def subscriptions() -> tuple[Subscription, ...]:
    """What partners hears."""
    router = _OneKind()
    router.on_many("nl.speerpunt.funding.pledge-signed.v1", PledgeSigned, keep)
    acts = Router()
    for act, model in ACTS.items():
        acts.on_many(f"nl.speerpunt.funding.{act}.v1", model, hold_names)
    return (
        Subscription("partners.funding", router, topics=("funding.events",)),
        Subscription("partners.acts", acts, topics=("funding.events",)),
    )
