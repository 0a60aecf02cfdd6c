"""Hot commands: those that arrive together share a transaction, and nobody can tell but by the clock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import APIRouter, Response

from runtime.auth import TokenChecker
from runtime.http import ApiModel, Call, create_app, hot, may
from runtime.http.hot import NotForTheHotDoor
from runtime.settings import Settings
from tests.integration.runtime.http.conftest import ISSUER, OURS, THEIRS, Door
from tests.support import pebbles

GRAINS = "/v1/grains"
Asked = asyncio.Task[httpx2.Response]


@asynccontextmanager
async def all_at_once(door: Door) -> AsyncIterator[list[Asked]]:
    """What is asked inside waits behind one command that is held, and is then done together."""
    gate = pebbles.GATES["first"] = pebbles.Gate()
    first = asyncio.create_task(door.ask("POST", GRAINS, {"code": "first", "grams": 1}))
    await asyncio.wait_for(gate.reached.wait(), 5)
    asked: list[Asked] = []
    yield asked
    (lane,) = door.app.state.lanes._lanes.values()
    async with asyncio.timeout(5):
        while len(lane.waiting) < len(asked):
            await asyncio.sleep(0)
    gate.opened.set()
    assert (await first).status_code == 201
    await asyncio.wait(asked)


def ask(door: Door, code: str, grams: int = 1, **others: Any) -> Asked:
    return asyncio.create_task(door.ask("POST", GRAINS, {"code": code, "grams": grams}, **others))


async def transactions(door: Door) -> dict[str, str]:
    """Which transaction wrote each grain."""
    async with door.db.transaction(OURS) as tx:
        return {row["code"]: row["by"] for row in await tx.fetch("SELECT code, xmin::text AS by FROM pebbles")}


async def test_commands_that_arrive_together_share_one_transaction_and_get_their_own_answers(door: Door) -> None:
    codes = [f"g{number}" for number in range(20)]
    async with all_at_once(door) as asked:
        asked += [ask(door, code) for code in codes]
    answers = [task.result() for task in asked]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(201, code) for code in codes]
    wrote = await transactions(door)
    assert len({wrote[code] for code in codes}) == 1
    async with door.db.transaction(OURS) as tx:
        facts = await tx.fetch("SELECT event_id, correlation_id, convert_from(data, 'UTF8') AS data FROM outbox")
        keys = await tx.fetchval("SELECT count(*) FROM idempotency WHERE status = 201")
    published = {str(row["event_id"]): row["data"] for row in facts}
    assert [published[answer.headers["event-id"]] for answer in answers] == [f'{{"code":"{code}"}}' for code in codes]
    assert len({row["correlation_id"] for row in facts}) == keys == 21


async def test_one_that_is_refused_is_told_so_and_the_others_are_done_all_the_same(door: Door) -> None:
    async with all_at_once(door) as asked:
        asked += [ask(door, "a"), ask(door, "b", 101), ask(door, "c")]
    a, b, c = (task.result() for task in asked)
    assert (a.status_code, b.status_code, c.status_code) == (201, 409, 201)
    assert b.json()["code"] == "too-heavy"
    wrote = await transactions(door)
    assert wrote["a"] == wrote["c"]
    assert "b" not in wrote


async def test_one_that_spoils_the_statement_spoils_only_its_own(door: Door) -> None:
    async with all_at_once(door) as asked:
        asked += [ask(door, "a"), ask(door, "first"), ask(door, "c")]
    assert [task.result().status_code for task in asked] == [201, 500, 201]
    wrote = await transactions(door)
    assert wrote.keys() == {"first", "a", "c"}
    assert wrote["a"] != wrote["c"]


async def test_a_twin_in_the_same_batch_gets_the_first_answer(door: Door) -> None:
    key = {"Idempotency-Key": "k1"}
    async with all_at_once(door) as asked:
        asked += [ask(door, "a", headers=key), ask(door, "a", headers=key), ask(door, "b")]
    first, twin, other = (task.result() for task in asked)
    assert (first.status_code, twin.content, other.status_code) == (201, first.content, 201)
    assert twin.headers["idempotent-replayed"] == "true"
    assert twin.headers["event-id"] == first.headers["event-id"]


async def test_twins_at_two_replicas_have_one_effect_and_one_answer(door: Door) -> None:
    replica = create_app(
        service="pebbles",
        title="Pebbles",
        description="The same, once more.",
        version="1.2.3",
        routers=[pebbles.grains],
        settings=Settings(),
        database=door.db,
        tokens=TokenChecker(Settings(issuer=ISSUER, jwks_url=door.provider.url)),
    )
    transport = httpx2.ASGITransport(replica)
    async with httpx2.AsyncClient(transport=transport, base_url="http://pebbles.test") as client:
        other = Door(client, door.provider, door.database, door.db, replica)
        pairs = [
            (ask(door, f"g{n}", headers=key), ask(other, f"g{n}", headers=key))
            for n in range(15)
            for key in [{"Idempotency-Key": f"k{n}"}]
        ]
        for one, two in pairs:
            first, twin = await one, await two
            assert (first.status_code, twin.status_code, twin.content) == (201, 201, first.content)
            assert first.headers["event-id"] == twin.headers["event-id"]
            assert [("idempotent-replayed" in each.headers) for each in (first, twin)].count(True) == 1
    async with door.db.transaction(OURS) as tx:
        assert await tx.fetchval("SELECT count(*) FROM outbox") == 15


async def test_regions_never_share_a_transaction(door: Door) -> None:
    asked = [ask(door, f"g{n}", consortia=[str(OURS if n % 2 else THEIRS)]) for n in range(20)]
    await asyncio.wait(asked)
    assert {task.result().status_code for task in asked} == {201}
    for region in (OURS, THEIRS):
        async with door.db.transaction(region) as tx:
            assert await tx.fetchval("SELECT count(*) FROM pebbles") == 10


async def test_a_lane_that_does_not_move_answers_503_rather_than_hang(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.http.lanes.QUEUE_SECONDS", 0.2)
    gate = pebbles.GATES["first"] = pebbles.Gate()
    first = ask(door, "first")
    await asyncio.wait_for(gate.reached.wait(), 5)
    waited = await ask(door, "second")
    assert (waited.status_code, waited.json()["code"]) == (503, "unavailable")
    gate.opened.set()
    assert (await first).status_code == 201
    assert (await transactions(door)).keys() == {"first"}


ODD: dict[str, dict[str, Any]] = {
    "no token": {"body": {"code": "a", "grams": 1}, "token": "none"},
    "another role": {"body": {"code": "a", "grams": 1}, "roles": ["school"]},
    "another consortium": {"body": {"code": "a", "grams": 1}, "headers": {"Consortium-Id": str(THEIRS)}},
    "no key": {"body": {"code": "a", "grams": 1}, "headers": {"Idempotency-Key": ""}},
    "a field too many": {"body": {"code": "a", "grams": 1, "colour": "red"}},
    "a field that does not fit": {"body": {"code": "a" * 41, "grams": 0}},
    "no JSON": {"content": b'{"code":'},
    "not an object": {"content": b"[]"},
    "NaN": {"content": b'{"code":"a","grams":NaN}'},
    "a number for a text": {"content": b'{"code":1,"grams":1}'},
    "NUL": {"content": b'{"code":"a\\u0000","grams":1}'},
    "half a character": {"content": b'{"code":"\\ud800","grams":1}'},
    "bad UTF-8": {"content": b'{"code":"\xff","grams":1}'},
    "no body": {"content": b""},
    "another type": {"content": b"code=a", "headers": {"Content-Type": "text/plain"}},
    "a deep one": {"content": b"[" * 5_000},
    "a large one": {"content": b'{"code":"' + b"x" * 9_000_000 + b'"}'},
}


@pytest.mark.parametrize("what", ODD)
async def test_what_is_wrong_is_said_the_same_at_the_hot_door(door: Door, what: str) -> None:
    ordinary, hot_one = [await door.ask("POST", path, **ODD[what]) for path in ("/v1/pebbles", GRAINS)]
    assert ordinary.status_code in (400, 401, 403, 413)
    said = [{**answer.json(), "traceId": ""} for answer in (ordinary, hot_one)]
    assert (hot_one.status_code, said[1]) == (ordinary.status_code, said[0])
    assert hot_one.headers.keys() == ordinary.headers.keys()
    assert hot_one.headers["content-type"] == "application/problem+json"
    assert await transactions(door) == {}


async def test_a_json_body_with_a_charset_is_taken(door: Door) -> None:
    sent = {"Content-Type": "application/json; charset=utf-8"}
    answer = await door.ask("POST", GRAINS, content=b'{"code":"a","grams":1}', headers=sent)
    assert answer.status_code == 201


def test_a_route_of_another_shape_is_not_let_through_the_hot_door() -> None:
    router = APIRouter(prefix="/v1/stones")

    class Stone(ApiModel):
        code: str

    @router.post("/{code}")
    @hot
    async def keep(code: str, stone: Stone, call: Annotated[Call, may("office", scope="stones:write")]) -> Response:
        raise AssertionError(code, stone, call)

    with pytest.raises(NotForTheHotDoor, match="one body and one call"):
        create_app(
            service="stones",
            title="Stones",
            description="Not this way.",
            version="1.0.0",
            routers=[router],
            settings=Settings(),
        )
