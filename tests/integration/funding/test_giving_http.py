"""The grants as a file for 360Giving over HTTP: who gets it, what is in it, and what is left out."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from runtime.ids import coded_id
from tests.integration.funding.doors import NEIGHBOUR, REGION, Funding, open_doors
from tests.integration.partners.region import CONSORTIUM
from tests.support.servers import DatabaseFor

PATH = "/open-data/360giving?funder=NL-KVK-00000001&funderName=Ministerie%20(verzonnen)"
MINE = f"{PATH}&prefix=360G-test"


@pytest.fixture
async def funding(database_for: DatabaseFor) -> AsyncIterator[Funding]:
    async with open_doors(database_for) as made:
        await made.region.found()
        await made.region.plan()
        await made.region.grant()
        await made.region.approve(await made.region.propose())
        for code, kind in (("corlaer", "vmbo"), ("het-element", "vmbo"), ("acme", "company")):
            await made.region.organisation(code, kind)
        yield made


async def leading(funding: Funding, *codes: str) -> None:
    """Partners knows these as lead partners."""
    office = {"Authorization": f"office {REGION} - ada"}
    founded = await funding.partners.put("/v1/consortia/sto-test", json=CONSORTIUM, headers=office)
    assert founded.status_code == 201, founded.text
    for code in codes:
        organisation = {"name": code.title(), "kind": "vmbo", "registryNumbers": {}}
        role = {"organisation": code, "role": "lead-partner", "from": "2019-01-01"}
        for path, body in ((f"organisations/{code}", organisation), (f"memberships/{code}", role)):
            made = await funding.partners.put(f"/v1/{path}", json=body, headers=office)
            assert made.status_code == 201, made.text


async def committed(funding: Funding, code: str, organisation: str, cents: int) -> str:
    body = {"line": "instroom", "cents": cents, "purpose": "by Jan Jansen", "organisation": organisation}
    made = await funding.ask("PUT", f"/commitments/{code}", body)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def test_the_file_has_the_grants_and_what_was_given_on_to_the_cent(funding: Funding) -> None:
    await leading(funding, "corlaer")
    robot = await committed(funding, "lasrobot", "het-element", 100_001)
    await committed(funding, "drone", "acme", 50_000)
    await committed(funding, "own", "corlaer", 70_000)
    given_back = await committed(funding, "ruil", "het-element", 30_000)
    assert await funding.ask("POST", f"/commitments/{given_back}/decommitments", {"cents": 30_000, "reason": "no"})
    back = await funding.ask("POST", f"/commitments/{robot}/decommitments", {"cents": 1_000, "reason": "cheaper"})
    assert back.status_code in (200, 201), back.text
    answer = await funding.ask("GET", MINE, role="accountant")
    assert answer.status_code == 200, answer.text
    assert "Jansen" not in answer.text
    found = json.loads(answer.text, parse_float=Decimal)
    to_us, given = found["grants"]
    assert (to_us["id"], to_us["currency"]) == ("360G-test-sto-test-grant-sto-2020", "EUR")
    corlaer = {"id": "360G-test-ORG:corlaer", "name": to_us["recipientOrganization"][0]["name"]}
    assert (to_us["recipientOrganization"], given["fundingOrganization"]) == ([corlaer], [corlaer])
    assert (given["id"], given["amountAwarded"]) == ("360G-test-sto-test-commitment-lasrobot", Decimal("990.01"))
    assert given["recipientOrganization"][0]["id"] == "360G-test-ORG:het-element"
    export = await funding.get(f"/exports/{answer.headers['Export-Id']}")
    assert (export["state"], export["rowsDone"], export["rowsTotal"]) == ("complete", 2, 2)


async def test_it_is_refused_without_a_prefix_a_lead_partner_or_a_role(funding: Funding) -> None:
    async def code(path: str, **who: Any) -> tuple[int, str]:
        answer = await funding.ask("GET", path, **who)
        return answer.status_code, answer.json()["code"]

    await leading(funding, "corlaer", "het-element")
    assert await code(MINE) == (409, "lead-partner-unclear")
    assert await code(f"{PATH}&leadPartner=corlaer") == (409, "prefix-missing")
    assert await code(f"{MINE}&leadPartner=niemand") == (404, "not-found")
    assert await code(f"{MINE}&prefix=jan@example.nl") == (400, "invalid-input")
    assert await code(MINE.replace("NL-KVK-00000001", "Jan")) == (400, "invalid-input")
    assert await code(f"{MINE}&leadPartner=corlaer", role="company", organisation="acme") == (403, "role-missing")
    assert (await funding.ask("GET", f"{MINE}&leadPartner=corlaer")).status_code == 200
    elsewhere = await funding.ask("GET", f"{MINE}&leadPartner=corlaer", region=NEIGHBOUR)
    assert elsewhere.status_code in (404, 503)
    assert str(coded_id(REGION, "organisation", "corlaer")) not in elsewhere.text
