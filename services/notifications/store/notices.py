"""Who was told what, as rows. Nothing here knows a name or an address."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.notifications.domain.notices import Notice, NoticeState
from services.notifications.store import Q
from services.notifications.store.tellings import Due


@dataclass(frozen=True, slots=True)
class Filter:
    """Which notices; None means all."""

    state: str | None = None
    template: str | None = None
    person_id: UUID | None = None
    milestone_id: UUID | None = None


async def claim(tx: Tx, notice: Notice, due: Due) -> bool:
    """Claims the person for this occasion and channel; False when somebody did before."""
    return bool(
        await Q.claim_notice.execute(
            tx,
            tx.consortium_id,
            notice.id,
            notice.occasion_id,
            notice.person_id,
            notice.channel,
            due.telling_id,
            due.telling.asked,
            notice.template,
            notice.language,
            notice.milestone_id,
            notice.state.value,
            notice.claimed_at,
        )
    )


async def claim_again(tx: Tx, notice: Notice, due: Due) -> Notice | None:
    """Claims a notice that surely was not sent, for a telling that was asked since; None when there is none such."""
    row = await Q.claim_notice_again.row(
        tx,
        tx.consortium_id,
        notice.occasion_id,
        notice.person_id,
        notice.channel,
        due.telling_id,
        due.telling.asked,
        notice.language,
        notice.claimed_at,
    )
    return None if row is None else _notice(row)


async def add_duplicate(tx: Tx, notice: Notice, due: Due, at: datetime) -> Notice | None:
    """Counts that somebody was about to be told again; None when this very telling told them."""
    row = await Q.add_duplicate.row(
        tx,
        tx.consortium_id,
        notice.occasion_id,
        notice.person_id,
        notice.channel,
        due.telling_id,
        due.telling.asked,
        at,
    )
    return None if row is None else _notice(row)


async def release(tx: Tx, notice_id: UUID) -> None:
    """Gives a claim back: nothing was sent, and nothing was said about it."""
    await Q.release_notice.execute(tx, tx.consortium_id, notice_id)


async def settle(tx: Tx, notice: Notice, facts: int) -> Notice | None:
    """Keeps how it ended, with its next version; None when that was known before."""
    version = await Q.settle_notice.value(
        tx, tx.consortium_id, notice.id, notice.state.value, notice.code, notice.decided_at, facts
    )
    return None if version is None else replace(notice, version=version)


async def lose(tx: Tx, before: datetime, at: datetime) -> int:
    """Marks claims from before this instant as unknown: whoever made them ended in between; how many."""
    return await Q.lose_notices.execute(tx, list(tx.consortia), before, at)


async def by_id(tx: Tx, notice_id: UUID) -> Notice | None:
    row = await Q.notice_by_id.row(tx, tx.consortium_id, notice_id)
    return None if row is None else _notice(row)


async def page(tx: Tx, wanted: Filter, after: UUID | None, limit: int) -> list[Notice]:
    """A page of notices, in the order in which they were claimed."""
    rows = await Q.list_notices.rows(
        tx, tx.consortium_id, after, limit, wanted.state, wanted.template, wanted.person_id, wanted.milestone_id
    )
    return [_notice(row) for row in rows]


async def counts(tx: Tx) -> list[Record]:
    """Notices per template and state, with how many duplicates were suppressed."""
    return await Q.notice_counts.rows(tx, tx.consortium_id)


async def telling_counts(tx: Tx, at: datetime) -> dict[str, Any]:
    """How many tellings wait and are due, wait for later, were given up, or had nobody to tell."""
    row = await Q.telling_counts.row(tx, tx.consortium_id, at)
    return dict(row) if row else {}


def _notice(row: Record) -> Notice:
    return Notice(
        id=row["notice_id"],
        occasion_id=row["occasion_id"],
        person_id=row["person_id"],
        channel=row["channel"],
        template=row["template"],
        language=row["language"],
        milestone_id=row["milestone_id"],
        state=NoticeState(row["state"]),
        code=row["code"],
        claimed_at=row["claimed_at"],
        decided_at=row["decided_at"],
        duplicates=row["duplicates"],
        version=row["version"],
    )
