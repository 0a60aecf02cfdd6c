"""An agreement over HTTP, from draft to force: who may do what, what rivals get, and what is told."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from runtime.ids import coded_id
from tests.integration.partners.doors import NEIGHBOUR, REGION, Partners, an_organisation
from tests.integration.partners.region import (
    AGREEMENT,
    a_signature,
    an_agreement,
    circulated,
    founded,
    put,
    signed,
    standing,
)

FIELD = {"key": "functie", "label": "Functie", "required": True}


async def test_it_is_circulated_signed_and_in_force_and_each_step_is_told(partners: Partners) -> None:
    await founded(partners, "acme", "beta", "waarnemer")
    witness = {"organisation": "waarnemer", "role": "witness", "counts": False}
    await put(partners, AGREEMENT, an_agreement("acme"))
    text_hash = await circulated(partners, "acme", "beta", witness, signUntil="2019-03-29")
    first = await signed(partners, "acme", text_hash, "2019-03-27")
    last = await signed(partners, "beta", text_hash, "2019-03-25")
    assert [(each["state"], each["signed"], each["of"]) for each in (first, last)] == [
        ("circulated", 1, 2),
        ("in-force", 2, 2),
    ]
    (told,) = await partners.told("agreement-circulated")
    assert told["parties"] == [str(an_organisation(each)) for each in ("acme", "beta", "waarnemer")]
    assert (told["code"], told["signUntil"], told["textHash"]) == ("samenwerking", "2019-03-29", text_hash)
    assert [(each["signedOn"], each["signed"], each["of"]) for each in await partners.told("agreement-signed")] == [
        ("2019-03-27", 1, 2),
        ("2019-03-25", 2, 2),
    ]
    (entered,) = await partners.told("agreement-entered-into-force")
    assert (entered["since"], entered["from"], entered["until"]) == ("2019-03-27", "2020-01-01", "2023-12-31")
    assert entered["parties"] == told["parties"][:2]
    versions = [version for fact, version in await partners.facts() if ".agreement-" in fact]
    assert versions == [1, 2, 3, 4], "a listener could not tell whether it missed one"
    shown = (await partners.get(AGREEMENT)).json()
    assert (shown["state"], shown["inForceSince"], shown["textHash"]) == ("in-force", "2019-03-27", text_hash)
    person = str(coded_id(REGION, "person", "company-person"))
    assert [(each["organisation"], each["signedBy"], each["signedOn"]) for each in shown["parties"]] == [
        ("acme", person, "2019-03-27"),
        ("beta", person, "2019-03-25"),
        ("waarnemer", None, None),
    ]
    assert await standing(partners, "acme", "2020-01-01") == ("PARTY", True, "")
    assert await standing(partners, "acme", "2019-12-31") == ("NONE", False, "")
    assert await standing(partners, "waarnemer", "2020-01-01") == ("NONE", False, "")


@pytest.mark.parametrize("turn", range(3))
async def test_all_sign_at_the_same_moment_and_it_enters_into_force_once(partners: Partners, turn: int) -> None:
    names = [f"bedrijf-{number}" for number in range(8)]
    await founded(partners, *names)
    text_hash = await circulated(partners, *names)
    answers = await asyncio.gather(*(signed(partners, each, text_hash) for each in names))
    assert sorted(each["signed"] for each in answers) == list(range(1, 9))
    assert [each["state"] for each in answers].count("in-force") == 1
    assert len(await partners.told("agreement-entered-into-force")) == 1
    versions = [each["version"] for each in await partners.told("agreement-signed")]
    assert versions == sorted(versions)
    changed = await partners.told("standing-changed")
    assert sorted(each["organisationId"] for each in changed) == sorted(str(an_organisation(each)) for each in names)
    assert {each["version"] for each in changed} == {1}


async def test_a_draft_is_told_to_nobody_and_seen_by_no_company(partners: Partners) -> None:
    await founded(partners, "acme", "beta")
    before = await partners.facts()
    created = await partners.put(AGREEMENT, an_agreement("acme"))
    changed = await partners.put(AGREEMENT, an_agreement("acme", "beta"))
    same = await partners.put(AGREEMENT, an_agreement("acme", "beta"))
    assert [each.headers["Result"] for each in (created, changed, same)] == ["created", "changed", "unchanged"]
    assert await partners.facts() == before
    assert (await partners.get(AGREEMENT, "company acme")).status_code == 404
    assert (await partners.get(AGREEMENT)).status_code == 200


async def test_loading_it_again_after_it_was_signed_changes_nothing_and_another_text_is_refused(
    partners: Partners,
) -> None:
    await founded(partners, "acme")
    text_hash = await circulated(partners, "acme")
    await signed(partners, "acme", text_hash)
    facts = await partners.facts()
    assert (await partners.put(AGREEMENT, an_agreement("acme"))).headers["Result"] == "unchanged"
    assert (await partners.post(f"{AGREEMENT}/circulation", None)).headers["Result"] == "unchanged"
    again = await partners.post(f"{AGREEMENT}/signatures", a_signature("acme", text_hash), "company acme")
    assert (again.status_code, again.headers["Result"]) == (200, "unchanged")
    other = await partners.put(AGREEMENT, an_agreement("acme", text="Anders."))
    assert (other.status_code, other.json()["type"].rsplit("/", 1)[-1].rsplit(":", 1)[-1]) == (409, "text-fixed")
    assert await partners.facts() == facts


async def test_a_retry_with_its_key_gets_the_first_answer(partners: Partners) -> None:
    await founded(partners, "acme")
    text_hash = await circulated(partners, "acme")
    body = a_signature("acme", text_hash)
    answers = [await partners.post(f"{AGREEMENT}/signatures", body, "company acme", "key-1") for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert len(await partners.told("agreement-signed")) == 1


async def test_a_party_signs_once_its_required_fields_are_filled_in(partners: Partners) -> None:
    await founded(partners, "acme", "beta")
    text_hash = await circulated(partners, "acme", "beta", fields=[FIELD])
    refused = await partners.post(f"{AGREEMENT}/signatures", a_signature("acme", text_hash), "company acme")
    assert refused.status_code == 409
    assert "Functie" in refused.json()["detail"]
    await put(partners, f"{AGREEMENT}/parties/acme", {"fields": {"functie": "directeur"}}, role="company acme")
    await signed(partners, "acme", text_hash)
    late = await partners.put(f"{AGREEMENT}/parties/acme", {"fields": {"functie": "rector"}}, "company acme")
    assert late.status_code == 409


async def test_what_a_party_filled_in_is_seen_by_itself_and_the_office_only(partners: Partners) -> None:
    await founded(partners, "acme", "beta")
    await circulated(partners, "acme", "beta", fields=[FIELD])
    answer = await put(partners, f"{AGREEMENT}/parties/acme", {"fields": {"functie": "directeur"}}, role="company acme")
    assert "directeur" not in str(answer)

    async def seen(role: str) -> list[Any]:
        return [each["fields"] for each in (await partners.get(AGREEMENT, role)).json()["parties"]]

    assert await seen("office") == [{"functie": "directeur"}, {}]
    assert await seen("company acme") == [{"functie": "directeur"}, None]
    assert await seen("company beta") == [None, {}]
    assert await seen("accountant") == [None, None]


@pytest.mark.parametrize(
    ("role", "organisation", "status"),
    [
        ("company beta", "acme", 403),
        ("office", "acme", 403),
        ("accountant acme", "acme", 403),
        ("company beta", "beta", 404),
        ("office acme", "acme", 201),
        ("school acme", "acme", 201),
    ],
)
async def test_only_with_the_organisation_in_the_token_one_signs_for_it(
    partners: Partners, role: str, organisation: str, status: int
) -> None:
    await founded(partners, "acme", "beta")
    text_hash = await circulated(partners, "acme")
    answer = await partners.post(f"{AGREEMENT}/signatures", a_signature(organisation, text_hash), role)
    assert answer.status_code == status, answer.text
    assert len(await partners.told("agreement-signed")) == (status == 201)


async def test_an_account_that_is_linked_to_nobody_signs_nothing(partners: Partners) -> None:
    await put(partners, "/v1/consortia/sto-test", {**an_empty_region()})
    await put(partners, "/v1/organisations/acme", {"name": "Acme", "kind": "company"})
    text_hash = await circulated(partners, "acme")
    answer = await partners.post(f"{AGREEMENT}/signatures", a_signature("acme", text_hash), "company acme")
    assert answer.status_code == 403
    assert "linked to none" in answer.json()["detail"]


def an_empty_region() -> dict[str, Any]:
    return {
        "name": "STO Test",
        "zone": "Europe/Amsterdam",
        "currency": "EUR",
        "language": "nl",
        "standingPolicy": ["party"],
    }


async def test_a_neighbour_and_who_is_no_party_see_no_agreement(partners: Partners) -> None:
    await founded(partners, "acme", "beta")
    await founded(partners, "acme", region=NEIGHBOUR, code="sto-elders")
    await circulated(partners, "acme")
    assert (await partners.get(AGREEMENT, region=NEIGHBOUR)).status_code == 404
    assert (await partners.get(AGREEMENT, "company acme", region=NEIGHBOUR)).status_code == 404
    assert (await partners.get(AGREEMENT, "company beta")).status_code == 404
    assert (await partners.get(AGREEMENT, "company acme")).status_code == 200
    assert (await partners.get("/v1/agreements", region=NEIGHBOUR)).json()["items"] == []
    assert [each["code"] for each in (await partners.get("/v1/agreements")).json()["items"]] == ["samenwerking"]


async def test_an_organisation_that_is_not_registered_is_named_in_the_refusal(partners: Partners) -> None:
    await founded(partners, "acme")
    refused = await partners.put(AGREEMENT, an_agreement("acme", "onbekend-bv"))
    assert refused.status_code == 400
    assert "onbekend-bv" in refused.json()["detail"]
    assert (await partners.get(AGREEMENT)).status_code == 404


async def test_rivals_that_draw_up_and_fill_in_lose_nothing(partners: Partners) -> None:
    await founded(partners, "acme", "beta")
    drafts = [partners.put(AGREEMENT, an_agreement("acme", "beta", fields=[FIELD])) for _ in range(4)]
    assert sorted(each.headers["Result"] for each in await asyncio.gather(*drafts)) == ["created"] + ["unchanged"] * 3
    filled = [
        put(partners, f"{AGREEMENT}/parties/{of}", {"fields": {"functie": of}}, role=f"company {of}")
        for of in ("acme", "beta")
    ]
    renamed = put(partners, AGREEMENT, an_agreement("acme", "beta", fields=[FIELD], title="Convenant"))
    await asyncio.gather(*filled, renamed)
    shown = (await partners.get(AGREEMENT)).json()
    assert (shown["title"], [each["fields"]["functie"] for each in shown["parties"]]) == ("Convenant", ["acme", "beta"])


async def test_who_signs_later_than_the_entry_into_force_stands_from_that_day(partners: Partners) -> None:
    await founded(partners, "acme", "later")
    text_hash = await circulated(partners, "acme", {"organisation": "later", "counts": False})
    await signed(partners, "acme", text_hash)
    assert await standing(partners, "later", "2022-06-01") == ("NONE", False, "")
    await signed(partners, "later", text_hash, "2022-06-01")
    assert await standing(partners, "later", "2022-05-31") == ("NONE", False, "")
    assert await standing(partners, "later", "2022-06-01") == ("PARTY", True, "")
    assert len(await partners.told("agreement-entered-into-force")) == 1
    assert UUID((await partners.told("standing-changed"))[-1]["organisationId"]) == an_organisation("later")
