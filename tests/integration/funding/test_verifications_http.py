"""The word of the school that received a contribution, over HTTP: asked by a rule, said once, yes or no."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from asyncpg import CheckViolationError

from services.funding.commands import contributions
from services.funding.commands.schemes import put_scheme
from services.funding.domain.contribution import Hands
from services.funding.domain.scheme import Approval, Rule, Sample, Verification
from tests.support.funding_intake import AT, RULES, START, a_record, evidence, material
from tests.support.intake_door import Door
from tests.support.intake_door import door as door
from tests.support.school_word import JAN, ready, say

UP_TO = {"upTo": "2023-12-31"}
MIA, FOREIGN = "school mia@element", "school kees@park"
HOURS = Verification("hours", school=True)
PAPER = Verification("material", evidence_types=("invoice",), activity=True, school=True)


async def queue(door: Door, who: str = JAN, word: str = "asked") -> list[dict[str, Any]]:
    answer = await door.ask("GET", f"/school-verifications?word={word}", who=who)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def last_receipt(door: Door) -> dict[str, Any]:
    return (await door.books.facts("receipts.contributions.acme"))[-1][1]


async def test_a_school_sees_what_it_received_and_its_yes_verifies_it_for_another_to_accept(door: Door) -> None:
    await ready(door, HOURS)
    sent = await door.send(
        a_record("1", school="brin:00AB", description="Gastles lassen"), a_record("2", school="park")
    )
    assert [each["state"] for each in sent["receipts"]] == ["declared", "declared"]
    asked = [fact for kind, fact in await door.books.facts() if kind == "verification-asked"]
    assert {fact["schoolId"] for fact in asked} == {str(door.books.organisation(code)) for code in ("element", "park")}
    waiting = await queue(door)
    assert [each["word"] for each in waiting] == ["asked"]
    assert [(each["organisation"], each["description"]) for each in waiting] == [("acme", "Gastles lassen")]
    assert len(await queue(door, FOREIGN)) == 1
    assert len(await queue(door, "office ada")) == 2
    status, told = await say(door, waiting[0]["contributionId"])
    assert (status, told["state"], told["word"], told["verifiedHow"]) == (200, "verified", "yes", "school")
    assert await queue(door) == []
    assert [each["state"] for each in await queue(door, word="yes")] == ["verified"]
    assert await queue(door, FOREIGN, word="yes") == []
    one = f"/school-verifications/{told['contributionId']}"
    assert (await door.ask("GET", one, who=MIA)).json() == told
    assert (await door.ask("GET", one, who=FOREIGN)).status_code == 404
    receipt = await last_receipt(door)
    assert (receipt["id"], receipt["state"]) == ("1", "verified")
    verified = [fact for kind, fact in await door.books.facts() if kind == "contribution-verified"]
    assert [fact["by"] for fact in verified] == ["school"]
    kept = (await door.ask("GET", f"/contributions/{told['contributionId']}")).json()
    assert (kept["verifiedHow"], kept["verifiedBy"], kept["schoolWord"]) == ("school", told["saidBy"], "yes")
    path = f"/contributions/{told['contributionId']}/acceptance"
    assert (await door.ask("POST", path, who="controller jan@element")).json()["code"] == "same-person"
    assert (await door.ask("POST", path, who="controller bo")).json()["state"] == "accepted"


async def test_what_waits_for_its_school_is_accepted_and_verified_by_nobody_else(door: Door) -> None:
    await ready(door, HOURS)
    await door.send(a_record("1", school="element"))
    found = (await queue(door))[0]["contributionId"]
    for step, who in (("acceptance", "controller bo"), ("verification", "office ada")):
        answer = await door.ask("POST", f"/contributions/{found}/{step}", who=who)
        assert (answer.status_code, answer.json()["code"]) == (409, "awaits-school")
        assert "/v1/school-verifications" in answer.json()["detail"]
    batch = (await door.ask("POST", "/contribution-acceptances", UP_TO, who="controller bo")).json()
    assert batch["accepted"] == 0
    with pytest.raises(CheckViolationError, match="contributions_not_verified_before_the_school"):
        async with door.books.database.transaction(door.books.id) as tx:
            await tx.connection.execute("UPDATE contributions SET state = 'verified', verified_how = 'office'")


async def test_a_schools_no_puts_it_on_hold_and_its_sender_reads_why(door: Door) -> None:
    await ready(door, HOURS)
    await door.send(a_record("1", school="element"))
    found = (await queue(door))[0]["contributionId"]
    codes = {each["code"] for each in (await door.ask("GET", "/school-objection-codes", who=JAN)).json()}
    assert "less-received" in codes
    body = {"code": "less-received", "note": "Eén docent."}
    assert (await say(door, found, "objection", {"code": "because"}))[0] == 400
    status, told = await say(door, found, "objection", body)
    assert (status, told["state"], told["word"]) == (200, "held", "no")
    assert await door.books.balances() == {}
    receipt = await last_receipt(door)
    assert (receipt["outcome"], receipt["state"], receipt["reasons"][0]["code"]) == ("held", "held", "less-received")
    assert receipt["reasons"][0]["message"]["nl"].endswith("Toelichting: Eén docent.")
    kind, fact = (await door.books.facts())[-1]
    assert (kind, fact["code"], fact["recordId"]) == ("contribution-held", "less-received", "1")
    held = (await door.ask("GET", "/held-records")).json()["items"][0]
    assert (held["contributionId"], held["reasons"][0]["code"]) == (found, "less-received")
    released = await door.ask("POST", f"/held-records/{held['id']}/release", {"reason": "Nagevraagd."})
    assert released.json()["state"] == "booked"
    kept = (await door.ask("GET", f"/contributions/{found}")).json()
    assert (kept["state"], kept["verifiedHow"], kept["schoolWord"]) == ("verified", "office", "no")
    own = await door.ask("POST", f"/contributions/{found}/acceptance", who="controller jan@element")
    assert (own.status_code, own.json()["code"]) == (403, "same-person")
    batch = await door.ask("POST", "/contribution-acceptances", UP_TO, who="controller jan@element")
    assert (batch.status_code, batch.json()["code"]) == (403, "same-person")
    assert (await door.ask("POST", f"/contributions/{found}/acceptance", who="controller bo")).status_code == 200


async def test_of_many_words_at_once_one_counts(door: Door) -> None:
    await ready(door, HOURS)
    await door.send(a_record("1", school="element"))
    found = (await queue(door))[0]["contributionId"]
    no = {"code": "not-received"}
    done = await asyncio.gather(
        *(say(door, found, who=who) for who in (JAN, MIA, JAN)),
        *(say(door, found, "objection", no, who=who) for who in (JAN, MIA, MIA)),
    )
    assert sorted(status for status, _ in done) == [200, *[409] * 5]
    assert {told["code"] for status, told in done if status == 409} == {"not-awaited"}
    facts = [kind for kind, _ in await door.books.facts()]
    assert facts.count("contribution-verified") + facts.count("contribution-held") == 1


async def test_another_school_a_neighbour_and_who_declared_do_not_say_it(door: Door) -> None:
    await ready(door, HOURS)
    await door.send(a_record("1", school="element"))
    found = (await queue(door))[0]["contributionId"]
    for word, body in (("confirmation", None), ("objection", {"code": "other"})):
        assert (await say(door, found, word, body, who=FOREIGN))[0] == 404
        assert (await say(door, found, word, body, at=UUID(int=5)))[0] == 404
        for who in ("office ada", "controller bo", "company jan@element", "sender acme"):
            assert (await say(door, found, word, body, who=who))[0] == 403
    assert (await door.ask("GET", "/school-verifications", who="company acme")).status_code == 403
    assert (await door.ask("GET", "/school-verifications", who=JAN, at=UUID(int=5))).json()["items"] == []
    jan = (await say(door, found, "objection", {"code": "other"}))[1]["saidBy"]
    async with door.books.database.transaction(door.books.id) as tx:
        with pytest.raises(CheckViolationError, match="contributions_school_word_by_another"):
            await tx.connection.execute("UPDATE contributions SET declared_by = $1", UUID(jan))


async def test_what_a_company_declares_by_hand_waits_for_its_school_and_tells_the_company_what_it_said(
    door: Door,
) -> None:
    await ready(door, HOURS)
    draft = f"/contribution-drafts/{UUID(int=3)}"
    record = {"line": "robotisering", "day": "2023-05-02", "kind": "hours", "minutes": 135, "workerRef": "w-17"}
    by_hand = {"organisation": "acme", "record": {**record, "school": "element"}}
    assert (await door.ask("PUT", draft, by_hand, who="company an@acme")).status_code == 201
    assert (await door.ask("POST", f"{draft}/declaration", who="company an@acme")).json()["state"] == "declared"
    found = (await queue(door))[0]["contributionId"]
    assert (await say(door, found, who="school an@element"))[1]["code"] == "same-person"
    assert (await say(door, found))[0] == 200
    told = (await door.ask("GET", draft, who="company an@acme")).json()["declaration"]
    assert (told["contributionId"], told["contributionState"]) == (found, "verified")
    assert await door.books.balances() == {"memo/verified/robotisering": (11_250, 135)}


async def test_by_rule_what_has_the_paper_or_a_confirmed_activity_is_verified_and_the_rest_waits(door: Door) -> None:
    await ready(door, PAPER)
    school = door.books.organisation("element")
    await door.send(material("early", activityRef="lesson-1"), material("other", activityRef="lesson-2"))
    assert await queue(door) == []
    assert len(await queue(door, "office ada")) == 2
    await door.books.confirm(school_id=school)
    receipt = await last_receipt(door)
    assert (receipt["id"], receipt["state"]) == ("early", "verified")
    photo = [{**evidence("b")[0], "type": "photo"}]
    sent = await door.send(
        material("paper", school="element", evidence=evidence()),
        material("photo", school="element", evidence=photo),
        material("late", activityRef="lesson-1"),
        material("elsewhere", activityRef="lesson-1", line="metaal", school="park"),
        material("nobody"),
        material("nowhere", school="element2"),
    )
    told = {each["id"]: each.get("state") or each["reasons"][0]["code"] for each in sent["receipts"]}
    assert told == {
        "paper": "verified",
        "photo": "declared",
        "late": "verified",
        "elsewhere": "declared",
        "nobody": "missing-school",
        "nowhere": "unknown-school",
    }
    assert [len(await queue(door, who)) for who in (JAN, FOREIGN)] == [1, 1]


async def test_the_school_of_a_confirmed_activity_is_asked_where_that_does_not_settle_it(door: Door) -> None:
    await ready(door, Verification("material", school=True))
    await door.send(material("1", activityRef="lesson-1"))
    await door.books.confirm(school_id=door.books.organisation("element"))
    await door.send(material("2", activityRef="lesson-1", school="park"))
    assert len(await queue(door)) == 2
    assert await queue(door, FOREIGN) == []


async def test_hours_of_a_rejected_lesson_can_be_declared_and_of_another_one_not(door: Door) -> None:
    await door.books.confirm()
    hours = a_record("1", activityRef="lesson-1")
    assert (await door.send(hours))["receipts"][0]["reasons"][0]["code"] == "already-booked"
    lesson = (await door.ask("GET", "/contributions")).json()["items"][0]["id"]
    await door.ask("POST", f"/contributions/{lesson}/rejection", {"code": "less-delivered"})
    assert (await door.send({**hours, "id": "2", "minutes": 60}))["receipts"][0]["outcome"] == "booked"
    assert (await door.send({**hours, "id": "3"}))["receipts"][0]["reasons"][0]["code"] == "already-booked"


async def test_what_is_known_when_accepting_is_known_on_the_regions_day(door: Door) -> None:
    """At 23:30 UTC it is the next day in Amsterdam, and a rule known from that day holds."""
    late = Rule("late", Approval(100), START, date(2023, 6, 2), "the region")
    async with door.books.database.transaction(door.books.id) as tx:
        await put_scheme(tx, "sto", "The scheme", (*RULES, late), at=AT)
    await door.send(a_record("1"))
    at = datetime(2023, 6, 1, 23, 30, tzinfo=UTC)
    async with door.books.database.transaction(door.books.id) as tx:
        done = await contributions.accept(tx, date(2023, 12, 31), batch_id=UUID(int=9), hands=Hands(UUID(int=8)), at=at)
    assert (len(done.accepted), len(done.approved)) == (0, 1)


@pytest.mark.parametrize("word", ["confirmation", "objection"])
async def test_a_word_and_a_correction_or_withdrawal_at_once_count_once(door: Door, word: str) -> None:
    await ready(door, HOURS)
    await door.send(a_record("1", school="element"), a_record("2", school="element", day="2023-05-03"))
    ids = {each["day"]: each["contributionId"] for each in await queue(door)}
    body = {"code": "less-received"} if word == "objection" else None
    corrected = a_record("3", school="element", minutes=60, replaces="1")
    taken_back = a_record("4", day="2023-05-03", school="element", withdraws="2")
    words = await asyncio.gather(
        *(say(door, id, word, body) for id in ids.values()), door.send(corrected), door.send(taken_back)
    )
    assert {status for status, _ in words[:2]} <= {200, 409}
    assert await door.books.balances() == {"memo/declared/robotisering": (5_000, 60)}
    assert [each["minutes"] for each in await queue(door)] == [60]
    assert (await door.ask("GET", "/held-records")).json()["items"] == []


async def test_a_word_and_the_confirmation_of_the_same_lesson_at_once_count_once(door: Door) -> None:
    await ready(door, HOURS)
    await door.send(a_record("1", school="element", activityRef="lesson-1"))
    asked = (await door.ask("GET", "/school-verifications")).json()["items"][0]
    lesson = door.books.confirm(school_id=door.books.organisation("element"))
    word, _ = await asyncio.gather(say(door, asked["contributionId"]), lesson)
    assert word[0] in (200, 409)
    assert await door.books.balances() == {"memo/verified/robotisering": (11_250, 135)}


async def test_a_word_on_a_closed_day_is_booked_on_the_first_open_one_and_a_sample_takes_what_was_verified(
    door: Door,
) -> None:
    await ready(door, HOURS, Verification("material", evidence_types=("invoice",)), Sample(500, 9_500))
    await door.send(
        a_record("1", school="element"), material("2", evidence=evidence()), a_record("3", school="element", minutes=60)
    )
    yes, waits = (each["contributionId"] for each in sorted(await queue(door), key=lambda each: -each["minutes"]))
    closed = await door.ask("POST", "/period-closings", {"until": "2023-05-31"}, who="controller bo")
    assert closed.status_code in (200, 201), closed.text
    assert (await say(door, yes))[0] == 200
    async with door.books.database.transaction(door.books.id) as tx:
        days = await tx.fetch(
            "SELECT DISTINCT day FROM journal_entries WHERE kind = 'contribution-verified' ORDER BY 1"
        )
    assert days[-1]["day"] == date(2023, 6, 1)
    batch = await door.ask("PUT", "/acceptance-batches/mei", {"upTo": "2023-05-31"})
    assert (batch.status_code, batch.json()["contributions"], batch.json()["sample"]) == (201, 2, 2), batch.text
    assert waits not in {each["contributionId"] for each in batch.json()["items"]}
    judged = await door.ask(
        "POST",
        "/acceptance-batches/mei/judgements",
        {"contributionId": yes, "outcome": "right"},
        who="controller jan@element",
    )
    assert (judged.status_code, judged.json()["code"]) == (403, "same-person")
