"""The word of the school that received a contribution: it is right, or it is not and the office looks."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.commands.booking import Work, write
from services.funding.commands.contributions import take, tell
from services.funding.domain.contribution import Contribution, Hands
from services.funding.domain.receiving import Objection, check_word, objection
from services.funding.store import contributions as store
from services.funding.store import held, intake


async def confirm(tx: Tx, contribution_id: UUID, *, own: Collection[UUID], hands: Hands, at: datetime) -> Contribution:
    """A person of the school says that a contribution is right: it is verified.

    `own`: the organisations of that person. Raises NotFound, also for what another school received, NotAwaited, and
    SamePerson to who declared it.
    """
    found, work = await _take(tx, contribution_id, own, hands)
    after = work.verify(found, "school", hands)
    tell(work, await intake.deliveries(tx, [after.id]), after, ())
    await write(tx, work, at=at)
    return after


async def object_to(
    tx: Tx, contribution_id: UUID, code: Objection, note: str, *, own: Collection[UUID], hands: Hands, at: datetime
) -> Contribution:
    """A person of the school says that a contribution is not right: it is on hold, and its sender reads why.

    Raises what `confirm` raises.
    """
    found, work = await _take(tx, contribution_id, own, hands)
    after = work.object_to(found, code, hands)
    why = (objection(after, code, note),)
    tell(work, await intake.deliveries(tx, [after.id]), after, why)
    await write(tx, work, at=at)
    await held.explain(tx, after.id, why)
    return after


async def _take(tx: Tx, contribution_id: UUID, own: Collection[UUID], hands: Hands) -> tuple[Contribution, Work]:
    """The contribution, locked after its organisation, when its school is one of these and has the word."""
    organisation = await store.organisation_of(tx, contribution_id)
    if organisation is not None:
        await intake.lock_organisations(tx, [(tx.consortium_id, organisation)])
    found, work = await take(tx, contribution_id)
    if found.school_id is None or found.school_id not in own:
        raise NotFound(what="contribution")
    check_word(found, hands, found.organisation_id in own)
    return found, work
