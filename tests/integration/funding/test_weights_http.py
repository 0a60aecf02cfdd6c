"""Weights over HTTP: DUO's file in, a division by candidates with a base amount out, and what it rests on named."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from runtime.event import receive
from runtime.ids import new_id
from services.funding.handlers import partners as heard
from tests.integration.funding.doors import NEIGHBOUR, REGION, Funding, open_doors
from tests.support.servers import DatabaseFor
from tests.unit.funding.test_weights import file, row

SAMPLE = file(
    row("99AA01", "VMBO B - techniek", "44"),
    row("99AA01", "VMBO LWT - techniek", "<5"),
    row("99BB00", "VMBO K - techniek", "21"),
    row("99ZZ00", "VMBO K - techniek", "500"),
)
PATH = "/weight-sets/duo-2019?schoolYear=2019-2020"


def an_event(fact: str, data: dict[str, Any]) -> Any:
    headers = {
        "ce_id": str(new_id()),
        "ce_type": f"nl.speerpunt.partners.{fact}.v1",
        "ce_source": "urn:speerpunt:partners",
        "ce_consortiumid": str(REGION),
        "ce_sequence": "1",
    }
    sent = [(name, value.encode()) for name, value in headers.items()]
    return receive("partners.events", 0, 1, 0, b"key", json.dumps(data).encode(), sent)


@pytest.fixture
async def funding(database_for: DatabaseFor) -> AsyncIterator[Funding]:
    """A region with three locations: one with a branch code, one whose organisation has it, one with neither."""
    school = str(UUID(int=8))
    organisation = {"organisationId": school, "code": "zuid", "name": "Zuid", "kind": "vmbo"}
    programme = {
        "programmeId": str(UUID(int=2)),
        "code": "2020",
        "from": "2020-01-01",
        "until": "2023-12-31",
        "spearheads": [{"code": "robotisering", "title": "Robotisering"}],
        "locations": [
            {"code": "noord", "title": "Noord", "branchCode": "99AA01"},
            {"code": "zuid", "title": "Zuid", "organisationId": school},
            {"code": "west", "title": "West"},
        ],
    }
    async with open_doors(database_for) as made:
        await made.region.found()
        await made.region.grant(1_000_000)
        async with made.region.transaction() as tx:
            await heard.router().handle(
                tx,
                [
                    an_event("organisation-registered", {**organisation, "registryNumbers": {"brin": "99BB00"}}),
                    an_event("programme-planned", programme),
                ],
            )
        yield made


async def send(
    funding: Funding, body: str = SAMPLE, path: str = PATH, role: str = "office", kind: str = "text/csv"
) -> Any:
    headers = {"Authorization": f"{role} {REGION} - ada", "Content-Type": kind}
    return await funding.http.put(f"/v1{path}", content=body.encode(), headers=headers)


async def test_a_file_as_published_becomes_a_division_that_names_it(funding: Funding) -> None:
    dry = await send(funding, path=f"{PATH}&dryRun=true")
    assert dry.status_code == 200, dry.text
    assert await funding.get("/weight-sets") == []
    made = await send(funding)
    assert (made.status_code, made.headers["result"]) == (201, "created"), made.text
    lines = {each["line"]: each for each in made.json()["lines"]}
    assert {line: (each["weight"], each["missing"]) for line, each in lines.items()} == {
        "noord": (46, None),
        "west": (0, "no-branch-code"),
        "zuid": (21, None),
    }
    assert [each["why"] for each in lines["noord"]["rows"]] == ["counted", "masked"]
    assert (made.json()["rows"], made.json()["rowsElsewhere"]) == (4, 1)
    assert (await send(funding)).headers["result"] == "unchanged"
    locations = {"code": "locations", "kind": "location", "fixedCents": 670_100, "weightsFrom": "duo-2019"}
    plan = {"grant": "sto-2020", "effectiveOn": "2020-01-01", "reason": "by candidates", "envelopes": [locations]}
    for base, expected in ((0, (460_069, 210_031)), (50, (460_000, 210_000))):
        body = {**plan, "envelopes": [{**locations, "fixedCents": 670_000 + 2 * base, "weightsBaseCents": base}]}
        if not base:
            body = {**plan, "envelopes": [{**locations, "fixedCents": 670_100}]}
        preview = (await funding.ask("POST", "/allocations/preview", body)).json()
        given = {each["line"]: each["cents"] for each in preview["lines"]}
        assert (given["noord"] - base, given["zuid"] - base) == expected
    own = {**locations, "lines": [{"line": "west", "fixedCents": 100}, {"line": "zuid", "weight": 46}]}
    proposed = await funding.ask("PUT", "/allocations/verdeling", {**plan, "envelopes": [own]})
    assert {each["line"]: each["cents"] for each in proposed.json()["lines"]} == {
        "west": 100,
        "zuid": 335_000,
        "noord": 335_000,
        "unallocated": 329_900,
    }
    assert proposed.json()["weightsFrom"] == ["duo-2019"]


async def test_a_location_is_found_by_the_branch_that_a_person_names(funding: Funding) -> None:
    made = await send(funding, path=f"{PATH}&branch=west:99zz00&branch=zuid:99BB01")
    found = {each["line"]: (each["weight"], each["missing"]) for each in made.json()["lines"]}
    assert found == {"noord": (46, None), "west": (500, None), "zuid": (0, "branch-not-in-file")}
    assert [each["why"] for each in made.json()["strays"]] == ["other-branch-of-the-school"]
    unknown = await send(funding, path=f"{PATH}&branch=oost:99AA02")
    assert (unknown.status_code, unknown.json()["code"]) == (400, "unknown-line")


async def test_a_set_of_weights_is_never_changed_and_is_the_regions_own(funding: Funding) -> None:
    await send(funding)
    other = await send(funding, SAMPLE.replace("44", "45"))
    assert (other.status_code, other.json()["code"]) == (409, "weight-set-rewritten")
    counted_otherwise = await send(funding, path=f"{PATH}&maskedAs=4")
    assert counted_otherwise.json()["code"] == "weight-set-rewritten"
    assert (await funding.get("/weight-sets/duo-2019"))["lines"][0]["weight"] == 46
    assert await funding.get("/weight-sets", region=NEIGHBOUR) == []
    assert (await funding.ask("GET", "/weight-sets/duo-2019", region=NEIGHBOUR)).status_code == 404
    for role in ("controller", "accountant", "school"):
        assert (await send(funding, role=role)).status_code == 403


async def test_what_is_no_file_of_weights_is_refused_with_a_sentence(funding: Funding) -> None:
    for body, path, kind, status, code in (
        (SAMPLE, "/weight-sets/x", "text/csv", 400, "school-year-missing"),
        (SAMPLE, PATH, "application/json", 415, "csv-only"),
        ("a;b\n1;2\n", PATH, "text/csv", 400, "not-weights"),
        (SAMPLE.replace("21", "2\0x"), PATH, "text/csv", 400, "bad-row"),
        (SAMPLE, f"{PATH}&maskedAs=5", "text/csv", 400, "invalid-input"),
    ):
        answer = await send(funding, body, path, kind=kind)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    plan = {"grant": "sto-2020", "effectiveOn": "2020-01-01", "reason": ""}
    envelope = {"code": "locations", "kind": "location", "fixedCents": 1, "weightsFrom": "nowhere"}
    missing = await funding.ask("POST", "/allocations/preview", {**plan, "envelopes": [envelope]})
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")
