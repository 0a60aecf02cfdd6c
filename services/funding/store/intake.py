"""What the intake needs to know, in a few statements for a whole batch over many regions, and what it keeps."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Record as Row

from runtime import closing
from runtime.ids import consortium_id
from runtime.postgres import Tx
from services.funding.domain.fingerprints import Claimed, Fingerprints
from services.funding.domain.intake import Reason, Record
from services.funding.domain.judging import KnownLine
from services.funding.domain.kin import Kin, company_bucket
from services.funding.domain.receiving import SCHOOLS
from services.funding.domain.scheme import Rule
from services.funding.domain.world import Region, Stored, World, bucket
from services.funding.events import ContributionReceipt, ReceiptSeal
from services.funding.store import Q
from services.funding.store.contributions import contribution_of
from services.funding.store.schemes import rule_of

Asked = tuple[str, Record]
"""A record with the code of its sender."""


async def partial_world(tx: Tx, asked: Sequence[Asked], fingerprints: Fingerprints, at: datetime) -> World:
    """Only regions, organisations, mandates and standings, unlocked: enough to see who must be asked about."""
    world = World(fingerprints)
    await _load_regions(tx, world, _named(asked), at)
    await _load_organisations(tx, world, asked)
    await _load_mandates(tx, world, {sender for sender, _ in asked})
    await _load_standings(tx, world)
    return world


async def lock_world(
    tx: Tx,
    asked: Sequence[Asked],
    fingerprints: Fingerprints,
    at: datetime,
    regions: Collection[UUID] = (),
    senders: Collection[str] = (),
) -> World:
    """All that these records are judged by, with everybody kept out who could change it, in the README's order.

    `regions` and `senders` are those of records that could not be read.
    """
    world = World(fingerprints)
    await _load_regions(tx, world, {*regions, *_named(asked)}, at)
    await _load_organisations(tx, world, asked)
    touched = world.organisations_touched()
    world.kin = await kin_of(tx, touched)
    await lock_organisations(tx, world.kin.wholes(touched))
    await lock_buckets(tx, _buckets(world, asked))
    await _load_mandates(tx, world, {*senders, *(sender for sender, _ in asked)})
    await _load_standings(tx, world)
    await _load_rules(tx, world, at)
    await _load_earlier(tx, world, asked)
    await _load_booked(tx, world, asked)
    return world


async def lock_organisations(tx: Tx, organisations: Collection[tuple[UUID, UUID]]) -> None:
    """Locks these (region, organisation), in order. Comes before contributions and accounts."""
    if organisations:
        await Q.lock_organisations.rows(tx, *_columns(list(organisations), 2))


async def lock_buckets(tx: Tx, buckets: Collection[int]) -> None:
    """Locks these buckets, in order. Comes after organisations, before contributions."""
    if buckets:
        await Q.lock_buckets.rows(tx, sorted(set(buckets)))


def _named(asked: Sequence[Asked]) -> set[UUID]:
    return {consortium_id(record.consortium) for _, record in asked}


async def _load_regions(tx: Tx, world: World, wanted: Collection[UUID], at: datetime) -> None:
    found = await Q.keep_regions_open.rows(tx, sorted(wanted)) if wanted else []
    if not found:
        return
    ids = [row["consortium_id"] for row in found]
    closed = {row["consortium_id"]: row["until_day"] for row in await Q.closed_until.rows(tx, ids)}
    shut = await closing.closed_among(tx, ids)
    lines: dict[UUID, list[KnownLine]] = {}
    for row in await Q.lines_of_regions.rows(tx, ids):
        lines.setdefault(row["consortium_id"], []).append(KnownLine(row["code"], row["from_day"], row["until_day"]))
    for row in found:
        region = row["consortium_id"]
        today = at.astimezone(ZoneInfo(row["zone"])).date()
        known = tuple(lines.get(region, ()))
        world.regions[region] = Region(region, today, closed.get(region), known, (), region in shut)


async def _load_rules(tx: Tx, world: World, at: datetime) -> None:
    rules: dict[UUID, list[Rule]] = {}
    for row in await Q.rules_of_regions.rows(tx, list(world.regions)):
        rules.setdefault(row["consortium_id"], []).append(rule_of(row))
    for region, known in world.regions.items():
        world.regions[region] = replace(known, rules=tuple(rules.get(region, ())))
    world.places.clear()


async def _load_organisations(tx: Tx, world: World, asked: Sequence[Asked]) -> None:
    names = {(consortium_id(record.consortium), record.organisation) for _, record in asked}
    schools = {(consortium_id(record.consortium), record.school) for _, record in asked if record.school is not None}
    wanted = sorted(name for name in names | schools if name[0] in world.regions)
    if not wanted:
        return
    found: dict[tuple[UUID, str], set[UUID]] = {}
    teaching: set[UUID] = set()
    for row in await Q.organisations_by_references.rows(tx, *_columns(wanted, 2)):
        found.setdefault((row["consortium_id"], row["reference"]), set()).add(row["organisation_id"])
        if row["kind"] in SCHOOLS:
            teaching.add(row["organisation_id"])
        if (number := _number(json.loads(row["registry_numbers"]))) is not None:
            world.numbers[row["consortium_id"], row["organisation_id"]] = number
    for name, candidates in found.items():
        only = next(iter(candidates)) if len(candidates) == 1 else None
        if only is not None and name in names:
            world.organisations[name] = only
        if only in teaching and name in schools:
            world.schools[name] = only


_REGISTERS = ("kvk", "kbo", "orgnr", "rsin", "brin")


def _number(numbers: Mapping[str, str]) -> str | None:
    """What a company is known by in every region: its number in the first of the registers that it has one in."""
    return next((f"{register}:{numbers[register]}" for register in _REGISTERS if numbers.get(register)), None)


async def kin_of(tx: Tx, touched: Sequence[tuple[UUID, UUID]]) -> Kin:
    """Whose hours may be those of these (region, organisation): their branches, their umbrellas, and their members."""
    kin = Kin()
    if not touched:
        return kin
    for row in await Q.branches_of.rows(tx, *_columns(touched, 2)):
        kin.branches.setdefault((row["consortium_id"], row["organisation_id"]), set()).add(row["branch_id"])
    for row in await Q.umbrella_members.rows(tx, *_columns(kin.wholes(touched), 2)):
        kin.add_member(row["consortium_id"], row["organisation_id"], row["through_id"])
    return kin


async def _load_mandates(tx: Tx, world: World, senders: Collection[str]) -> None:
    if not world.regions:
        return
    for row in await Q.mandates_of.rows(tx, list(world.regions), sorted(senders)):
        key = (row["consortium_id"], row["sender"], row["organisation_id"])
        world.mandates[key] = (row["from_day"], row["until_day"])


async def _load_standings(tx: Tx, world: World) -> None:
    touched = world.organisations_touched()
    if not touched:
        return
    for row in await Q.sufficing_standings.rows(tx, *_columns(touched, 2)):
        key = (row["consortium_id"], row["organisation_id"])
        world.standings.setdefault(key, []).append((row["from_day"], row["until_day"]))


async def pledged_on(tx: Tx, asked: Collection[tuple[UUID, UUID, date]]) -> frozenset[tuple[UUID, UUID, date]]:
    """Those (region, organisation, day) for which a pledge holds here."""
    rows = await Q.pledged_on.rows(tx, *_columns(sorted(asked), 3)) if asked else []
    return frozenset((row["consortium_id"], row["organisation_id"], row["day"]) for row in rows)


def _buckets(world: World, asked: Sequence[Asked]) -> set[int]:
    """The locks of the activities and the evidence in these records."""
    found: set[int] = set()
    for _, record in asked:
        placed = world.place(record)
        region, organisation = placed.region, placed.organisation_id
        if region is None:
            continue
        if record.counts_hours and organisation is not None:
            if (number := world.numbers.get((region.id, organisation))) is not None:
                found.add(company_bucket(number))
            found.update(world.kin.buckets(region.id, organisation))
        if record.activity_ref is not None:
            found.add(bucket("activity", region.id, record.activity_ref))
        found.update(bucket("evidence", piece.sha256) for piece in record.evidence)
    return found


async def _load_earlier(tx: Tx, world: World, asked: Sequence[Asked]) -> None:
    """Earlier records that these refer to, their contributions locked."""
    named = sorted({(sender, record.refers_to) for sender, record in asked if record.refers_to is not None})
    if named:
        for stored in await earlier_records(tx, named):
            world.records[stored.sender, stored.id] = stored


async def earlier_records(tx: Tx, named: Sequence[tuple[str, str]]) -> list[Stored]:
    """These records of senders and what they stood in for; their contributions are locked."""
    rows = await Q.earlier_records.rows(tx, *_columns(named, 2))
    ids = sorted({(row["consortium_id"], row["contribution_id"]) for row in rows if row["contribution_id"]})
    found: dict[tuple[UUID, UUID], Row] = {}
    if ids:
        for row in await Q.lock_contributions.rows(tx, *_columns(ids, 2)):
            found[row["consortium_id"], row["contribution_id"]] = row
    return [_stored(row, found.get((row["consortium_id"], row["contribution_id"]))) for row in rows]


def _stored(row: Row, contribution: Row | None) -> Stored:
    return Stored(
        row["sender"],
        row["record_id"],
        row["consortium_id"],
        row["state"],
        row["outcome"],
        row["organisation_id"],
        row["replaces"],
        row["settled_by"],
        contribution_of(contribution) if contribution is not None else None,
        tuple(Reason(**each) for each in json.loads(row["reasons"])),
    )


async def _load_booked(tx: Tx, world: World, asked: Sequence[Asked]) -> None:
    """Hours, lessons and evidence that are in the books already."""
    workers: set[tuple[UUID, UUID, str, str, date]] = set()
    activities: set[tuple[UUID, str]] = set()
    spent: set[tuple[UUID, UUID, date, str]] = set()
    fingerprints: set[bytes] = set()
    for sender, record in asked:
        placed = world.place(record)
        if placed.region is None or placed.organisation_id is None:
            continue
        region, organisation = placed.region.id, placed.organisation_id
        whole = world.kin.whole(region, organisation)
        if record.worker_ref is not None:
            workers.update((region, each, sender, record.worker_ref, record.day) for each in whole)
        if record.activity_ref is not None:
            activities.add((region, record.activity_ref))
        if record.counts_hours:
            others = world.kin.akin(region, organisation)
            spent.update((region, each, record.day, record.line) for each in whole | others)
        fingerprints.update(each for each, _ in world.wanted(record, sender, region, organisation))
    if workers:
        for row in await Q.worked_minutes.rows(tx, *_columns(sorted(workers), 5)):
            key = (row["consortium_id"], row["organisation_id"], row["sender"], row["worker_ref"], row["day"])
            world.worked[key] = row["minutes"]
    if activities:
        for row in await Q.confirmed_activities.rows(tx, *_columns(sorted(activities), 2)):
            activity = row["consortium_id"], row["activity_ref"]
            world.confirmed.setdefault(activity, []).append((row["organisation_id"], row["line"], row["school_id"]))
            if row["booked"]:
                world.activities.add(activity)
    if spent:
        for row in await Q.hours_on_days.rows(tx, *_columns(sorted(spent), 4)):
            place = (row["consortium_id"], row["organisation_id"], row["day"], row["line"])
            if row["lesson"]:
                world.lesson_days.add(place)
            else:
                told = (row["sender"], row["activity_ref"], row["minutes"])
                world.coinciding.setdefault(place, {})[told] = row["contributions"]
    if fingerprints:
        await _load_claims(tx, world, sorted(fingerprints))


async def _load_claims(tx: Tx, world: World, wanted: Sequence[bytes]) -> None:
    """Of these, what the regions of the transaction claimed themselves, by contribution, and elsewhere, by place."""
    anywhere = await Q.fingerprint_places.rows(tx, wanted)
    if not anywhere:
        return
    ours: set[Claimed] = set()
    for row in await Q.fingerprint_claims.rows(tx, list(world.regions), wanted):
        ours.add((row["fingerprint"], row["place"]))
        world.claims.setdefault(row["fingerprint"], {})[row["contribution_id"]] = row["place"]
    for row in anywhere:
        if (row["fingerprint"], row["place"]) not in ours:
            world.claims.setdefault(row["fingerprint"], {})[row["place"]] = row["place"]


async def deliveries(tx: Tx, contributions: Sequence[UUID]) -> dict[UUID, str]:
    """How the records were delivered that declared these contributions of the region."""
    rows = await Q.deliveries_of.rows(tx, tx.consortium_id, contributions) if contributions else []
    return {row["contribution_id"]: row["record"] for row in rows}


async def latest_seals(tx: Tx, regions: Collection[UUID]) -> dict[UUID, ReceiptSeal]:
    """The head of each region's chain, for receipts."""
    rows = await Q.latest_seals.rows(tx, list(regions)) if regions else []
    return {row["consortium_id"]: ReceiptSeal(count=row["entry_count"], head=row["head"]) for row in rows}


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of one record, to be kept. `id` names it in our own addresses."""

    id: UUID
    sender: str
    record_id: str
    record: str
    origin: str
    received_at: datetime
    outcome: str
    reasons: tuple[Reason, ...]
    content: Mapping[str, Any] | None
    replaces: str | None
    organisation_id: UUID | None
    contribution_id: UUID | None


async def add_records(tx: Tx, kept: Sequence[Kept]) -> None:
    rows = [
        (
            each.id,
            each.sender,
            each.record_id,
            each.record,
            each.origin,
            each.received_at,
            each.outcome,
            json.dumps([asdict(reason) for reason in each.reasons]),
            json.dumps(each.content) if each.content is not None else None,
            each.replaces,
            each.organisation_id,
            each.contribution_id,
        )
        for each in kept
    ]
    if rows:
        await Q.add_intake_records.execute(tx, tx.consortium_id, *_columns(rows, 12))


async def settle(tx: Tx, told: Sequence[tuple[str, str, str, str | None]]) -> None:
    """Sender, record id, new state and the id of the record that caused it, of records that fared otherwise since."""
    if told:
        await Q.settle_records.execute(tx, tx.consortium_id, *_columns(told, 4))


async def add_receipts(tx: Tx, made: Sequence[tuple[UUID, str, ContributionReceipt]], at: datetime) -> None:
    """Keeps receipts: id, sender and what is published."""
    rows = [(receipt_id, sender, receipt.id, receipt.to_json().decode()) for receipt_id, sender, receipt in made]
    if rows:
        await Q.add_receipts.execute(tx, tx.consortium_id, at, *_columns(rows, 4))


async def claim(tx: Tx, claims: Iterable[tuple[bytes, UUID, bytes]]) -> None:
    """Fingerprint, contribution and place of what contributions of the region claim."""
    if rows := sorted(set(claims)):
        made, contributions, places = _columns(rows, 3)
        await Q.add_fingerprint_claims.execute(tx, tx.consortium_id, made, contributions, places)


async def free(tx: Tx, contributions: Collection[UUID]) -> None:
    """These contributions claim nothing any more."""
    if not contributions:
        return
    rows = await Q.drop_fingerprint_claims.rows(tx, tx.consortium_id, sorted(contributions))
    if rows:
        await Q.drop_fingerprints.execute(tx, [row["fingerprint"] for row in rows], [row["place"] for row in rows])


@dataclass(frozen=True, slots=True)
class KeptReceipt:
    """A receipt as it was published, and its place in the order."""

    place: tuple[int, int]
    consortium_id: UUID
    sender: str
    at: datetime
    body: dict[str, Any]


async def receipts_after(tx: Tx, sender: str | None, after: tuple[int, int], limit: int) -> list[KeptReceipt]:
    """Receipts after a place: of one sender, or of all in the regions of the transaction."""
    horizon = await Q.receipts_horizon.value(tx)
    return [
        KeptReceipt(
            (row["written_in"], row["receipt_no"]),
            row["consortium_id"],
            row["sender"],
            row["at"],
            json.loads(row["body"]),
        )
        for row in await Q.receipts_after.rows(tx, sender, *after, limit, horizon)
    ]


def _columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    return [[row[place] for row in rows] for place in range(width)]
