"""What funding keeps of partners: regions, lines, organisations and standings, each as of one event's sequence."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Record

from runtime.postgres import Database, Tx
from runtime.problems import Kind, Problem
from services.funding.store import Q


class RegionNotKnown(Problem, kind=Kind.UNAVAILABLE):
    """This region has not arrived here from partners yet. Try again in a moment."""


@dataclass(frozen=True, slots=True)
class Consortium:
    """A region. Its days are counted in its own zone."""

    id: UUID
    code: str
    zone: ZoneInfo
    currency: str
    language: str


@dataclass(frozen=True, slots=True)
class Line:
    """A spearhead or location, with the period of its programme. Without a budget it takes hours, but no money."""

    code: str
    kind: Literal["spearhead", "location"]
    title: str
    from_: date
    until: date
    budgeted: bool = True


@dataclass(frozen=True, slots=True)
class Branch:
    """What branch of a school a location is: its code in the register, or the organisation that has one."""

    code: str | None = None
    organisation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation as partners registered it. `registry_numbers`: register -> number in its normal form."""

    id: UUID
    code: str
    name: str
    kind: str
    registry_numbers: Mapping[str, str]

    @property
    def references(self) -> tuple[str, ...]:
        """What a company's system may call it: its code, its id, or a registry number."""
        numbers = [f"{register}:{number}" for register, number in self.registry_numbers.items()]
        swedish = self.registry_numbers.get("orgnr")
        return tuple(dict.fromkeys([self.code, f"org:{self.id}", *numbers, *([f"org:{swedish}"] if swedish else [])]))


@dataclass(frozen=True, slots=True)
class Standing:
    """One ground on which an organisation counts as a partner, and whether the region's policy accepts it."""

    organisation_id: UUID
    ground: str
    from_: date
    until: date | None
    suffices: bool
    through_id: UUID | None

    def holds(self, day: date) -> bool:
        return self.suffices and self.from_ <= day and (self.until is None or day <= self.until)


async def save_consortium(tx: Tx, code: str, zone: str, currency: str, language: str, sequence: int) -> None:
    await Q.save_consortium.execute(tx, tx.consortium_id, code, zone, currency, language, sequence)


async def consortium(tx: Tx) -> Consortium:
    """The region of this transaction. Raises RegionNotKnown."""
    row = await Q.consortium.row(tx, tx.consortium_id)
    if row is None:
        raise RegionNotKnown
    return Consortium(row["consortium_id"], row["code"], ZoneInfo(row["zone"]), row["currency"], row["language"])


async def codes(database: Database) -> list[str]:
    """The codes of all regions of this installation."""
    return [row["code"] for row in await Q.consortium_codes.rows(database.pool)]


async def regions(database: Database) -> frozenset[UUID]:
    """All regions of this installation."""
    return frozenset(row["consortium_id"] for row in await Q.consortium_ids.rows(database.pool))


async def save_programme(
    tx: Tx,
    programme: UUID,
    code: str,
    from_: date,
    until: date,
    lines: Sequence[tuple[str, str, str, bool]],
    sequence: int,
    branches: Mapping[str, Branch] = MappingProxyType({}),
) -> None:
    """Keeps a programme and exactly these lines (code, kind, title, budgeted), with the branches that locations are;
    nothing after a later event."""
    if await Q.save_programme.value(tx, tx.consortium_id, programme, code, from_, until, sequence) is None:
        return
    await Q.delete_programme_lines.execute(tx, tx.consortium_id, programme)
    columns = ([line[place] for line in lines] for place in range(4))
    are = [branches.get(line[0], Branch()) for line in lines]
    codes, schools = [each.code for each in are], [each.organisation_id for each in are]
    await Q.save_programme_lines.execute(tx, tx.consortium_id, programme, *columns, codes, schools)


async def lines(tx: Tx) -> list[Line]:
    """The region's lines by code; one that is in two programmes is there twice, the latest first."""
    return [
        Line(row["code"], row["kind"], row["title"], row["from_day"], row["until_day"], row["budgeted"])
        for row in await Q.programme_lines.rows(tx, tx.consortium_id)
    ]


async def save_organisation(tx: Tx, new: Organisation, sequence: int) -> None:
    """Keeps an organisation and what it may be called; nothing when a later event was here first."""
    numbers = json.dumps(dict(new.registry_numbers))
    if (
        await Q.save_organisation.value(tx, tx.consortium_id, new.id, new.code, new.name, new.kind, numbers, sequence)
        is None
    ):
        return
    await Q.delete_organisation_references.execute(tx, tx.consortium_id, new.id)
    await Q.save_organisation_references.execute(tx, tx.consortium_id, new.id, list(new.references))


async def organisations(tx: Tx, only: Collection[UUID] | None = None) -> list[Organisation]:
    """The region's organisations by code: all, or those with these ids."""
    wanted = None if only is None else list(only)
    return [_organisation(row) for row in await Q.organisations.rows(tx, tx.consortium_id, wanted)]


async def organisation_by_reference(tx: Tx, reference: str) -> Organisation | None:
    """The organisation that goes by this code, id or registry number; None when there is none, or more than one."""
    rows = await Q.organisation_by_reference.rows(tx, tx.consortium_id, reference)
    return _organisation(rows[0]) if len(rows) == 1 else None


async def save_standing(tx: Tx, organisation_id: UUID, grounds: Sequence[Standing], sequence: int) -> None:
    """Keeps an organisation's whole standing; nothing when a later event was here first."""
    if await Q.save_standing.value(tx, tx.consortium_id, organisation_id, sequence) is None:
        return
    await Q.delete_standing_periods.execute(tx, tx.consortium_id, organisation_id)
    await Q.save_standing_periods.execute(
        tx,
        tx.consortium_id,
        organisation_id,
        [each.ground for each in grounds],
        [each.from_ for each in grounds],
        [each.until for each in grounds],
        [each.suffices for each in grounds],
        [each.through_id for each in grounds],
    )


async def standings(tx: Tx) -> list[Standing]:
    """Every ground of every organisation of the region, also those that do not suffice."""
    return [
        Standing(
            row["organisation_id"],
            row["ground"],
            row["from_day"],
            row["until_day"],
            row["suffices"],
            row["through_id"],
        )
        for row in await Q.standing_periods.rows(tx, tx.consortium_id)
    ]


def _organisation(row: Record) -> Organisation:
    return Organisation(
        row["organisation_id"], row["code"], row["name"], row["kind"], json.loads(row["registry_numbers"])
    )
