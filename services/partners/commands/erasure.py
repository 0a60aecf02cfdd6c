"""Erasing persons: at once, or as far as a hold lets and the rest by itself when the last hold ends.

What holds a name: what the person did in the books (funding tells of it), what they signed, and what the office says.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from runtime import outbox
from runtime.event import Change
from runtime.http import Upserted
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.partners.domain.erasure import Erasure, HeldByRule, Hold, PersonErased, held_until, kept_until
from services.partners.domain.regions import RegionNotFounded
from services.partners.events import SOURCE
from services.partners.events import PersonErased as Erased
from services.partners.store import erasure as store
from services.partners.store import regions


async def put_hold(
    tx: Tx, person_id: UUID, code: str, until: date, reason: str, *, by: UUID, at: datetime
) -> Upserted[Hold]:
    """Keeps a person's name until a day, also when it is to be erased. A day that is over ends the hold.

    Raises NotFound, PersonErased when there is nothing left to hold, and HeldByRule for what a rule holds.
    """
    person = await store.lock(tx, person_id)
    if person is None:
        raise NotFound(what="person with this code")
    if person["erased_at"] is not None:
        raise PersonErased
    for kept in await store.holds(tx, person_id):
        if kept.code == code and kept.set_by is None:
            raise HeldByRule(hold=code, until=kept.until)
    hold = Hold(code, until, reason, by, at)
    version = await store.save_hold(tx, person_id, hold)
    if version is None:
        kept = next(each for each in await store.holds(tx, person_id) if each.code == code)
        return Upserted(kept, "unchanged")
    return Upserted(replace(hold, version=version), "created" if version == 1 else "changed")


async def hold_for_books(tx: Tx, acted: Sequence[tuple[UUID, UUID, date]], *, at: datetime) -> None:
    """Holds the names of those who did something in the books (region, person, day), as long as books are kept."""
    latest: dict[tuple[UUID, UUID], date] = {}
    for region, person, day in acted:
        latest[region, person] = max(day, latest.get((region, person), day))
    rows = [
        (region, person, "books", kept_until(day), f"decided or signed in the books, last on {day}")
        for (region, person), day in sorted(latest.items())
    ]
    await store.hold_by_rule(tx, rows, at)


async def erase(tx: Tx, person_id: UUID, reason: str, *, also: Sequence[str] = (), by: UUID, at: datetime) -> Erasure:
    """Erases a person, or all but the name while a hold is in force. Asked again: what was done.

    `also` are further words that tell who it is, such as a telephone number: what parties filled in with one of them is
    made unreadable too, now or when asked again. They are not kept. Raises NotFound and RegionNotFounded.
    """
    today = await _today(tx, at)
    person = await store.lock(tx, person_id)
    if person is None:
        raise NotFound(what="person with this code")
    if person["erasure_asked_at"] is None:
        signed = [
            (tx.consortium_id, person_id, f"agreement-{code}", kept_until(last), f"signed agreement {code}")
            for code, last in await store.signed(tx, person_id)
        ]
        await store.hold_by_rule(tx, signed, at)
        until = held_until(await store.holds(tx, person_id), today)
        version = await store.close(tx, person_id, person["email"], at, by, reason)
        if until is None:
            version = await store.erase(tx, person_id, person["name"], at)
        fact = Erased(person_id=person_id, held_until=until)
        await outbox.append(tx, Change("person", person_id, version, (fact,)), source=SOURCE, at=at)
    for words in also:
        await store.redact(tx, words)
    return (await store.erasures(tx, today, person_id))[0]


async def finish(tx: Tx, person_id: UUID, *, at: datetime) -> bool:
    """Erases the name when nothing holds it any more; whether it did."""
    today = await _today(tx, at)
    person = await store.lock(tx, person_id)
    if person is None or person["erasure_asked_at"] is None or person["erased_at"] is not None:
        return False
    if held_until(await store.holds(tx, person_id), today) is not None:
        return False
    version = await store.erase(tx, person_id, person["name"], at)
    fact = Erased(person_id=person_id)
    await outbox.append(tx, Change("person", person_id, version, (fact,)), source=SOURCE, at=at)
    return True


async def _today(tx: Tx, at: datetime) -> date:
    region = await regions.consortium(tx)
    if region is None:
        raise RegionNotFounded
    return region.day(at)
