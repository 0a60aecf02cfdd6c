"""Recording what the provider paid, and taking back what was recorded by mistake."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from runtime import ids, outbox
from runtime.event import Change
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.commands.ledger import post
from services.funding.domain.grant import Grant
from services.funding.domain.instalment import Instalment
from services.funding.domain.ledger import CASH, RECEIVABLE, JournalEntry, ReversalCode, transfer
from services.funding.events import SOURCE
from services.funding.store import determinations, grants
from services.funding.store import instalments as store
from services.funding.store import ledger as books

Result = Literal["created", "unchanged"]


async def put_instalment(
    tx: Tx,
    grant_code: str,
    code: str,
    cents: int,
    received_on: date,
    reference: str,
    *,
    by: UUID,
    at: datetime,
) -> tuple[Instalment, Result]:
    """Records money that came in and books it as cash on its day. Again: unchanged.

    Raises NotFound for an unknown grant, InstalmentRewritten, and InstalmentTooLarge when more came in than is due.
    """
    grant = await _locked(tx, grant_code)
    before = await store.instalments(tx, grant.id)
    instalment_id = ids.coded_id(tx.consortium_id, "instalment", f"{grant_code}/{code}")
    added = Instalment(instalment_id, code, cents, received_on, reference, by)
    determined = await determinations.made(tx, grant.id)
    due = determined.result.determined_cents if determined else grant.cents
    after, facts = added.receive(grant, before, due)
    if not facts:
        return next(each for each in before if each.code == code), "unchanged"
    await store.add(tx, after, added, at)
    await post(tx, [_entry(grant, added)], at=at)
    await outbox.append(tx, Change("grant", after.id, after.version, facts), source=SOURCE, at=at)
    return added, "created"


async def take_back_instalment(
    tx: Tx, grant_code: str, code: str, why: ReversalCode, reason: str, *, by: UUID, at: datetime
) -> Instalment:
    """Takes an instalment back that was recorded by mistake: an entry undoes its own, with the code of the reason.

    Raises NotFound, InstalmentTakenBack and SamePerson, and GrantAlreadyDetermined once the grant is determined.
    """
    grant = await _locked(tx, grant_code)
    if (determined := await determinations.made(tx, grant.id)) is not None:
        determined.refuse_more()
    before = await store.instalments(tx, grant.id)
    found = next((each for each in before if each.code == code), None)
    if found is None:
        raise NotFound(what="instalment with this code")
    after, taken, facts = found.take_back(grant, before, by, reason)
    await store.take_back(tx, after, taken, at)
    booked = await books.entry(tx, _entry_id(found))
    if booked is None:
        raise NotFound(what="entry of this instalment")
    undone = booked.reversal(ids.coded_id(found.id, "entry", "taken-back"), booked.day, why, reason)
    await post(tx, [undone], at=at)
    await outbox.append(tx, Change("grant", after.id, after.version, facts), source=SOURCE, at=at)
    return taken


async def _locked(tx: Tx, code: str) -> Grant:
    grant = await grants.lock(tx, code)
    if grant is None:
        raise NotFound(what="grant with this code")
    return grant


def _entry_id(received: Instalment) -> UUID:
    return ids.coded_id(received.id, "entry", "received")


def _entry(grant: Grant, received: Instalment) -> JournalEntry:
    return JournalEntry(
        _entry_id(received),
        "instalment-received",
        received.received_on,
        transfer(CASH, RECEIVABLE, received.cents),
        f"instalment {received.code} of grant {grant.code}",
        "grant",
        grant.id,
    )
