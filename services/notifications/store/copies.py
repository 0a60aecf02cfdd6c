"""What notifications keeps of others: regions, what organisations are called, and what people were told about."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from runtime.postgres import Tx
from runtime.problems import Kind, Problem
from services.notifications.domain.telling import About, Subject, SubjectState
from services.notifications.store import Q


class RegionNotKnown(Problem, kind=Kind.UNAVAILABLE):
    """This region has not arrived here from partners yet. Try again in a moment."""


class OrganisationNotKnown(Problem, kind=Kind.UNAVAILABLE):
    """An organisation of this has not arrived here from partners yet. Try again in a moment."""


@dataclass(frozen=True, slots=True)
class Region:
    """A region as partners described it."""

    id: UUID
    code: str
    name: str
    zone: ZoneInfo
    language: str


async def save_consortium(tx: Tx, code: str, name: str, zone: str, language: str, sequence: int) -> None:
    await Q.save_consortium.execute(tx, tx.consortium_id, code, name, zone, language, sequence)


async def region(tx: Tx) -> Region:
    """The region of this transaction. Raises RegionNotKnown."""
    row = await Q.consortium.row(tx, tx.consortium_id)
    if row is None:
        raise RegionNotKnown
    return Region(row["consortium_id"], row["code"], row["name"], ZoneInfo(row["zone"]), row["language"])


async def save_organisation(tx: Tx, organisation_id: UUID, name: str, sequence: int) -> None:
    await Q.save_organisation.execute(tx, tx.consortium_id, organisation_id, name, sequence)


async def regions(tx: Tx) -> list[UUID]:
    """Every region of this installation."""
    return [row["consortium_id"] for row in await Q.consortia.rows(tx)]


async def names(tx: Tx, organisations: Collection[UUID]) -> dict[UUID, str]:
    """What these organisations are called. Raises OrganisationNotKnown when one of them is not known yet."""
    rows = await Q.organisation_names.rows(tx, tx.consortium_id, list(organisations))
    found = {row["organisation_id"]: row["name"] for row in rows}
    if len(found) < len(set(organisations)):
        raise OrganisationNotKnown
    return found


async def save_subject(tx: Tx, subject: Subject) -> None:
    """Keeps it, unless a later event was here first. A title that is not given stays as it was."""
    await Q.save_subject.execute(
        tx,
        tx.consortium_id,
        subject.id,
        subject.kind.value,
        subject.state.value,
        subject.title,
        subject.organisation_id,
        subject.deadline,
        subject.ends_at,
        subject.sequence,
        list(subject.audiences),
        subject.first_day,
        subject.last_day,
    )


async def settle_statements(tx: Tx, organisation_id: UUID, statement_id: UUID | None) -> list[UUID]:
    """Marks an organisation's forms as answered, or the one that is named; which those were."""
    rows = await Q.settle_statements.rows(tx, tx.consortium_id, organisation_id, statement_id)
    return [row["subject_id"] for row in rows]


async def subject(tx: Tx, subject_id: UUID) -> Subject | None:
    row = await Q.subject.row(tx, tx.consortium_id, subject_id)
    if row is None:
        return None
    return Subject(
        row["subject_id"],
        About(row["kind"]),
        SubjectState(row["state"]),
        row["sequence"],
        row["title"],
        row["organisation_id"],
        row["deadline"],
        row["ends_at"],
        tuple(row["audiences"]),
        row["first_day"],
        row["last_day"],
    )
