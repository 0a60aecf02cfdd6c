"""Signing a progress report off: by a second person, in a second role, over the hash of what they read."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from runtime import outbox
from runtime.event import Change
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.domain import sign_off as domain
from services.funding.domain.progress import Report
from services.funding.domain.sign_off import SignOff
from services.funding.events import SOURCE
from services.funding.store import audit as store
from services.funding.store import progress


async def sign_off(tx: Tx, code: str, role: str, sha256: str, note: str, *, by: UUID, at: datetime) -> SignOff:
    """Signs a report off. Raises NotFound, SamePerson, SignedOffAlready and OtherHash."""
    report = await _report(tx, code)
    await store.lock_sign_offs(tx, report.id)
    made, fact = domain.sign_off(report, await store.sign_offs(tx, report), role, sha256, note, by, at)
    await store.insert_sign_off(tx, made)
    change = Change("progress-report", report.id, 1 + made.position, (fact,))
    await outbox.append(tx, change, source=SOURCE, at=at)
    return made


async def sign_offs(tx: Tx, code: str) -> Sequence[SignOff]:
    """Who signed a report off, in order. Raises NotFound."""
    return await store.sign_offs(tx, await _report(tx, code))


async def _report(tx: Tx, code: str) -> Report:
    found = await progress.reports(tx, code=code)
    if not found:
        raise NotFound(what="progress report with this code")
    return found[0]
