"""Putting the country's regions into the running services, as their programme offices would: over REST, one by one."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2

from bench.national.world import FIRST, LAST, LINES, SCHEME, RegionMade
from cli.portal import Portal
from deploy.embedded.folders import PROJECT
from deploy.embedded.supervisor import Stack
from runtime import ids

AT_ONCE, REGIONS_AT_ONCE = 6, 3
SCHOOLS = ("school-noord", "school-zuid")
PERIOD = {"from": FIRST.isoformat(), "until": LAST.isoformat()}
T = TypeVar("T")
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Desk:
    """Who acts for a region: its office, and the controller, who is another person."""

    made: RegionMade
    office: Portal
    controller: Portal


async def desk(client: httpx2.AsyncClient, stack: Stack, made: RegionMade) -> Desk:
    """The office and the controller of a region, signed in anew."""
    tenant = ids.consortium_id(made.code)
    office = await Portal.sign_in(client, stack, f"{made.code}-office", ["office"], tenant)
    controller = await Portal.sign_in(client, stack, f"{made.code}-controller", ["controller"], tenant)
    return Desk(made, office, controller)


async def load(client: httpx2.AsyncClient, stack: Stack, regions: Sequence[RegionMade], say: Progress) -> int:
    """Everything about every region except its records; how many things were put."""
    scheme = json.loads((PROJECT / "services" / "funding" / "schemes" / f"{SCHEME}.json").read_text(encoding="utf-8"))
    done = 0

    async def one(made: RegionMade) -> None:
        nonlocal done
        operator = await Portal.sign_in(client, stack, "operator-1", ["operator"], ids.consortium_id(made.code))
        put = await _load(await desk(client, stack, made), operator, stack.issuer, scheme)
        done += put
        say(f"{done} things put")

    await side_by_side((one(each) for each in regions), REGIONS_AT_ONCE)
    return done


async def _load(desk: Desk, operator: Portal, issuer: str, scheme: dict[str, Any]) -> int:
    made, office = desk.made, desk.office
    await office.put("partners", f"/v1/consortia/{made.code}", _consortium(made))
    await side_by_side(office.put("partners", f"/v1/organisations/{code}", _school(code)) for code in SCHOOLS)
    firms = made.companies
    await side_by_side(office.put("partners", f"/v1/organisations/{code}", _company(made, code)) for code in firms)
    await office.put("partners", "/v1/programmes/2020-2024", _programme())
    for person in ("office", "controller"):
        await office.put("partners", f"/v1/persons/{person}", _person(made, person))
        account = {"issuer": issuer, "subject": f"{made.code}-{person}"}
        await office.put("partners", f"/v1/persons/{person}/account", account)
    await _known(office)
    await office.put("funding", f"/v1/schemes/{SCHEME}", scheme)
    await office.put("funding", "/v1/grants/grant", _grant(made))
    plan = await office.put("funding", "/v1/allocations/division", _division())
    await desk.controller.post("funding", f"/v1/allocations/{plan['id']}/approval")
    await operator.put("funding", f"/v1/senders/{made.code}", {"title": f"Payrolls of {made.name}"})
    await side_by_side(office.put("funding", f"/v1/pledges/{code}", _pledge(made, code)) for code in firms)
    mandate = {"from": FIRST.isoformat()}
    await side_by_side(office.put("funding", f"/v1/senders/{made.code}/mandates/{code}", mandate) for code in firms)
    return 12 + len(SCHOOLS) + 3 * len(firms)


async def _known(office: Portal) -> None:
    """Returns when funding has heard of everything that was put at partners."""
    for event in office.events:
        await office.get("funding", "/v1/grants", **{"Wait-For": event})


async def side_by_side(work: Iterable[Awaitable[T]], at_once: int = AT_ONCE) -> list[T]:
    """Does independent work side by side, so many at once; the answers in the given order."""
    free = asyncio.Semaphore(at_once)

    async def one(each: Awaitable[T]) -> T:
        async with free:
            return await each

    return list(await asyncio.gather(*(one(each) for each in work)))


def _consortium(made: RegionMade) -> dict[str, Any]:
    return {
        "name": f"STO {made.name} (verzonnen)", "zone": "Europe/Amsterdam", "currency": "EUR", "language": "nl",
        "standingPolicy": ["pledge"],
    }  # fmt: skip


def _school(code: str) -> dict[str, Any]:
    return {"name": f"Vmbo {code} (verzonnen)", "kind": "vmbo"}


def _company(made: RegionMade, code: str) -> dict[str, Any]:
    return {"name": f"{code} te {made.name} (verzonnen)", "kind": "company"}


def _person(made: RegionMade, code: str) -> dict[str, Any]:
    return {
        "name": code, "email": f"{code}@{made.code}.example", "language": "nl", "organisation": SCHOOLS[0],
        "roles": ["office"],
    }  # fmt: skip


def _programme() -> dict[str, Any]:
    lines = {
        kind: [{"code": code, "title": code} for code, other in LINES.items() if other == kind]
        for kind in ("spearhead", "location")
    }
    locations = [line | {"organisation": line["code"]} for line in lines["location"]]
    return {"title": "Sterk techniekonderwijs", **PERIOD, "spearheads": lines["spearhead"], "locations": locations}


def _grant(made: RegionMade) -> dict[str, Any]:
    return {"scheme": SCHEME, "cents": made.grant_cents, "awardedOn": "2019-12-01", **PERIOD}


def _division() -> dict[str, Any]:
    envelopes = [
        {
            "code": kind, "kind": kind, "shareBasisPoints": 4_500,
            "lines": [{"line": code, "weight": 1} for code, other in LINES.items() if other == kind],
        }
        for kind in ("spearhead", "location")
    ]  # fmt: skip
    return {"grant": "grant", "effectiveOn": FIRST.isoformat(), "reason": "Equal parts.", "envelopes": envelopes}


def _pledge(made: RegionMade, company: str) -> dict[str, Any]:
    promised = [{"line": "instroom", "minutes": 60 * max(1, 2 * made.records // len(made.companies))}]
    return {"organisation": company, "signedOn": "2019-12-01", **PERIOD, "lines": promised}
