"""The main job as far as it runs today: a region is loaded, its grant divided, a lesson held, and the books proved."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2

from cli.portal import Portal, Refused
from cli.region import Region
from deploy.embedded.supervisor import Stack
from runtime import ids
from services.funding.verify import check

SCHEMES = Path(__file__).resolve().parents[1] / "services" / "funding" / "schemes"
SEAL_TRIES = 100


class DemoFailed(Exception):
    """Something that must hold does not; the message says what."""


@dataclass(slots=True)
class Story:
    """What the services answered, for the report."""

    region: Region
    began: float
    loaded: dict[str, int] = field(default_factory=dict)
    again: dict[str, int] = field(default_factory=dict)
    allocation: dict[str, Any] = field(default_factory=dict)
    four_eyes: str = ""
    booked: list[dict[str, Any]] = field(default_factory=list)
    accepted: dict[str, Any] = field(default_factory=dict)
    ranking: dict[str, Any] = field(default_factory=dict)
    lesson: dict[str, Any] = field(default_factory=dict)
    killed_seconds: float = 0.0
    entries_before: int = 0
    verdict: dict[str, Any] = field(default_factory=dict)
    seal: dict[str, Any] = field(default_factory=dict)
    tampered: str = ""
    neighbour: str = ""


async def play(region: Region) -> dict[str, Any]:
    """Starts everything, plays the story, and stops everything; the report. Raises DemoFailed."""
    story = Story(region, time.monotonic())
    async with Stack(end_with_parent=True) as stack, httpx2.AsyncClient(timeout=20) as client:
        try:
            await _story(story, stack, client)
        except Refused as refused:
            raise DemoFailed(f"A step of the story was refused: {refused}") from refused
        report = _report(story)
    _must_hold(report)
    return report


async def _story(story: Story, stack: Stack, client: httpx2.AsyncClient) -> None:
    region = story.region
    tenant = ids.consortium_id(region.code)
    school = ids.coded_id(tenant, "organisation", region.request.school)
    office = await Portal.sign_in(client, stack, "office-1", ["office"], tenant)
    controller = await Portal.sign_in(client, stack, "controller-1", ["controller"], tenant)
    same_person = await Portal.sign_in(client, stack, "office-1-second-account", ["controller"], tenant)
    teacher = await Portal.sign_in(client, stack, "teacher-1", ["school"], tenant, [school])

    await _load(office, stack, region)
    story.loaded = dict(office.results)
    for event in office.events:
        await office.get("activities", "/v1/offers", **{"Wait-For": event})
    office.results.clear()
    await _load(office, stack, region)
    story.again = dict(office.results)

    story.allocation = await _award(story, office, controller, same_person)
    company = await Portal.sign_in(client, stack, "company-1", ["company"], tenant, _companies(region))
    await _lesson(story, office, teacher, company)
    await _account(story, office, controller, teacher)
    await _break(story, stack, office)
    await _prove(story, office)
    stranger = await Portal.sign_in(client, stack, "office-1", ["office"], ids.consortium_id("sto-neighbour"))
    accounts = await stranger.get("funding", "/v1/ledger/accounts")
    try:
        await stranger.get("funding", "/v1/ledger/accounts", **{"Consortium-Id": str(tenant)})
    except Refused as refused:
        story.neighbour = f"{len(accounts)} accounts with its own name, {refused.status} with ours: {refused.detail}"


async def _load(office: Portal, stack: Stack, region: Region) -> None:
    """Puts the region; what is there already stays as it is."""
    await office.put("partners", f"/v1/consortia/{region.code}", region.consortium.body())
    for each in region.organisations:
        await office.put("partners", f"/v1/organisations/{each.code}", each.body("code"))
    await office.put("partners", f"/v1/programmes/{region.programme.code}", region.programme.body())
    people = {
        "office": ("office-1", "office-1-second-account"),
        "controller": ("controller-1",),
        "teacher": ("teacher-1",),
        "company": ("company-1",),
    }
    for person, accounts in people.items():
        for subject in accounts:
            body = {"issuer": stack.issuer, "subject": subject}
            await office.put("partners", f"/v1/persons/{person}/account", body)


async def _award(story: Story, office: Portal, controller: Portal, same_person: Portal) -> dict[str, Any]:
    region = story.region
    scheme = json.loads((SCHEMES / f"{region.grant.scheme}.json").read_text(encoding="utf-8"))
    await office.put("funding", f"/v1/schemes/{region.grant.scheme}", scheme)
    await office.put("funding", f"/v1/grants/{region.grant.code}", region.grant.body("code"))
    plan = {**region.allocation.body(), "grant": region.grant.code}
    proposed = await office.post("funding", "/v1/allocations", plan)
    try:
        await same_person.post("funding", f"/v1/allocations/{proposed['id']}/approval")
    except Refused as refused:
        story.four_eyes = refused.detail
    approved: dict[str, Any] = await controller.post("funding", f"/v1/allocations/{proposed['id']}/approval")
    return approved


def _companies(region: Region) -> list[UUID]:
    tenant = ids.consortium_id(region.code)
    return [ids.coded_id(tenant, "organisation", offer.company) for offer in region.offers]


async def _lesson(story: Story, office: Portal, teacher: Portal, company: Portal) -> None:
    region = story.region
    tenant = ids.consortium_id(region.code)
    for offer in region.offers:
        body = {**offer.body("code", "company"), "companyId": str(ids.coded_id(tenant, "organisation", offer.company))}
        await office.put("activities", f"/v1/offers/{offer.code}", body)
    asked = region.request
    body = asked.body("code", "school") | {
        "schoolId": str(ids.coded_id(tenant, "organisation", asked.school)),
    }
    await teacher.put("activities", f"/v1/requests/{asked.code}", body)
    story.ranking = await teacher.post("activities", f"/v1/requests/{asked.code}/candidates")
    held = await teacher.post("activities", f"/v1/requests/{asked.code}/holds", {})
    lesson = f"/v1/activities/{held['code']}"
    await company.post("activities", f"{lesson}/acceptance")
    present = {"workers": 1, "minutesEach": asked.minutes, "pupils": asked.group_size}
    await company.post("activities", f"{lesson}/completion", present)
    story.lesson = await teacher.post("activities", f"{lesson}/confirmation")


async def _account(story: Story, office: Portal, controller: Portal, teacher: Portal) -> None:
    """The hours are in the books without anybody typing them; a second person accepts them."""
    confirmed = {"Wait-For": teacher.events[-1]}
    story.booked = (await office.get("funding", "/v1/contributions", **confirmed))["items"]
    up_to = {"upTo": story.region.programme.last_day.isoformat()}
    story.accepted = await controller.post("funding", "/v1/contribution-acceptances", up_to)


async def _break(story: Story, stack: Stack, office: Portal) -> None:
    story.entries_before = len((await office.get("funding", "/v1/ledger/entries?limit=200"))["items"])
    stack.kill("funding")
    began = time.monotonic()
    await stack.start("funding")
    story.killed_seconds = time.monotonic() - began


async def _prove(story: Story, office: Portal) -> None:
    for _ in range(SEAL_TRIES):
        story.verdict = await office.get("funding", "/v1/ledger/verification")
        if not story.verdict["unsealed"]:
            break
    story.seal = (await office.get("funding", "/v1/ledger/seals?limit=200"))["items"][-1]
    lines = (await office.text("funding", "/v1/ledger/export")).splitlines()
    whole, _ = check(lines)
    if whole.broken is not None:
        raise DemoFailed(f"The exported books do not verify: {whole.broken.why}")
    found = next(number for number, line in enumerate(lines) if '"entry"' in line)
    digit = next(place for place in range(len(lines[found]) - 1, 0, -1) if lines[found][place] in "12345678")
    changed = lines[found][:digit] + str(int(lines[found][digit]) + 1) + lines[found][digit + 1 :]
    broken = check([*lines[:found], changed, *lines[found + 1 :]])[0].broken
    story.tampered = broken.why if broken else ""


def _report(story: Story) -> dict[str, Any]:
    lines = [{key: line[key] for key in ("line", "kind", "cents")} for line in story.allocation["lines"]]
    best = story.ranking["candidates"][0]
    return {
        "region": story.region.code,
        "name": story.region.consortium.name,
        "zone": story.region.consortium.zone,
        "grant_cents": story.allocation["grantCents"],
        "allocation": lines,
        "allocation_state": story.allocation["state"],
        "four_eyes": story.four_eyes,
        "loaded": story.loaded,
        "loaded_again": story.again,
        "lesson": {
            "title": story.lesson["title"],
            "state": story.lesson["state"],
            "starts_at": story.lesson["startsAt"],
            "score": best["score"],
            "reasons": best["reasons"],
            "others": [f"{each['offerCode']}: {each['score']} points" for each in story.ranking["candidates"][1:]]
            + [f"{each['offerCode']}: {each['reason']}" for each in story.ranking["misfits"]],
        },
        "activities": {
            "booked_entries": len(story.booked),
            "state": story.lesson["state"],
            "hours_booked_automatically_minutes": sum(each["minutes"] for each in story.booked),
            "value_cents": sum(each["valueCents"] for each in story.booked),
            "rules": sorted({each["rule"] for each in story.booked}),
            "accepted": story.accepted["accepted"],
        },
        "ledger": {
            "journal_entries": story.verdict["entries"],
            "entries_before_kill": story.entries_before,
            "imbalance_cents": story.verdict["imbalanceCents"],
            "imbalance_minutes": story.verdict["imbalanceMinutes"],
            "chain": "verified" if story.verdict["ok"] else "broken",
            "batches": story.verdict["batches"],
            "unsealed": story.verdict["unsealed"],
            "seal": {"count": story.seal["count"], "head": story.seal["head"], "key": story.seal["keyId"]},
            "one_byte_changed": story.tampered,
        },
        "killed_and_back_seconds": round(story.killed_seconds, 1),
        "neighbour": story.neighbour,
        "seconds": round(time.monotonic() - story.began, 1),
    }


def _must_hold(report: dict[str, Any]) -> None:
    ledger = report["ledger"]
    claims = {
        "the lines and the unallocated rest sum to the grant": sum(line["cents"] for line in report["allocation"])
        == report["grant_cents"],
        "nobody approves an own proposal": bool(report["four_eyes"]),
        "loading twice changes nothing": set(report["loaded_again"]) == {"unchanged"},
        "debits equal credits in cents and minutes": ledger["imbalance_cents"] == ledger["imbalance_minutes"] == 0,
        "every entry is sealed and the chain verifies": ledger["chain"] == "verified" and ledger["unsealed"] == 0,
        "a confirmed lesson is booked once, by itself, and accepted": report["activities"]["booked_entries"]
        == report["activities"]["accepted"]
        == 1,
        "a kill -9 loses nothing and doubles nothing": ledger["journal_entries"] == ledger["entries_before_kill"],
        "one changed byte is found": bool(ledger["one_byte_changed"]),
        "a neighbour sees nothing": bool(report["neighbour"]),
    }
    broken = [claim for claim, holds in claims.items() if not holds]
    if broken:
        raise DemoFailed("This does not hold: " + "; ".join(broken) + ".")
    report["holds"] = list(claims)
