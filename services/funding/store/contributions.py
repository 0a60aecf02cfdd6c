"""Contributions as rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.funding.domain.contribution import Contribution, Hands, Lesson, SchoolWord
from services.funding.store import Q


async def add(tx: Tx, new: Sequence[Contribution]) -> None:
    rows = [
        (
            each.id,
            each.organisation_id,
            each.line,
            each.day,
            each.kind,
            each.minutes,
            each.value_cents,
            each.rule,
            each.origin,
            each.activity_id,
            each.activity_ref,
            each.state,
            each.version,
            each.sender,
            each.record_id,
            each.worker_ref,
            each.verified_by,
            each.verified_how,
            each.declared_by,
            each.school_id,
            each.school_word,
        )
        for each in new
    ]
    if rows:
        await Q.add_contributions.execute(tx, tx.consortium_id, *_columns(rows))


async def move(tx: Tx, moved: Sequence[Contribution]) -> None:
    """Keeps the states of contributions that the caller has locked."""
    rows = [
        (
            each.id,
            each.state,
            each.version,
            each.held_from,
            each.verified_by,
            each.verified_how,
            each.approved_by,
            each.accepted_by,
            each.rejected_by,
            each.rejected_code,
            each.rejected_note,
            each.school_id,
            each.school_word,
            each.school_by,
        )
        for each in moved
    ]
    if rows:
        await Q.move_contributions.execute(tx, tx.consortium_id, *_columns(rows))


async def note_lessons(tx: Tx, lessons: Sequence[Lesson]) -> set[UUID]:
    """The activities among these that were not noted before."""
    rows = [
        (
            each.activity_id,
            each.activity_ref,
            each.organisation_id,
            each.line,
            each.day,
            each.minutes,
            each.school_id,
        )
        for each in lessons
    ]
    return {row["activity_id"] for row in await Q.add_lessons.rows(tx, tx.consortium_id, *_columns(rows))}


async def near_lessons(tx: Tx, lessons: Collection[Lesson], kin: Mapping[UUID, Collection[UUID]]) -> list[Contribution]:
    """Declared hours that may be those of these lessons, locked. `kin`: of an organisation, whose hours may be its."""
    places = sorted(
        {
            (organisation, each.day, each.line)
            for each in lessons
            for organisation in (each.organisation_id, *kin.get(each.organisation_id, ()))
        }
    )
    rows = await Q.hours_near_lessons.rows(
        tx,
        tx.consortium_id,
        [each.activity_ref for each in lessons],
        [organisation for organisation, _, _ in places],
        [day for _, day, _ in places],
        [line for _, _, line in places],
    )
    return [contribution_of(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Received:
    """What a school received, as that school reads it: with whose it is, and what was written of it."""

    contribution: Contribution
    organisation: str
    organisation_name: str
    description: str | None


async def received(
    tx: Tx,
    contribution_id: UUID,
    limit: int,
    schools: Collection[UUID] | None,
    words: Collection[SchoolWord],
    *,
    only: UUID | None = None,
) -> list[Received]:
    """A page by id of what these schools received (None: any) and of which they said one of these words, or were
    asked; or the one with the id `only`."""
    own = sorted(schools) if schools is not None else None
    rows = await Q.received.rows(tx, tx.consortium_id, list(words), contribution_id, only, own, limit)
    return [
        Received(
            contribution_of(row), row["organisation_code"] or "", row["organisation_name"] or "", row["description"]
        )
        for row in rows
    ]


async def awaiting_activities(tx: Tx, lessons: Collection[Lesson]) -> list[Contribution]:
    """What is not time, names one of these lessons and waits for the word of a school, locked."""
    rows = await Q.awaiting_activities.rows(tx, tx.consortium_id, [each.activity_ref for each in lessons])
    return [contribution_of(row) for row in rows]


async def lock_due(tx: Tx, up_to: date, hands: Hands) -> list[Contribution]:
    """What this person may accept, by id, locked."""
    rows = await Q.lock_due.rows(tx, tx.consortium_id, up_to, hands.person, hands.sender)
    return [contribution_of(row) for row in rows]


async def left_for_another(tx: Tx, up_to: date, hands: Hands) -> int:
    """How many verified ones this person may not accept."""
    count: int = await Q.left_for_another.value(tx, tx.consortium_id, up_to, hands.person, hands.sender)
    return count


async def after(
    tx: Tx,
    contribution_id: UUID,
    limit: int,
    *,
    state: str | None = None,
    organisation_id: UUID | None = None,
    line: str | None = None,
) -> list[Contribution]:
    rows = await Q.contributions_after.rows(tx, tx.consortium_id, contribution_id, limit, state, organisation_id, line)
    return [contribution_of(row) for row in rows]


async def one(tx: Tx, contribution_id: UUID, *, lock: bool = False) -> Contribution | None:
    statement = Q.lock_contribution if lock else Q.contribution
    row = await statement.row(tx, tx.consortium_id, contribution_id)
    return contribution_of(row) if row else None


async def valued(tx: Tx, contribution_id: UUID) -> tuple[datetime | None, str | None]:
    """When it was first booked, and what its own price rests on; None where there is no such thing."""
    row = await Q.valued_of.row(tx, tx.consortium_id, contribution_id)
    return (row["at"], row["basis"]) if row is not None else (None, None)


async def organisation_of(tx: Tx, contribution_id: UUID) -> UUID | None:
    """Whose contribution it is, so that the organisation can be locked before it."""
    found: UUID | None = await Q.organisation_of_contribution.value(tx, tx.consortium_id, contribution_id)
    return found


async def entry_ids(tx: Tx, contribution_id: UUID) -> list[UUID]:
    """Its journal entries, in order."""
    return [row["entry_id"] for row in await Q.entry_ids_of.rows(tx, tx.consortium_id, contribution_id)]


def contribution_of(row: Record) -> Contribution:
    """A contribution from its row."""
    return Contribution(
        row["contribution_id"],
        row["organisation_id"],
        row["line"],
        row["day"],
        row["kind"],
        row["minutes"],
        row["value_cents"],
        row["rule"],
        row["origin"],
        row["activity_id"],
        row["activity_ref"],
        row["state"],
        row["version"],
        row["sender"],
        row["record_id"],
        row["worker_ref"],
        row["held_from"],
        row["verified_by"],
        row["verified_how"],
        row["declared_by"],
        row["approved_by"],
        row["accepted_by"],
        row["rejected_by"],
        row["rejected_code"],
        row["rejected_note"],
        row["school_id"],
        row["school_word"],
        row["school_by"],
    )


def _columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
