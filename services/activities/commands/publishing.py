"""Saving an aggregate together with its facts: the one place where rows and outbox meet."""

from collections.abc import Sequence
from datetime import datetime

from runtime import outbox
from runtime.event import Change, Fact
from runtime.postgres import Tx
from services.activities.domain.activities import Activity
from services.activities.domain.catalogue import Offer, Request
from services.activities.events import SOURCE
from services.activities.store import activities, catalogue


async def save_offer(tx: Tx, offer: Offer, at: datetime) -> Offer:
    """The offer as saved, published in full."""
    saved = await catalogue.save_offer(tx, offer, 1)
    await outbox.append(tx, Change("offer", saved.id, saved.version, (saved.published(),)), source=SOURCE, at=at)
    return saved


async def save_request(tx: Tx, request: Request, at: datetime, *facts: Fact) -> Request:
    """The request as saved, published in full, with whatever else happened to it before that."""
    every = (*facts, request.published())
    saved = await catalogue.save_request(tx, request, len(every))
    await outbox.append(tx, Change("request", saved.id, saved.version, every), source=SOURCE, at=at)
    return saved


async def add_activity(tx: Tx, activity: Activity, facts: Sequence[Fact], at: datetime) -> Activity:
    """A new activity, saved with its facts."""
    saved = await activities.add_activity(tx, activity, len(facts))
    await outbox.append(tx, Change("activity", saved.id, saved.version, tuple(facts)), source=SOURCE, at=at)
    return saved


async def change_activity(tx: Tx, before: Activity, after: Activity, facts: Sequence[Fact], at: datetime) -> Activity:
    """What a verb made of the activity, saved with its facts; nothing is written when nothing changed."""
    if after == before:
        return before
    saved = await activities.change_activity(tx, before, after, len(facts))
    await outbox.append(tx, Change("activity", saved.id, saved.version, tuple(facts)), source=SOURCE, at=at)
    return saved
