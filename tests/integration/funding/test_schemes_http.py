"""Schemes over HTTP: known on a day, a disputed base decided by two persons, the finder and the what-if."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from runtime import ids
from runtime.event import Context
from services.funding.commands import contributions
from services.funding.commands.contributions import Confirmed
from services.funding.domain.contribution import Lesson
from tests.support.funding_door import GRANT, SCHEME, Door
from tests.support.funding_door import door as door

NEW = json.loads(
    (Path(__file__).parents[3] / "services" / "funding" / "schemes" / "sto-2025-2028.json").read_text(encoding="utf-8")
)
PATH = "/schemes/sto-2020-2024"
AT = datetime(2021, 12, 31, 12, tzinfo=UTC)
DECISION = {
    "base": "of-subsidy",
    "validFrom": "2020-01-01",
    "reason": "The ministry answered our question so.",
    "source": "A letter to the lead partner",
}
PLAN: Mapping[str, Any] = {
    "participants": [
        {"kind": "vmbo", "role": "lead-partner", "traits": ["technical"]},
        {"kind": "vmbo", "count": 4},
        {"kind": "mbo"},
        {"kind": "company", "count": 40},
    ],
    "activities": ["technical-vmbo"],
    "areas": ["NL"],
    "from": "2020-01-01",
    "until": "2023-12-31",
    "asked": [{"year": year, "cents": 250_000_000} for year in range(2020, 2024)],
    "cofinancing": [{"kind": "hours", "cents": 105_000_000}],
    "on": "2019-03-15",
}


async def lessons(door: Door, *minutes: int) -> None:
    """So many confirmed lessons of 2021, on behalf of one company; accepted as far as asked by the test."""
    async with door.region.transaction() as tx:
        for number, each in enumerate(minutes):
            lesson = Lesson(ids.new_id(), f"les-{number}", UUID(int=8), "metaal", date(2021, 3, 1 + number), each)
            await contributions.book_lessons(tx, [Confirmed(door.region.id, lesson, Context())], at=AT)


async def test_a_scheme_is_shown_as_far_as_known_on_a_day(door: Door) -> None:
    await door.set_up()

    async def points(known_on: str) -> int:
        body = (await door.ask("GET", f"{PATH}/terms?on=2021-05-01&knownOn={known_on}")).json()
        found: int = next(
            rule["terms"]["basisPoints"] for rule in body["rules"] if rule["terms"]["about"] == "cofinancing"
        )
        return found

    assert (await points("2022-07-06"), await points("2022-07-07")) == (1000, 750)
    early = (await door.ask("GET", f"{PATH}?knownOn=2018-09-12")).json()
    codes = {rule["code"] for rule in early["rules"]}
    assert "cofinancing-10" in codes
    assert not codes & {"cofinancing-7-5", "supplement-25", "period-2020-2024", "progress-2-moved"}


async def test_two_persons_decide_the_base_and_reports_as_known_before_keep_both_readings(door: Door) -> None:
    await door.set_up()
    proposed = await door.ask("POST", f"{PATH}/base-decisions", DECISION)
    assert (proposed.status_code, proposed.json()["state"]) == (201, "proposed")
    both = ["of-subsidy", "of-total"]
    assert (await door.ask("GET", f"{PATH}/terms?on=2021-01-01")).json()["possibleBases"] == both
    path = f"{PATH}/base-decisions/{proposed.json()['id']}/approval"
    same = await door.ask("POST", path, subject="ada/second-account", role="controller")
    assert (same.status_code, same.json()["code"]) == (403, "same-person")
    assert (await door.ask("POST", path, subject="bram", role="office")).status_code == 403
    decided = await door.ask("POST", path, subject="bram", role="controller")
    assert (decided.status_code, decided.json()["state"]) == (200, "decided")
    assert decided.json()["decidedBy"] != decided.json()["proposedBy"]
    assert (await door.ask("GET", f"{PATH}/terms?on=2021-01-01")).json()["possibleBases"] == ["of-subsidy"]
    before = (await door.ask("GET", f"{PATH}/terms?on=2021-01-01&knownOn=2024-01-01")).json()
    assert before["possibleBases"] == both
    again = await door.ask("POST", path, subject="bram", role="controller")
    assert (again.status_code, again.json()["code"]) == (409, "base-already-decided")
    assert [each["state"] for each in (await door.ask("GET", f"{PATH}/base-decisions")).json()] == ["decided"]


async def test_a_decided_base_cannot_be_slipped_in_with_a_scheme(door: Door) -> None:
    rule = {**SCHEME["rules"][0], "code": "mine", "terms": {"about": "cofinancing-base", "base": "of-subsidy"}}
    assert (await door.ask("PUT", PATH, {**SCHEME, "rules": [rule]})).status_code == 400


async def test_a_scheme_that_leaves_no_choice_of_base_refuses_the_proposal(door: Door) -> None:
    await door.region.found()
    assert (await door.ask("PUT", "/schemes/sto-2025-2028", NEW)).status_code == 201
    answer = await door.ask("POST", "/schemes/sto-2025-2028/base-decisions", {**DECISION, "validFrom": "2025-01-01"})
    assert (answer.status_code, answer.json()["code"]) == (409, "base-not-open")


async def test_a_rate_of_the_regions_own_needs_a_reason(door: Door) -> None:
    await door.set_up()
    own = {
        "code": "rate-hours-eemland",
        "terms": {"about": "rate", "kind": "hours", "centsPerHour": 6250},
        "validFrom": "2021-01-01",
        "knownFrom": "2020-12-08",
        "source": "Decision of the board",
    }
    refused = await door.ask("PUT", PATH, {"title": SCHEME["title"], "rules": [own]})
    assert (refused.status_code, refused.json()["code"]) == (400, "rate-without-reason")
    reason = {**own, "reason": "Technicians cost more here."}
    assert (await door.ask("PUT", PATH, {"title": SCHEME["title"], "rules": [reason]})).headers["result"] == "changed"
    await lessons(door, 60)
    booked = (await door.ask("GET", "/contributions")).json()["items"]
    assert [(each["valueCents"], each["rule"]) for each in booked] == [(6250, "rate-hours-eemland")]


async def test_the_finder_says_which_schemes_fit_a_plan_and_why_not(door: Door) -> None:
    found = (await door.ask("POST", "/schemes/matches", PLAN)).json()
    assert [(each["scheme"], each["outcome"]) for each in found] == [("sto-2020-2024", "depends")]
    cofinancing = next(each for each in found[0]["findings"] if each["about"] == "cofinancing")
    assert cofinancing["answer"] == "open"
    assert "€ 1.111.111,11 van de totale subsidiabele begroting" in cofinancing["sentences"]["nl"]
    assert "The region has yet to decide on the base." in cofinancing["sentences"]["en"]
    late = (await door.ask("POST", "/schemes/matches", {**PLAN, "on": "2024-09-15"})).json()
    assert {each["scheme"]: each["outcome"] for each in late} == {
        "sto-2020-2024": "does-not-fit",
        "sto-2025-2028": "does-not-fit",
    }
    new = next(each for each in late if each["scheme"] == "sto-2025-2028")
    assert {each["rule"] for each in new["findings"] if each["answer"] == "not-met"} == {
        "primary-schools",
        "period",
        "cofinancing-10",
    }


async def test_a_scheme_of_another_country_is_found_as_soon_as_the_region_records_it(door: Door) -> None:
    rule = {"validFrom": "2025-01-01", "knownFrom": "2024-06-01", "source": "A decree of the Flemish government"}
    flemish = {
        "title": "Duaal leren, proeftuin",
        "rules": [
            {**rule, "code": "who", "terms": {"about": "participants", "kinds": ["hogeschool"], "least": 2}},
            {**rule, "code": "least", "terms": {"about": "amount", "minCents": 5_000_000, "yearMaxCents": 9_000_000}},
            {**rule, "code": "where", "terms": {"about": "area", "anyOf": ["VL"]}},
            {**rule, "code": "kinds", "terms": {"about": "eligible-kinds", "kinds": ["cash"]}},
            {**rule, "code": "share", "terms": {"about": "cofinancing", "basisPoints": 2000, "base": "of-costs"}},
        ],
    }
    assert (await door.ask("PUT", "/schemes/duaal", flemish)).status_code == 201
    plan = {
        "participants": [{"kind": "hogeschool", "count": 17}],
        "activities": ["dual-learning"],
        "areas": ["VL"],
        "from": "2025-09-01",
        "until": "2026-08-31",
        "asked": [{"year": 2025, "cents": 4_000_000}, {"year": 2026, "cents": 8_000_000}],
        "cofinancing": [{"kind": "cash", "cents": 3_000_000}],
        "on": "2025-01-15",
    }
    found = (await door.ask("POST", "/schemes/matches", plan)).json()
    assert (found[0]["scheme"], found[0]["outcome"]) == ("duaal", "fits")
    short = {**plan, "cofinancing": [{"kind": "hours", "cents": 9_000_000}]}
    found = (await door.ask("POST", "/schemes/matches", short)).json()
    duaal = next(each for each in found if each["scheme"] == "duaal")
    assert [each["rule"] for each in duaal["findings"] if each["answer"] == "not-met"] == ["share"]


async def test_another_percentage_base_and_rate_change_the_comparison_and_not_the_books(door: Door) -> None:
    await door.set_up()
    await lessons(door, 135, 1, 1, 1)
    assert (
        await door.ask("POST", "/contribution-acceptances", {"upTo": "2021-12-31"}, subject="bram", role="controller")
    ).status_code == 201
    await lessons(door, 60)
    books = (await door.ask("GET", "/ledger/accounts")).json()
    body = {"basisPoints": 500, "base": "of-subsidy", "rates": [{"kind": "hours", "centsPerHour": 6000}]}
    found = (await door.ask("POST", f"{PATH}/what-if", body)).json()
    assert found["asIs"]["realisedCents"] == 11_250 + 3 * 83
    assert found["whatIf"]["realisedCents"] == 13_500 + 3 * 100
    assert (found["asIs"]["declaredCents"], found["whatIf"]["declaredCents"]) == (5_000, 6_000)
    assert {each["base"]: each["requiredCents"] for each in found["asIs"]["readings"]} == {
        "of-subsidy": 75_000_000,
        "of-total": 81_081_081,
    }
    assert found["whatIf"]["readings"] == [
        {
            "base": "of-subsidy",
            "requiredCents": 50_000_000,
            "shortfallCents": 50_000_000 - 13_800,
            "reachedBasisPoints": 2,
        }
    ]
    assert (await door.ask("GET", "/ledger/accounts")).json() == books
    then = (await door.ask("POST", f"{PATH}/what-if", {"knownOn": "2022-07-06"})).json()
    assert then["asIs"]["basisPoints"] == 1000
    assert then["asIs"] == then["whatIf"]


async def test_without_a_grant_there_is_nothing_to_compare_unless_an_amount_is_given(door: Door) -> None:
    await door.ask("PUT", PATH, SCHEME)
    refused = await door.ask("POST", f"{PATH}/what-if", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing-to-compare")
    asked = {"grantCents": GRANT["cents"], "from": "2020-01-01", "until": "2023-12-31"}
    assert (await door.ask("POST", f"{PATH}/what-if", asked)).status_code == 200


async def test_a_neighbour_sees_no_decisions_and_finds_only_what_ships(door: Door) -> None:
    await door.set_up()
    await door.ask("POST", f"{PATH}/base-decisions", DECISION)
    await door.ask("PUT", "/schemes/ours", {"title": "Ours", "rules": []})
    elsewhere = ids.new_id()
    assert (await door.ask("GET", f"{PATH}/base-decisions", at=elsewhere)).json() == []
    found = (await door.ask("POST", "/schemes/matches", PLAN, at=elsewhere)).json()
    assert {each["scheme"] for each in found} == {"sto-2020-2024"}
    assert {each["code"] for each in (await door.ask("GET", "/shipped-schemes", at=elsewhere)).json()} == {
        "sto-2020-2024",
        "sto-2025-2028",
    }
