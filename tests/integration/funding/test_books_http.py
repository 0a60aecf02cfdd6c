"""The books over HTTP, with real tokens: who may do what, and what comes back."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI

from runtime import ids, issuer
from runtime.auth import TokenChecker
from runtime.http import create_app
from runtime.postgres import Database
from runtime.settings import Settings
from services.funding import verify as offline
from services.funding.api import BOOKS
from tests.support.funding_books import Region
from tests.support.servers import DatabaseFor

SECRET = "only-for-tests"
SCHEME = json.loads(
    (Path(__file__).parents[3] / "services" / "funding" / "schemes" / "sto-2020-2024.json").read_text(encoding="utf-8")
)
GRANT = {
    "scheme": "sto-2020-2024",
    "cents": 1_000_000_000,
    "from": "2020-01-01",
    "until": "2023-12-31",
    "awardedOn": "2019-12-01",
}
PLAN = {
    "grant": "sto-2020",
    "effectiveOn": "2020-01-01",
    "reason": "first division",
    "envelopes": [
        {
            "code": "spearheads",
            "kind": "spearhead",
            "shareBasisPoints": 6000,
            "lines": [
                {"line": "instroom", "fixedCents": 50_000_000},
                {"line": "metaal", "weight": 2, "baseCents": 1_000_000},
                {"line": "robotisering", "weight": 1},
            ],
        },
        {
            "code": "locations",
            "kind": "location",
            "fixedCents": 380_000_000,
            "lines": [{"line": "corlaer", "weight": 63}, {"line": "het-element", "weight": 21}],
        },
    ],
}


class People:
    """Partners as this service sees it: two accounts of Ada are one person."""

    async def person_for(self, consortium_id: UUID, issuer: str, subject: str) -> UUID | None:
        return None if subject == "stranger" else ids.coded_id(UUID(int=0), "person", subject.split("/")[0])


@dataclass
class Door:
    """The application over a region's books, and people signed in to it."""

    region: Region
    client: httpx2.AsyncClient
    token_url: str
    tokens: dict[tuple[str, str, UUID], dict[str, str]] = field(default_factory=dict)

    async def _token(self, subject: str, role: str, region: UUID) -> dict[str, str]:
        claims = {"roles": [role], "scopes": ["funding:read", "funding:write"], "consortia": [str(region)]}
        form = {"grant_type": issuer.DEV_PERSON, "client_secret": SECRET, "subject": subject}
        async with httpx2.AsyncClient() as client:
            answer = await client.post(self.token_url, data={**form, "claims": json.dumps(claims)})
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    async def ask(
        self, method: str, path: str, body: Any = None, *, subject: str = "ada", role: str = "office", at: Any = None
    ) -> httpx2.Response:
        who = (subject, role, at or self.region.id)
        if who not in self.tokens:
            self.tokens[who] = await self._token(*who)
        headers = dict(self.tokens[who])
        if method == "POST":
            headers["Idempotency-Key"] = str(ids.new_id())
        return await self.client.request(method, f"/v1{path}", json=body, headers=headers)

    async def set_up(self) -> httpx2.Response:
        """A scheme, a grant and a proposal by Ada."""
        assert (await self.ask("PUT", "/schemes/sto-2020-2024", SCHEME)).status_code == 201
        assert (await self.ask("PUT", "/grants/sto-2020", GRANT)).status_code == 201
        return await self.ask("PUT", "/allocations/verdeling", PLAN)


@pytest.fixture
async def door(database_for: DatabaseFor) -> AsyncIterator[Door]:
    database = await Database.open((await database_for("funding")).app_url, name="test", most=5)
    config = uvicorn.Config(FastAPI(), host="127.0.0.1", port=0, log_level="warning", lifespan="off")
    socket = config.bind_socket()
    address = f"http://127.0.0.1:{socket.getsockname()[1]}"
    config.app = issuer.create_app(issuer.Settings(issuer_person_secret=SECRET), address)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[socket]))
    settings = Settings(issuer=address, jwks_url=f"{address}/jwks.json")
    app = create_app(
        service="funding",
        title="Funding",
        description="Under test",
        version="0.1.0",
        routers=BOOKS,
        settings=settings,
        database=database,
        tokens=TokenChecker(settings),
        people=People(),
    )
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://funding.test") as client:
        yield Door(Region(database), client, f"{address}/token")
    server.should_exit = True
    await serving
    await database.close()


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
