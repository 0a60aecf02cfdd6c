"""What became of each contribution of a company, over HTTP, for its own people."""

from datetime import date
from typing import Any
from uuid import UUID

from services.funding.domain.scheme import Verification
from tests.support.funding_intake import a_record
from tests.support.intake_door import Door
from tests.support.intake_door import door as door
from tests.support.school_word import JAN, ready, say

AN = "company an@acme"


async def fates(door: Door, query: str = "", who: str = AN, at: UUID | None = None) -> list[dict[str, Any]]:
    answer = await door.ask("GET", f"/own-contributions{query}", who=who, at=at)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def steps(found: dict[str, Any]) -> list[str]:
    return [each["code"] for each in found["steps"]]


async def test_a_company_reads_of_each_contribution_what_became_of_it_why_and_what_it_can_do(door: Door) -> None:
    await ready(door, Verification("hours", minutes_per_day=60, school=True))
    draft = f"/contribution-drafts/{UUID(int=3)}"
    by_hand = {"line": "robotica", "day": "2023-05-03", "kind": "hours", "minutes": 60, "workerRef": "w-9"}
    assert (await door.ask("PUT", draft, {"organisation": "acme", "record": by_hand}, who=AN)).status_code == 201
    assert (await door.ask("POST", f"{draft}/declaration", who=AN)).json()["state"] == "refused"
    await door.send(
        a_record("short", minutes=30, day="2023-05-04"),
        a_record("long", school="element", day="2023-05-05"),
        a_record("wrong", day="2023-05-06", minutes=30),
        a_record("twice", day="2023-05-08", minutes=30),
    )
    await door.send(a_record("again", day="2023-05-08", minutes=20, replaces="twice"))
    await door.send(a_record("back", day="2023-05-08", minutes=20, withdraws="again"))
    lesson = (await door.books.confirm(day=date(2023, 5, 9)))[0].id
    by_record = {each["recordId"]: each for each in await fates(door)}
    assert by_record[None]["id"] == str(lesson)
    for one, code in ((by_record["wrong"]["contributionId"], "not-delivered"), (str(lesson), "less-delivered")):
        rejected = await door.ask("POST", f"/contributions/{one}/rejection", {"code": code}, who="office ada")
        assert rejected.status_code == 200, rejected.text
    no = {"code": "less-received", "note": "Eén docent."}
    assert (await say(door, by_record["long"]["contributionId"], "objection", no, who=JAN))[0] == 200
    now = {each["recordId"] or each["id"]: each for each in await fates(door)}
    hand = next(each for each in now.values() if each["draftId"])
    assert {name: (each["outcome"], each["state"], steps(each)) for name, each in now.items() if each is not hand} == {
        "short": ("booked", "verified", ["wait-for-acceptance", "replace", "withdraw"]),
        "long": ("booked", "held", ["wait-for-office", "replace", "withdraw"]),
        "wrong": ("booked", "rejected", ["declare-anew"]),
        "twice": ("booked", "replaced", []),
        "again": ("booked", "withdrawn", []),
        str(lesson): (None, "rejected", ["declare-anew"]),
    }
    assert (hand["sender"], hand["state"], steps(hand)) == ("by_hand", "refused", ["mend-draft"])
    assert [each["code"] for each in hand["reasons"]] == ["unknown-line"]
    assert [each["code"] for each in now["long"]["reasons"]] == ["less-received"]
    assert now["long"]["reasons"][0]["message"]["nl"].endswith("Toelichting: Eén docent.")
    assert [each["code"] for each in now["wrong"]["reasons"]] == ["not-delivered"]
    assert [each["code"] for each in now[str(lesson)]["reasons"]] == ["less-delivered"]
    assert now["twice"]["settledBy"] == "again"
    assert [each["recordId"] for each in await fates(door, "?state=held")] == ["long"]
    assert [each["id"] for each in await fates(door, "?state=refused")] == [hand["id"]]
    assert {each["recordId"] for each in await fates(door, "?state=rejected")} == {"wrong", None}
    assert await fates(door, "?state=accepted&organisation=acme") == []
    page, seen = await door.ask("GET", "/own-contributions?limit=3", who=AN), []
    while True:
        seen += [each["id"] for each in page.json()["items"]]
        if "next" not in page.links:
            break
        page = await door.ask("GET", page.links["next"]["url"].partition("/v1")[2], who=AN)
    assert seen == sorted(each["id"] for each in now.values())
    assert (await door.ask("GET", f"/own-contributions/{hand['id']}", who=AN)).json() == hand


async def test_another_company_a_school_and_a_foreign_region_see_nothing_of_it(door: Door) -> None:
    await ready(door)
    await door.send(a_record("1"))
    (found,) = await fates(door)
    one = f"/own-contributions/{found['id']}"
    for at, who in ((None, "company kees@bolt"), (UUID(int=5), AN)):
        assert await fates(door, who=who, at=at) == []
        assert (await door.ask("GET", one, who=who, at=at)).status_code == 404
    assert await fates(door, "?organisation=park") == []
    assert (await door.ask("GET", "/own-contributions?organisation=nobody", who=AN)).status_code == 404
    for who in (JAN, "sender acme", "office ada", "nobody kees"):
        assert (await door.ask("GET", "/own-contributions", who=who)).status_code == 403
        assert (await door.ask("GET", one, who=who)).status_code == 403
