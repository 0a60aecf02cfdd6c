"""What activities keeps of partners: regions, organisations and programme lines, each as of one event's sequence."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from runtime.postgres import Tx
from runtime.problems import Kind, Problem
from services.activities.domain.travel import Place
from services.activities.store import Q

SCHOOLS = frozenset({"vmbo", "mbo", "hogeschool", "university"})


class RegionNotKnown(Problem, kind=Kind.UNAVAILABLE):
    """This region has not arrived here from partners yet. Try again in a moment."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation of the region, as partners registered it."""

    id: UUID
    code: str
    name: str
    kind: str
    municipality: str | None

    @property
    def is_school(self) -> bool:
        return self.kind in SCHOOLS


@dataclass(frozen=True, slots=True)
class Line:
    """A spearhead or location of a programme."""

    code: str
    kind: str
    title: str


async def save_consortium(tx: Tx, code: str, zone: str, sequence: int) -> None:
    await Q.save_consortium.execute(tx, tx.consortium_id, code, zone, sequence)


async def consortia(tx: Tx) -> list[UUID]:
    """Every region of this installation."""
    return [row["consortium_id"] for row in await Q.consortia.rows(tx)]


async def zone_of(tx: Tx) -> ZoneInfo:
    """The zone in which the region counts its days."""
    name = await Q.zone.value(tx, tx.consortium_id)
    if name is None:
        raise RegionNotKnown
    return ZoneInfo(name)


async def save_organisation(tx: Tx, organisation: Organisation, sequence: int) -> None:
    await Q.save_organisation.execute(
        tx,
        tx.consortium_id,
        organisation.id,
        organisation.code,
        organisation.name,
        organisation.kind,
        organisation.municipality,
        sequence,
    )


async def organisation(tx: Tx, organisation_id: UUID) -> Organisation | None:
    return (await organisations(tx, [organisation_id])).get(organisation_id)


async def organisations(tx: Tx, organisation_ids: Collection[UUID]) -> dict[UUID, Organisation]:
    """Those of these that the region has, by id."""
    return {
        row["organisation_id"]: Organisation(
            row["organisation_id"], row["code"], row["name"], row["kind"], row["municipality"]
        )
        for row in await Q.organisations.rows(tx, tx.consortium_id, list(organisation_ids))
    }


async def save_programme(
    tx: Tx, programme_id: UUID, code: str, period: tuple[date, date], lines: Sequence[Line], sequence: int
) -> None:
    """Keeps a programme and exactly these lines of it; nothing when a later event was here first."""
    if await Q.save_programme.value(tx, tx.consortium_id, programme_id, code, *period, sequence) is None:
        return
    codes = [line.code for line in lines]
    await Q.delete_lines.execute(tx, tx.consortium_id, programme_id, codes)
    kinds, titles = [line.kind for line in lines], [line.title for line in lines]
    await Q.save_lines.execute(tx, tx.consortium_id, programme_id, codes, kinds, titles)


async def lines(tx: Tx) -> frozenset[str]:
    """The codes of the region's lines."""
    return frozenset(row["code"] for row in await Q.lines.rows(tx, tx.consortium_id))


async def places(tx: Tx) -> dict[str, Place]:
    """The centres of municipalities, by name in lower case."""
    return {row["name"]: Place(row["latitude"], row["longitude"]) for row in await Q.places.rows(tx)}
