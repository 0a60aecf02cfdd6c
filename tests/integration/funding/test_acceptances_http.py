"""Batches that are accepted on a sample, over HTTP: proposed, looked at, accepted together."""

import asyncio
from typing import Any
from uuid import UUID

from services.funding.commands.schemes import put_scheme
from services.funding.domain.sampling import in_order, items_hash
from services.funding.domain.scheme import Approval, Rule, Sample, Terms
from tests.support.funding_intake import AT, RULES, START, a_record
from tests.support.intake_door import Door
from tests.support.intake_door import door as door

UP_TO = {"upTo": "2023-12-31"}
SAMPLE = Sample(5_000, 9_000)


async def ready(door: Door, *terms: Terms, records: int = 12) -> None:
    """A region whose scheme asks a sample, with this many verified contributions."""
    added = [Rule(f"own-{number}", each, START, START, "the region") for number, each in enumerate((SAMPLE, *terms))]
    async with door.books.database.transaction(door.books.id) as tx:
        await put_scheme(tx, "sto", "The scheme", (*RULES, *added), at=AT)
    await door.send(*(a_record(str(number)) for number in range(records)))


async def propose(door: Door, code: str = "mei", body: Any = None, who: str = "office ada") -> tuple[int, Any]:
    answer = await door.ask("PUT", f"/acceptance-batches/{code}", body or UP_TO, who=who)
    return answer.status_code, answer.json()


async def judge(door: Door, item: dict[str, Any], who: str = "office ada", **said: Any) -> tuple[int, Any]:
    body = {"contributionId": item["contributionId"], "outcome": "right", **said}
    answer = await door.ask("POST", "/acceptance-batches/mei/judgements", body, who=who)
    return answer.status_code, answer.json()


async def accept(door: Door, who: str = "controller bo") -> tuple[int, Any]:
    answer = await door.ask("POST", "/acceptance-batches/mei/acceptance", None, who=who)
    return answer.status_code, answer.json()


async def test_the_sample_is_drawn_again_from_what_is_published(door: Door) -> None:
    await ready(door)
    status, batch = await propose(door)
    assert (status, batch["contributions"], batch["left"]) == (201, 12, batch["sample"])
    listed = (await door.ask("GET", "/acceptance-batches/mei/items")).json()["items"]
    ids = [UUID(each["contributionId"]) for each in listed]
    _, fact = next(told for told in await door.books.facts() if told[0] == "acceptance-proposed")
    assert fact["itemsSha256"] == items_hash(ids)
    assert in_order(fact["seed"], ids) == ids
    assert batch["items"] == listed[: fact["sample"]]
    await door.send(a_record("late"))
    again = await propose(door)
    assert again == (200, batch)
    assert (await propose(door, body={"upTo": "2023-06-30"}))[0] == 409


async def test_a_batch_is_accepted_together_and_once_when_its_sample_was_looked_at(door: Door) -> None:
    await ready(door)
    plain = await door.ask("POST", "/contribution-acceptances", UP_TO, who="controller bo")
    assert (plain.status_code, plain.json()["code"]) == (409, "sample-asked")
    _, batch = await propose(door)
    status, told = await accept(door)
    assert (status, told["code"]) == (409, "sample-unfinished")
    for item in batch["items"]:
        assert (await judge(door, item))[0] == 201
    assert (await judge(door, batch["items"][0]))[0] == 409
    done = await asyncio.gather(*(accept(door) for _ in range(3)))
    assert sorted(told["accepted"] for _, told in done) == [0, 0, 12]
    assert {(status, told["state"]) for status, told in done} == {(200, "accepted")}
    assert await door.books.balances() == {"memo/accepted/robotisering": (12 * 11_250, 12 * 135)}
    facts = [kind for kind, _ in await door.books.facts()]
    assert (facts.count("contribution-accepted"), facts.count("acceptance-completed")) == (12, 1)


async def test_one_wrong_of_the_sample_stops_the_batch_and_what_waited_is_for_the_next(door: Door) -> None:
    await ready(door)
    _, batch = await propose(door)
    assert (await judge(door, batch["items"][0], outcome="wrong"))[0] == 400
    status, told = await judge(door, batch["items"][0], outcome="wrong", code="not-delivered")
    assert (status, told["state"], told["failures"]) == (201, "stopped", 1)
    status, told = await accept(door)
    assert (status, told["code"]) == (409, "batch-stopped")
    assert await door.books.balances() == {"memo/verified/robotisering": (11 * 11_250, 11 * 135)}
    _, last = (await door.books.facts("receipts.contributions.acme"))[-1]
    assert (last["state"], last["reasons"][0]["code"]) == ("rejected", "not-delivered")
    assert (await propose(door, "juni"))[1]["contributions"] == 11


async def test_two_batches_proposed_at_once_share_nothing(door: Door) -> None:
    await ready(door)
    made = await asyncio.gather(*(propose(door, code) for code in ("mei", "mei", "juni", "juli")))
    taken = [batch["contributions"] for status, batch in made if status == 201]
    assert (sum(taken), sorted(status for status, _ in made)) == (12, [200, 201, 409, 409])


async def test_above_the_amount_the_batch_waits_for_a_second_person(door: Door) -> None:
    await ready(door, Approval(100))
    _, batch = await propose(door)
    for item in batch["items"]:
        await judge(door, item)
    first, alone, second = await accept(door), await accept(door), await accept(door, "controller cy")
    assert (first[1]["state"], first[1]["approved"], alone[0]) == ("open", 12, 403)
    assert (second[1]["state"], second[1]["accepted"]) == ("accepted", 12)


async def test_a_neighbour_sees_no_batch(door: Door) -> None:
    await ready(door, records=1)
    await propose(door)
    elsewhere = UUID(int=5)
    assert (await door.ask("GET", "/acceptance-batches/mei", at=elsewhere)).status_code == 404
    assert (await door.ask("GET", "/acceptance-batches", at=elsewhere)).json()["items"] == []
