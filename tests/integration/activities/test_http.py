"""The HTTP door: roles, organisations, tenants, repeats, and a lesson from request to confirmed hours."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from runtime.postgres import Database
from tests.integration.activities.portal import Portal, a_portal
from tests.integration.activities.region import COMPANIES, SCHOOL, a_region, published
from tests.support.servers import DatabaseFor


@dataclass
class Door:
    """The portal, with the people who use it signed in."""

    portal: Portal
    region: UUID
    superuser_url: str
    office: dict[str, str]
    school: dict[str, str]
    company: dict[str, str]
    accountant: dict[str, str]
    neighbour: dict[str, str]


@pytest.fixture
async def door(database_for: DatabaseFor) -> AsyncIterator[Door]:
    made = await database_for("activities")
    database = await Database.open(made.app_url, name="test", most=5)
    region = await a_region(database)
    elsewhere = await a_region(database, "sto-elders")
    async with a_portal(database) as portal:
        yield Door(
            portal,
            region,
            made.superuser_url,
            office=portal.issuer.token("office", "office", region),
            school=portal.issuer.token("teacher", "school", region, SCHOOL),
            company=portal.issuer.token("engineer", "company", region, COMPANIES[0]),
            accountant=portal.issuer.token("accountant", "accountant", region),
            neighbour=portal.issuer.token("neighbour", "office", elsewhere),
        )
    await database.close()


def an_offer_body(company: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "guest-lesson",
        "title": "Een robotarm in de klas",
        "companyId": str(COMPANIES[company]),
        "line": "robotisering",
        "subject": "robotica",
        "levels": ["vmbo-k"],
        "maxGroup": 28,
        "minutes": 100,
        "preparationMinutes": 35,
        **changes,
    }


def a_request_body(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "guest-lesson",
        "schoolId": str(SCHOOL),
        "line": "robotisering",
        "subject": "robotica",
        "level": "vmbo-k",
        "groupSize": 24,
        "fromDay": "2023-05-01",
        "untilDay": "2023-05-31",
        "minutes": 100,
        **changes,
    }


def an_activity_body(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "company-visit",
        "title": "Open dag",
        "line": "bouw",
        "schoolId": str(SCHOOL),
        "companyId": str(COMPANIES[0]),
        "startsAt": "2023-05-02T08:30:00+02:00",
        "endsAt": "2023-05-02T10:10:00+02:00",
        "seats": 30,
        **changes,
    }


async def test_a_lesson_from_request_to_confirmed_hours(door: Door) -> None:
    portal = door.portal
    answer = await portal.put(door.company, "/v1/offers/robotarm", an_offer_body())
    assert (answer.status_code, answer.headers["Result"]) == (201, "created"), answer.text
    assert answer.headers["Event-Id"]
    again = await portal.put(door.company, "/v1/offers/robotarm", an_offer_body())
    assert (again.status_code, again.headers["Result"]) == (200, "unchanged")
    assert (await portal.put(door.school, "/v1/requests/3k", a_request_body())).status_code == 201
    ranking = (await portal.get(door.school, "/v1/requests/3k/candidates")).json()
    assert ranking["candidates"][0]["offerCode"] == "robotarm"
    assert ranking["candidates"][0]["reasons"][0] == "The subject is exactly what was asked: robotica."
    assert (await portal.post(door.school, "/v1/requests/3k/candidates")).status_code == 200
    held = await portal.post(door.school, "/v1/requests/3k/holds", {"activityCode": "les-1"})
    assert (held.status_code, held.json()["state"]) == (201, "held"), held.text
    own = await portal.post(door.school, "/v1/activities/les-1/acceptance")
    assert (own.status_code, own.json()["code"]) == (403, "own-hold")
    booked = await portal.post(door.company, "/v1/activities/les-1/acceptance")
    assert booked.json()["state"] == "booked", booked.text
    heads = {"workers": 2, "minutesEach": 100, "pupils": 23}
    done = await portal.post(door.company, "/v1/activities/les-1/completion", heads)
    assert done.json()["state"] == "completed", done.text
    forbidden = await portal.post(door.company, "/v1/activities/les-1/confirmation")
    assert forbidden.status_code == 403
    for _ in range(2):
        confirmed = await portal.post(door.school, "/v1/activities/les-1/confirmation")
        assert confirmed.json()["state"] == "confirmed", confirmed.text
    assert len(await published(door.superuser_url, "attendance-confirmed")) == 1
    counted = (await portal.get(door.accountant, "/v1/activities/statistics")).json()
    assert (counted["booked"], counted["completed"], counted["confirmed"], counted["minutes"]) == (1, 1, 1, 270)


async def test_a_repeat_with_the_same_key_gets_the_first_answer(door: Door) -> None:
    await door.portal.put(
        door.office,
        "/v1/activities/open-dag",
        an_activity_body(startsAt="2099-05-01T08:00:00Z", endsAt="2099-05-01T09:00:00Z"),
    )
    body = {"activityCode": "open-dag", "schoolId": str(SCHOOL), "code": "3k", "pupils": 20}
    first = await door.portal.post(door.school, "/v1/bookings", body, key="one")
    again = await door.portal.post(door.school, "/v1/bookings", body, key="one")
    assert (first.status_code, again.status_code) == (201, 201), first.text
    assert first.json() == again.json()
    full = await door.portal.post(door.school, "/v1/bookings", {**body, "code": "3m"})
    assert (full.status_code, full.json()["code"]) == (409, "slot-full")
    assert full.json()["detail"] == "This activity has 10 of 30 seats left; 20 were asked for."
    listed = (await door.portal.get(door.school, "/v1/bookings?activityCode=open-dag")).json()
    assert [booking["code"] for booking in listed["items"]] == ["3k"]
    cancelled = await door.portal.post(door.school, f"/v1/bookings/{first.json()['id']}/cancellation")
    assert cancelled.json()["state"] == "cancelled"


async def test_a_neighbour_sees_nothing_and_may_name_no_other_region(door: Door) -> None:
    await door.portal.put(door.office, "/v1/activities/open-dag", an_activity_body())
    assert (await door.portal.get(door.neighbour, "/v1/activities/open-dag")).status_code == 404
    assert (await door.portal.get(door.neighbour, "/v1/activities")).json()["items"] == []
    foreign = {**door.neighbour, "Consortium-Id": str(door.region)}
    assert (await door.portal.get(foreign, "/v1/activities/open-dag")).status_code == 403


async def test_organisations_act_only_for_themselves(door: Door) -> None:
    other = await door.portal.put(door.company, "/v1/offers/theirs", an_offer_body(company=1))
    assert (other.status_code, other.json()["code"]) == (403, "not-yours")
    assert (await door.portal.put(door.school, "/v1/offers/x", an_offer_body())).status_code == 403
    assert (await door.portal.put(door.accountant, "/v1/requests/x", a_request_body())).status_code == 403


async def test_what_is_wrong_is_said_with_a_suggestion(door: Door) -> None:
    line = await door.portal.put(door.office, "/v1/offers/x", an_offer_body(line="robotica"))
    assert (line.status_code, line.json()["code"]) == (400, "unknown-line")
    assert "Did you mean 'robotisering'?" in line.json()["detail"]
    field = await door.portal.put(door.office, "/v1/offers/x", an_offer_body(teacherName="somebody"))
    assert field.status_code == 400
    assert "somebody" not in field.text


async def test_an_import_twice_is_unchanged(door: Door) -> None:
    body = an_activity_body(pupils=20)
    results = [
        (await door.portal.put(door.office, "/v1/imports/platform-8812", body)).headers["Result"] for _ in range(2)
    ]
    assert results == ["created", "unchanged"]
    found = (await door.portal.get(door.office, "/v1/activities/import-platform-8812")).json()
    assert (found["externalRef"], found["seatsTaken"]) == ("platform-8812", 20)


async def test_a_platform_imports_only_what_its_own_organisations_take_part_in(door: Door) -> None:
    ours = door.portal.issuer.token("platform", "sender", door.region, COMPANIES[0])
    others = door.portal.issuer.token("other", "sender", door.region, COMPANIES[1])
    path, body = "/v1/imports/platform-1", an_activity_body(pupils=20)
    assert (await door.portal.put(others, path, body)).status_code == 403
    assert (await door.portal.put(ours, path, body)).status_code == 201
    taken_over = an_activity_body(companyId=str(COMPANIES[1]))
    assert (await door.portal.put(others, path, taken_over)).status_code == 403


async def test_a_list_is_walked_page_by_page(door: Door) -> None:
    for number in range(5):
        await door.portal.put(door.office, f"/v1/activities/dag-{number}", an_activity_body())
    path, seen = "/v1/activities?limit=2", list[str]()
    while path:
        answer = await door.portal.get(door.school, path)
        seen += [item["code"] for item in answer.json()["items"]]
        following = answer.json().get("next")
        path = f"/v1/activities?limit=2&after={following}" if following else ""
    assert sorted(seen) == [f"dag-{number}" for number in range(5)]
    assert (await door.portal.get(door.school, "/v1/activities?after=bm9uc2Vuc2U")).status_code == 400
