"""From application to determination over HTTP: four eyes where money is decided, and books that say the same."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import httpx2

from runtime import ids
from services.funding.domain.contribution import Lesson
from tests.support.funding_books import book_lesson
from tests.support.funding_door import Door
from tests.support.funding_door import door as door

GRANT = "/grants/sto-2020"
APPLICATION: dict[str, Any] = {
    "scheme": "sto-2020-2024",
    "title": "Eemland 2020-2023",
    "from": "2020-01-01",
    "until": "2023-12-31",
    "items": [
        {
            "line": "metaal",
            "year": 2020,
            "description": "Robot arms",
            "unit": "piece",
            "priceCents": 1_250_000,
            "quantity": 2,
        },
        {
            "line": "metaal",
            "year": 2021,
            "description": "Teachers",
            "unit": "hour",
            "priceCents": 6_333,
            "quantity": "1.5",
        },
        {
            "line": "instroom",
            "year": 2021,
            "description": "Hours of companies",
            "unit": "hour",
            "priceCents": 5_000,
            "quantity": 40,
            "paidFrom": "cofinancing",
        },
    ],
}
DECISION = {"base": "of-subsidy", "validFrom": "2020-01-01", "reason": "as the ministry wrote", "source": "a letter"}


async def controller(door: Door, path: str, body: Any = None) -> httpx2.Response:
    """Bram, who is another person than Ada of the office."""
    return await door.ask("POST", path, body, subject="bram", role="controller")


async def balances(door: Door) -> dict[str, int]:
    rows = (await door.ask("GET", "/ledger/accounts?prefix=grant/")).json()
    return {row["account"]: row["cents"] for row in rows if row["cents"]}


async def instalment(door: Door, code: str, cents: int) -> httpx2.Response:
    return await door.ask("PUT", f"{GRANT}/instalments/{code}", {"cents": cents, "receivedOn": "2020-01-31"})


async def decide_base(door: Door) -> None:
    path = "/schemes/sto-2020-2024/base-decisions"
    proposed = (await door.ask("POST", path, DECISION)).json()
    assert (await controller(door, f"{path}/{proposed['id']}/approval")).status_code == 200


async def bring_in(door: Door, minutes: int) -> None:
    """Hours of a lesson that a second person accepted."""
    async with door.region.transaction() as tx:
        lesson = Lesson(ids.new_id(), "les-1", UUID(int=8), "metaal", date(2021, 3, 1), minutes)
        await book_lesson(tx, lesson, at=datetime(2021, 4, 1, tzinfo=UTC))
    assert (await controller(door, "/contribution-acceptances", {"upTo": "2021-12-31"})).status_code == 201


async def test_an_application_is_handed_in_by_another_person_and_leads_to_its_grant(door: Door) -> None:
    await door.set_up()
    drafted = await door.ask("PUT", "/applications/eemland", APPLICATION)
    assert (drafted.status_code, drafted.headers["result"]) == (201, "created")
    assert [
        (each["line"], each["year"], each["askedCents"], each["totalCents"]) for each in drafted.json()["totals"]
    ] == [
        ("instroom", 2021, 0, 200_000),
        ("metaal", 2020, 2_500_000, 2_500_000),
        ("metaal", 2021, 9_500, 9_500),
    ]
    assert (await door.ask("PUT", "/applications/eemland", APPLICATION)).headers["result"] == "unchanged"
    same = await door.ask(
        "POST", "/applications/eemland/submission", {"submittedOn": "2019-03-20"}, subject="ada/2", role="controller"
    )
    assert (same.status_code, same.json()["code"]) == (403, "same-person")
    submitted = await controller(door, "/applications/eemland/submission", {"submittedOn": "2019-03-20"})
    assert (submitted.status_code, submitted.json()["state"]) == (200, "submitted")
    frozen = await door.ask("PUT", "/applications/eemland", {**APPLICATION, "title": "Otherwise"})
    assert (frozen.status_code, frozen.json()["code"]) == (409, "application-frozen")
    award = {"outcome": "awarded", "decidedOn": "2019-12-01", "grant": "sto-2020"}
    assert (await door.ask("POST", "/applications/eemland/outcome", {**award, "grant": "x"})).status_code == 404
    assert (await door.ask("POST", "/applications/eemland/outcome", {**award, "grant": None})).status_code == 400
    awarded = (await door.ask("POST", "/applications/eemland/outcome", award)).json()
    assert (awarded["state"], awarded["grant"]) == ("awarded", "sto-2020")
    listed = (await door.ask("GET", "/applications")).json()
    assert [(each["code"], each["items"][1]["quantity"]) for each in listed] == [("eemland", "1.500")]


async def test_instalments_are_cash_in_the_books_once_and_never_more_than_the_grant(door: Door) -> None:
    await door.set_up()
    answers = await asyncio.gather(*(instalment(door, "2020-1", 250_000_000) for _ in range(4)))
    assert sorted(answer.headers["result"] for answer in answers) == ["created", *["unchanged"] * 3]
    assert (await instalment(door, "2020-1", 1)).json()["code"] == "instalment-rewritten"
    rivals = await asyncio.gather(*(instalment(door, f"2021-{number}", 300_000_000) for number in range(4)))
    assert sorted(answer.status_code for answer in rivals) == [201, 201, 409, 409]
    assert {answer.json()["code"] for answer in rivals if answer.status_code == 409} == {"instalment-too-large"}
    found = await balances(door)
    assert (found["grant/cash"], found["grant/receivable"]) == (850_000_000, 150_000_000)
    assert sum(found.values()) == 0


async def test_an_instalment_recorded_by_mistake_is_taken_back_by_another_person(door: Door) -> None:
    await door.set_up()
    await instalment(door, "2020-1", 250_000_000)
    path = f"{GRANT}/instalments/2020-1/reversal"
    body = {"reason": "This was another grant's money."}
    same = await door.ask("POST", path, body, subject="ada/2", role="controller")
    assert (same.status_code, same.json()["code"]) == (403, "same-person")
    assert (await controller(door, path, body)).json()["reason"] == body["reason"]
    assert "grant/cash" not in await balances(door)
    assert (await controller(door, path, body)).json()["code"] == "instalment-taken-back"
    listed = (await door.ask("GET", f"{GRANT}/instalments")).json()
    assert [each["reversedBy"] is not None for each in listed] == [True]
    verdict = (await door.ask("GET", "/ledger/verification")).json()
    assert (verdict["imbalanceCents"], verdict["wrongBalances"]) == (0, [])


async def test_money_of_a_closed_period_is_booked_on_the_first_open_day_and_says_so(door: Door) -> None:
    await door.set_up()
    await instalment(door, "2020-1", 100)
    assert (await controller(door, "/period-closings", {"until": "2020-12-31"})).status_code == 201
    await instalment(door, "2020-2", 200)
    assert (await controller(door, f"{GRANT}/instalments/2020-1/reversal", {"reason": "mistake"})).status_code == 200
    entries = (await door.ask("GET", "/ledger/entries?account=grant/cash")).json()["items"]
    assert [(each["kind"], each["day"]) for each in entries] == [
        ("instalment-received", "2020-01-31"),
        ("instalment-received", "2021-01-01"),
        ("instalment-received-reversed", "2021-01-01"),
    ]
    assert "it is of 2020-01-31, and the period until 2020-12-31 is closed" in entries[1]["reason"]
    assert entries[2]["reverses"] == entries[0]["id"]


async def test_a_determination_waits_for_the_base_and_then_books_what_is_reclaimed(door: Door) -> None:
    await door.set_up()
    await instalment(door, "all", 1_000_000_000)
    await bring_in(door, 840_000)
    proved = {"provedCents": 990_000_000}
    shown = (await door.ask("POST", f"{GRANT}/determinations/preview", proved)).json()
    assert (shown["decided"], shown["countedCents"], shown["shortfallTakesOff"]) == (False, 70_000_000, "cent-for-cent")
    assert {each["base"]: each["reclaimedCents"] for each in shown["results"]} == {
        "of-subsidy": 15_000_000,
        "of-total": 21_081_081,
    }
    assert "terug te betalen € 150.000,00" in shown["results"][0]["sentences"]["nl"]
    body = {**proved, "reason": "final account", "evidence": "statement of the accountant, sha256 5ea1"}
    refused = await door.ask("POST", f"{GRANT}/determinations", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "base-undecided")
    assert "reclaims 21081081" in refused.json()["detail"]

    await decide_base(door)
    proposed = await door.ask("POST", f"{GRANT}/determinations", body)
    assert proposed.status_code == 201
    assert proposed.json()["rules"] == ["cofinancing-7-5", "base-1-of-subsidy", "reclaim"]
    approval = f"/determinations/{proposed.json()['id']}/approval"
    same = await door.ask("POST", approval, subject="ada/2", role="controller")
    assert (same.status_code, same.json()["code"]) == (403, "same-person")
    before = await balances(door)
    made = await controller(door, approval)
    assert (made.status_code, made.json()["state"]) == (200, "determined")
    assert made.json()["result"]["determinedCents"] == 985_000_000
    after = await balances(door)
    assert {name: after.get(name, 0) - before.get(name, 0) for name in {*after, *before}} == {
        **dict.fromkeys({*after, *before}, 0),
        "grant/reduced": 15_000_000,
        "grant/reclaimed": -15_000_000,
    }
    assert (await controller(door, approval)).json()["code"] == "determination-not-proposed"
    again = await door.ask("POST", f"{GRANT}/determinations", body)
    assert (again.status_code, again.json()["code"]) == (409, "grant-already-determined")
    more = {"code": "2024", "cents": 1, "until": "2024-12-31", "awardedOn": "2024-01-01", "reason": "more"}
    assert (await door.ask("POST", f"{GRANT}/supplements", more)).json()["code"] == "grant-already-determined"


async def test_what_is_still_due_after_the_determination_can_come_in_and_no_more(door: Door) -> None:
    await door.set_up()
    await decide_base(door)
    await instalment(door, "first", 800_000_000)
    await bring_in(door, 900_000)
    body = {"provedCents": 950_000_000, "reason": "final account"}
    proposed = (await door.ask("POST", f"{GRANT}/determinations", body)).json()
    assert (await controller(door, f"/determinations/{proposed['id']}/approval")).status_code == 200
    found = await balances(door)
    assert (found["grant/receivable"], found["grant/reduced"]) == (150_000_000, 50_000_000)
    assert (await instalment(door, "more", 150_000_001)).json()["code"] == "instalment-too-large"
    assert (await instalment(door, "last", 150_000_000)).status_code == 201
    assert "grant/receivable" not in await balances(door)


async def test_a_proposal_that_the_contributions_overtook_is_not_approved(door: Door) -> None:
    await door.set_up()
    await decide_base(door)
    body = {"provedCents": 1_000_000_000, "reason": "final account"}
    proposed = (await door.ask("POST", f"{GRANT}/determinations", body)).json()
    await bring_in(door, 60)
    outdated = await controller(door, f"/determinations/{proposed['id']}/approval")
    assert (outdated.status_code, outdated.json()["code"]) == (409, "determination-outdated")
    second = (await door.ask("POST", f"{GRANT}/determinations", body)).json()
    assert second["number"] == 2
    overtaken = await controller(door, f"/determinations/{proposed['id']}/approval")
    assert overtaken.json()["code"] == "determination-not-proposed"
    assert (await controller(door, f"/determinations/{second['id']}/approval")).status_code == 200


async def test_deliverables_are_planned_replanned_and_done_with_their_evidence(door: Door) -> None:
    await door.set_up()
    body = {
        "line": "metaal",
        "title": "Guest lessons",
        "unit": "lessons",
        "planned": 40,
        "due": "2021-12-31",
        "grant": "sto-2020",
    }
    assert (await door.ask("PUT", "/deliverables/lessen", body)).headers["result"] == "created"
    assert (await door.ask("PUT", "/deliverables/lessen", body)).headers["result"] == "unchanged"
    done = {"number": 12, "on": "2021-03-01", "evidence": "attendance lists, sha256 5ea1"}
    await asyncio.gather(*(door.ask("POST", "/deliverables/lessen/achievements", done) for _ in range(3)))
    replanned = await door.ask("PUT", "/deliverables/lessen", {**body, "planned": 36})
    assert (replanned.headers["result"], replanned.json()["done"], replanned.json()["state"]) == ("changed", 36, "done")
    too_much = await door.ask("POST", "/deliverables/lessen/achievements", {"number": -37, "on": "2021-03-02"})
    assert (too_much.status_code, too_much.json()["code"]) == (409, "less-than-nothing")
    achieved = (await door.ask("GET", "/deliverables/lessen/achievements")).json()
    assert [each["done"] for each in achieved] == [12, 24, 36]
    assert (await door.ask("PUT", "/deliverables/x", {**body, "grant": "nothing"})).status_code == 404


async def test_a_neighbour_gets_nothing_of_a_subsidy(door: Door) -> None:
    await door.set_up()
    await door.ask("PUT", "/applications/eemland", APPLICATION)
    await instalment(door, "2020-1", 1)
    elsewhere = ids.new_id()
    assert (await door.ask("GET", "/applications", at=elsewhere)).json() == []
    assert (await door.ask("GET", "/deliverables", at=elsewhere)).json() == []
    for path in ("/applications/eemland", f"{GRANT}/instalments", f"{GRANT}/determinations"):
        assert (await door.ask("GET", path, at=elsewhere)).status_code == 404
    assert (
        await door.ask("POST", f"{GRANT}/determinations/preview", {"provedCents": 1}, at=elsewhere)
    ).status_code == 404


async def test_a_region_without_money_has_none_of_it_and_loses_nothing_else(door: Door) -> None:
    await door.region.found()
    for path in ("/schemes", "/applications", "/grants", "/allocations", "/budgets", "/deliverables"):
        assert (await door.ask("GET", path)).json() == []
    assert (await door.ask("POST", f"{GRANT}/determinations/preview", {"provedCents": 1})).status_code == 404
    plan = {
        "participants": [{"kind": "hogeschool"}],
        "activities": ["internships"],
        "from": "2021-01-01",
        "until": "2021-12-31",
        "asked": [{"year": 2021, "cents": 1}],
    }
    assert {each["outcome"] for each in (await door.ask("POST", "/schemes/matches", plan)).json()} == {"does-not-fit"}
    await bring_in(door, 135)
    (lesson,) = (await door.ask("GET", "/contributions")).json()["items"]
    assert (lesson["state"], lesson["minutes"], lesson["valueCents"]) == ("accepted", 135, 0)
    deliverable = {"line": "metaal", "title": "Mentor days", "unit": "days", "planned": 2, "due": "2021-12-31"}
    assert (await door.ask("PUT", "/deliverables/mentors", deliverable)).status_code == 201
    await door.ask("POST", "/deliverables/mentors/achievements", {"number": 2, "on": "2021-05-01"})
    assert [each["state"] for each in (await door.ask("GET", "/deliverables")).json()] == ["done"]
    await door.region.sealer().run_once()
    verdict = (await door.ask("GET", "/ledger/verification")).json()
    assert (verdict["ok"], verdict["entries"]) == (True, 2)
