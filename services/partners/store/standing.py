"""What standing depends on, and the standings that follow from it: rows to rules and back, always sets of them."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.partners.domain.periods import Period
from services.partners.domain.standing import (
    DatedGround,
    Ground,
    Mandate,
    OnRecord,
    Pledged,
    SignedParty,
    Standing,
)
from services.partners.events import StandingGround
from services.partners.store import Q


async def lock_policy(tx: Tx) -> frozenset[Ground] | None:
    """The region's policy, held until the end of the transaction; None when the region was not founded."""
    row = await Q.lock_policy.row(tx, tx.consortium_id)
    return frozenset(Ground(each) for each in row["standing_policy"]) if row else None


async def members_under(tx: Tx, umbrellas: Collection[UUID]) -> list[UUID]:
    """The organisations for which one of these ever signs."""
    return [row["member_id"] for row in await Q.members_under.rows(tx, tx.consortium_id, list(umbrellas))]


async def organisations(tx: Tx) -> list[UUID]:
    """The organisations that have, or had, a ground."""
    return [row["organisation_id"] for row in await Q.organisations_with_standing.rows(tx, tx.consortium_id)]


async def on_record(tx: Tx, wanted: Collection[UUID]) -> OnRecord:
    """All that the standing of these organisations depends on: three statements, however many they are."""
    region = tx.consortium_id
    mandates = [
        Mandate(row["umbrella_id"], row["member_id"], Period(row["first_day"], row["last_day"]))
        for row in await Q.mandates_of.rows(tx, region, list(wanted))
    ]
    signing = list({*wanted, *(each.umbrella_id for each in mandates)})
    parties = [
        SignedParty(
            row["organisation_id"],
            Period(row["first_day"], row["last_day"]),
            row["in_force_since"],
            row["signed_on"],
        )
        for row in await Q.signed_parties.rows(tx, region, signing)
    ]
    pledges = [
        Pledged(row["organisation_id"], Period(row["first_day"], row["last_day"]))
        for row in await Q.pledges_of.rows(tx, region, list(wanted))
    ]
    return OnRecord(parties, mandates, pledges)


async def kept(tx: Tx, wanted: Collection[UUID]) -> dict[UUID, Standing]:
    """The standings of these organisations, as published last; none for who never had a ground."""
    rows = await Q.standings_of.rows(tx, tx.consortium_id, list(wanted))
    return {row["organisation_id"]: _standing(row) for row in rows}


async def save(tx: Tx, changed: Collection[Standing]) -> dict[UUID, int]:
    """Writes standings that changed; the version of each."""
    rows = await Q.save_standings.rows(
        tx, tx.consortium_id, [each.organisation_id for each in changed], [_grounds(each) for each in changed]
    )
    return {row["organisation_id"]: row["version"] for row in rows}


async def asked(tx: Tx, questions: Collection[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Standing]:
    """The standings of (consortium, organisation)s; without those that the consortium does not have."""
    regions, wanted = [region for region, _ in questions], [each for _, each in questions]
    rows = await Q.standings_asked.rows(tx, regions, wanted)
    return {(row["consortium_id"], row["organisation_id"]): _standing(row) for row in rows}


@dataclass(frozen=True, slots=True)
class Listed:
    """An organisation by its code, with its standing."""

    code: str
    standing: Standing


async def listed_after(tx: Tx, code: str, limit: int) -> list[Listed]:
    rows = await Q.standings_after.rows(tx, tx.consortium_id, code, limit)
    return [Listed(row["code"], _standing(row)) for row in rows]


async def listed(tx: Tx, code: str) -> Listed | None:
    row = await Q.standing_by_code.row(tx, tx.consortium_id, code)
    return Listed(row["code"], _standing(row)) if row else None


@dataclass(frozen=True, slots=True)
class HeardPledge:
    """A pledge as funding told of it."""

    consortium_id: UUID
    pledge_id: UUID
    organisation_id: UUID
    first_day: date
    last_day: date
    sequence: int


async def save_pledges(tx: Tx, heard: Sequence[HeardPledge]) -> frozenset[tuple[UUID, UUID]]:
    """Keeps pledges, each once in the list; the (consortium, organisation)s for which that changed something."""
    rows = await Q.save_pledges.rows(
        tx,
        [each.consortium_id for each in heard],
        [each.pledge_id for each in heard],
        [each.organisation_id for each in heard],
        [each.first_day for each in heard],
        [each.last_day for each in heard],
        [each.sequence for each in heard],
    )
    touched = {(row["consortium_id"], row["organisation_id"]) for row in rows}
    before = {(row["consortium_id"], row["old_organisation_id"]) for row in rows if row["old_organisation_id"]}
    return frozenset(touched | before)


def _grounds(standing: Standing) -> str:
    published = standing.changed().grounds
    return json.dumps([each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in published])


def _standing(row: Record) -> Standing:
    told = [StandingGround.model_validate(each) for each in json.loads(row["grounds"] or "[]")]
    grounds = tuple(
        DatedGround(
            Ground(each.ground),
            Period(each.first_day, each.last_day),
            each.suffices,
            each.through_organisation_id,
        )
        for each in told
    )
    return Standing(row["organisation_id"], grounds, row["version"] or 0)
