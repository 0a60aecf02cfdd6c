"""What each page shows, asked from the read model: data only, no words and no markup."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Any
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Database, Tx
from services.dashboard.domain.standing import Cell, Reading, Standing, Sum, readings_of
from services.dashboard.domain.today import Waiting, most_at_stake
from services.dashboard.store import Q

AHEAD_DAYS = 30
_UNDIVIDED = ({"line": "unallocated", "kind": "unallocated", "cents": 0},)


@dataclass(frozen=True, slots=True)
class Named:
    """What things of a region are called."""

    organisations: Mapping[UUID, Record]
    lines: Mapping[str, Record]

    def who(self, organisation_id: UUID | None) -> str:
        found = self.organisations.get(organisation_id) if organisation_id else None
        return str(found["name"]) if found else str(organisation_id or "\u2013")[:8]

    def line(self, code: str | None) -> str:
        found = self.lines.get(code or "")
        return str(found["title"]) if found else str(code or "\u2013")


async def named(tx: Tx) -> Named:
    region = tx.consortium_id
    return Named(
        {row["organisation_id"]: row for row in await Q.organisations.rows(tx, region)},
        {row["code"]: row for row in await Q.lines.rows(tx, region)},
    )


async def standing(tx: Tx, on: date) -> Standing:
    """The co-financing as of a day, against the threshold that funding told last."""
    cells = tuple(Cell(**row) for row in await Q.cells.rows(tx, tx.consortium_id, on))
    return Standing(cells, (await _readings(tx, [tx.consortium_id])).get(tx.consortium_id, ()))


async def sums(tx: Tx, regions: Sequence[UUID], on: date) -> dict[UUID, Sum]:
    """What the standings of several regions come to, added up by the database."""
    readings = await _readings(tx, regions)
    found = {row["consortium_id"]: row for row in await Q.sums.rows(tx, list(regions), on)}
    return {
        region: Sum(
            found[region]["realised_cents"] if region in found else 0,
            found[region]["forecast_cents"] if region in found else 0,
            readings.get(region, ()),
        )
        for region in regions
    }


async def _readings(tx: Tx, regions: Sequence[UUID]) -> dict[UUID, tuple[Reading, ...]]:
    rows = await Q.positions.rows(tx, list(regions))
    return {row["consortium_id"]: readings_of(_json(row["readings"])) for row in rows}


def _json(value: Any) -> Any:
    """asyncpg gives jsonb as text."""
    return json.loads(value) if isinstance(value, str) else value


# -- today


async def today(tx: Tx, on: date) -> dict[str, Any]:
    """Is money about to be lost, and what to do about it."""
    names, stands = await named(tx), await standing(tx, on)
    return {"names": names, "standing": stands, "todo": most_at_stake(await _waiting(tx, names, stands, on), on)}


async def _waiting(tx: Tx, names: Named, stands: Standing, on: date) -> list[Waiting]:
    region = tx.consortium_id
    found = [
        Waiting(
            "phone",
            cell.at_stake_cents,
            who=names.who(cell.organisation_id),
            page=f"cofinancing#{cell.organisation_id}",
        )
        for cell in stands.calls(3)
    ]
    declared = await Q.waiting.row(tx, region)
    if declared and declared["records"]:
        found.append(Waiting("accept", declared["cents"], declared["records"], page="cofinancing"))
    divisions = await Q.allocations.rows(tx, region)
    for each in divisions:
        if not each["approved"] and _is_last(each, divisions):
            cents = sum(line["cents"] for line in _json(each["lines"]))
            found.append(Waiting("approve-allocation", cents, who=each["code"], page="programme#divisions"))
    found += [
        Waiting("approve-claim", each["cents"], who=names.who(each["organisation_id"]), page="programme#claims")
        for each in await Q.claims_waiting.rows(tx, region)
    ]
    held = [each for each in await Q.records.rows(tx, region) if each["outcome"] == "held"]
    if held:
        found.append(Waiting("held", count=sum(each["records"] for each in held), page="cofinancing#refusals"))
    found += [
        Waiting("unanswered", who=names.who(each["organisation_id"]), by=each["deadline"], page="cofinancing")
        for each in await Q.unanswered.rows(tx, region)
    ]
    found += await _agreements_due(tx)
    soon = on + timedelta(days=AHEAD_DAYS)
    found += [
        Waiting("deadline", who=each["title"], by=each["day"], page="planning")
        for each in await Q.milestones.rows(tx, region)
        if each["state"] != "cancelled" and each["kind"] == "deadline" and on <= each["day"] <= soon
    ]
    requests = [each for each in await Q.requests.rows(tx, region) if each["until_day"] >= on]
    if requests:
        found.append(
            Waiting("unmatched", count=len(requests), by=requests[0]["until_day"], page="activities#unmatched")
        )
    return found


async def _agreements_due(tx: Tx) -> list[Waiting]:
    found = await agreement(tx)
    return [
        Waiting("unsigned", count=len(each["due"]), who=each["title"], by=each["sign_until"], page="agreement")
        for each in found["agreements"]
        if each["due"] and each["since"] is None
    ]


def _is_last(one: Record, rows: Iterable[Record]) -> bool:
    """Whether no later division of the same grant exists: earlier proposals were overtaken."""
    return not any(each["grant_id"] == one["grant_id"] and each["number"] > one["number"] for each in rows)


async def alarms(database: Database, region: UUID, *, all_of_it: bool) -> list[Record]:
    """What is raised now: of this region, and for an operator of everything."""
    rows = await Q.open_alarms.rows(database.pool)
    return [row for row in rows if all_of_it or row["region"] == region]


# -- money


async def programme(tx: Tx, on: date) -> dict[str, Any]:
    """The grant, its two parts, and what every line was given, committed, claimed and has left."""
    region, names = tx.consortium_id, await named(tx)
    grants, divisions = await Q.grants.rows(tx, region), await Q.allocations.rows(tx, region)
    spending = {row["line"]: row for row in await Q.spending.rows(tx, region)}
    lines: dict[tuple[str, str], int] = {}
    for grant in grants:
        of_grant = [
            each
            for each in divisions
            if each["grant_id"] == grant["grant_id"] and each["approved"] and each["effective_on"] <= on
        ]
        divided = max(of_grant, key=lambda each: (each["effective_on"], each["number"]), default=None)
        shares: list[dict[str, Any]] = _json(divided["lines"]) if divided else list(_UNDIVIDED)
        given = sum(share["cents"] for share in shares)
        for share in shares:
            rest = grant["cents"] - given if share["kind"] == "unallocated" else 0
            key = share["kind"], share["line"]
            lines[key] = lines.get(key, 0) + share["cents"] + rest
    rows: list[dict[str, Any]] = [
        {
            "kind": kind,
            "line": line,
            "title": names.line(line) if kind != "unallocated" else None,
            "allocated": cents,
            "committed": spending[line]["committed_cents"] if line in spending else 0,
            "claimed": spending[line]["claimed_cents"] if line in spending else 0,
            "paid": spending[line]["paid_cents"] if line in spending else 0,
        }
        for (kind, line), cents in lines.items()
    ]
    order = {code: place for place, code in enumerate(names.lines)}
    kinds = ("spearhead", "location", "unallocated")
    rows.sort(key=lambda row: (kinds.index(row["kind"]), order.get(row["line"], 999), row["line"]))
    return {
        "names": names,
        "programme": await Q.programme.row(tx, region),
        "grants": grants,
        "rows": rows,
        "divisions": [
            {**dict(each), "cents": sum(line["cents"] for line in _json(each["lines"]))} for each in divisions
        ],
        "claims": await Q.claims_waiting.rows(tx, region),
        "books": await Q.books.row(tx, region),
    }


async def cofinancing(tx: Tx, on: date) -> dict[str, Any]:
    """The position, whom to phone, and by line, partner and month."""
    region = tx.consortium_id
    return {
        "names": await named(tx),
        "standing": await standing(tx, on),
        "months": await Q.months.rows(tx, region, on),
        "records": await Q.records.rows(tx, region),
        "held": await Q.held.rows(tx, region),
        "waiting": await Q.waiting.row(tx, region),
    }


async def evidence(
    tx: Tx, on: date, organisation_id: UUID | None, line: str | None, month: date | None
) -> dict[str, Any]:
    """The contributions behind a number."""
    rows = await Q.evidence.rows(tx, tx.consortium_id, on, organisation_id, line, month, 500)
    return {"names": await named(tx), "rows": rows, "who": organisation_id, "line": line, "month": month}


# -- people and plans


async def agreement(tx: Tx) -> dict[str, Any]:
    """Who signed each agreement, and who has yet to."""
    parties: dict[UUID, list[Record]] = {}
    for row in await Q.parties.rows(tx, tx.consortium_id):
        parties.setdefault(row["agreement_id"], []).append(row)
    found = []
    for each in await Q.agreements.rows(tx, tx.consortium_id):
        of_it = parties.get(each["agreement_id"], [])
        found.append(
            {
                **dict(each),
                "signed": sorted((p for p in of_it if p["signed_on"]), key=lambda p: p["signed_on"]),
                "due": [p for p in of_it if not p["signed_on"]],
            }
        )
    return {"names": await named(tx), "agreements": found}


async def activities(tx: Tx) -> dict[str, Any]:
    """Lessons and visits, what schools ask for in vain, and how they spread over schools."""
    rows = await Q.activities.rows(tx, tx.consortium_id)
    schools: dict[UUID, int] = {}
    for row in rows:
        if row["state"] in ("booked", "completed", "confirmed") and row["school_id"]:
            schools[row["school_id"]] = schools.get(row["school_id"], 0) + 1
    return {
        "names": await named(tx),
        "coming": [row for row in rows if row["state"] in ("held", "booked")],
        "been": [row for row in rows if row["state"] not in ("held", "booked")],
        "requests": await Q.requests.rows(tx, tx.consortium_id),
        "schools": sorted(schools.items(), key=lambda item: -item[1]),
    }


async def planning(tx: Tx) -> dict[str, Any]:
    """The dates of the region, with who was told."""
    notices = {row["state"]: row["notices"] for row in await Q.notices.rows(tx, tx.consortium_id)}
    return {"milestones": await Q.milestones.rows(tx, tx.consortium_id), "notices": notices}


# -- events


async def flow(tx: Tx) -> dict[str, Any]:
    """What was heard lately."""
    return {
        "lately": await Q.lately.rows(tx, tx.consortium_id, 25),
        "books": await Q.books.row(tx, tx.consortium_id),
    }


async def journey(tx: Tx, wanted: str) -> list[Record]:
    """All that was heard of one thing, and all that was caused together with it, in time."""
    about = await Q.about.rows(tx, tx.consortium_id, wanted)
    causes = sorted({row["correlation_id"] for row in about if row["correlation_id"]}, key=str)
    if wanted_id := _uuid(wanted):
        causes.append(wanted_id)
    together = await Q.caused.rows(tx, tx.consortium_id, causes[:50]) if causes else []
    found = {row["event_id"]: row for row in (*about, *together)}
    return sorted(found.values(), key=lambda row: (row["occurred_at"], row["heard_at"]))


def doings(settled: Iterable[tuple[str, Any]], failed: Iterable[Record]) -> list[dict[str, Any]]:
    """Who did what to dead letters, the last first: what the services keep, and what was tried here in vain."""
    done = [
        {
            "at": letter.closed_at.ToDatetime(UTC),
            "who": letter.closed_by,
            "service": service,
            "what": "discard" if letter.state == "discarded" else "replay",
            "outcome": "done",
            "reason": letter.closed_because,
            "id": letter.id,
        }
        for service, letter in settled
    ]
    tried = [{**dict(row), "who": row["actor"], "id": str(row["dead_letter"])} for row in failed]
    return sorted([*done, *tried], key=lambda each: each["at"], reverse=True)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
