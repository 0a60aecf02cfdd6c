"""Statements, pledges and positions over HTTP and gRPC: who may, what comes back, and in what order."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import grpc
import pytest

from runtime import ids
from services.funding.commands import contributions, schemes
from services.funding.domain.contribution import Hands, Lesson
from services.funding.domain.scheme import Cofinancing, EligibleKinds, Rate, Rule
from tests.integration.funding.doors import NEIGHBOUR, REGION, Funding, open_doors
from tests.support.funding_books import AT, book_lesson
from tests.support.servers import DatabaseFor

FIRST = date(2020, 1, 1)
RULES = (
    Rule("cofinancing-10", Cofinancing(1_000), FIRST, date(2018, 10, 1), "the scheme"),
    Rule("cofinancing-7-5", Cofinancing(750), FIRST, date(2022, 7, 1), "the change"),
    Rule("kinds", EligibleKinds(("hours", "material")), FIRST, date(2018, 10, 1), "the scheme"),
    Rule("rate-hours", Rate("hours", 5_000), FIRST, date(2018, 10, 1), "the region"),
)
GRANT = {
    "scheme": "sto",
    "cents": 1_000_000_000,
    "from": "2020-01-01",
    "until": "2023-12-31",
    "awardedOn": "2019-12-01",
}
FORM = {"organisation": "acme", "deadline": "2019-03-22", "title": "Cofinanciering 2020-2023"}
ON = "asOf=2022-12-31&knownOn=2023-11-01"


def a_pledge(code: str = "acme", minutes: int = 6_000, line: str = "robotisering", **other: Any) -> dict[str, Any]:
    return {
        "organisation": code,
        "signedOn": "2019-03-20",
        "from": "2020-01-01",
        "until": "2023-12-31",
        "lines": [{"line": line, "minutes": minutes, "materialCents": 10_000}],
        **other,
    }


@pytest.fixture
async def funding(database_for: DatabaseFor) -> AsyncIterator[Funding]:
    async with open_doors(database_for) as opened:
        await opened.region.found()
        for code in ("acme", "bolt", "coil"):
            await opened.region.organisation(code)
        async with opened.region.transaction() as tx:
            await schemes.put_scheme(tx, "sto", "The scheme", RULES, at=AT)
        yield opened


@pytest.fixture
async def planned(funding: Funding) -> Funding:
    await funding.region.plan()
    return funding


async def deliver(funding: Funding, code: str, minutes: int, line: str = "robotisering") -> None:
    """Accepted hours of a lesson on 1 March 2022."""
    day = date(2022, 3, 1)
    held = Lesson(ids.new_id(), "lesson", ids.coded_id(REGION, "organisation", code), line, day, minutes)
    async with funding.region.transaction() as tx:
        await book_lesson(tx, held, at=AT)
        await contributions.accept(tx, day, batch_id=ids.new_id(), hands=Hands(ids.new_id()), at=AT)


async def test_a_form_is_issued_answered_and_issued_again_only_when_it_changed(planned: Funding) -> None:
    answers = [await planned.ask("PUT", "/statements/form-acme", FORM) for _ in range(2)]
    later = await planned.ask("PUT", "/statements/form-acme", {**FORM, "deadline": "2019-03-29"})
    assert [each.headers["result"] for each in (*answers, later)] == ["created", "unchanged", "changed"]
    signed = await planned.ask("PUT", "/pledges/acme", a_pledge(statement="form-acme"))
    assert signed.status_code == 201, signed.text
    (shown,) = (await planned.get("/statements?organisation=acme"))["items"]
    assert (shown["deadline"], shown["pledges"], shown["version"]) == ("2019-03-29", ["acme"], 2)
    assert (await planned.get("/statements?organisation=bolt"))["items"] == []
    refused = await planned.ask("PUT", "/statements/form-x", {**FORM, "organisation": "nobody"})
    assert (refused.status_code, refused.json()["code"]) == (404, "not-found")


async def test_a_pledge_is_valued_and_shown_and_the_same_again_changes_nothing(planned: Funding) -> None:
    first, again = [await planned.ask("PUT", "/pledges/acme-2020", a_pledge()) for _ in range(2)]
    assert (first.status_code, first.headers["result"], again.headers["result"]) == (201, "created", "unchanged")
    assert first.json() == again.json()
    assert (first.json()["cents"], first.json()["minutes"]) == (510_000, 6_000)
    assert await planned.get("/pledges/acme-2020") == first.json()
    assert (await planned.get("/pledges?organisation=acme"))["items"] == [first.json()]


async def test_a_pledge_outside_the_programme_is_told_so_also_where_no_rule_holds(planned: Funding) -> None:
    long_ago = a_pledge() | {"from": "1990-01-01", "until": "1991-01-01"}
    refused = await planned.ask("PUT", "/pledges/acme-1990", long_ago)
    assert refused.json()["code"] == "pledge-outside-programme"


async def test_a_company_signs_and_sees_its_own_pledges_only(planned: Funding) -> None:
    own: dict[str, Any] = {"role": "company", "organisation": "acme"}
    assert (await planned.ask("PUT", "/pledges/acme", a_pledge(), **own)).status_code == 201
    foreign = await planned.ask("PUT", "/pledges/bolt", a_pledge("bolt"), **own)
    assert (foreign.status_code, foreign.json()["code"]) == (403, "foreign-organisation")
    assert (await planned.ask("PUT", "/pledges/bolt", a_pledge("bolt"))).status_code == 201
    assert (await planned.ask("GET", "/pledges/acme", **own)).status_code == 200
    assert (await planned.ask("GET", "/pledges/bolt", **own)).status_code == 404
    assert (await planned.ask("GET", "/pledges", **own)).status_code == 403


async def test_a_pledge_for_a_line_that_does_not_exist_is_refused_with_the_nearest(planned: Funding) -> None:
    await planned.plan_at_partners("robotisering")
    refused = await planned.ask("PUT", "/pledges/acme", a_pledge(line="robotica"))
    assert (refused.status_code, refused.json()["code"]) == (400, "unknown-line")
    assert "Did you mean 'robotisering'?" in refused.json()["detail"]


async def test_a_line_that_was_planned_a_moment_ago_is_known_by_asking_its_owner(funding: Funding) -> None:
    none = await funding.ask("PUT", "/pledges/acme", a_pledge())
    assert (none.status_code, none.json()["code"]) == (409, "no-programme")
    await funding.plan_at_partners("robotisering")
    assert (await funding.ask("PUT", "/pledges/acme", a_pledge())).status_code == 201


async def test_whether_a_line_takes_money_is_told_by_its_owner(funding: Funding) -> None:
    await funding.plan_at_partners("robotisering", "alumni")
    told = await funding.programmes.programme(REGION)
    assert told is not None
    assert {line.code: line.budgeted for line in told.lines.values()} == {"robotisering": True, "alumni": False}


async def test_the_position_shows_realised_and_promised_against_both_readings(planned: Funding) -> None:
    await planned.ask("PUT", "/grants/sto-2020", GRANT)
    await planned.ask("PUT", "/pledges/acme", a_pledge())
    await deliver(planned, "acme", 1_500)
    shown = await planned.get(f"/positions/programme?{ON}")
    assert (shown["realisedCents"], shown["realisedMinutes"], shown["declaredCents"]) == (125_000, 1_500, 0)
    assert (shown["promisedCents"], shown["rule"]) == (510_000, "cofinancing-7-5")
    assert [(each["base"], each["requiredCents"], each["shortfallCents"]) for each in shown["readings"]] == [
        ("of-subsidy", 75_000_000, 74_875_000),
        ("of-total", 81_081_081, 80_956_081),
    ]
    earlier = await planned.get("/positions/programme?asOf=2022-12-31&knownOn=2022-06-30")
    assert (earlier["rule"], earlier["readings"][0]["requiredCents"]) == ("cofinancing-10", 100_000_000)
    over_grpc = await planned.position(as_of="2022-12-31", known_on="2023-11-01")
    assert (over_grpc.realised_cents, over_grpc.promised_cents) == (125_000, 510_000)
    assert over_grpc.forecast_cents == shown["forecastCents"]
    assert [each.required_cents for each in over_grpc.thresholds] == [75_000_000, 81_081_081]
    assert (over_grpc.as_of, over_grpc.known_on) == ("2022-12-31", "2023-11-01")


async def test_without_a_day_the_position_is_that_of_today_in_the_region(planned: Funding) -> None:
    await deliver(planned, "acme", 60)
    shown = await planned.get("/positions/programme")
    assert shown["asOf"] == shown["knownOn"] >= "2026-01-01"
    assert (await planned.position()).realised_cents == shown["realisedCents"] == 5_000


async def test_a_day_that_is_none_is_invalid_over_both_doors(planned: Funding) -> None:
    assert (await planned.ask("GET", "/positions/programme?asOf=yesterday")).status_code == 400
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await planned.position(as_of="yesterday")
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_lines_and_partners_come_in_pages_that_sum_to_the_programme(planned: Funding) -> None:
    await planned.ask("PUT", "/grants/sto-2020", GRANT)
    for code in ("acme", "bolt", "coil"):
        await planned.ask("PUT", f"/pledges/{code}", a_pledge(code, line="het-element"))
        await deliver(planned, code, 60)
    whole = await planned.get(f"/positions/programme?{ON}")
    for kind, pages in (("lines", 3), ("partners", 2)):
        found, path, seen = [], f"/positions/{kind}?{ON}&limit={5 if kind == 'lines' else 2}", 0
        while True:
            page = await planned.get(path)
            found += page["items"]
            seen += 1
            if page["next"] is None:
                break
            path = f"/positions/{kind}?{ON}&limit={5 if kind == 'lines' else 2}&after={page['next']}"
        assert seen == pages
        for name in ("realisedCents", "realisedMinutes", "promisedCents", "dueCents", "forecastCents"):
            assert sum(each[name] for each in found) == whole[name]
        assert len({each["code"] for each in found}) == len(found)
    names = {each["code"]: each["name"] for each in found}
    assert names == {"acme": "Acme B.V.", "bolt": "Bolt B.V.", "coil": "Coil B.V."}


async def test_the_call_list_says_whom_to_phone_first_and_what_to_say(planned: Funding) -> None:
    for code, promised, delivered in (("acme", 6_000, 60), ("bolt", 60_000, 0), ("coil", 600, 6_000)):
        await planned.ask("PUT", f"/pledges/{code}", a_pledge(code, promised))
        if delivered:
            await deliver(planned, code, delivered)
    first = await planned.get("/positions/calls?asOf=2023-12-31&limit=1")
    second = await planned.get(f"/positions/calls?asOf=2023-12-31&limit=1&after={first['next']}")
    assert second["next"] is None
    (bolt,), (acme,) = first["items"], second["items"]
    assert (bolt["organisation"], bolt["atStakeCents"], bolt["lastDay"]) == ("bolt", 5_010_000, None)
    assert (acme["organisation"], acme["atStakeCents"], acme["lastDay"]) == ("acme", 505_000, "2022-03-01")
    assert "Er is nog niets van u geboekt." in bolt["sentence"]["nl"]
    assert "€5,050.00 is still open" in acme["sentence"]["en"]
    assert (await planned.get("/positions/calls?asOf=2019-12-31"))["items"] == []


@pytest.mark.parametrize("kind", ["lines", "partners", "calls"])
async def test_a_cursor_that_is_none_is_refused(planned: Funding, kind: str) -> None:
    answer = await planned.ask("GET", f"/positions/{kind}?after=nonsense")
    assert (answer.status_code, answer.json()["code"]) == (400, "cursor-unreadable")


async def test_a_neighbour_gets_nothing_and_a_company_does_not_read_positions(planned: Funding) -> None:
    await planned.ask("PUT", "/pledges/acme", a_pledge())
    await deliver(planned, "acme", 60)
    foreign = await planned.ask("GET", "/pledges/acme", region=NEIGHBOUR)
    assert foreign.status_code == 404
    assert (await planned.get("/pledges", region=NEIGHBOUR))["items"] == []
    unknown = await planned.ask("GET", "/positions/programme", region=NEIGHBOUR)
    assert (unknown.status_code, unknown.json()["code"]) == (503, "region-not-known")
    assert (await planned.ask("GET", "/positions/partners", role="company", organisation="acme")).status_code == 403
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await planned.position(region=NEIGHBOUR)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


PLAN: dict[str, Any] = {
    "grant": "sto-2020",
    "effectiveOn": "2020-01-01",
    "reason": "what if",
    "envelopes": [
        {
            "code": "spearheads",
            "kind": "spearhead",
            "shareBasisPoints": 6_000,
            "lines": [{"line": "robotisering", "weight": 1}, {"line": "instroom", "weight": 2}],
        }
    ],
}


def renamed(line: str, kind: str = "spearhead") -> dict[str, Any]:
    """The same plan, with this line in the place of the first."""
    (envelope,) = PLAN["envelopes"]
    return {**PLAN, "envelopes": [{**envelope, "kind": kind, "lines": [{"line": line, "weight": 1}]}]}


async def test_a_division_is_checked_against_the_programme_before_it_is_proposed(funding: Funding) -> None:
    await funding.ask("PUT", "/grants/sto-2020", GRANT)
    await funding.region.plan(free=("zorgtechniek",))
    await funding.plan_at_partners("robotisering")
    refusals = [
        await funding.ask("PUT", "/allocations/verdeling", renamed(*words))
        for words in (("robotica",), ("het-element",), ("zorgtechniek",))
    ]
    assert [(each.status_code, each.json()["code"]) for each in refusals] == [
        (400, "unknown-line"),
        (400, "other-kind"),
        (409, "line-without-budget"),
    ]
    assert "Did you mean 'robotisering'?" in refusals[0].json()["detail"]
    assert (await funding.ask("PUT", "/allocations/verdeling", renamed("het-element", "location"))).status_code == 201
    assert [each["number"] for each in await funding.get("/allocations")] == [1]


async def test_a_what_if_with_other_weights_shows_the_difference_and_books_nothing(planned: Funding) -> None:
    await planned.ask("PUT", "/grants/sto-2020", GRANT)
    proposed = await planned.ask("PUT", "/allocations/verdeling", PLAN)
    approval = f"/allocations/{proposed.json()['id']}/approval"
    assert (await planned.ask("POST", approval, role="controller", name="bram")).json()["state"] == "effective"
    entries = await planned.get("/ledger/entries")
    previewed = await planned.ask("POST", "/allocations/preview", renamed("instroom"))
    assert previewed.status_code == 200, previewed.text
    assert previewed.json()["grantCents"] == sum(line["cents"] for line in previewed.json()["lines"]) == 1_000_000_000
    shown = {line["line"]: (line["cents"], line["changeCents"]) for line in previewed.json()["lines"]}
    assert shown == {"instroom": (600_000_000, 200_000_000), "unallocated": (400_000_000, 0)}
    assert await planned.get("/ledger/entries") == entries
    assert len(await planned.get("/allocations")) == 1
    refused = await planned.ask("POST", "/allocations/preview", renamed("robotica"))
    assert refused.status_code == 400
    assert (await planned.ask("POST", "/allocations/preview", PLAN, role="company")).status_code == 403
