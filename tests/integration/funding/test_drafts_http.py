"""Drafts of contributions over HTTP: in no book and seen by nobody else, until they are declared, once."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx2
import pytest

from runtime import ids
from tests.support.funding_intake import a_record
from tests.support.intake_door import Door
from tests.support.intake_door import door as door

DRAFT = "/contribution-drafts/0197a3f2-6b1c-7d3e-9f00-000000000001"
WITHDRAWAL = f"{DRAFT}/withdrawal"
DECLARATION = f"{DRAFT}/declaration"
ACME, BOUW, OFFICE = "company acme", "company bouw", "office ada"
HOURS = {"line": "robotisering", "day": "2023-05-02", "kind": "hours", "minutes": 135, "workerRef": "w-17"}


def written(record: dict[str, Any] | None = None, organisation: str = "acme", **changes: Any) -> dict[str, Any]:
    return {"organisation": organisation, "record": {**(HOURS if record is None else record), **changes}}


async def put(door: Door, body: Any, *, who: str = ACME, match: str | None = None) -> httpx2.Response:
    headers = {"Authorization": f"{who} {door.books.id}", **({"If-Match": match} if match else {})}
    return await door.client.put(f"/v1{DRAFT}", json=body, headers=headers)


async def get(door: Door, path: str = DRAFT, who: str = ACME) -> dict[str, Any]:
    answer = await door.ask("GET", path, who=who)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def declare(door: Door, key: str = "") -> dict[str, Any]:
    headers = {"Authorization": f"{ACME} {door.books.id}", "Idempotency-Key": key or uuid4().hex}
    answer = await door.client.post(f"/v1{DECLARATION}", headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def decide(door: Door, what: str, who: str = OFFICE) -> httpx2.Response:
    """Somebody of the office releases or refuses the one record that waits."""
    (waiting,) = (await get(door, "/held-records", who=OFFICE))["items"]
    return await door.ask("POST", f"/held-records/{waiting['id']}/{what}", {"reason": "looked at"}, who=who)


async def sent_and_booked(door: Door) -> tuple[int, int, int, int]:
    """How many records, contributions, entries and facts there are."""
    async with door.books.database.transaction(door.books.id) as tx:
        tables = ("intake_records", "contributions", "journal_entries", "outbox")
        counted = [await tx.fetchval(f"SELECT count(*) FROM {table}") for table in tables]
    return counted[0], counted[1], counted[2], counted[3]


async def test_a_draft_is_saved_incomplete_changed_listed_and_deleted_and_counts_nowhere(door: Door) -> None:
    before = await sent_and_booked(door)
    made = await put(door, written({"line": "robotisering", "minutes": "two hours"}))
    assert (made.status_code, made.headers["ETag"], made.json()["state"]) == (201, '"1"', "draft")
    prospect = await get(door, f"{DRAFT}/prospect")
    assert prospect["outcome"] == "incomplete"
    assert [each["field"] for each in prospect["problems"]] == ["day", "kind", "minutes"]
    changed = await put(door, written(), match='"1"')
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert (await put(door, written())).headers["Result"] == "unchanged"
    assert (await put(door, written(minutes=60), match='"1"')).status_code == 412
    read = await door.ask("GET", DRAFT, who=ACME)
    assert (read.headers["ETag"], read.json()["record"]) == ('"2"', HOURS)
    prospect = await get(door, f"{DRAFT}/prospect")
    assert (prospect["outcome"], prospect["valueCents"], prospect["problems"]) == ("booked", 11_250, [])
    assert [each["id"] for each in (await get(door, "/contribution-drafts"))["items"]] == [DRAFT[-36:]]
    assert (await get(door, "/contribution-drafts?organisation=bouw"))["items"] == []
    assert await sent_and_booked(door) == before
    assert (await get(door, "/monthly-statements/2023-05?organisation=acme"))["sent"]["records"] == 0
    assert (await door.ask("DELETE", DRAFT, who=ACME)).status_code == 204
    assert (await door.ask("GET", DRAFT, who=ACME)).status_code == 404


@pytest.mark.parametrize(
    ("who", "status"),
    [(BOUW, 404), (OFFICE, 403), ("controller bob", 403), ("accountant cy", 403), ("sender acme", 403)],
)
async def test_a_draft_is_seen_by_its_organisation_alone(door: Door, who: str, status: int) -> None:
    await put(door, written())
    mine = [("GET", DRAFT), ("GET", f"{DRAFT}/prospect"), ("DELETE", DRAFT), ("POST", DECLARATION)]
    assert {(await door.ask(method, path, who=who)).status_code for method, path in mine} == {status}
    assert (await put(door, written(organisation=who.split()[1]), who=who)).status_code == status
    if who == BOUW:
        assert (await get(door, "/contribution-drafts", who=who))["items"] == []
        assert (await put(door, written(), who=who)).status_code == 404
    assert (await door.ask("GET", DRAFT, who=ACME, at=ids.consortium_id("elsewhere"))).status_code == 404
    assert (await get(door))["version"] == 1


async def test_a_draft_is_declared_once_and_booked_as_any_other_record(door: Door) -> None:
    await put(door, written())
    first = await declare(door, "first")
    assert (first["state"], first["declaration"]["outcome"], first["declaration"]["valueCents"]) == (
        "declared",
        "booked",
        11_250,
    )
    booked = await sent_and_booked(door)
    assert [await declare(door, "first"), await declare(door)] == [first, first]
    assert await sent_and_booked(door) == booked
    await door.send(a_record("1", organisation="bouw"))
    same = ("kind", "minutes", "value_cents", "rule", "state", "origin", "verified_how")
    by_hand, by_system = sorted(await door.books.contributions(), key=lambda each: each.declared_by is None)
    assert [getattr(by_hand, name) for name in same] == [getattr(by_system, name) for name in same]
    assert (by_hand.record_id, by_hand.declared_by) == (
        first["declaration"]["recordId"],
        ids.coded_id(UUID(int=0), "person", "acme"),
    )
    own = await door.ask("POST", f"/contributions/{by_hand.id}/acceptance", who="controller acme")
    assert (own.status_code, own.json()["code"]) == (403, "same-person")
    assert (await door.ask("DELETE", DRAFT, who=ACME)).json()["code"] == "draft-kept"
    assert (await door.ask("GET", f"{DRAFT}/prospect", who=ACME)).status_code == 409
    assert await door.books.facts("receipts.contributions.by_hand") == []


async def test_rivals_who_declare_one_draft_make_one_record(door: Door) -> None:
    await put(door, written())
    answers = await asyncio.gather(*(declare(door) for _ in range(6)))
    assert len({each["declaration"]["recordId"] for each in answers}) == 1
    assert len(await door.books.contributions()) == 1
    assert await door.books.balances() == {"memo/verified/robotisering": (11_250, 135)}


async def test_what_is_no_record_yet_is_not_sent(door: Door) -> None:
    await put(door, written({"line": "robotisering"}))
    before = await sent_and_booked(door)
    answer = await door.ask("POST", DECLARATION, who=ACME)
    assert (answer.status_code, answer.json()["code"]) == (409, "draft-incomplete")
    assert [each["in"] for each in answer.json()["errors"]] == ["/record/day", "/record/kind"]
    assert await sent_and_booked(door) == before
    assert (await get(door))["declaration"] is None


async def test_a_refused_one_is_mended_and_declared_anew(door: Door) -> None:
    await put(door, written(line="robotica"))
    prospect = await get(door, f"{DRAFT}/prospect")
    refused = await declare(door)
    (why,) = refused["declaration"]["reasons"]
    assert (refused["state"], prospect["outcome"]) == ("refused", "refused")
    assert (why["code"], why["suggestion"]) == ("unknown-line", "robotisering")
    assert "replaces" not in why["message"]["nl"] + prospect["problems"][0]["message"]["en"]
    assert await door.books.balances() == {}
    mended = await put(door, written())
    assert (mended.status_code, mended.json()["state"]) == (200, "draft")
    booked = await declare(door)
    assert (booked["state"], booked["declaration"]["reasons"]) == ("declared", [])
    assert await door.books.balances() == {"memo/verified/robotisering": (11_250, 135)}


async def test_a_refused_one_is_declared_again_when_its_cause_is_gone(door: Door) -> None:
    await door.books.no_standing()
    await put(door, written())
    assert (await declare(door))["declaration"]["reasons"][0]["code"] == "no-standing"
    door.owner.answers[door.books.id, door.books.organisation("acme"), date(2023, 5, 2)] = True
    assert (await declare(door))["state"] == "declared"
    assert len(await door.books.contributions()) == 1


async def test_a_held_one_waits_for_somebody_else_and_is_declared_when_released(door: Door) -> None:
    await door.send(a_record("1"))
    await put(door, written())
    held = await declare(door)
    assert (held["state"], held["declaration"]["reasons"][0]["code"]) == ("held", "already-booked")
    assert await declare(door) == held
    assert (await door.ask("DELETE", DRAFT, who=ACME)).json()["code"] == "draft-kept"
    assert (await decide(door, "release", who="office acme")).json()["code"] == "same-person"
    assert (await decide(door, "release")).status_code == 200
    found = await get(door)
    assert (found["state"], found["declaration"]["contributionState"]) == ("declared", "verified")
    assert (await declare(door))["declaration"]["recordId"] == held["declaration"]["recordId"]
    assert len(await door.books.contributions()) == 2
    (by_hand,) = [each for each in await door.books.contributions() if each.sender != "acme"]
    assert by_hand.declared_by == ids.coded_id(UUID(int=0), "person", "acme")


async def test_a_held_one_that_is_mended_takes_the_place_of_its_record(door: Door) -> None:
    await door.send(a_record("1"))
    await put(door, written())
    assert (await declare(door))["state"] == "held"
    await put(door, written(day="2023-05-03"))
    assert (await declare(door))["state"] == "declared"
    assert (await get(door, "/held-records", who=OFFICE))["items"] == []
    assert await door.books.balances() == {"memo/verified/robotisering": (22_500, 270)}


async def test_one_that_is_released_while_it_is_mended_is_replaced_and_never_counts_twice(door: Door) -> None:
    await door.send(a_record("1"))
    await put(door, written())
    await declare(door)
    await put(door, written(day="2023-05-03", minutes=60))
    assert (await decide(door, "release")).status_code == 200
    assert (await get(door))["state"] == "draft"
    assert (await declare(door))["state"] == "declared"
    assert await door.books.balances() == {"memo/verified/robotisering": (16_250, 195)}


async def test_the_writer_reads_why_a_held_one_was_refused_and_declares_it_again_only_when_it_is_mended(
    door: Door,
) -> None:
    await door.send(a_record("1"))
    await put(door, written())
    await declare(door)
    assert (await decide(door, "refusal")).status_code == 200
    refused = await declare(door)
    assert (refused["state"], refused["declaration"]["outcome"]) == ("refused", "held")
    assert "looked at" in refused["declaration"]["reasons"][0]["message"]["nl"]
    assert len(await door.books.contributions()) == 1
    await put(door, written(day="2023-05-03"))
    assert (await declare(door))["state"] == "declared"


async def test_what_was_declared_is_corrected_in_its_place_and_counts_as_it_was_until_then(door: Door) -> None:
    await put(door, written())
    await declare(door)
    changed = await put(door, written(minutes=60))
    assert (changed.json()["state"], changed.json()["declaration"]["contributionState"]) == ("draft", "verified")
    assert await door.books.balances() == {"memo/verified/robotisering": (11_250, 135)}
    answers = await asyncio.gather(*(declare(door) for _ in range(4)))
    assert {(each["state"], each["declaration"]["minutes"]) for each in answers} == {("declared", 60)}
    assert await door.books.balances() == {"memo/verified/robotisering": (5_000, 60)}
    own = (await get(door, "/own-contributions"))["items"]
    assert sorted((each["state"], each["minutes"]) for each in own) == [("replaced", 135), ("verified", 60)]


async def test_what_was_declared_is_taken_back_once_and_may_be_declared_anew(door: Door) -> None:
    await put(door, written())
    assert (await door.ask("POST", WITHDRAWAL, who=ACME)).json()["code"] == "nothing-declared"
    await declare(door)
    for who, at, status in ((BOUW, None, 404), (OFFICE, None, 403), (ACME, ids.consortium_id("elsewhere"), 404)):
        assert (await door.ask("POST", WITHDRAWAL, who=who, at=at)).status_code == status
    answers = await asyncio.gather(*(door.ask("POST", WITHDRAWAL, who=ACME) for _ in range(4)))
    assert {(each.status_code, each.json()["state"]) for each in answers} == {(200, "withdrawn")}
    assert (await declare(door))["state"] == "withdrawn"
    assert await door.books.balances() == {}
    (own,) = (await get(door, "/own-contributions"))["items"]
    assert (own["state"], own["steps"]) == ("withdrawn", [])
    await put(door, written(minutes=60))
    assert (await declare(door))["state"] == "declared"
    assert await door.books.balances() == {"memo/verified/robotisering": (5_000, 60)}


async def test_one_whose_correction_was_refused_is_taken_back_all_the_same_and_may_be_declared_anew(door: Door) -> None:
    await put(door, written())
    await declare(door)
    await put(door, written(line="robotica"))
    assert (await declare(door))["state"] == "refused"
    assert await door.books.balances() == {"memo/verified/robotisering": (11_250, 135)}
    for _ in range(2):
        assert (await door.ask("POST", WITHDRAWAL, who=ACME)).json()["state"] == "withdrawn"
    assert await door.books.balances() == {}
    await put(door, written(minutes=60))
    assert (await declare(door))["state"] == "declared"
    assert await door.books.balances() == {"memo/verified/robotisering": (5_000, 60)}


async def test_a_held_one_is_taken_back_and_waits_for_nobody_any_more(door: Door) -> None:
    await door.send(a_record("1"))
    await put(door, written())
    assert (await declare(door))["state"] == "held"
    assert (await door.ask("POST", WITHDRAWAL, who=ACME)).json()["state"] == "withdrawn"
    assert (await get(door, "/held-records", who=OFFICE))["items"] == []
    own = (await get(door, "/own-contributions"))["items"]
    assert sorted(each["state"] for each in own) == ["verified", "withdrawn"]


async def test_one_that_is_corrected_and_taken_back_at_once_counts_never_or_once(door: Door) -> None:
    await put(door, written())
    await declare(door)
    await put(door, written(minutes=60))
    back, anew = await asyncio.gather(door.ask("POST", WITHDRAWAL, who=ACME), door.ask("POST", DECLARATION, who=ACME))
    assert (back.status_code, anew.status_code) == (200, 200)
    counts = await door.books.balances()
    assert counts == ({} if (await get(door))["state"] == "withdrawn" else {"memo/verified/robotisering": (5_000, 60)})


async def test_what_was_accepted_is_taken_back_by_the_office_alone_and_nothing_in_a_closed_period(door: Door) -> None:
    await put(door, written())
    await declare(door)
    found = (await door.books.contributions())[0].id
    assert (await door.ask("POST", f"/contributions/{found}/acceptance", who="controller bo")).status_code == 200
    for _ in range(2):
        assert (await door.ask("POST", WITHDRAWAL, who=ACME)).json()["declaration"]["contributionState"] == "accepted"
    waiting = [each for each in (await get(door, "/own-contributions"))["items"] if each["withdraws"]]
    assert [(each["state"], [step["code"] for step in each["steps"]]) for each in waiting] == [
        ("held", ["wait-for-office"])
    ]
    assert (await decide(door, "release", who="office acme")).json()["code"] == "same-person"
    assert (await decide(door, "release")).status_code == 200
    assert ((await get(door))["state"], await door.books.balances()) == ("withdrawn", {})
    await put(door, written(minutes=60))
    await declare(door)
    closed = await door.ask("POST", "/period-closings", {"until": "2023-05-02"}, who="controller bo")
    assert closed.status_code in (200, 201)
    before = await sent_and_booked(door)
    answer = await door.ask("POST", WITHDRAWAL, who=ACME)
    assert (answer.status_code, answer.json()["code"]) == (409, "not-taken-back")
    assert "Call the programme office" in answer.json()["detail"]
    assert await sent_and_booked(door) == before


async def test_a_held_one_whose_mended_version_is_refused_counts_once_when_it_is_released_after_all(door: Door) -> None:
    await door.send(a_record("1"))
    await put(door, written())
    await declare(door)
    await put(door, written(line="robotica"))
    assert (await declare(door))["state"] == "refused"
    assert (await decide(door, "release")).status_code == 200
    assert (await door.ask("DELETE", DRAFT, who=ACME)).json()["code"] == "draft-kept"
    await put(door, written(day="2023-05-03", minutes=60))
    assert (await declare(door))["state"] == "declared"
    assert await door.books.balances() == {"memo/verified/robotisering": (16_250, 195)}


@pytest.mark.parametrize(
    "body",
    [
        {"organisation": "acme"},
        {"organisation": "acme", "record": []},
        {"organisation": "acme", "record": {"line": {"deep": 1}}},
        {"organisation": "acme", "record": {"line": "\u0000"}},
        {"organisation": "acme", "record": {"line": "x" * 1_001}},
        {"organisation": "acme", "record": {f"f{number}": "x" * 900 for number in range(20)}},
    ],
    ids=["no-record", "no-object", "nested", "nul", "long", "large"],
)
async def test_what_cannot_be_kept_is_refused(door: Door, body: dict[str, Any]) -> None:
    assert (await put(door, body)).status_code == 400


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("kept = false", "contribution_drafts_kept_when_it_counts"),
        ("record_id = NULL", "contribution_drafts_declared_as_a_whole"),
        ("version = 1, outcome = 'held', declared_version = 2", "contribution_drafts_of_a_version_that_was"),
    ],
)
async def test_the_database_refuses_a_draft_that_is_declared_in_part(door: Door, change: str, rule: str) -> None:
    await put(door, written())
    await declare(door)
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        async with door.books.database.transaction(door.books.id) as tx:
            await tx.execute(f"UPDATE contribution_drafts SET {change}")
    assert refused.value.constraint_name == rule
