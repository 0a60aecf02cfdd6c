"""Commands over HTTP, on real PostgreSQL: at most once, on the version that was read, for one's own consortium."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runtime import housekeeping
from runtime.ids import new_id
from tests.integration.runtime.http.conftest import OURS, THEIRS, Door
from tests.support import pebbles

PEBBLE = {"code": "flint", "grams": 12}
either_way = pytest.mark.parametrize("path", ["/v1/pebbles", "/v1/grains"], ids=["ordinary", "hot"])
"""What holds of any command, whether it has a transaction of its own or shares one."""


@either_way
async def test_a_repeated_post_gets_the_first_answer_and_has_one_effect(door: Door, path: str) -> None:
    key = {"Idempotency-Key": "k1"}
    first = await door.ask("POST", path, PEBBLE, headers=key)
    again = await door.ask("POST", path, PEBBLE, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    for name in {"etag", "location", "event-id", "content-type"} & first.headers.keys():
        assert again.headers[name] == first.headers[name]
    assert "location" in again.headers
    assert len((await door.ask("GET", "/v1/pebbles")).json()["items"]) == 1


@either_way
async def test_answers_are_kept_72_hours_and_then_erased_in_every_region(door: Door, path: str) -> None:
    for region in (OURS, THEIRS):
        await door.ask("POST", path, PEBBLE, consortia=[str(region)])
    now = datetime.now(UTC)
    assert (await housekeeping.run_once(door.db, now + timedelta(hours=71))).answers == 0
    assert (await housekeeping.run_once(door.db, now + timedelta(hours=73))).answers == 2


@either_way
async def test_a_key_with_another_body_is_refused(door: Door, path: str) -> None:
    key = {"Idempotency-Key": "k1"}
    await door.ask("POST", path, PEBBLE, headers=key)
    other = await door.ask("POST", path, {**PEBBLE, "grams": 13}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")


@either_way
async def test_a_key_is_of_one_actor_and_one_consortium(door: Door, path: str) -> None:
    key = {"Idempotency-Key": "k1"}
    both = [str(OURS), str(THEIRS)]
    ours = {**key, "Consortium-Id": str(OURS)}
    theirs = {**key, "Consortium-Id": str(THEIRS)}
    assert (await door.ask("POST", path, PEBBLE, headers=ours, consortia=both)).status_code == 201
    assert (await door.ask("POST", path, PEBBLE, headers=theirs, consortia=both)).status_code == 201
    other = await door.ask("POST", path, {**PEBBLE, "code": "slate"}, headers=key, sub="bram")
    assert (other.status_code, "idempotent-replayed" in other.headers) == (201, False)


@either_way
async def test_a_post_without_a_key_is_told_to_send_one(door: Door, path: str) -> None:
    answer = await door.ask("POST", path, PEBBLE, headers={"Idempotency-Key": ""})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing")


async def test_a_concurrent_twin_waits_and_gets_the_first_answer(door: Door) -> None:
    gate = pebbles.GATES["flint"] = pebbles.Gate()
    key = {"Idempotency-Key": "k1"}
    first = asyncio.create_task(door.ask("POST", "/v1/pebbles", PEBBLE, headers=key))
    await asyncio.wait_for(gate.reached.wait(), 5)
    twin = asyncio.create_task(door.ask("POST", "/v1/pebbles", PEBBLE, headers=key))
    await _waits_for_a_lock(door)
    gate.opened.set()
    assert (await first).status_code == 201
    assert (await twin).headers["idempotent-replayed"] == "true"


async def test_a_twin_of_a_request_that_takes_longer_is_told_to_come_back(door: Door) -> None:
    gate = pebbles.GATES["flint"] = pebbles.Gate()
    key = {"Idempotency-Key": "k1"}
    first = asyncio.create_task(door.ask("POST", "/v1/pebbles", PEBBLE, headers=key))
    await asyncio.wait_for(gate.reached.wait(), 5)
    twin = await door.ask("POST", "/v1/pebbles", PEBBLE, headers=key)
    assert (twin.status_code, twin.json()["code"], twin.headers["retry-after"]) == (409, "still-in-progress", "1")
    gate.opened.set()
    assert (await first).status_code == 201


@either_way
async def test_a_refused_request_leaves_its_key_free(door: Door, path: str) -> None:
    key = {"Idempotency-Key": "k1"}
    await door.ask("POST", path, PEBBLE)
    assert (await door.ask("POST", path, PEBBLE, headers=key)).status_code == 500
    retried = await door.ask("POST", path, {**PEBBLE, "code": "slate"}, headers=key)
    assert retried.status_code == 201


async def test_an_answer_too_large_to_keep_is_not_given_twice_nor_repeated(door: Door) -> None:
    key = {"Idempotency-Key": "k1"}
    assert (await door.ask("POST", "/v1/pebbles/large-answers", headers=key)).status_code == 201
    again = await door.ask("POST", "/v1/pebbles/large-answers", headers=key)
    assert (again.status_code, again.json()["code"]) == (409, "answer-not-kept")


async def test_a_change_names_the_version_it_was_based_on(door: Door) -> None:
    await door.ask("POST", "/v1/pebbles", PEBBLE)
    path, change = "/v1/pebbles/flint", {**PEBBLE, "grams": 20}
    assert (await door.ask("PATCH", path, change)).status_code == 428
    assert (await door.ask("PATCH", path, change, headers={"If-Match": "first"})).status_code == 400
    changed = await door.ask("PATCH", path, change, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    late = await door.ask("PATCH", path, change, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["code"]) == (412, "stale")


async def test_a_list_goes_on_where_the_page_before_ended(door: Door) -> None:
    for number in range(5):
        await door.ask("POST", "/v1/pebbles", {"code": f"p{number}", "grams": 1})
    path, seen = "/v1/pebbles?limit=2", []
    while path:
        answer = await door.ask("GET", path)
        seen += [each["code"] for each in answer.json()["items"]]
        path = answer.headers.get("link", "").partition("<")[2].partition(">")[0]
    assert seen == ["p0", "p1", "p2", "p3", "p4"]
    assert (await door.ask("GET", "/v1/pebbles?after=nonsense")).json()["code"] == "cursor-unreadable"


async def test_a_neighbour_sees_and_changes_nothing(door: Door) -> None:
    await door.ask("POST", "/v1/pebbles", PEBBLE)
    theirs: dict[str, Any] = {"consortia": [str(THEIRS)]}
    assert (await door.ask("GET", "/v1/pebbles", **theirs)).json()["items"] == []
    change = await door.ask("PATCH", "/v1/pebbles/flint", PEBBLE, headers={"If-Match": '"1"'}, **theirs)
    assert change.status_code == 404


async def test_a_read_can_wait_for_an_event(door: Door) -> None:
    event = str(new_id())
    never = await door.ask("GET", "/v1/pebbles", headers={"Wait-For": event})
    assert (never.status_code, never.headers["wait-for-status"]) == (200, "pending")
    async with door.db.transaction(OURS) as tx:
        await tx.execute(
            "INSERT INTO inbox (event_id, consumer, source, record, type, published_at)"
            " VALUES ($1, 'c', 's', 't-0-0', 'x', now())",
            event,
        )
    assert (await door.ask("GET", "/v1/pebbles", headers={"Wait-For": event})).headers["wait-for-status"] == "done"


@either_way
async def test_without_a_database_the_answer_is_503_and_not_ready(door: Door, path: str) -> None:
    assert (await door.client.get("/readyz")).status_code == 200
    await door.db.close()
    answer = await door.ask("POST", path, PEBBLE)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert (await door.client.get("/readyz")).status_code == 503
    assert (await door.client.get("/livez")).status_code == 200


async def _waits_for_a_lock(door: Door) -> None:
    async with asyncio.timeout(5), door.db.transaction(OURS) as tx:
        while not await tx.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ):
            await tx.execute("SELECT pg_stat_clear_snapshot()")
