"""The books over HTTP, with real tokens: who may do what, and what comes back."""

import json
from pathlib import Path

import httpx2

from runtime import ids
from services.funding import verify as offline
from tests.support.funding_door import GRANT, PLAN, SCHEME, Door
from tests.support.funding_door import door as door


async def test_a_region_loaded_twice_says_created_and_then_unchanged(door: Door) -> None:
    await door.set_up()
    answers = [
        await door.ask("PUT", "/schemes/sto-2020-2024", SCHEME),
        await door.ask("PUT", "/grants/sto-2020", GRANT),
        await door.ask("PUT", "/allocations/verdeling", PLAN),
    ]
    assert [(answer.status_code, answer.headers["result"]) for answer in answers] == [(200, "unchanged")] * 3
    rules = (await door.ask("GET", "/schemes/sto-2020-2024")).json()["rules"]
    assert sorted(rule["code"] for rule in rules) == sorted(rule["code"] for rule in SCHEME["rules"])


async def test_an_allocation_is_proposed_by_one_person_and_approved_by_another(door: Door) -> None:
    proposed = await door.set_up()
    assert (proposed.status_code, proposed.headers["result"]) == (201, "created")
    path = f"{proposed.headers['location'].removeprefix('/v1')}/approval"
    same = await door.ask("POST", path, subject="ada/second-account", role="controller")
    assert (same.status_code, same.json()["code"]) == (403, "same-person")
    assert (await door.ask("POST", path, subject="bram", role="office")).status_code == 403
    approved = await door.ask("POST", path, subject="bram", role="controller")
    assert approved.status_code == 200
    assert approved.json()["state"] == "effective"
    assert sum(line["cents"] for line in approved.json()["lines"]) == GRANT["cents"]
    budgets = {row["line"]: row["availableCents"] for row in (await door.ask("GET", "/budgets")).json()}
    assert sum(budgets.values()) == GRANT["cents"]
    assert budgets["instroom"] == 50_000_000


async def test_a_supplement_is_added_once_whatever_the_number_of_requests(door: Door) -> None:
    await door.set_up()
    body = {"code": "2024", "cents": 250_000_000, "until": "2024-12-31", "awardedOn": "2024-01-01", "reason": "2024"}
    answers = [await door.ask("POST", "/grants/sto-2020/supplements", body) for _ in range(2)]
    assert [answer.headers["result"] for answer in answers] == ["created", "unchanged"]
    assert answers[1].json()["cents"] == 1_250_000_000
    refused = await door.ask("POST", "/grants/sto-2020/supplements", {**body, "code": "more", "cents": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "supplement-too-large")


async def test_a_claim_that_is_two_things_at_once_is_invalid_input(door: Door) -> None:
    await door.set_up()
    plan = json.loads(json.dumps(PLAN))
    plan["envelopes"][0]["fixedCents"] = 5
    assert (await door.ask("PUT", "/allocations/verdeling", plan)).status_code == 400


async def test_the_accountant_reads_verifies_and_takes_the_books_away(door: Door, tmp_path: Path) -> None:
    await door.set_up()
    await door.region.sealer().run_once()

    async def read(path: str) -> httpx2.Response:
        return await door.ask("GET", path, subject="cas", role="accountant")

    assert (await read("/ledger/accounts?prefix=grant/")).json()[0] == {
        "account": "grant/receivable",
        "cents": 1_000_000_000,
        "minutes": 0,
        "postings": 1,
    }
    entries = (await read("/ledger/entries?account=grant/unallocated&limit=1")).json()
    assert [entry["kind"] for entry in entries["items"]] == ["grant-awarded"]
    assert entries["items"][0]["batch"] == 1
    seal = (await read("/ledger/seals")).json()["items"][0]
    verdict = (await read(f"/ledger/verification?count={seal['count']}&head={seal['head']}")).json()
    assert (verdict["ok"], verdict["entries"], verdict["head"]) == (True, 1, seal["head"])
    unknown = (await read(f"/ledger/verification?count=1&head={'0' * 64}")).json()
    assert (unknown["ok"], unknown["brokenAt"]["batch"]) == (False, None)
    copy = tmp_path / "ledger.jsonl"
    copy.write_bytes((await read("/ledger/export")).content)
    assert offline.main([str(copy), "--anchor", f"{seal['count']}:{seal['head']}"]) == 0
    copy.write_bytes(copy.read_bytes().replace(b"1000000000", b"1000000001", 1))
    assert offline.main([str(copy)]) == 1
    assert (await door.ask("PUT", "/grants/x", GRANT, subject="cas", role="accountant")).status_code == 403


async def test_a_neighbour_gets_nothing_of_these_books(door: Door) -> None:
    await door.set_up()
    elsewhere = ids.new_id()
    for path in ("/schemes", "/grants", "/allocations", "/budgets", "/ledger/accounts"):
        assert (await door.ask("GET", path, at=elsewhere)).json() == []
    assert (await door.ask("GET", "/commitments", at=elsewhere)).json()["items"] == []
    assert (await door.ask("GET", "/grants/sto-2020", at=elsewhere)).status_code == 404
