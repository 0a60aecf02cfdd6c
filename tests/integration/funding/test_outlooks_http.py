"""What the position means in euros, over HTTP."""

from typing import Any

import pytest

from services.funding.commands import schemes
from services.funding.domain.scheme import Reclaim, Rule
from tests.integration.funding.doors import Funding
from tests.integration.funding.test_positions_doors import (
    FIRST,
    GRANT,
    RULES,
    a_pledge,
    deliver,
    funding,
    planned,
)
from tests.support.funding_books import AT

__all__ = ["funding", "planned"]
SUBMITTED = {"submittedOn": "2019-03-01"}
ON = "asOf=2022-12-31&knownOn=2023-11-01"


async def with_reclaim(planned: Funding) -> None:
    rule = Rule("reclaim", Reclaim("cent-for-cent"), FIRST, FIRST, "our reading", flagged=True)
    async with planned.region.transaction() as tx:
        await schemes.put_scheme(tx, "sto", "The scheme", (*RULES, rule), at=AT)


async def test_a_shortfall_is_shown_in_euros_of_the_grant_under_both_readings(planned: Funding) -> None:
    await planned.ask("PUT", "/grants/sto-2020", GRANT)
    await deliver(planned, "acme", 1_500)
    unknown = await planned.get(f"/positions/shortfall?{ON}")
    assert [each["atRiskCents"] for each in unknown["readings"]] == [None, None]
    await with_reclaim(planned)
    shown = await planned.get(f"/positions/shortfall?{ON}")
    assert shown["grantedCents"] == 1_000_000_000
    assert [(each["base"], each["atRiskCents"]) for each in shown["readings"]] == [
        ("of-subsidy", 74_875_000),
        ("of-total", 80_956_081),
    ]
    assert "€ 748.750,00" in shown["readings"][0]["sentence"]["nl"]
    pace = shown["pace"]
    assert (pace["since"], pace["days"], pace["deliveredCents"]) == ("2022-01-01", 365, 125_000)
    assert pace["forecastCents"] == 125_000 + 125_000 * 731 // 365
    assert shown["readings"][0]["paceShortfallCents"] == 75_000_000 - pace["forecastCents"]
    assert (await planned.get("/positions/shortfall?asOf=2019-11-30"))["readings"] == []


async def test_years_put_the_plan_beside_what_was_promised_and_came_in(planned: Funding) -> None:
    item: dict[str, Any] = {"line": "robotisering", "description": "Hours", "unit": "hour", "priceCents": 5_000}
    plan = {
        "scheme": "sto",
        "title": "Plan",
        "from": "2020-01-01",
        "until": "2023-12-31",
        "items": [
            {**item, "year": 2021, "quantity": "10", "paidFrom": "cofinancing"},
            {**item, "year": 2021, "quantity": "90", "paidFrom": "subsidy"},
        ],
    }
    drafted = await planned.ask("PUT", "/applications/plan", plan)
    assert drafted.status_code == 201, drafted.text
    assert await planned.get(f"/positions/years?{ON}") == []
    handed_in = await planned.ask("POST", "/applications/plan/submission", SUBMITTED, role="controller", name="bram")
    assert handed_in.status_code in (200, 201), handed_in.text
    await planned.ask("PUT", "/pledges/acme", a_pledge())
    await deliver(planned, "acme", 60)
    shown = await planned.get(f"/positions/years?{ON}")
    assert [each["year"] for each in shown] == [2020, 2021, 2022, 2023]
    assert [each["plannedCents"] for each in shown] == [0, 50_000, 0, 0]
    assert sum(each["promisedCents"] for each in shown) == 510_000
    assert [each["readings"] for each in shown] == [[]] * 4
    (line,) = [
        each for each in (await planned.get(f"/positions/lines?{ON}"))["items"] if each["code"] == "robotisering"
    ]
    assert (line["plannedCents"], (await planned.get(f"/positions/programme?{ON}"))["plannedCents"]) == (50_000, 50_000)
    assert (await planned.get("/positions/programme?asOf=2019-02-28"))["plannedCents"] == 0
    await planned.ask("PUT", "/grants/sto-2020", GRANT)
    asked = [each["readings"][0]["requiredCents"] for each in await planned.get(f"/positions/years?{ON}")]
    assert asked == [0, 75_000_000, 0, 0]
    assert [each["realisedCents"] for each in shown] == [0, 0, 5_000, 0]
    before = await planned.get("/positions/years?asOf=2022-02-28")
    assert sum(each["realisedCents"] for each in before) == 0


async def test_when_a_company_leaves_its_lines_are_short_and_what_it_brought_stays(planned: Funding) -> None:
    await planned.ask("PUT", "/grants/sto-2020", {**GRANT, "cents": 5_000_000})
    await planned.ask("PUT", "/pledges/acme", a_pledge())
    await planned.ask("PUT", "/pledges/bolt", a_pledge("bolt", 600, "het-element"))
    await deliver(planned, "acme", 60)
    shown = await planned.get("/positions/departures/acme?asOf=2020-01-01&knownOn=2023-11-01")
    lines = {each["line"]: each for each in shown["lines"]}
    assert (lines["robotisering"]["promisedCents"], lines["robotisering"]["deliveredCents"]) == (510_000, 0)
    assert lines["robotisering"]["forecastWithoutCents"] == 0
    assert lines["het-element"]["toComeCents"] == 0
    assert lines["unallocated"]["shortCents"] == 405_405
    assert sum(each["cents"] for each in shown["covers"]) + shown["missingCents"] == 405_405
    assert shown["sentence"]["en"].startswith("Acme B.V. pledged EUR 5,100.00 and brought EUR 0.00;")
    after = await planned.get(f"/positions/departures/acme?{ON}")
    (line,) = [each for each in after["lines"] if each["line"] == "robotisering"]
    assert (line["deliveredCents"], line["forecastWithoutCents"]) == (5_000, 5_000)
    assert (await planned.ask("GET", "/positions/departures/nobody")).status_code == 404


@pytest.mark.parametrize("path", ["shortfall", "years", "departures/acme"])
async def test_a_company_does_not_see_what_the_position_means(planned: Funding, path: str) -> None:
    answer = await planned.ask("GET", f"/positions/{path}", role="company", organisation="acme")
    assert answer.status_code == 403
