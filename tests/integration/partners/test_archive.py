"""The doors of an archive: who takes a region away and who brings one in, all of it or nothing, once."""

import hashlib
import importlib
import json
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from runtime import closing, ids
from runtime.ids import coded_id, consortium_id
from runtime.postgres import RegionClosed
from tests.integration.partners.doors import REGION, Partners
from tests.integration.partners.region import an_agreement, founded, put

DOORS = importlib.import_module("runtime.http.archives")
TAKEN, NEW = "/v1/region-archives/sto-test", consortium_id("sto-nieuw")
COMING = "/v1/region-imports/sto-nieuw"
PERSON = {"name": "Iemand", "email": "iemand@voorbeeld.test", "language": "nl", "organisation": "acme", "roles": []}


@pytest.fixture
async def region(partners: Partners, monkeypatch: pytest.MonkeyPatch) -> Partners:
    """A region with a person and an agreement, closed."""
    monkeypatch.setattr(ids, "_origins", {})
    monkeypatch.setattr(DOORS, "SETTLE", timedelta(0))
    await founded(partners, "acme")
    await put(partners, "/v1/persons/iemand", PERSON)
    await put(partners, "/v1/agreements/samen", an_agreement("acme"))
    closure = {"closed": True, "reason": "Overgedragen"}
    assert (await partners.put("/v1/consortia/sto-test/closure", closure, "operator")).status_code == 200
    return partners


async def taken(region: Partners) -> bytes:
    answer = await region.get(TAKEN)
    assert answer.status_code == 200, answer.text
    return answer.content


async def announce(region: Partners, content: bytes, **more: Any) -> httpx2.Response:
    body = {"origin": str(REGION), "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), **more}
    return await region.put(COMING, body, "operator", NEW)


async def send(region: Partners, page: int, content: bytes, role: str = "operator") -> httpx2.Response:
    headers = {"Authorization": f"{role} {NEW}"}
    return await region.http.put(f"{COMING}/pages/{page}", content=content, headers=headers)


async def load(region: Partners, dry: bool = False) -> httpx2.Response:
    return await region.put(f"{COMING}/load?dryRun={str(dry).lower()}", {}, "operator", NEW)


async def test_a_region_comes_in_page_by_page_is_tried_loaded_and_told_of_once(region: Partners) -> None:
    content = await taken(region)
    assert b"iemand@voorbeeld.test" in content
    assert (await announce(region, content)).json()["state"] == "loading"
    for page, start in enumerate(range(0, len(content), 1_000)):
        assert (await send(region, page, content[start : start + 1_000])).status_code == 204
    tried = await load(region, dry=True)
    assert (tried.status_code, tried.json()["state"]) == (200, "tried"), tried.text
    assert (await region.get("/v1/consortia/sto-nieuw", region=NEW)).status_code == 404
    assert await region.facts(NEW) == []
    done = await load(region)
    assert (done.json()["state"], done.json()["rows"]) == ("loaded", tried.json()["rows"])
    assert (await load(region)).json()["state"] == "loaded"
    assert (await announce(region, content)).json()["state"] == "loaded"
    assert [fact.split(".")[-2] for fact, _ in await region.facts(NEW)] == [
        "consortium-founded",
        "consortium-reopened",
        "organisation-registered",
    ]
    old, new = [await region.get("/v1/organisations/acme", region=each) for each in (REGION, NEW)]
    assert new.json() == old.json()
    again = await region.put("/v1/organisations/acme", {"name": "acme", "kind": "company"}, region=NEW)
    assert (again.headers["Result"], again.json()["id"]) == ("unchanged", str(coded_id(REGION, "organisation", "acme")))
    assert (await region.get("/v1/agreements/samen", region=NEW)).status_code == 200
    hold = {"until": "2031-12-31", "reason": "the books"}  # asks who the office's account is: it came along
    assert (await region.put("/v1/persons/iemand/holds/boeken", hold, region=NEW)).status_code == 201
    assert await taken(region) == content


async def test_what_was_changed_or_is_not_whole_is_refused_and_nothing_is_kept(region: Partners) -> None:
    content = await taken(region)
    wrong = [content.replace(b"iemand@", b"iemand%", 1), content[:-20], content + b"{}\n", b"{no json\n", b"\xff\n"]
    for each in wrong:
        await announce(region, each)
        assert (await send(region, 0, each)).status_code == 204
        refused = await load(region)
        assert (refused.status_code, refused.json()["code"]) == (400, "archive-unusable"), refused.text
    assert (await region.http.delete(COMING, headers={"Authorization": f"operator {NEW}"})).status_code == 204
    async with region.database.transaction(NEW, command_of=NEW) as tx:
        assert await closing.closure_of(tx) is None
        assert await tx.fetchval("SELECT count(*) FROM organisations") == 0
    assert (await load(region)).json()["code"] == "no-import"


async def test_until_it_is_loaded_nobody_does_anything_in_the_new_region(region: Partners) -> None:
    await announce(region, b"x")
    with pytest.raises(RegionClosed):
        async with region.database.transaction(NEW, command_of=NEW):
            pass


async def test_it_is_loaded_only_when_every_process_may_know_where_it_comes_from(
    region: Partners, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DOORS, "SETTLE", timedelta(minutes=1))
    content = await taken(region)
    await announce(region, content)
    await send(region, 0, content)
    early = await load(region)
    assert (early.status_code, early.json()["code"], early.headers["Retry-After"]) == (503, "too-soon", "1")


async def test_an_open_region_is_not_taken_and_one_that_exists_is_not_written_over(region: Partners) -> None:
    content = await taken(region)
    await region.put("/v1/consortia/sto-test/closure", {"closed": False, "reason": "Terug"}, "operator")
    assert (await region.get(TAKEN)).json()["code"] == "region-open"
    body = {"origin": str(REGION), "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    into = await region.put("/v1/region-imports/sto-test", body, "operator")
    assert (into.status_code, into.json()["code"]) == (409, "region-exists")


@pytest.mark.parametrize("role", ["operator", "controller", "accountant", "company acme"])
async def test_only_the_office_takes_it_away(region: Partners, role: str) -> None:
    assert (await region.get(TAKEN, role)).status_code == 403
    foreign = await region.get(TAKEN, "office", NEW)
    assert foreign.json()["code"] == "foreign-consortium"


async def test_only_an_operator_brings_it_in_and_in_pages_that_can_be_held(region: Partners) -> None:
    await announce(region, b"x")
    assert (await send(region, 0, b"x", "office")).status_code == 403
    assert (await send(region, 0, b"")).status_code == 400
    assert (await send(region, 0, b"x" * (DOORS.LARGEST_PAGE_BYTES + 1))).status_code == 400
    body = json.dumps({"origin": "x", "sha256": "y", "bytes": 0})
    headers = {"Authorization": f"operator {NEW}", "Content-Type": "application/json"}
    assert (await region.http.put(COMING, content=body, headers=headers)).status_code == 400
