"""Standing over all doors: it follows from agreements, mandates, pledges and policy, and every door tells the same."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import UUID

import grpc
import pytest
from speerpunt.partners.v1 import partners_pb2 as pb

from runtime.postgres import Tx
from services.partners.domain.periods import Period
from services.partners.domain.standing import DatedGround, Ground, Standing
from services.partners.events import StandingChanged
from tests.integration.partners.doors import NEIGHBOUR, REGION, Partners, an_organisation, open_doors
from tests.integration.partners.region import (
    CONSORTIUM,
    a_question,
    circulated,
    founded,
    put,
    signed,
    spoken,
    standing,
)
from tests.support.servers import DatabaseFor


def a_mandate(umbrella: str, member: str, **days: str) -> dict[str, str]:
    return {"umbrella": umbrella, "member": member, "from": "2019-01-01", **days}


async def test_a_member_stands_through_its_umbrella_while_both_the_mandate_and_the_agreement_hold(
    partners: Partners,
) -> None:
    await founded(partners, "branche", "acme", "later")
    await put(partners, "/v1/umbrella-mandates/acme", a_mandate("branche", "acme", until="2021-06-30"))
    assert await partners.told("standing-changed") == []
    text_hash = await circulated(partners, "branche")
    await signed(partners, "branche", text_hash)
    through = str(an_organisation("branche"))
    assert await standing(partners, "acme", "2020-01-01") == ("UMBRELLA", True, through)
    assert await standing(partners, "acme", "2021-07-01") == ("NONE", False, "")
    await put(partners, "/v1/umbrella-mandates/later", a_mandate("branche", "later", **{"from": "2022-01-01"}))
    assert await standing(partners, "later", "2021-12-31") == ("NONE", False, "")
    assert await standing(partners, "later", "2023-12-31") == ("UMBRELLA", True, through)
    assert await standing(partners, "later", "2024-01-01") == ("NONE", False, "")
    await put(partners, "/v1/umbrella-mandates/acme", a_mandate("branche", "acme", until="2020-06-30"))
    assert await standing(partners, "acme", "2020-07-01") == ("NONE", False, "")
    assert [each["until"] for each in await partners.told("umbrella-mandate-withdrawn")] == ["2020-06-30"]
    acme = str(an_organisation("acme"))
    changes = await partners.told("standing-changed")
    assert [each["version"] for each in changes if each["organisationId"] == acme] == [1, 2]


async def test_a_mandate_and_the_last_signature_at_the_same_moment_both_count(partners: Partners) -> None:
    names = [f"lid-{number}" for number in range(6)]
    await founded(partners, "branche", *names)
    text_hash = await circulated(partners, "branche")
    mandates = [put(partners, f"/v1/umbrella-mandates/{each}", a_mandate("branche", each)) for each in names]
    await asyncio.gather(*mandates[:3], signed(partners, "branche", text_hash), *mandates[3:])
    for each in names:
        assert await standing(partners, each, "2020-01-01") == ("UMBRELLA", True, str(an_organisation("branche")))


async def test_a_change_of_policy_is_told_for_whom_it_changes(partners: Partners) -> None:
    await founded(partners, "branche", "acme", "nobody")
    await put(partners, "/v1/umbrella-mandates/acme", a_mandate("branche", "acme"))
    await signed(partners, "branche", await circulated(partners, "branche"))
    before = len(await partners.told("standing-changed"))
    await put(partners, "/v1/consortia/sto-test", {**CONSORTIUM, "standingPolicy": ["party"]})
    (changed,) = (await partners.told("standing-changed"))[before:]
    assert (changed["organisationId"], changed["version"]) == (str(an_organisation("acme")), 2)
    assert [(each["ground"], each["suffices"]) for each in changed["grounds"]] == [("umbrella", False)]
    assert await standing(partners, "acme", "2020-01-01") == ("UMBRELLA", False, str(an_organisation("branche")))
    await put(partners, "/v1/consortia/sto-test", {**CONSORTIUM, "name": "Andere naam", "standingPolicy": ["party"]})
    assert len(await partners.told("standing-changed")) == before + 1


async def test_policy_and_signatures_at_the_same_moment_leave_every_standing_right(partners: Partners) -> None:
    names = [f"bedrijf-{number}" for number in range(4)]
    await founded(partners, *names)
    late = [{"organisation": each, "counts": False} for each in names[1:]]
    text_hash = await circulated(partners, names[0], *late)
    await signed(partners, names[0], text_hash)
    policies = [{**CONSORTIUM, "standingPolicy": list(each)} for each in (("pledge",), ("party",), ("umbrella",))]
    await asyncio.gather(
        *(signed(partners, each, text_hash, "2019-04-01") for each in names[1:]),
        *(put(partners, "/v1/consortia/sto-test", each) for each in policies),
    )
    policy = (await partners.get("/v1/consortia/sto-test")).json()["standingPolicy"]
    for each in names:
        assert await standing(partners, each, "2021-01-01") == ("PARTY", "party" in policy, "")
    await the_doors_agree_with_the_facts(partners, names)


async def the_doors_agree_with_the_facts(partners: Partners, names: list[str]) -> None:
    """Replays standing-changed as a listener would, and asks every door about some days."""
    heard: dict[UUID, tuple[int, StandingChanged]] = {}
    for told in await partners.told("standing-changed"):
        version = told.pop("version")
        fact = StandingChanged.model_validate(told)
        assert version == (heard[fact.organisation_id][0] if fact.organisation_id in heard else 0) + 1
        heard[fact.organisation_id] = (version, fact)
    days = ["2018-12-31", "2020-01-01", "2021-06-30", "2021-07-01", "2023-12-31", "2024-01-01"]
    for day in days:
        questions = [a_question(each, day) for each in names]
        batch = (await partners.call("BatchGetStanding", pb.BatchGetStandingRequest(questions=questions))).answers
        listed = {
            each["organisation"]: each for each in (await partners.get(f"/v1/standings?on={day}")).json()["items"]
        }
        for name, answer in zip(names, batch, strict=True):
            nothing = (0, Standing(an_organisation(name)).changed())
            version, fact = heard.get(an_organisation(name), nothing)
            replayed = Standing(an_organisation(name), tuple(map(_ground, fact.grounds))).on(date.fromisoformat(day))
            assert await standing(partners, name, day) == spoken(answer)
            assert spoken(answer)[1] is replayed.suffices
            assert listed[name]["suffices"] is replayed.suffices
            assert listed[name]["ground"] == (replayed.ground and replayed.ground.value)
            assert (listed[name]["ground"] or "none").upper() == spoken(answer)[0]
            assert listed[name]["version"] == version
            one = (await partners.get(f"/v1/standings?on={day}&organisation={name}")).json()["items"]
            assert one == [listed[name]]


def _ground(told: Any) -> DatedGround:
    return DatedGround(
        Ground(told.ground), Period(told.first_day, told.last_day), told.suffices, told.through_organisation_id
    )


async def test_what_is_asked_over_http_and_grpc_agrees_with_the_facts(partners: Partners) -> None:
    await founded(partners, "branche", "acme", "party", "nobody")
    await put(partners, "/v1/umbrella-mandates/acme", a_mandate("branche", "acme", until="2021-06-30"))
    text_hash = await circulated(partners, "branche", "party")
    await signed(partners, "branche", text_hash)
    await signed(partners, "party", text_hash)
    await the_doors_agree_with_the_facts(partners, ["branche", "acme", "party", "nobody"])
    await put(partners, "/v1/consortia/sto-test", {**CONSORTIUM, "standingPolicy": ["umbrella"]})
    await the_doors_agree_with_the_facts(partners, ["branche", "acme", "party", "nobody"])


async def test_a_batch_is_answered_in_order_over_regions_and_knows_nothing_of_strangers(partners: Partners) -> None:
    await founded(partners, "acme")
    await founded(partners, "acme", region=NEIGHBOUR, code="sto-elders")
    await signed(partners, "acme", await circulated(partners, "acme"))
    crossed = a_question("acme", "2020-01-01")
    crossed.organisation_id = str(an_organisation("acme", NEIGHBOUR))
    questions = [
        a_question("acme", "2020-01-01", NEIGHBOUR),
        a_question("acme", "2020-01-01"),
        crossed,
        a_question("acme", "2024-01-01"),
        a_question("acme", "2020-01-01"),
    ]
    answer = await partners.call("BatchGetStanding", pb.BatchGetStandingRequest(questions=questions))
    assert [spoken(each)[0] for each in answer.answers] == ["NONE", "PARTY", "NONE", "NONE", "PARTY"]
    empty = await partners.call("BatchGetStanding", pb.BatchGetStandingRequest())
    assert list(empty.answers) == []


@pytest.mark.parametrize(
    ("method", "request_", "role", "status"),
    [
        ("GetStanding", a_question("nobody", "2020-01-01"), "service", "NOT_FOUND"),
        ("GetStanding", a_question("acme", "2020-01-01", NEIGHBOUR), "office", "PERMISSION_DENIED"),
        ("GetStanding", a_question("acme", "2020-01-01"), "company", "PERMISSION_DENIED"),
        ("GetStanding", a_question("acme", "yesterday"), "service", "INVALID_ARGUMENT"),
        (
            "GetStanding",
            pb.GetStandingRequest(consortium_id=str(REGION), organisation_id="acme", day="2020-01-01"),
            "service",
            "INVALID_ARGUMENT",
        ),
        (
            "BatchGetStanding",
            pb.BatchGetStandingRequest(questions=[a_question("acme", "2020-01-01", NEIGHBOUR)]),
            "office",
            "PERMISSION_DENIED",
        ),
        (
            "BatchGetStanding",
            pb.BatchGetStandingRequest(questions=[a_question("acme", "2020-01-01")] * 2001),
            "service",
            "RESOURCE_EXHAUSTED",
        ),
    ],
)
async def test_a_question_is_refused(partners: Partners, method: str, request_: Any, role: str, status: str) -> None:
    await founded(partners, "acme")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await partners.call(method, request_, role=role)
    assert refused.value.code().name == status


async def test_the_list_of_standings_knows_its_region_only(partners: Partners) -> None:
    await founded(partners, "acme")
    await founded(partners, "beta", region=NEIGHBOUR, code="sto-elders")
    assert (await partners.get("/v1/standings?organisation=beta")).status_code == 404
    elsewhere = (await partners.get("/v1/standings", region=NEIGHBOUR)).json()["items"]
    assert [each["organisation"] for each in elsewhere] == ["beta"]


async def test_a_thousand_organisations_stand_and_fall_with_as_many_statements_as_three(
    database_for: DatabaseFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = []
    for members in (3, 1000):
        async with open_doors((await database_for("partners")).app_url) as partners:
            await a_branch_with(partners, members)
            text_hash = await circulated(partners, "branche")
            statements: list[str] = []
            with monkeypatch.context() as patched:
                for way in ("fetch", "fetchrow", "fetchval", "execute"):
                    patched.setattr(Tx, way, _noting(getattr(Tx, way), statements))
                await signed(partners, "branche", text_hash)
                in_force = len(statements)
                await put(partners, "/v1/consortia/sto-test", {**CONSORTIUM, "standingPolicy": ["party"]})
            counted.append((in_force, len(statements) - in_force))
            assert len(await partners.told("standing-changed")) == 1 + 2 * members
    assert counted[0] == counted[1]
    assert min(counted[0]) > 0


async def a_branch_with(partners: Partners, members: int) -> None:
    """A branch organisation that signs for so many members."""
    await founded(partners, "branche")
    names = [f"lid-{number:04d}" for number in range(members)]
    async with partners.database.transaction(REGION) as tx:
        await tx.executemany(
            "INSERT INTO organisations (consortium_id, organisation_id, code, name, kind, registry_numbers, version) "
            "VALUES ($1, $2, $3, $3, 'company', '{}', 1)",
            [(REGION, an_organisation(each), each) for each in names],
        )
        await tx.executemany(
            "INSERT INTO umbrella_mandates "
            "(consortium_id, mandate_id, code, umbrella_id, member_id, first_day, last_day, version) "
            "VALUES ($1, gen_random_uuid(), $2, $3, $4, '2019-01-01', NULL, 1)",
            [(REGION, each, an_organisation("branche"), an_organisation(each)) for each in names],
        )


def _noting(way: Callable[..., Awaitable[Any]], statements: list[str]) -> Callable[..., Awaitable[Any]]:
    async def noted(tx: Tx, query: str, *args: Any) -> Any:
        statements.append(query)
        return await way(tx, query, *args)

    return noted
