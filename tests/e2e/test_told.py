"""What is told and kept of people by the services as they run: each is told once, and who is erased is nowhere."""

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from typing import Any

import httpx2
import pytest

from cli.portal import Portal
from deploy.embedded.supervisor import SERVICES, Stack
from runtime.ids import coded_id, consortium_id
from tests.support.left_behind import everywhere, places, tables

REGION = consortium_id("sto-verzonnen")
CONSORTIUM = {
    "name": "STO Verzonnen",
    "zone": "Europe/Amsterdam",
    "currency": "EUR",
    "language": "nl",
    "standingPolicy": ["party"],
}
DAY = {"title": "Slotdag", "kind": "session", "day": "2019-03-29", "audience": "everyone", "remindDaysBefore": [7]}
GONE = {**DAY, "cancelled": True, "reason": "de zaal is er niet", "announce": True}
NAME, EMAIL, PHONE = "Gerda Gepland", "gerda@gepland.example", "06-8765 4321"
CODE, LOGIN = "gerda-gepland", "gerda-login"
TELLING = (NAME, EMAIL, PHONE, CODE, LOGIN)
"""What tells who somebody is: the code too, which the office made of the name."""
WORLD: dict[str, dict[str, Any]] = {
    "/v1/organisations/school": {"name": "School (verzonnen)", "kind": "vmbo"},
    f"/v1/persons/{CODE}": {
        "name": NAME,
        "email": EMAIL,
        "language": "nl",
        "organisation": "school",
        "roles": ["contact"],
    },
    "/v1/agreements/samen": {
        "title": "Samenwerking",
        "text": "Wij werken samen.",
        "from": "2020-01-01",
        "until": "2023-12-31",
        "fields": [{"key": key, "label": key, "required": False} for key in ("contact", "phone")],
        "parties": [{"organisation": "school", "role": "party", "counts": True}],
    },
}
PEOPLE = {"bo": "nl", "mats": "sv", "zoe": "en"}


async def summary(office: Portal, **wanted: int) -> dict[str, Any]:
    """What notifications counts, once it counts this."""
    found: dict[str, Any] = {}
    try:
        async with asyncio.timeout(30):
            while any(found.get(key) != count for key, count in {**wanted, "waiting": 0}.items()):
                found = await office.get("notifications", "/v1/notices/summary")
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"it counts {found}")
    return found


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Stack, httpx2.AsyncClient]]:
    stack = Stack(
        services=SERVICES,
        runs=tmp_path_factory.mktemp("runs"),
        progress=lambda _: None,
        environment={"partners": {"SPEERPUNT_ERASURE_INTERVAL_SECONDS": "0.2"}},
    )
    async with stack, httpx2.AsyncClient(timeout=20) as client:
        yield stack, client


@pytest.mark.timeout(180)
async def test_a_cancelled_day_is_told_once_and_no_address_stays_behind(
    running: tuple[Stack, httpx2.AsyncClient],
) -> None:
    stack, client = running
    office = await Portal.sign_in(client, stack, "office-1", ["office"], REGION)
    await office.put("partners", "/v1/consortia/sto-verzonnen", CONSORTIUM)
    for name, language in PEOPLE.items():
        person = {"name": f"{name} Planted", "email": f"{name}@planted.example", "language": language, "roles": []}
        await office.put("partners", f"/v1/persons/{name}", person)
    await office.get("notifications", "/v1/milestones", **{"Wait-For": office.events[0]})
    await office.put("notifications", "/v1/milestones/slotdag", DAY)
    await office.put("notifications", "/v1/milestones/slotdag", GONE)
    await summary(office, sent=3)
    assert (await office.put("notifications", "/v1/milestones/slotdag", GONE))["cancelled"]
    counted = await summary(office, sent=3, suppressedDuplicates=3)
    assert (counted["failed"], counted["unknown"], counted["later"]) == (0, 0, 0)

    mails = [
        mail
        for mail in (message_from_bytes(path.read_bytes(), policy=policy.default) for path in stack.inbox.glob("*.eml"))
        if "planted.example" in str(mail["To"])
    ]
    assert sorted(str(mail["Subject"]) for mail in mails) == [
        "Cancelled: Slotdag on Friday 29 March 2019",
        "Gaat niet door: Slotdag op vrijdag 29 maart 2019",
        "Inställt: Slotdag fredag 29 mars 2019",
    ]
    assert sorted(str(mail["To"]).split("<")[1] for mail in mails) == sorted(
        f"{name}@planted.example>" for name in PEOPLE
    )
    kept = repr(await tables(stack.databases["notifications"].superuser_url))
    logs = stack.log("notifications").read_text() + stack.telemetry_files["notifications"].read_text()
    assert "milestone-cancelled" in kept
    assert "Planted" not in kept + logs
    assert "planted.example" not in kept + logs


@pytest.mark.timeout(180)
async def test_an_erased_person_is_found_nowhere_but_for_the_name_until_its_hold_ends(
    running: tuple[Stack, httpx2.AsyncClient],
) -> None:
    stack, client = running
    region = consortium_id("sto-gewist")
    gerda = coded_id(region, "person", CODE)
    office = await Portal.sign_in(client, stack, "office-2", ["office"], region)
    await office.put("partners", "/v1/consortia/sto-gewist", CONSORTIUM)
    for path, body in WORLD.items():
        await office.put("partners", path, body)
    for code, subject in ((CODE, LOGIN), ("desk", "office-2")):
        await office.put("partners", f"/v1/persons/{code}/account", {"issuer": stack.issuer, "subject": subject})
    await office.post("partners", "/v1/agreements/samen/circulation")
    school = [coded_id(region, "organisation", "school")]
    herself = await Portal.sign_in(client, stack, LOGIN, ["school"], region, school)
    told = {"contact": f"{NAME}, {EMAIL}", "phone": f"bel {PHONE}"}
    await herself.put("partners", "/v1/agreements/samen/parties/school", {"fields": told})
    for service, path in (("funding", "/v1/claims"), ("activities", "/v1/offers"), ("notifications", "/v1/milestones")):
        await herself.get(service, path, **{"Wait-For": office.events[0]})
    await office.put("notifications", "/v1/milestones/slotdag", {**DAY, "audience": f"person:{gerda}"})
    await office.put("notifications", "/v1/milestones/slotdag", {**GONE, "audience": f"person:{gerda}"})
    await summary(office, sent=1)
    before = places(await everywhere(stack), TELLING)
    assert {"table partners.persons", "table partners.agreement_parties", "table partners.identities"} <= {*before}

    hold = {"until": "2098-12-31", "reason": "the subsidy is looked at again"}
    await office.put("partners", f"/v1/persons/{CODE}/holds/subsidy", hold)
    asked = await office.post("partners", f"/v1/persons/{CODE}/erasure", {"reason": "asked for", "also": [PHONE]})
    assert (asked["state"], asked["heldUntil"]) == ("held", "2098-12-31")
    assert places(await everywhere(stack), TELLING) == ["table partners.persons"]
    assert places(await everywhere(stack), (EMAIL, PHONE, LOGIN)) == []
    assert (await office.get("partners", f"/v1/person-erasures/{gerda}"))["name"] == NAME

    await office.put("partners", f"/v1/persons/{CODE}/holds/subsidy", {**hold, "until": "2020-01-01"})
    async with asyncio.timeout(20):
        while (await office.get("partners", f"/v1/person-erasures/{gerda}"))["state"] == "held":
            await asyncio.sleep(0.05)
        while (
            str(gerda) not in (left := await everywhere(stack))["topic partners.events"].rpartition("person-erased")[2]
        ):
            await asyncio.sleep(0.05)
    assert places(left, TELLING) == []
    assert {"table partners.persons", "table notifications.notices", "topic notifications.events"} <= {
        *places(left, [str(gerda)])
    }, "what is left of her is an id, and it is looked for where she was"
