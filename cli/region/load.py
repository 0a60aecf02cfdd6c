"""Puts a region folder into the running services, over REST, as its programme office would.

Everything has a code, so it is put if it changed and never twice; nothing is ever deleted. What people do later in the
story - circulate and sign, approve, hold a lesson, publish hours - is not done here.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from cli.portal import Portal
from cli.region.model import Allocation, Grant, Region
from runtime import ids

SCHEMES = Path(__file__).resolve().parents[2] / "services" / "funding" / "schemes"
AT_ONCE = 12
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Put:
    """One thing to put. `once` is posted when `known` does not show its code yet: for what is added, never changed."""

    service: str
    path: str
    body: dict[str, Any]
    by: Literal["office", "operator"] = "office"
    once: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Things that can be put side by side; all of them before the next step. `copied`: other services keep a copy."""

    what: str
    puts: tuple[Put, ...]
    copied: bool = False


@dataclass(slots=True)
class Loaded:
    """How many things were created, changed or left as they were, by what they are."""

    by_step: dict[str, Counter[str]] = field(default_factory=dict)

    @property
    def results(self) -> dict[str, int]:
        """Created, changed and unchanged over all."""
        return dict(sum(self.by_step.values(), Counter[str]()))

    def __str__(self) -> str:
        lines = [f"{what:20} {_told(counts)}" for what, counts in self.by_step.items()]
        return "\n".join([*lines, f"{'in all':20} {_told(self.results)}"])


def partners_steps(region: Region, issuer: str) -> Iterator[Step]:
    """What partners knows of a region; the others learn it from partners."""

    def put(path: str, body: dict[str, Any]) -> Put:
        return Put("partners", f"/v1/{path}", body)

    yield Step("consortium", (put(f"consortia/{region.code}", region.consortium.body()),), copied=True)
    organisations = tuple(put(f"organisations/{each.code}", each.body("code")) for each in region.organisations)
    yield Step("organisations", organisations, copied=True)
    yield Step("programme", (put(f"programmes/{region.programme.code}", region.programme.body()),), copied=True)
    yield Step("persons", tuple(put(f"persons/{p.code}", p.body("code", "accounts")) for p in region.persons))
    accounts = ((person.code, subject) for person in region.persons for subject in person.accounts)
    yield Step(
        "accounts",
        tuple(put(f"persons/{code}/account", {"issuer": issuer, "subject": subject}) for code, subject in accounts),
    )
    yield Step("memberships", tuple(put(f"memberships/{m.code}", m.body("code")) for m in region.memberships))
    mandates = region.umbrella_mandates
    yield Step("umbrella mandates", tuple(put(f"umbrella-mandates/{m.code}", m.body("code")) for m in mandates))
    yield Step("working groups", tuple(put(f"working-groups/{g.code}", g.body("code")) for g in region.working_groups))
    if region.agreement is not None:
        yield Step("agreement", (put(f"agreements/{region.agreement.code}", agreement_body(region)),))


def agreement_body(region: Region) -> dict[str, Any]:
    """The agreement as it is drawn up: what its parties fill in and sign comes later, from themselves."""
    agreement = region.agreement
    if agreement is None:
        raise ValueError("this region has no agreement")
    parties = [{"organisation": p.organisation, "role": p.role, "counts": p.counts} for p in agreement.parties]
    return {**agreement.body("code", "parties"), "parties": parties}


def funding_steps(region: Region) -> Iterator[Step]:
    """The money, what is promised, and who may declare."""
    if region.grant is not None:
        yield from _grant_steps(region, region.grant)
    yield Step(
        "statements", tuple(Put("funding", f"/v1/statements/{s.code}", s.body("code")) for s in region.statements)
    )
    yield Step("pledges", tuple(Put("funding", f"/v1/pledges/{p.code}", p.body("code")) for p in region.pledges))
    senders = region.senders
    yield Step(
        "senders", tuple(Put("funding", f"/v1/senders/{s.code}", {"title": s.title}, "operator") for s in senders)
    )
    yield Step(
        "mandates",
        tuple(
            Put("funding", f"/v1/senders/{sender.code}/mandates/{each.organisation}", each.body("organisation"))
            for sender in senders
            for each in sender.mandates
        ),
    )


def _grant_steps(region: Region, grant: Grant) -> Iterator[Step]:
    yield Step("scheme", (Put("funding", f"/v1/schemes/{grant.scheme}", scheme(region, grant)),))
    yield Step("grant", (Put("funding", f"/v1/grants/{grant.code}", grant.body("code")),))
    for each in region.supplements:
        added = Put("funding", f"/v1/grants/{grant.code}", each.body(), once=each.code)
        yield Step("supplement", (added,))
    if region.allocation is not None:
        plan = plan_body(grant, region.allocation)
        yield Step("allocation", (Put("funding", f"/v1/allocations/{region.allocation.code}", plan),))


def scheme(region: Region, grant: Grant) -> dict[str, Any]:
    """The rules of the grant's scheme: the region's own copy in schemes/, else the one that comes with funding."""
    name = f"{grant.scheme}.json"
    own = region.folder / "schemes" / name
    found: dict[str, Any] = json.loads((own if own.exists() else SCHEMES / name).read_text(encoding="utf-8"))
    return found


def plan_body(grant: Grant, allocation: Allocation) -> dict[str, Any]:
    """A division of the grant, to propose or to calculate."""
    return {**allocation.body("code"), "grant": grant.code}


def other_steps(region: Region) -> Iterator[Step]:
    """The planning, and what is offered and asked."""
    tenant = ids.consortium_id(region.code)

    def organisation(code: str) -> str:
        return str(ids.coded_id(tenant, "organisation", code))

    milestones = region.milestones
    yield Step(
        "milestones", tuple(Put("notifications", f"/v1/milestones/{m.code}", m.body("code")) for m in milestones)
    )
    yield Step(
        "offers",
        tuple(
            Put(
                "activities",
                f"/v1/offers/{each.code}",
                each.body("code", "company") | {"companyId": organisation(each.company)},
            )
            for each in region.offers
        ),
    )
    yield Step(
        "requests",
        tuple(
            Put(
                "activities",
                f"/v1/requests/{each.code}",
                each.body("code", "school") | {"schoolId": organisation(each.school)},
            )
            for each in region.requests
        ),
    )
    yield Step(
        "imports",
        tuple(
            Put(
                "activities",
                f"/v1/imports/{each.external_ref}",
                each.body("external_ref", "school", "company")
                | {"schoolId": organisation(each.school), "companyId": organisation(each.company)},
            )
            for each in region.imports
        ),
    )


async def load(region: Region, office: Portal, operator: Portal, issuer: str) -> Loaded:
    """Puts all of it; what is there already stays as it is. Raises Refused with the sentence of the service.

    Loading twice changes nothing; adding something to the folder and loading again adds that.
    """
    done = Loaded()
    copied: list[str] = []
    for step in partners_steps(region, issuer):
        known = len(office.events)
        await _put(step, office, operator, done)
        if step.copied:
            copied += office.events[known:]
    await _arrived(office, copied)
    for step in (*funding_steps(region), *other_steps(region)):
        await _put(step, office, operator, done)
    return done


async def _put(step: Step, office: Portal, operator: Portal, done: Loaded) -> None:
    before = Counter(office.results) + Counter(operator.results)
    posted = await together(_one(office if each.by == "office" else operator, each) for each in step.puts)
    counts = Counter(office.results) + Counter(operator.results) - before + Counter(filter(None, posted))
    if counts:
        done.by_step[step.what] = done.by_step.get(step.what, Counter()) + counts


async def _one(portal: Portal, put: Put) -> str:
    """Puts it; the result when it is one that the portal does not count."""
    if not put.once:
        await portal.put(put.service, put.path, put.body)
        return ""
    known = await portal.get(put.service, put.path)
    if put.once in [each["code"] for each in known["supplements"]]:
        return "unchanged"
    await portal.post(put.service, f"{put.path}/supplements", put.body)
    return "created"


async def _arrived(office: Portal, events: Iterable[str]) -> None:
    """Returns when the services that keep copies of partners have what was just put there."""
    waits = [(service, path, event) for event in events for service, path in _COPIES]
    await together(office.get(service, path, **{"Wait-For": event}) for service, path, event in waits)


_COPIES = (("funding", "/v1/grants"), ("activities", "/v1/activity-kinds"))


async def together(work: Iterable[Awaitable[T]]) -> list[T]:
    """Does independent work side by side, a few at once; the answers in the given order."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(each: Awaitable[T]) -> T:
        async with free:
            return await each

    return list(await asyncio.gather(*(one(each) for each in work)))


def _told(counts: Counter[str] | dict[str, int]) -> str:
    return ", ".join(f"{counts[name]} {name}" for name in ("created", "changed", "unchanged") if counts.get(name))
