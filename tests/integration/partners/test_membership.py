"""Memberships, mandates and working groups over HTTP: what is kept, what is told and who is missing."""

import asyncio
from typing import Any

import pytest

from tests.integration.partners.doors import NEIGHBOUR, Partners, an_organisation
from tests.integration.partners.region import founded, put

MEMBERSHIP: dict[str, Any] = {"organisation": "acme", "role": "partner", "from": "2020-01-01"}
MANDATE: dict[str, Any] = {"umbrella": "branche", "member": "acme", "from": "2020-01-01"}


def a_group(*members: str, **changes: Any) -> dict[str, Any]:
    return {
        "title": "Werkgroep",
        "spearheads": ["robotica"],
        "members": [{"organisation": each, "from": "2020-01-01"} for each in members],
        **changes,
    }


async def planned(partners: Partners) -> None:
    programme = {"title": "T", "from": "2020-01-01", "until": "2023-12-31", "locations": []}
    spearheads = [{"code": code, "title": code} for code in ("robotica", "energie")]
    await put(partners, "/v1/programmes/sto", {**programme, "spearheads": spearheads})


async def test_a_membership_is_told_when_it_starts_changes_and_ends_and_not_when_it_is_the_same(
    partners: Partners,
) -> None:
    await founded(partners, "acme")
    before = len(await partners.facts())
    bodies = [MEMBERSHIP, MEMBERSHIP, {**MEMBERSHIP, "role": "lead-partner"}, {**MEMBERSHIP, "until": "2021-12-31"}]
    answers = [await partners.put("/v1/memberships/acme", each) for each in bodies]
    assert [each.headers["Result"] for each in answers] == ["created", "unchanged", "changed", "changed"]
    assert (await partners.facts())[before:] == [
        ("nl.speerpunt.partners.membership-started.v1", 1),
        ("nl.speerpunt.partners.membership-started.v1", 2),
        ("nl.speerpunt.partners.membership-ended.v1", 3),
    ]
    assert (await partners.get("/v1/memberships/acme")).json() == answers[-1].json()

    async def holding(on: str) -> list[str]:
        return [each["code"] for each in (await partners.get(f"/v1/memberships?on={on}")).json()["items"]]

    assert (await holding("2021-12-31"), await holding("2022-01-01")) == (["acme"], [])


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("memberships/x", {**MEMBERSHIP, "organisation": "onbekend-bv"}, 400, "onbekend-bv"),
        ("memberships/x", {**MEMBERSHIP, "until": "2019-12-31"}, 400, "before it starts"),
        ("memberships/acme", {**MEMBERSHIP, "organisation": "branche"}, 409, "another organisation"),
        ("umbrella-mandates/x", {**MANDATE, "umbrella": "acme"}, 400, "own umbrella"),
        ("umbrella-mandates/x", {**MANDATE, "member": "onbekend-bv"}, 400, "onbekend-bv"),
        ("working-groups/x", a_group("onbekend-bv"), 400, "onbekend-bv"),
        ("working-groups/x", a_group("acme", spearheads=["dansen"]), 400, "dansen"),
        ("working-groups/x", a_group("acme", "acme"), 400, "twice"),
    ],
)
async def test_what_cannot_be_is_refused_with_a_sentence_and_told_to_nobody(
    partners: Partners, path: str, body: Any, status: int, said: str
) -> None:
    await founded(partners, "acme", "branche")
    await planned(partners)
    await put(partners, "/v1/memberships/acme", MEMBERSHIP)
    before = await partners.facts()
    refused = await partners.put(f"/v1/{path}", body)
    assert (refused.status_code, said in refused.json()["detail"]) == (status, True), refused.text
    assert await partners.facts() == before


async def test_a_mandate_before_the_region_is_founded_is_refused(partners: Partners) -> None:
    for code in ("acme", "branche"):
        await put(partners, f"/v1/organisations/{code}", {"name": code, "kind": "company"})
    refused = await partners.put("/v1/umbrella-mandates/acme", MANDATE)
    assert (refused.status_code, "not founded" in refused.json()["detail"]) == (409, True)
    assert (await partners.get("/v1/umbrella-mandates/acme")).status_code == 404


async def test_a_group_carries_spearheads_and_a_spearhead_is_carried_by_groups(partners: Partners) -> None:
    await founded(partners, "acme", "beta")
    await planned(partners)
    await put(partners, "/v1/working-groups/een", a_group("acme", spearheads=["energie", "robotica"]))
    await put(partners, "/v1/working-groups/twee", a_group("beta"))

    async def carrying(spearhead: str) -> list[str]:
        page = (await partners.get(f"/v1/working-groups?spearhead={spearhead}")).json()
        return [each["code"] for each in page["items"]]

    assert (await carrying("robotica"), await carrying("energie")) == (["een", "twee"], ["een"])
    shown = (await partners.get("/v1/working-groups/een")).json()
    assert (shown["spearheads"], [each["organisation"] for each in shown["members"]]) == (
        ["energie", "robotica"],
        ["acme"],
    )


async def test_each_organisation_that_joins_is_told_once_and_versions_have_no_gap(partners: Partners) -> None:
    await founded(partners, "acme", "beta", "gamma")
    await planned(partners)
    before = len(await partners.facts())
    for members in (["acme"], ["beta", "acme"], ["acme", "beta"], ["beta", "gamma"]):
        await put(partners, "/v1/working-groups/groep", a_group(*members))
    told = (await partners.facts())[before:]
    assert [version for _, version in told] == list(range(1, 7))
    assert [fact.split(".")[3] for fact, _ in told] == ["working-group-formed", "working-group-joined"] * 3
    joined = [each["organisationId"] for each in await partners.told("working-group-joined")]
    assert joined == [str(an_organisation(each)) for each in ("acme", "beta", "gamma")]


async def test_rivals_that_describe_a_group_tell_every_version_once(partners: Partners) -> None:
    names = [f"lid-{number}" for number in range(6)]
    await founded(partners, *names)
    await planned(partners)
    await asyncio.gather(*(put(partners, "/v1/working-groups/groep", a_group(*names[: n + 1])) for n in range(6)))
    facts = [version for fact, version in await partners.facts() if "working-group" in fact]
    assert facts == list(range(1, len(facts) + 1))


async def test_the_representation_names_the_kinds_of_partner_that_a_group_lacks(partners: Partners) -> None:
    await founded(partners, "acme", "beta")
    await planned(partners)
    for code, kind in (("school", "vmbo"), ("roc", "mbo"), ("gemeente", "municipality"), ("stichting", "foundation")):
        await put(partners, f"/v1/organisations/{code}", {"name": code, "kind": kind})
    for code in ("acme", "school", "roc", "gemeente"):
        days = {"until": "2020-12-31"} if code == "gemeente" else {}
        await put(partners, f"/v1/memberships/{code}", {**MEMBERSHIP, "organisation": code, **days})
    await put(partners, "/v1/memberships/stichting", {**MEMBERSHIP, "organisation": "stichting", "role": "applicant"})
    members = [{"organisation": each, "from": "2020-01-01"} for each in ("acme", "beta")]
    left = {"organisation": "roc", "from": "2020-01-01", "until": "2020-06-30"}
    await put(partners, "/v1/working-groups/groep", a_group(chair="school", members=[*members, left]))

    async def report(on: str) -> tuple[dict[str, int], list[str]]:
        found = (await partners.get(f"/v1/working-groups/groep/representation?on={on}")).json()
        return {each["kind"]: each["count"] for each in found["present"]}, found["missing"]

    assert await report("2020-06-30") == ({"vmbo": 1, "mbo": 1, "company": 2}, ["municipality"])
    assert await report("2020-07-01") == ({"vmbo": 1, "company": 2}, ["mbo", "municipality"])
    assert await report("2021-01-01") == ({"vmbo": 1, "company": 2}, ["mbo"])
    assert (await partners.get("/v1/working-groups/geen/representation?on=2021-01-01")).status_code == 404


async def test_a_neighbour_sees_none_of_it_and_only_the_office_writes(partners: Partners) -> None:
    await founded(partners, "acme", "branche")
    await planned(partners)
    things = [("memberships", MEMBERSHIP), ("umbrella-mandates", MANDATE), ("working-groups", a_group("acme"))]
    for kind, body in things:
        path = f"/v1/{kind}/acme"
        await put(partners, path, body)
        assert (await partners.get(path, "company acme")).status_code == 200
        assert (await partners.get(path, region=NEIGHBOUR)).status_code == 404
        assert (await partners.put(path, body, region=NEIGHBOUR)).status_code == 400
        for role in ("company acme", "school", "accountant", "operator"):
            assert (await partners.put(path, body, role)).status_code == 403
    for kind in ("memberships", "working-groups"):
        assert (await partners.get(f"/v1/{kind}", region=NEIGHBOUR)).json()["items"] == []
