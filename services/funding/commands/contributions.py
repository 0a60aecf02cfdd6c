"""Booking what was brought in, and accepting it."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from runtime import ids, outbox
from runtime.event import Change
from runtime.postgres import Tx
from services.funding.commands import ledger
from services.funding.domain import contribution as domain
from services.funding.domain.contribution import Contribution, Lesson
from services.funding.domain.valuation import Delivered, value
from services.funding.events import SOURCE
from services.funding.store import contributions as store
from services.funding.store import schemes


async def book_lesson(tx: Tx, lesson: Lesson, *, at: datetime) -> Contribution | None:
    """Books the hours of a confirmed lesson, once: None when they are in the books already.

    Raises KindNotEligible or NoRuleForKind when the region's rules give these hours no value.
    """
    rules = [rule for scheme in await schemes.schemes(tx) for rule in scheme.rules]
    worth = value(Delivered("hours", lesson.day, minutes=lesson.minutes), rules, at.date())
    contribution_id = ids.coded_id(tx.consortium_id, "contribution", f"activity/{lesson.activity_id}")
    new = domain.of_lesson(contribution_id, lesson, worth)
    if not await store.add(tx, new):
        return None
    entry_id = ids.coded_id(contribution_id, "entry", "verified")
    await ledger.post(tx, [domain.verified_entry(new, entry_id)], at=at)
    change = Change("contribution", new.id, new.version, domain.lesson_facts(new))
    await outbox.append(tx, change, source=SOURCE, at=at)
    return new


async def accept(tx: Tx, up_to: date, *, batch_id: UUID, by: UUID, at: datetime) -> Sequence[Contribution]:
    """Accepts all that was verified up to and including a day. From now on it counts as realised."""
    accepted = await store.accept(tx, up_to, by)
    entries = [domain.accepted_entry(each, ids.coded_id(each.id, "entry", "accepted")) for each in accepted]
    await ledger.post(tx, entries, at=at)
    changes = [
        Change("contribution", each.id, each.version, (domain.accepted_fact(each, batch_id),)) for each in accepted
    ]
    await outbox.append(tx, *changes, source=SOURCE, at=at)
    return accepted
