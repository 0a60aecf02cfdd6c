"""The HTTP door of the planning: repeats, rivals, roles, tenants and pages."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from runtime.ids import coded_id
from tests.integration.notifications.planning import NEIGHBOUR, QUESTION_HOUR, REGION, Planning, a_planning, a_region
from tests.support.servers import DatabaseFor


@pytest.fixture
async def planning(database_for: DatabaseFor) -> AsyncIterator[Planning]:
    async with a_planning(await database_for("notifications")) as opened:
        yield opened


async def test_loading_a_planning_twice_changes_and_publishes_nothing(planning: Planning) -> None:
    first = await planning.put("vragenuur", QUESTION_HOUR)
    again = await planning.put("vragenuur", QUESTION_HOUR)
    assert (first.status_code, first.headers["Result"]) == (201, "created"), first.text
    assert (again.status_code, again.headers["Result"], again.json()) == (200, "unchanged", first.json())
    assert (await planning.get("/v1/milestones/vragenuur")).json() == first.json()
    assert await planning.facts() == [("milestone-planned", 1)]


async def test_a_move_and_a_cancellation_are_published_with_the_next_versions(planning: Planning) -> None:
    await planning.put("vragenuur", QUESTION_HOUR)
    moved = await planning.put("vragenuur", {**QUESTION_HOUR, "day": "2099-03-25"})
    assert (moved.json()["said"], moved.json()["fromDay"]) == ("moved", "2099-03-22")
    gone = await planning.put("vragenuur", {**QUESTION_HOUR, "day": "2099-03-25", "cancelled": True, "reason": "x"})
    assert (gone.json()["said"], gone.headers["ETag"]) == ("cancelled", '"3"')
    assert await planning.facts() == [("milestone-planned", 1), ("milestone-moved", 2), ("milestone-cancelled", 3)]


async def test_rivals_that_plan_the_same_publish_it_once(planning: Planning) -> None:
    answers = await asyncio.gather(*(planning.put("vragenuur", QUESTION_HOUR) for _ in range(6)))
    assert sorted(each.headers["Result"] for each in answers) == ["created"] + ["unchanged"] * 5
    assert await planning.facts() == [("milestone-planned", 1)]


async def test_an_audience_is_named_by_code_or_id_and_a_wrong_one_is_refused(planning: Planning) -> None:
    named = await planning.put("a", {**QUESTION_HOUR, "audience": "organisation:het-element"})
    assert named.json()["audience"] == f"organisation:{coded_id(REGION, 'organisation', 'het-element')}"
    again = await planning.put("a", {**QUESTION_HOUR, "audience": named.json()["audience"]})
    assert again.headers["Result"] == "unchanged"
    wrong = await planning.put("b", {**QUESTION_HOUR, "audience": "iedereen"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "unknown-audience")


@pytest.mark.parametrize("time", ["14:30Z", "half drie", "25:00"])
async def test_a_time_is_local(planning: Planning, time: str) -> None:
    assert (await planning.put("a", {**QUESTION_HOUR, "startsAt": time})).status_code == 400


@pytest.mark.parametrize("role", ["company", "school", "accountant", "controller", "operator"])
async def test_only_the_office_plans_and_others_may_read(planning: Planning, role: str) -> None:
    assert (await planning.put("vragenuur", QUESTION_HOUR, planning.who(role))).status_code == 403
    assert (await planning.get("/v1/milestones", planning.who(role))).json()["items"] == []


async def test_a_neighbour_sees_nothing_and_may_have_the_same_codes(planning: Planning) -> None:
    stranger = planning.who("office", NEIGHBOUR)
    assert (await planning.put("vragenuur", QUESTION_HOUR, stranger)).status_code == 503
    await a_region(planning.database, "sto-elders")
    await planning.put("vragenuur", QUESTION_HOUR)
    assert (await planning.get("/v1/milestones/vragenuur", stranger)).status_code == 404
    assert (await planning.put("vragenuur", QUESTION_HOUR, stranger)).headers["Result"] == "created"


async def test_the_planning_is_listed_by_day_page_by_page(planning: Planning) -> None:
    days = {"b": "2099-03-20", "a": "2099-03-22", "c": "2099-03-20"}
    for code, day in days.items():
        await planning.put(code, {**QUESTION_HOUR, "day": day})
    seen: list[str] = []
    path: str | None = "/v1/milestones?limit=2"
    while path:
        page = await planning.get(path)
        seen += [each["code"] for each in page.json()["items"]]
        path = page.links["next"]["url"] if "next" in page.links else None
    assert seen == ["b", "c", "a"]
    assert (await planning.get("/v1/milestones?after=nonsense")).status_code == 400
