"""Erasures and the holds that they wait for, as rows."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Database, Tx
from services.partners.domain.erasure import REDACTED, Erasure, Hold
from services.partners.store import Q


async def lock(tx: Tx, person_id: UUID) -> Record | None:
    """One person, held until the transaction ends."""
    return await Q.lock_person.row(tx, tx.consortium_id, person_id)


async def is_erased(tx: Tx, person_id: UUID) -> bool:
    """Whether a person was erased, or is to be."""
    return bool(await Q.is_erased.value(tx, tx.consortium_id, person_id))


async def save_hold(tx: Tx, person_id: UUID, hold: Hold) -> int | None:
    """The new version; None when it says so already."""
    version: int | None = await Q.save_hold.value(
        tx, tx.consortium_id, person_id, hold.code, hold.until, hold.reason, hold.set_by, hold.set_at
    )
    return version


async def hold_by_rule(tx: Tx, held: Sequence[tuple[UUID, UUID, str, date, str]], at: datetime) -> None:
    """Holds names for what persons did: region, person, code of the hold, last day, reason. Never shorter."""
    if held:
        await Q.hold_by_rule.execute(tx, *(list(column) for column in zip(*held, strict=True)), at)


async def holds(tx: Tx, person_id: UUID) -> list[Hold]:
    """The holds on a person, the longest first."""
    return [
        Hold(row["code"], row["until_day"], row["reason"], row["set_by"], row["set_at"], row["version"])
        for row in await Q.holds.rows(tx, tx.consortium_id, person_id)
    ]


async def signed(tx: Tx, person_id: UUID) -> list[tuple[str, date]]:
    """Code and last day of the agreements that a person signed."""
    rows = await Q.signed_agreements.rows(tx, tx.consortium_id, person_id)
    return [(row["code"], row["last_day"]) for row in rows]


async def close(tx: Tx, person_id: UUID, email: str, at: datetime, by: UUID, reason: str) -> int:
    """Takes away all but the name, and every account; the new version."""
    version: int = await Q.close_person.value(tx, tx.consortium_id, person_id, at, by, reason)
    await Q.drop_accounts.execute(tx, tx.consortium_id, person_id)
    await redact(tx, email)
    await Q.await_end.execute(tx, tx.consortium_id, person_id)
    return version


async def erase(tx: Tx, person_id: UUID, name: str, at: datetime) -> int:
    """Takes away the name, wherever it stands; the new version."""
    version: int = await Q.erase_name.value(tx, tx.consortium_id, person_id, at)
    await redact(tx, name)
    await Q.forget_wait.execute(tx, tx.consortium_id, person_id)
    return version


async def redact(tx: Tx, words: str) -> None:
    """Takes away what parties filled in where it holds these words."""
    await Q.redact.execute(tx, tx.consortium_id, words, REDACTED)


async def waiting(database: Database) -> list[tuple[UUID, UUID]]:
    """Region and person of every erasure that waits."""
    rows = await Q.waiting_erasures.rows(database.pool)
    return [(row["consortium_id"], row["person_id"]) for row in rows]


async def erasures(tx: Tx, today: date, person_id: UUID | None = None) -> list[Erasure]:
    """What was asked to be erased, the latest first; or that of one person."""
    return [
        Erasure(
            row["person_id"],
            row["erasure_asked_at"],
            row["erasure_asked_by"],
            row["erasure_reason"],
            row["erased_at"],
            row["held_until"] if row["erased_at"] is None else None,
            row["name"],
        )
        for row in await Q.erasures.rows(tx, tx.consortium_id, today, person_id)
    ]
