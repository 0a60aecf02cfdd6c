"""Persons and audiences: addresses are kept once, given to services alone, and found nowhere else."""

from typing import Any

import grpc
import pytest
from speerpunt.partners.v1 import partners_pb2 as pb

from runtime.ids import coded_id
from tests.integration.partners.doors import NEIGHBOUR, REGION, Partners, an_organisation
from tests.integration.partners.region import circulated, founded, put

NAME, EMAIL = "Wendelmoet Verzonnen", "wendelmoet@verzonnen.example"


def a_person(organisation: str | None, *roles: str, **changes: str) -> dict[str, Any]:
    return {"name": NAME, "email": EMAIL, "language": "nl", "organisation": organisation, "roles": [*roles], **changes}


async def audience(partners: Partners, of: str, day: str = "") -> list[str]:
    """The codes of the persons that are reached (their names, in these tests)."""
    request = pb.ResolveAudienceRequest(consortium_id=str(REGION), audience=of, day=day)
    return sorted(each.name for each in (await partners.call("ResolveAudience", request)).recipients)


async def test_a_person_is_kept_once_and_changed_by_putting_something_else(partners: Partners) -> None:
    await founded(partners, "acme")
    bodies = [a_person("acme", "contact"), a_person("acme", "contact"), a_person("acme", "contact", "signatory")]
    answers = [await partners.put("/v1/persons/contact-1", each) for each in bodies]
    assert [each.headers["Result"] for each in answers] == ["created", "unchanged", "changed"]
    shown = (await partners.get("/v1/persons/contact-1")).json()
    assert (shown["name"], shown["email"], shown["organisation"]) == (NAME, EMAIL, "acme")
    assert (shown["id"], shown["version"]) == (str(coded_id(REGION, "person", "contact-1")), 2)
    unknown = await partners.put("/v1/persons/contact-2", a_person("onbekend-bv", "contact"))
    assert (unknown.status_code, "onbekend-bv" in unknown.json()["detail"]) == (400, True)


@pytest.mark.parametrize(
    "role", ["company acme", "school", "accountant", "controller", "operator", "service", "nobody"]
)
async def test_only_the_office_sees_or_keeps_a_person(partners: Partners, role: str) -> None:
    await founded(partners, "acme")
    await put(partners, "/v1/persons/contact-1", a_person("acme", "contact"))
    seen = await partners.get("/v1/persons/contact-1", role)
    kept = await partners.put("/v1/persons/contact-1", a_person("acme"), role)
    assert (seen.status_code, kept.status_code) == (403, 403)
    assert NAME not in seen.text


async def test_a_neighbour_does_not_see_a_person(partners: Partners) -> None:
    await founded(partners, "acme")
    await put(partners, "/v1/persons/contact-1", a_person("acme", "contact"))
    assert (await partners.get("/v1/persons/contact-1", region=NEIGHBOUR)).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [{"email": "wendelmoet"}, {"email": "a@b.example\nBcc: c@d.example"}, {"name": "W\r\nX"}, {"language": "fr"}],
    ids=["no address", "a header in the address", "a line break in the name", "no such language"],
)
async def test_what_cannot_be_mailed_is_refused_without_repeating_it(partners: Partners, wrong: dict[str, str]) -> None:
    refused = await partners.put("/v1/persons/contact-1", a_person(None, "contact", **wrong))
    assert refused.status_code == 400
    assert all(value not in refused.text for value in (NAME, EMAIL, *wrong.values()) if len(value) > 2)


async def test_a_planted_name_is_found_in_the_table_of_persons_and_nowhere_else(
    partners: Partners, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    await founded(partners, "acme")
    headers = {"Authorization": f"office {REGION}", "Idempotency-Key": "key-1"}
    answer = await partners.http.put("/v1/persons/p1", json=a_person("acme", "contact", "signatory"), headers=headers)
    assert (answer.status_code, NAME in answer.text, EMAIL in answer.text) == (201, False, False)
    assert await audience(partners, "everyone") == [NAME]
    await circulated(partners, "acme")
    async with partners.database.transaction(REGION) as tx:
        tables = [
            row["table_name"]
            for row in await tx.fetch("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        ]
        found = [
            table
            for table in tables
            if await tx.fetchval(
                f'SELECT count(*) FROM "{table}" AS each WHERE each::text LIKE ANY($1)'
                + (" OR convert_from(each.data, 'UTF8') LIKE ANY($1)" if table == "outbox" else "")
                + (" OR convert_from(each.body, 'UTF8') LIKE ANY($1)" if table == "idempotency" else ""),
                ["%Wendelmoet%", "%verzonnen.example%"],
            )
        ]
    assert {"outbox", "idempotency", "persons"} <= set(tables)
    assert found == ["persons"]
    written = capfd.readouterr()
    assert "Wendelmoet" not in caplog.text + written.out + written.err


async def a_populated_region(partners: Partners) -> None:
    """One person of every sort; each is called by their code."""
    await founded(partners, "acme", "beta", "gamma")
    await put(partners, "/v1/organisations/school", {"name": "School", "kind": "vmbo"})
    programme = {"title": "T", "from": "2020-01-01", "until": "2023-12-31", "locations": []}
    await put(partners, "/v1/programmes/sto", {**programme, "spearheads": [{"code": "robotica", "title": "Robotica"}]})
    for code, organisation, roles in (
        ("acme-contact", "acme", ("contact",)),
        ("acme-signatory", "acme", ("signatory",)),
        ("beta-both", "beta", ("contact", "signatory")),
        ("school-contact", "school", ("contact",)),
        ("school-teacher", "school", ("teacher",)),
        ("desk", None, ("office",)),
    ):
        await put(partners, f"/v1/persons/{code}", a_person(organisation, *roles, name=code))
    for code, role, days in (("acme", "partner", {"until": "2021-12-31"}), ("school", "lead-partner", {})):
        await put(
            partners, f"/v1/memberships/{code}", {"organisation": code, "role": role, "from": "2020-01-01", **days}
        )
    await put(partners, "/v1/memberships/beta", {"organisation": "beta", "role": "applicant", "from": "2020-01-01"})
    members = [{"organisation": "beta", "from": "2020-01-01", "until": "2020-12-31"}]
    group = {"title": "Groep", "spearheads": ["robotica"], "chair": "school", "members": members}
    await put(partners, "/v1/working-groups/groep", group)
    mandate = {"umbrella": "beta", "member": "gamma", "from": "2020-01-01", "until": "2020-12-31"}
    await put(partners, "/v1/umbrella-mandates/gamma", mandate)
    await circulated(partners, "acme", "beta", "gamma", {"organisation": "school", "role": "witness"})


@pytest.mark.parametrize(
    ("of", "day", "reached"),
    [
        ("everyone", "", ["acme-contact", "acme-signatory", "beta-both", "desk", "school-contact", "school-teacher"]),
        ("office", "", ["desk"]),
        ("companies", "", ["acme-contact", "beta-both"]),
        ("schools", "", ["school-contact"]),
        ("members", "2021-12-31", ["acme-contact", "school-contact"]),
        ("members", "2022-01-01", ["school-contact"]),
        ("lead-partner", "2021-12-31", ["school-contact"]),
        ("lead-partner", "2019-12-31", []),
        ("members", "", ["school-contact"]),
        ("parties", "2019-03-27", ["acme-contact", "beta-both"]),
        ("parties", "2024-01-01", []),
        (f"organisation:{an_organisation('acme')}", "", ["acme-contact"]),
        (f"person:{coded_id(REGION, 'person', 'school-teacher')}", "", ["school-teacher"]),
        (f"group:{coded_id(REGION, 'working-group', 'groep')}", "2020-12-31", ["beta-both", "school-contact"]),
        (f"group:{coded_id(REGION, 'working-group', 'groep')}", "2021-01-01", ["school-contact"]),
        (f"agreement:{coded_id(REGION, 'agreement', 'samenwerking')}", "", ["acme-signatory", "beta-both"]),
    ],
)
async def test_an_audience_reaches_those_it_says(partners: Partners, of: str, day: str, reached: list[str]) -> None:
    await a_populated_region(partners)
    assert await audience(partners, of, day) == reached


UMBRELLA = f"umbrella:{an_organisation('beta')}"


@pytest.mark.parametrize(
    ("of", "day", "listed"),
    [
        (["planning"], "2020-06-01", ["acme", "beta", "school"]),
        (["members"], "2020-06-01", ["acme", "school"]),
        (["members", UMBRELLA], "2020-12-31", ["acme", "gamma", "school"]),
        (["members", UMBRELLA, "planning"], "2022-01-01", ["beta", "school"]),
        (["companies", "everyone"], "", ["acme", "beta", "gamma", "school"]),
        ([f"agreement:{coded_id(REGION, 'agreement', 'samenwerking')}"], "", ["acme", "beta", "gamma", "school"]),
    ],
)
async def test_audiences_are_listed_as_organisations_each_once(
    partners: Partners, of: list[str], day: str, listed: list[str]
) -> None:
    await a_populated_region(partners)
    request = pb.ListAudienceRequest(consortium_id=str(REGION), audiences=of, day=day)
    found = (await partners.call("ListAudience", request)).organisation_ids
    assert sorted(found) == list(found)
    assert set(found) == {str(an_organisation(code)) for code in listed}


@pytest.mark.parametrize(
    ("of", "status"),
    [("office", "INVALID_ARGUMENT"), (f"umbrella:{an_organisation('acme', NEIGHBOUR)}", "NOT_FOUND")],
)
async def test_people_and_what_a_region_does_not_have_are_no_audience_of_organisations(
    partners: Partners, of: str, status: str
) -> None:
    await founded(partners, "acme")
    request = pb.ListAudienceRequest(consortium_id=str(REGION), audiences=[of])
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await partners.call("ListAudience", request)
    assert refused.value.code().name == status


@pytest.mark.parametrize(
    ("of", "region", "role", "status"),
    [
        ("everyone", REGION, "office", "PERMISSION_DENIED"),
        ("everyone", REGION, "company", "PERMISSION_DENIED"),
        ("everyone", NEIGHBOUR, "service", "NOT_FOUND"),
        ("shareholders", REGION, "service", "INVALID_ARGUMENT"),
        (f"organisation:{an_organisation('acme', NEIGHBOUR)}", REGION, "service", "NOT_FOUND"),
        (f"person:{coded_id(NEIGHBOUR, 'person', 'p1')}", REGION, "service", "NOT_FOUND"),
        (f"group:{coded_id(NEIGHBOUR, 'working-group', 'g')}", REGION, "service", "NOT_FOUND"),
        (f"agreement:{coded_id(NEIGHBOUR, 'agreement', 'a')}", REGION, "service", "NOT_FOUND"),
    ],
)
async def test_an_audience_is_for_services_and_of_one_region(
    partners: Partners, of: str, region: Any, role: str, status: str
) -> None:
    await founded(partners, "acme")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await partners.call("ResolveAudience", pb.ResolveAudienceRequest(consortium_id=str(region), audience=of), role)
    assert refused.value.code().name == status


async def test_a_recipient_has_what_a_mail_needs(partners: Partners) -> None:
    await founded(partners, "acme")
    await put(partners, "/v1/persons/contact-1", a_person("acme", "contact", language="sv"))
    (found,) = (
        await partners.call(
            "ResolveAudience", pb.ResolveAudienceRequest(consortium_id=str(REGION), audience="everyone")
        )
    ).recipients
    assert found == pb.Recipient(
        person_id=str(coded_id(REGION, "person", "contact-1")),
        organisation_id=str(an_organisation("acme")),
        name=NAME,
        email=EMAIL,
        language="sv",
    )
