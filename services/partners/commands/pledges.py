"""Hearing of pledges: each gives its organisation a ground to count as a partner on the days it is for."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from runtime import outbox
from runtime.event import Context
from runtime.postgres import Tx
from services.partners.commands.standing import restand
from services.partners.domain.standing import PledgeOfStranger
from services.partners.events import SOURCE
from services.partners.store import organisations
from services.partners.store import standing as store
from services.partners.store.standing import HeardPledge


async def keep_pledges(
    tx: Tx, heard: Sequence[HeardPledge], causes: Mapping[tuple[UUID, UUID], Context], at: datetime
) -> None:
    """Keeps pledges of several regions, newest event first to hold, and works the standings out that follow.

    `causes` says, per (consortium, organisation), what a change of its standing is caused by. Regions are locked in the
    order of their ids. Raises PledgeOfStranger and RegionNotFounded.
    """
    touched = await store.save_pledges(tx, heard)
    for region in sorted({region for region, _ in touched}):
        within = tx.within(region)
        pledging = {each for of, each in touched if of == region}
        if pledging - await organisations.known(within, pledging):
            raise PledgeOfStranger()
        for change in await restand(within, pledging):
            context = causes.get((region, change.aggregate_id), within.context)
            await outbox.append(tx.within(region, context), change, source=SOURCE, at=at)
