"""The HTTP and gRPC doors of partners: repeats, tenants, roles, and what is published."""

import asyncio
from typing import Any

import grpc
import pytest
from speerpunt.partners.v1 import partners_pb2 as pb

from runtime.ids import coded_id
from tests.integration.partners.doors import NEIGHBOUR, REGION, Partners
from tests.integration.partners.region import CONSORTIUM

COMPANY = {"name": "Acme B.V.", "kind": "company", "registryNumbers": {"kvk": "1234 5678"}}


def a_programme(*spearheads: str, title: str = "Techniek") -> dict[str, Any]:
    return {
        "title": title,
        "from": "2020-01-01",
        "until": "2023-12-31",
        "spearheads": [{"code": code, "title": code, "hubOrganisation": "acme"} for code in spearheads],
        "locations": [{"code": "het-element", "title": "Het Element", "branchCode": "00ML09"}],
    }


async def test_loading_a_region_twice_changes_and_publishes_nothing(partners: Partners) -> None:
    region = [
        ("/v1/consortia/sto-test", CONSORTIUM),
        ("/v1/organisations/acme", COMPANY),
        ("/v1/programmes/sto", a_programme("robotisering", "bouw")),
    ]
    first = [await partners.put(path, body) for path, body in region]
    facts = await partners.facts()
    again = [await partners.put(path, body) for path, body in region]
    assert [(each.status_code, each.headers["Result"]) for each in first] == [(201, "created")] * 3
    assert [(each.status_code, each.headers["Result"]) for each in again] == [(200, "unchanged")] * 3
    assert [each.json() for each in again] == [each.json() for each in first]
    assert facts == [
        ("nl.speerpunt.partners.consortium-founded.v1", 1),
        ("nl.speerpunt.partners.organisation-registered.v1", 1),
        ("nl.speerpunt.partners.programme-planned.v1", 1),
    ]
    assert await partners.facts() == facts


async def test_a_further_spearhead_is_a_change_that_is_published_with_the_next_version(partners: Partners) -> None:
    await partners.put("/v1/programmes/sto", a_programme("a"))
    changed = await partners.put("/v1/programmes/sto", a_programme("a", "b"))
    assert (changed.headers["Result"], changed.headers["ETag"]) == ("changed", '"2"')
    assert [line["code"] for line in (await partners.get("/v1/programmes/sto")).json()["spearheads"]] == ["a", "b"]
    assert [version for _, version in await partners.facts()] == [1, 2]


async def test_rivals_that_change_one_organisation_publish_every_version_once(partners: Partners) -> None:
    bodies = [{**COMPANY, "name": f"Acme {number}"} for number in range(8)]
    answers = await asyncio.gather(*(partners.put("/v1/organisations/acme", body) for body in bodies))
    assert sorted(each.json()["version"] for each in answers) == list(range(1, 9))
    assert sorted(version for _, version in await partners.facts()) == list(range(1, 9))
    last = max(answers, key=lambda each: each.json()["version"])
    assert (await partners.get("/v1/organisations/acme")).json() == last.json()


async def test_a_registry_number_is_kept_plain_and_a_wrong_one_is_refused(partners: Partners) -> None:
    made = await partners.put("/v1/organisations/acme", COMPANY)
    assert made.json()["registryNumbers"] == {"kvk": "12345678"}
    refused = await partners.put("/v1/organisations/other", {**COMPANY, "registryNumbers": {"kvk": "123"}})
    assert refused.status_code == 400
    assert refused.headers["content-type"].startswith("application/problem+json")
    assert "8 digits" in refused.json()["detail"]
    assert len(await partners.facts()) == 1


async def test_a_neighbour_gets_nothing_and_may_have_the_same_codes(partners: Partners) -> None:
    await partners.put("/v1/organisations/acme", COMPANY)
    await partners.put("/v1/programmes/sto", a_programme("a"))
    for path in ("/v1/organisations/acme", "/v1/programmes/sto", "/v1/consortia/sto-test"):
        assert (await partners.get(path, region=NEIGHBOUR)).status_code == 404
    assert (await partners.get("/v1/organisations", region=NEIGHBOUR)).json()["items"] == []
    own = await partners.put("/v1/organisations/acme", COMPANY, region=NEIGHBOUR)
    assert own.headers["Result"] == "created"
    assert own.json()["id"] != str(coded_id(REGION, "organisation", "acme"))
    assert (await partners.put("/v1/consortia/sto-test", CONSORTIUM, region=NEIGHBOUR)).status_code == 403


@pytest.mark.parametrize("role", ["company", "school", "accountant", "controller", "sender", "nobody"])
async def test_only_the_office_writes(partners: Partners, role: str) -> None:
    for path, body in (("organisations/acme", COMPANY), ("programmes/sto", a_programme("a"))):
        assert (await partners.put(f"/v1/{path}", body, role=role)).status_code == 403
    assert await partners.facts() == []


async def test_organisations_are_listed_by_code_page_by_page(partners: Partners) -> None:
    codes = [f"bedrijf-{number}" for number in range(5)]
    for code in reversed(codes):
        await partners.put(f"/v1/organisations/{code}", {**COMPANY, "registryNumbers": {}})
    seen: list[str] = []
    path: str | None = "/v1/organisations?limit=2"
    while path:
        page = await partners.get(path)
        seen += [each["code"] for each in page.json()["items"]]
        path = page.links["next"]["url"] if "next" in page.links else None
    assert seen == codes


async def test_two_accounts_of_one_person_are_one_person(partners: Partners) -> None:
    for subject in ("at-work", "at-home"):
        body = {"issuer": "https://login.example", "subject": subject}
        assert (await partners.put("/v1/persons/teacher-1/account", body)).headers["Result"] == "created"

    async def person(subject: str, region: str = str(REGION)) -> str:
        request = pb.ResolvePersonRequest(issuer="https://login.example", subject=subject, consortium_id=region)
        answer = await partners.call("ResolvePerson", request)
        found: str = answer.person_id
        return found

    assert await person("at-work") == await person("at-home") == str(coded_id(REGION, "person", "teacher-1"))
    assert await person("stranger") == ""
    assert await person("at-work", str(NEIGHBOUR)) == ""


async def test_the_programme_is_answered_with_its_lines(partners: Partners) -> None:
    await partners.put("/v1/programmes/sto", a_programme("robotisering"))
    answer = await partners.call("GetProgramme", pb.GetProgrammeRequest(consortium_id=str(REGION)), role="office")
    assert (answer.code, answer.from_day, answer.until_day) == ("sto", "2020-01-01", "2023-12-31")
    assert [(line.code, line.kind) for line in answer.lines] == [
        ("robotisering", pb.LINE_KIND_SPEARHEAD),
        ("het-element", pb.LINE_KIND_LOCATION),
    ]


@pytest.mark.parametrize(
    ("method", "request_", "role", "status"),
    [
        ("GetProgramme", pb.GetProgrammeRequest(consortium_id=str(NEIGHBOUR)), "service", "NOT_FOUND"),
        ("GetProgramme", pb.GetProgrammeRequest(consortium_id=str(NEIGHBOUR)), "office", "PERMISSION_DENIED"),
        ("GetProgramme", pb.GetProgrammeRequest(consortium_id=str(REGION)), "company", "PERMISSION_DENIED"),
        ("ResolvePerson", pb.ResolvePersonRequest(consortium_id=str(REGION)), "office", "PERMISSION_DENIED"),
    ],
)
async def test_what_is_not_a_callers_is_denied(
    partners: Partners, method: str, request_: Any, role: str, status: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await partners.call(method, request_, role=role)
    assert refused.value.code().name == status
