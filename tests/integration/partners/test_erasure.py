"""A person who is erased is found nowhere, and what the books need is held until its day and then goes by itself."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import pytest

from runtime.ids import coded_id, new_id
from services.partners.commands.erasure import hold_for_books
from services.partners.erasures import Erasures
from tests.integration.partners.doors import NEIGHBOUR, REGION, Partners
from tests.integration.partners.region import founded, put
from tests.integration.partners.test_persons import EMAIL, NAME, a_person, audience
from tests.support.servers import Servers

PERSON = coded_id(REGION, "person", "contact-1")
PATH = "/v1/persons/contact-1"
WHY = {"reason": "asked for"}


@pytest.fixture
async def planted(partners: Partners) -> Partners:
    """A person with an account; the office has one too, so that it is somebody."""
    await founded(partners, "acme")
    await put(partners, PATH, a_person("acme", "contact"))
    for code, subject in (("contact-1", "contact"), ("desk", "office-1")):
        linked = await partners.put(f"/v1/persons/{code}/account", {"issuer": "test", "subject": subject})
        assert linked.status_code == 204
    return partners


async def everything(partners: Partners, servers: Servers) -> str:
    """All rows of all tables, seen by the superuser."""
    name = await partners.database.pool.fetchval("SELECT current_database()")
    owner = await asyncpg.connect(servers.url(name))
    try:
        tables = await owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return repr([[tuple(row) for row in await owner.fetch(f'SELECT * FROM "{each[0]}"')] for each in tables])
    finally:
        await owner.close()


def loop(partners: Partners, day: str) -> Erasures:
    at = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    return Erasures(partners.database, clock=lambda: at)


async def test_a_person_whom_nothing_holds_is_gone_at_once_from_every_row(planted: Partners, servers: Servers) -> None:
    assert NAME in await everything(planted, servers)
    key = str(new_id())
    first = await planted.post(f"{PATH}/erasure", WHY, key=key)
    assert (first.status_code, first.json()["state"], first.json()["heldUntil"]) == (200, "erased", None)
    assert (await planted.post(f"{PATH}/erasure", WHY, key=key)).json() == first.json()
    assert (await planted.post(f"{PATH}/erasure", WHY)).json() == first.json()
    kept = await everything(planted, servers)
    assert not [word for word in (NAME, EMAIL, "contact-1", "'contact'") if word in kept]
    assert str(PERSON) in kept
    assert await audience(planted, "everyone") == []
    assert (await planted.get(PATH)).status_code == 404
    assert [each["personId"] for each in await planted.told("person-erased")] == [str(PERSON)]
    again = await planted.put(PATH, a_person("acme", "contact"))
    assert (again.status_code, again.json()["code"]) == (409, "person-erased")
    account = await planted.put(f"{PATH}/account", {"issuer": "test", "subject": "contact"})
    assert (account.status_code, account.json()["code"]) == (409, "person-erased")
    assert NAME not in await everything(planted, servers)


async def test_what_a_person_decided_in_the_books_holds_the_name_alone_and_it_goes_by_itself(
    planted: Partners, servers: Servers
) -> None:
    async with planted.database.transaction(REGION) as tx:
        acted = [(REGION, PERSON, date(2090, 5, 1)), (REGION, PERSON, date(2089, 5, 1))]
        await hold_for_books(tx, acted, at=datetime.now(UTC))
        await hold_for_books(tx, [(REGION, PERSON, date(2080, 1, 1))], at=datetime.now(UTC))
    answer = (await planted.post(f"{PATH}/erasure", WHY)).json()
    assert (answer["state"], answer["heldUntil"]) == ("held", "2097-12-31")
    shorter = await planted.put(f"{PATH}/holds/books", {"until": "2020-01-01", "reason": "no need"})
    assert (shorter.status_code, shorter.json()["code"]) == (409, "held-by-rule")
    kept = await everything(planted, servers)
    assert (NAME in kept, EMAIL in kept, "'contact'" in kept) == (True, False, False)
    assert await audience(planted, "everyone") == []
    assert (await planted.get(PATH)).status_code == 404
    who = f"/v1/person-erasures/{PERSON}"
    assert (await planted.get(who, "accountant")).json()["name"] == NAME
    for role in ("controller", "company acme", "school", "operator"):
        assert (await planted.get(who, role)).status_code == 403
    assert (await planted.get(who, region=NEIGHBOUR)).status_code == 404
    assert await loop(planted, "2097-12-31").run_once() == 0
    done = await asyncio.gather(*(loop(planted, "2098-01-01").run_once() for _ in range(3)))
    assert sum(done) == 1
    assert NAME not in await everything(planted, servers)
    assert (await planted.get(who, "accountant")).json()["name"] == ""
    told = await planted.told("person-erased")
    assert [each.get("heldUntil") for each in told] == ["2097-12-31", None]
    assert told[0]["version"] < told[1]["version"]


async def test_the_office_holds_a_name_with_a_day_and_a_reason_and_can_end_that(planted: Partners) -> None:
    path = f"{PATH}/holds/subsidy"
    body = {"until": "2098-06-30", "reason": "the subsidy asks ten years"}
    made = await planted.put(path, body)
    assert (made.status_code, made.headers["Result"]) == (201, "created")
    assert (await planted.put(path, body)).headers["Result"] == "unchanged"
    assert (await planted.put(path, body, "accountant")).status_code == 403
    shown = (await planted.get(f"{PATH}/holds", "accountant")).json()
    assert [(each["code"], each["until"], each["setBy"]) for each in shown] == [
        ("subsidy", "2098-06-30", str(coded_id(REGION, "person", "desk")))
    ]
    assert (await planted.post(f"{PATH}/erasure", WHY)).json()["heldUntil"] == "2098-06-30"
    assert (await planted.put(path, {**body, "until": "2020-01-01"})).headers["Result"] == "changed"
    assert await loop(planted, "2097-01-01").run_once() == 1
    late = await planted.put(path, body)
    assert (late.status_code, late.json()["code"]) == (409, "person-erased")
    nobody = await planted.put("/v1/persons/niemand/holds/subsidy", body)
    assert nobody.status_code == 404


async def test_a_name_that_a_party_filled_in_is_made_unreadable(planted: Partners, servers: Servers) -> None:
    agreement: dict[str, Any] = {
        "title": "Samenwerking",
        "text": "Wij werken samen.",
        "from": "2020-01-01",
        "until": "2023-12-31",
        "fields": [{"key": key, "label": key, "required": False} for key in ("contact", "phone")],
        "parties": [{"organisation": "acme", "role": "party", "counts": True}],
    }
    await put(planted, "/v1/agreements/samen", agreement)
    assert (await planted.post("/v1/agreements/samen/circulation", {})).status_code in (200, 201)
    fields = {"fields": {"contact": f"{NAME.upper()} ({EMAIL})", "phone": "bel 06-1234 5678"}}
    filled = await planted.put("/v1/agreements/samen/parties/acme", fields)
    assert filled.status_code in (200, 201), filled.text
    await planted.post(f"{PATH}/erasure", WHY)
    kept = await everything(planted, servers)
    assert NAME.lower() not in kept.lower()
    assert "1234 5678" in kept
    await planted.post(f"{PATH}/erasure", {**WHY, "also": ["06-1234 5678"]})
    assert "1234 5678" not in await everything(planted, servers)
    assert EMAIL not in kept
