"""A contribution on its way from declared to accepted: whose hands it goes through, and what stops it."""

import asyncio
from datetime import date
from typing import Any

import pytest

from services.funding.commands.schemes import put_scheme
from services.funding.domain.scheme import Approval, Rule, Terms
from tests.support.funding_intake import AT, RULES, START, a_record, evidence, material
from tests.support.intake_door import Door
from tests.support.intake_door import door as door

UP_TO = {"upTo": "2023-12-31"}


async def rules(door: Door, *terms: Terms, known: date = START) -> None:
    """The region's scheme says this as well."""
    added = [Rule(f"own-{number}", each, START, known, "the region") for number, each in enumerate(terms)]
    async with door.books.database.transaction(door.books.id) as tx:
        await put_scheme(tx, "sto", "The scheme", (*RULES, *added), at=AT)


async def one(door: Door, record_id: str) -> dict[str, Any]:
    """The contribution of a record, as the office sees it."""
    page = (await door.ask("GET", "/contributions")).json()
    found: dict[str, Any] = next(each for each in page["items"] if each["recordId"] == record_id)
    return found


async def step(door: Door, found: dict[str, Any], what: str, who: str, body: Any = None) -> tuple[int, dict[str, Any]]:
    answer = await door.ask("POST", f"/contributions/{found['id']}/{what}", body, who=who)
    told: dict[str, Any] = answer.json()
    return answer.status_code, told


async def last_receipt(door: Door) -> dict[str, Any]:
    return (await door.books.facts("receipts.contributions.acme"))[-1][1]


async def test_a_rejected_one_leaves_the_books_its_sender_reads_the_code_and_it_is_declared_anew(door: Door) -> None:
    proof = evidence()
    await door.send(material("1", evidence=proof))
    found = await one(door, "1")
    published = {each["code"]: each["message"] for each in (await door.ask("GET", "/rejection-codes")).json()}
    body = {"code": "wrong-line", "note": "Dit was voor metaal."}
    status, told = await step(door, found, "rejection", "office ada", body)
    assert (status, told["state"], told["rejection"]["code"]) == (200, "rejected", "wrong-line")
    assert published["wrong-line"]["nl"].rstrip(".") in told["rejection"]["message"]["nl"]
    assert await door.books.balances() == {}
    receipt = await last_receipt(door)
    assert (receipt["id"], receipt["outcome"], receipt["state"]) == ("1", "refused", "rejected")
    assert receipt["reasons"][0]["code"] == "wrong-line"
    assert receipt["reasons"][0]["message"]["nl"].endswith("Toelichting: Dit was voor metaal.")
    kind, fact = (await door.books.facts())[-1]
    assert (kind, fact["reason"], fact["code"], fact["recordId"]) == (
        "contribution-reversed",
        "rejected",
        "wrong-line",
        "1",
    )
    assert (await step(door, found, "rejection", "office ada", body))[0] == 409
    again = await door.send(material("1", evidence=proof), material("2", line="metaal", evidence=proof, replaces="1"))
    assert [each["outcome"] for each in again["receipts"] if not each.get("settledBy")] == ["duplicate", "booked"]
    assert again["receipts"][0]["reasons"][0]["code"] == "wrong-line"
    assert await door.books.balances() == {"memo/verified/metaal": (125_000, 0)}


async def test_what_is_accepted_is_rejected_by_a_controller_who_did_not_accept_it(door: Door) -> None:
    await door.send(a_record("1"))
    found = await one(door, "1")
    assert (await step(door, found, "acceptance", "controller bo"))[1]["state"] == "accepted"
    body = {"code": "not-delivered"}
    assert (await step(door, found, "rejection", "office ada", body))[0] == 403
    assert (await step(door, found, "rejection", "controller bo", body))[0] == 403
    assert (await step(door, found, "rejection", "controller cy", body))[1]["state"] == "rejected"
    assert await door.books.balances() == {}


async def test_of_two_who_reject_it_at_once_one_does(door: Door) -> None:
    await door.send(a_record("1"))
    found = await one(door, "1")
    body = {"code": "not-delivered"}
    done = await asyncio.gather(*(step(door, found, "rejection", f"office {who}", body) for who in ("ada", "bo", "cy")))
    assert sorted(status for status, _ in done) == [200, 409, 409]


async def test_who_verified_does_not_accept_and_each_is_kept(door: Door) -> None:
    await door.send(material("1"))
    found = await one(door, "1")
    assert (await step(door, found, "acceptance", "controller bo"))[0] == 409
    await step(door, found, "verification", "office ada")
    status, told = await step(door, found, "acceptance", "controller ada")
    assert (status, told["code"]) == (403, "same-person")
    await step(door, found, "acceptance", "controller bo")
    kept = await one(door, "1")
    people = [kept[name] for name in ("sender", "declaredBy", "verifiedHow", "verifiedBy", "acceptedBy")]
    assert people[:3] == ["acme", None, "office"]
    assert None not in people[3:]
    assert people[3] != people[4]


async def test_above_the_amount_two_different_people_accept_and_under_it_one(door: Door) -> None:
    await rules(door, Approval(11_250))
    await door.send(a_record("1"), a_record("2", minutes=136))
    first = (await door.ask("POST", "/contribution-acceptances", UP_TO, who="controller bo")).json()
    assert (first["accepted"], first["approved"], first["leftForAnother"]) == (1, 1, 1)
    assert (await door.ask("POST", "/contribution-acceptances", UP_TO, who="controller bo")).status_code == 403
    approved = [fact for kind, fact in await door.books.facts() if kind == "contribution-approved"]
    assert [fact["aboveCents"] for fact in approved] == [11_250]
    large = await one(door, "2")
    assert (large["state"], large["acceptedBy"]) == ("verified", None)
    assert (await step(door, large, "acceptance", "controller bo"))[0] == 403
    second = (await door.ask("POST", "/contribution-acceptances", UP_TO, who="controller cy")).json()
    assert (second["accepted"], second["approved"], second["leftForAnother"]) == (1, 0, 0)
    kept = await one(door, "2")
    assert kept["approvedBy"] != kept["acceptedBy"]


@pytest.mark.parametrize("alone", [True, False], ids=["one-by-one", "in-a-batch"])
async def test_two_who_accept_at_once_make_one_acceptance(door: Door, alone: bool) -> None:
    await rules(door, Approval(100))
    await door.send(a_record("1"))
    found = await one(door, "1")

    async def accept(who: str) -> int:
        if alone:
            return (await step(door, found, "acceptance", f"controller {who}"))[0]
        return (await door.ask("POST", "/contribution-acceptances", UP_TO, who=f"controller {who}")).status_code

    done = await asyncio.gather(*(accept(who) for who in ("bo", "bo", "cy", "dee", "eve")))
    assert sum(status < 300 for status in done) >= 2
    kept = await one(door, "1")
    assert kept["state"] == "accepted"
    assert kept["approvedBy"] != kept["acceptedBy"]
    assert await door.books.balances() == {"memo/accepted/robotisering": (11_250, 135)}
    facts = [kind for kind, _ in await door.books.facts()]
    assert (facts.count("contribution-approved"), facts.count("contribution-accepted")) == (1, 1)
