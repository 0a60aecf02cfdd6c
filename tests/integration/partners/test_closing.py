"""A closed region is changed by nobody and read by all as before; it is an operator who closes and reopens it."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from runtime import closing
from runtime.consumer import Router
from runtime.event import Received
from runtime.ids import new_id
from runtime.postgres import RegionClosed
from tests.integration.partners.doors import NEIGHBOUR, REGION, Partners
from tests.integration.partners.region import an_agreement, founded, put

PATH = "/v1/consortia/sto-test/closure"
WHY = "Het programma is afgerekend"
PERSON = {"name": "Iemand", "email": "iemand@voorbeeld.test", "language": "nl", "organisation": "acme", "roles": []}
AT = datetime(2025, 6, 30, 12, tzinfo=UTC)


async def turn(partners: Partners, closed: bool, reason: str = WHY, role: str = "operator") -> httpx2.Response:
    return await partners.put(PATH, {"closed": closed, "reason": reason}, role)


@pytest.fixture
async def region(partners: Partners) -> Partners:
    await founded(partners, "acme")
    return partners


def refused(answer: httpx2.Response) -> bool:
    problem = answer.json() if answer.content else {}
    assert answer.status_code in (200, 201, 409), answer.text
    return (answer.status_code, problem.get("code")) == (409, "region-closed")


async def test_a_closed_region_refuses_every_command_and_answers_every_question(region: Partners) -> None:
    before = (await region.get("/v1/organisations/acme")).json()
    assert (await turn(region, True)).json()["closed"] is True
    commands: list[tuple[str, Any]] = [
        ("/v1/consortia/sto-test", {**(await region.get("/v1/consortia/sto-test")).json(), "name": "x"}),
        ("/v1/organisations/acme", {"name": "Acme twee", "kind": "company"}),
        ("/v1/organisations/nieuw", {"name": "Nieuw", "kind": "company"}),
    ]
    for path, body in commands:
        fields = {name: value for name, value in body.items() if name not in ("id", "code", "version")}
        answer = await region.put(path, fields)
        assert refused(answer), path
        assert "operator" in answer.json()["detail"]
    assert (await region.get("/v1/organisations/acme")).json() == before
    await founded(region, "acme", region=NEIGHBOUR, code="sto-elders")


async def test_closing_and_reopening_are_told_once_and_the_same_again_changes_nothing(region: Partners) -> None:
    first, again = await turn(region, True), await turn(region, True)
    assert [each.headers["Result"] for each in (first, again)] == ["changed", "unchanged"]
    assert first.json() == again.json() == (await region.get(PATH)).json()
    other = await turn(region, True, "Overgedragen aan een andere regio")
    assert (other.headers["Result"], other.json()["since"]) == ("changed", first.json()["since"])
    opened = await turn(region, False, "Een correctie")
    assert (opened.headers["Result"], opened.json()["closed"]) == ("changed", False)
    assert (await turn(region, False, "Nog een keer")).headers["Result"] == "unchanged"
    assert [each["reason"] for each in await region.told("consortium-closed")] == [
        WHY,
        "Overgedragen aan een andere regio",
    ]
    assert [each["reason"] for each in await region.told("consortium-reopened")] == ["Een correctie"]
    await put(region, "/v1/organisations/nieuw", {"name": "Nieuw", "kind": "company"})


@pytest.mark.parametrize("role", ["office", "controller", "accountant", "company acme"])
async def test_only_an_operator_closes_a_region(region: Partners, role: str) -> None:
    assert (await turn(region, True, role=role)).status_code == 403
    foreign = await region.put(PATH, {"closed": True, "reason": WHY}, "operator", NEIGHBOUR)
    assert foreign.json()["code"] == "foreign-consortium"
    assert (await region.get(PATH)).json()["closed"] is False


async def test_a_region_that_was_not_founded_and_a_reason_that_says_nothing_are_refused(partners: Partners) -> None:
    assert (await turn(partners, True)).json()["code"] == "not-found"
    assert (await turn(partners, True, "  ")).status_code == 400


async def test_a_name_is_erased_and_held_in_a_closed_region_too(region: Partners) -> None:
    await put(region, "/v1/persons/iemand", PERSON)
    await turn(region, True)
    hold = await region.put("/v1/persons/iemand/holds/boeken", {"until": "2031-12-31", "reason": "the books"})
    assert hold.status_code in (200, 201), hold.text
    erased = await region.post("/v1/persons/iemand/erasure", {"reason": "asked for"})
    assert erased.json()["state"] == "held"


async def test_a_repeat_of_what_was_answered_before_the_closing_gets_that_answer(region: Partners) -> None:
    await put(region, "/v1/persons/iemand", PERSON)
    await put(region, "/v1/agreements/a", an_agreement("acme"))
    key = str(new_id())
    first = await region.post("/v1/agreements/a/circulation", {}, key=key)
    assert first.status_code == 200, first.text
    await turn(region, True)
    again = await region.post("/v1/agreements/a/circulation", {}, key=key)
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
    assert refused(await region.post("/v1/agreements/a/circulation", {}))


async def test_closing_waits_for_the_commands_under_way_and_none_begins_meanwhile(region: Partners) -> None:
    async with region.database.transaction(REGION, command_of=REGION):
        closing_ = asyncio.create_task(turn(region, True))
        async with asyncio.timeout(10):
            while not await region.database.pool.fetchval(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            ):
                await asyncio.sleep(0.01)
        assert not closing_.done()
        late = asyncio.create_task(region.put("/v1/organisations/laat", {"name": "Laat", "kind": "company"}))
    assert (await closing_).json()["closed"] is True
    assert refused(await late)


async def test_a_service_that_hears_an_older_closing_keeps_to_the_newer_word(partners: Partners) -> None:
    router = Router()
    closing.listen(router)
    for kind, sequence in (("closed", 2), ("reopened", 3), ("closed", 2)):
        await _hear(partners, router, kind, sequence)
    async with partners.database.transaction(REGION, command_of=REGION) as tx:
        assert (await closing.closure_of(tx)) == closing.Closure(REGION, False, "reopened", AT, 3)
    await _hear(partners, router, "closed", 4)
    with pytest.raises(RegionClosed):
        async with partners.database.transaction(REGION, command_of=REGION):
            pass


async def _hear(partners: Partners, router: Router, kind: str, sequence: int) -> None:
    event = Received(
        "partners.events", 0, sequence, AT, b"k", b"", {},
        type=f"nl.speerpunt.partners.consortium-{kind}.v1",
        consortium_id=REGION,
        sequence=sequence,
        data={"code": "sto-test", "reason": kind, "since": AT.isoformat()},
    )  # fmt: skip
    async with partners.database.transaction(REGION) as tx:
        await router.handle(tx, [event])
