"""Forms for everybody in an audience, answered over HTTP or by spreadsheet, signed by a hash; and the capacity plan."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import httpx2
import openpyxl
import pytest

from runtime import ids
from services.funding.commands import schemes, statements
from services.funding.domain.scheme import Cofinancing, EligibleKinds, Rate, Rule
from services.funding.domain.statement import Round
from services.funding.form_file import MEDIA_TYPE
from services.funding.reminding import Reminding
from services.funding.store import programmes
from tests.integration.funding.doors import NEIGHBOUR, REGION, Funding, open_doors
from tests.support.funding_books import AT
from tests.support.servers import DatabaseFor

FIRST = date(2020, 1, 1)
RULES = (
    Rule("cofinancing", Cofinancing(750), FIRST, date(2018, 10, 1), "the scheme"),
    Rule("kinds", EligibleKinds(("hours", "material", "loan", "cash")), FIRST, date(2018, 10, 1), "the scheme"),
    Rule("rate-hours", Rate("hours", 5_000), FIRST, date(2018, 10, 1), "the region"),
)
TODAY = datetime.now(UTC).date()
ASKED = [
    {"line": "robotisering", "year": 2022, "term": 1, "minutes": 600},
    {"line": "robotisering", "year": 2022, "term": 3, "minutes": 300, "facilitiesCents": 5_000},
]
ROUND: dict[str, Any] = {
    "title": "Cofinanciering 2020-2024",
    "deadline": (TODAY + timedelta(days=30)).isoformat(),
    "audiences": ["planning", "umbrella:technet"],
    "kinds": ["company"],
    "expected": ASKED,
    "remindDaysBefore": [10, 1],
}
SAID = {"lines": [{"line": "robotisering", "year": 2022, "term": 1, "minutes": 480, "cashCents": 1_000}]}
ACME: dict[str, Any] = {"role": "company", "organisation": "acme", "name": "anna"}
BOLT: dict[str, Any] = {"role": "company", "organisation": "bolt", "name": "bas"}


@pytest.fixture
async def funding(database_for: DatabaseFor) -> AsyncIterator[Funding]:
    """Acme joined the planning, bolt gave the umbrella a mandate, coil did neither; a school joined too."""
    async with open_doors(database_for) as opened:
        await opened.region.found()
        await opened.region.plan()
        founded = await opened.partners.put("/v1/consortia/sto-test", json=CONSORTIUM, headers=OFFICE)
        assert founded.status_code == 201, founded.text
        for code, kind in (("acme", "company"), ("bolt", "company"), ("coil", "company"), ("mbo", "mbo")):
            await opened.region.organisation(code, kind)
            await at_partners(opened, f"organisations/{code}", {"name": f"{code} (invented)", "kind": kind})
        await at_partners(opened, "organisations/technet", {"name": "Technet", "kind": "foundation"})
        days = {"from": "2019-01-01"}
        await at_partners(opened, "memberships/acme", {"organisation": "acme", "role": "applicant", **days})
        await at_partners(opened, "memberships/mbo", {"organisation": "mbo", "role": "partner", **days})
        await at_partners(opened, "umbrella-mandates/bolt", {"umbrella": "technet", "member": "bolt", **days})
        async with opened.region.transaction() as tx:
            await schemes.put_scheme(tx, "sto", "The scheme", RULES, at=AT)
        yield opened


OFFICE = {"Authorization": f"office {REGION} - ada"}
CONSORTIUM = {
    "name": "Test",
    "zone": "Europe/Amsterdam",
    "currency": "EUR",
    "language": "nl",
    "standingPolicy": ["party", "umbrella", "pledge"],
}


async def at_partners(funding: Funding, path: str, body: dict[str, Any]) -> None:
    answer = await funding.partners.put(f"/v1/{path}", json=body, headers=OFFICE)
    assert answer.status_code == 201, answer.text


async def issued_facts(funding: Funding) -> list[dict[str, Any]]:
    async with funding.region.transaction() as tx:
        rows = await tx.fetch("SELECT data FROM outbox WHERE type LIKE '%statement-issued%' ORDER BY seq")
    return [json.loads(row["data"]) for row in rows]


async def sheet(
    funding: Funding, method: str, code: str, body: bytes | None = None, kind: str = MEDIA_TYPE, **who: Any
) -> httpx2.Response:
    said = {"role": "office", "organisation": "-", "name": "ada", **who}
    headers = {"Authorization": f"{said['role']} {REGION} {said['organisation']} {said['name']}", "Content-Type": kind}
    return await funding.http.request(method, f"/v1/statements/{code}/spreadsheet", content=body, headers=headers)


async def signed(funding: Funding, code: str, **who: Any) -> httpx2.Response:
    """Signs what is filled in now, as it was read."""
    read = await funding.get(f"/statements/{code}/answer", **who)
    body = {"sha256": read["sha256"], "signedOn": TODAY.isoformat(), "place": "Amersfoort"}
    return await funding.ask("POST", f"/statements/{code}/signatures", body, **who)


async def test_a_round_reaches_who_joined_the_planning_or_the_umbrella_once_each(funding: Funding) -> None:
    first, again = [await funding.ask("PUT", "/statement-rounds/form", ROUND) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 200), first.text
    assert [each.headers["result"] for each in (first, again)] == ["created", "unchanged"]
    assert [(each.json()["reached"], each.json()["new"]) for each in (first, again)] == [(2, 2), (2, 0)]
    facts = await issued_facts(funding)
    assert {fact["code"] for fact in facts} == {"form.acme", "form.bolt"}
    assert len(facts) == 2
    assert facts[0]["expected"] == {"minutes": 900, "materialCents": 0, "facilitiesCents": 5_000, "cashCents": 0}
    assert facts[0]["remindDaysBefore"] == [10, 1]
    await at_partners(funding, "memberships/coil", {"organisation": "coil", "role": "partner", "from": "2019-01-01"})
    moved = {**ROUND, "exceptions": [{"organisation": "acme", "deadline": "2099-01-01"}]}
    later = await funding.ask("PUT", "/statement-rounds/form", moved)
    assert (later.headers["result"], later.json()["new"], later.json()["changed"]) == ("changed", 1, 1)
    assert [fact["code"] for fact in (await issued_facts(funding))[2:]] in (
        ["form.acme", "form.coil"],
        ["form.coil", "form.acme"],
    )
    shown = await funding.get("/statement-rounds/form")
    assert (shown["forms"], shown["filledIn"], shown["signed"], shown["version"]) == (3, 0, 0, 2)
    listed = (await funding.get("/statements?round=form"))["items"]
    assert [(each["code"], each["state"]) for each in listed] == [
        ("form.acme", "issued"),
        ("form.bolt", "issued"),
        ("form.coil", "issued"),
    ]
    alone = {"organisation": "acme", "deadline": "2099-01-01"}
    refused = await funding.ask("PUT", "/statements/form.acme", alone)
    assert (refused.status_code, refused.json()["code"]) == (409, "form-of-round")


async def test_a_round_that_is_issued_twice_at_once_tells_everybody_once(funding: Funding) -> None:
    answers = await asyncio.gather(*(funding.ask("PUT", "/statement-rounds/form", ROUND) for _ in range(4)))
    assert {each.status_code for each in answers} <= {200, 201}
    assert len(await issued_facts(funding)) == 2


async def test_an_audience_that_is_not_there_is_refused_in_a_sentence(funding: Funding) -> None:
    for audiences, status in ((["shareholders"], 400), (["umbrella:nobody"], 404), (["office"], 400)):
        answer = await funding.ask("PUT", "/statement-rounds/form", {**ROUND, "audiences": audiences})
        assert answer.status_code == status, answer.text
    await at_partners(funding, "organisations/late", {"name": "Late", "kind": "company"})
    ahead = await funding.ask("PUT", "/statement-rounds/form", {**ROUND, "audiences": ["organisation:late"]})
    assert (ahead.status_code, ahead.json()["code"]) == (503, "audience-not-here")
    assert (await funding.ask("GET", "/statement-rounds/form")).status_code == 404


async def test_a_form_is_filled_in_read_signed_by_its_hash_and_makes_a_pledge(funding: Funding) -> None:
    await funding.ask("PUT", "/statement-rounds/form", ROUND)
    first, again = [await funding.ask("PUT", "/statements/form.acme/answer", SAID, **ACME) for _ in range(2)]
    assert [(each.status_code, each.headers["result"]) for each in (first, again)] == [
        (201, "created"),
        (200, "unchanged"),
    ]
    assert (await funding.get("/positions/programme"))["promisedCents"] == 0
    stale = {"sha256": first.json()["sha256"], "signedOn": TODAY.isoformat()}
    more = {"lines": [{**SAID["lines"][0], "minutes": 540}]}
    assert (await funding.ask("PUT", "/statements/form.acme/answer", more, **ACME)).headers["result"] == "changed"
    refused = await funding.ask("POST", "/statements/form.acme/signatures", stale, **ACME)
    assert (refused.status_code, refused.json()["code"]) == (409, "answer-changed")
    made = await signed(funding, "form.acme", **ACME)
    assert made.status_code == 201, made.text
    assert (made.json()["signedBy"], made.json()["place"]) == (
        str(ids.coded_id(REGION, "person", "anna")),
        "Amersfoort",
    )
    assert (await signed(funding, "form.acme", **ACME)).json() == made.json()
    assert await funding.get("/statements/form.acme/signatures") == [made.json()]
    pledge = await funding.get("/pledges/form.acme", **ACME)
    assert (pledge["minutes"], pledge["cents"], pledge["lines"][0]["term"]) == (540, 46_000, 1)
    assert (await funding.get("/statements/form.acme"))["state"] == "signed"
    async with funding.region.transaction() as tx:
        (fact,) = await tx.fetch("SELECT data FROM outbox WHERE type LIKE '%pledge-signed%'")
        with pytest.raises(Exception, match=r"append-only|permission denied"):
            await tx.execute("UPDATE statement_signatures SET place = 'elsewhere'")
    assert json.loads(fact["data"])["statementId"] == str(ids.coded_id(REGION, "statement", "form.acme"))
    await funding.ask("PUT", "/statements/form.acme/answer", SAID, **ACME)
    anew = await signed(funding, "form.acme", **ACME)
    assert (anew.json()["position"], anew.json()["pledgeVersion"]) == (2, 2)
    await funding.ask("PUT", "/statement-rounds/form", {**ROUND, "deadline": "2099-01-01"})
    answered = {fact["code"]: fact["answered"] for fact in (await issued_facts(funding))[2:]}
    assert answered == {"form.acme": True, "form.bolt": False}


async def test_a_promise_for_a_term_falls_due_in_that_term(funding: Funding) -> None:
    lines = [{"line": "robotisering", "year": 2022, "term": 1, "minutes": 1_200}]
    pledge = {"organisation": "acme", "signedOn": "2019-03-20", "from": "2020-01-01", "until": "2024-12-31"}
    put = await funding.ask("PUT", "/pledges/acme", {**pledge, "lines": lines})
    assert put.status_code == 201, put.text
    due = {
        day: (await funding.get(f"/positions/programme?asOf={day}"))["dueCents"]
        for day in ("2021-12-31", "2022-01-30", "2022-04-30", "2024-12-31")
    }
    assert due == {"2021-12-31": 0, "2022-01-30": 25_000, "2022-04-30": 100_000, "2024-12-31": 100_000}


async def test_after_the_deadline_the_office_answers_for_an_organisation(funding: Funding) -> None:
    late = {**ROUND, "deadline": (TODAY - timedelta(days=2)).isoformat()}
    assert (await funding.ask("PUT", "/statement-rounds/form", late)).status_code == 201
    refused = await funding.ask("PUT", "/statements/form.acme/answer", SAID, **ACME)
    assert (refused.status_code, refused.json()["code"]) == (409, "form-closed")
    assert (await funding.ask("PUT", "/statements/form.acme/answer", SAID)).status_code == 201
    assert (await signed(funding, "form.acme", **ACME)).status_code == 409
    assert (await signed(funding, "form.acme")).status_code == 201


async def test_nobody_but_its_organisation_and_the_office_sees_a_form(funding: Funding) -> None:
    await funding.ask("PUT", "/statement-rounds/form", ROUND)
    assert [each["code"] for each in (await funding.get("/statements", **BOLT))["items"]] == ["form.bolt"]
    assert (await funding.get("/statements?organisation=acme", **BOLT))["items"] == []
    body = {"sha256": "0" * 64, "signedOn": TODAY.isoformat()}
    for method, path, sent in (
        ("GET", "", None),
        ("GET", "/answer", None),
        ("PUT", "/answer", SAID),
        ("GET", "/signatures", None),
        ("POST", "/signatures", body),
        ("GET", "/spreadsheet", None),
    ):
        answer = await funding.ask(method, f"/statements/form.acme{path}", sent, **BOLT)
        assert answer.status_code == 404, (method, path)
        foreign = await funding.ask(method, f"/statements/form.acme{path}", sent, region=NEIGHBOUR)
        assert foreign.status_code == 404, (method, path)
        school = await funding.ask(method, f"/statements/form.acme{path}", sent, role="school", organisation="mbo")
        assert school.status_code == 403, (method, path)
    assert (await sheet(funding, "PUT", "form.acme", b"x", **BOLT)).status_code == 404
    for path in ("/statement-rounds/form", "/capacity-needs/robotisering"):
        assert (await funding.ask("PUT", path, ROUND, **ACME)).status_code == 403


async def test_a_form_comes_back_as_a_spreadsheet_and_a_bad_cell_is_named(funding: Funding) -> None:
    await funding.ask("PUT", "/statement-rounds/form", ROUND)
    sent = await sheet(funding, "GET", "form.acme", **ACME)
    assert (sent.status_code, sent.headers["content-type"]) == (200, MEDIA_TYPE)
    book = openpyxl.load_workbook(io.BytesIO(sent.content))
    page = book["Formulier"]
    assert [page[cell].value for cell in ("A9", "D9", "E9", "D10", "G10")] == ["robotisering", 1, 10, 3, 50]
    page["I9"] = "=E9"
    bad = await sheet(funding, "PUT", "form.acme", saved(book), **ACME)
    assert (bad.status_code, bad.json()["code"]) == (400, "cells-refused")
    (error,) = bad.json()["errors"]
    assert error["detail"].startswith("Sheet 'Formulier', cell I9: this is a formula")
    assert (await funding.ask("GET", "/statements/form.acme/answer", **ACME)).status_code == 404
    page["I9"], page["K10"] = 7.5, "45,50"
    kept = await sheet(funding, "PUT", "form.acme", saved(book), **ACME)
    assert (kept.status_code, kept.json()["via"]) == (201, "spreadsheet"), kept.text
    assert [(each["minutes"], each["facilitiesCents"]) for each in kept.json()["lines"]] == [(450, 0), (0, 4_550)]
    again = openpyxl.load_workbook(io.BytesIO((await sheet(funding, "GET", "form.acme", **ACME)).content))
    assert again["Formulier"]["I9"].value == 7.5
    for_another = await sheet(funding, "PUT", "form.bolt", saved(book), **BOLT)
    assert (for_another.status_code, for_another.json()["code"]) == (400, "not-this-form")
    as_text = await sheet(funding, "PUT", "form.acme", b"a;b", "text/csv", **ACME)
    assert as_text.status_code == 415


def saved(book: Any) -> bytes:
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


async def test_the_capacity_plan_puts_pledges_against_need_and_says_what_is_short(funding: Funding) -> None:
    needs = {"terms": [{"year": 2022, "term": 1, "minutes": 600}, {"year": 2022, "term": 2, "minutes": 60}]}
    first, again = [await funding.ask("PUT", "/capacity-needs/robotisering", needs) for _ in range(2)]
    assert [each.headers["result"] for each in (first, again)] == ["created", "unchanged"]
    unknown = await funding.ask("PUT", "/capacity-needs/robotica", needs)
    assert (unknown.status_code, unknown.json()["code"]) == (400, "unknown-line")
    await funding.ask("PUT", "/statement-rounds/form", ROUND)
    await funding.ask("PUT", "/statements/form.acme/answer", SAID, **ACME)
    assert (await signed(funding, "form.acme", **ACME)).status_code == 201
    shown = await funding.get("/capacities?year=2022")
    found = [
        (each["term"], each["neededMinutes"], each["pledgedMinutes"], each["gapMinutes"], each["state"])
        for each in shown
    ]
    assert found == [(1, 600, 480, 120, "over"), (2, 60, 0, 60, "over")]
    before = await funding.get("/capacities?year=2022&asOf=2019-01-01")
    assert [each["pledgedMinutes"] for each in before] == [0, 0]
    assert before[0]["sentence"]["en"].endswith("10 h needed and 0 h pledged, 10 h short; 1096 days left to find them.")
    assert (await funding.ask("GET", "/capacities", role="company", organisation="acme")).status_code == 403


async def test_issuing_to_a_thousand_takes_as_many_statements_as_issuing_to_ten(funding: Funding) -> None:
    """Guards the shape: set-based, whatever the audience."""
    made = [await funding.region.organisation(f"company-{number}") for number in range(1_000)]

    class Counting:
        def __init__(self, tx: Any) -> None:
            self._tx, self.count = tx, 0

        def __getattr__(self, name: str) -> Any:
            if name in ("fetch", "fetchrow", "fetchval", "execute", "executemany"):
                self.count += 1
            return getattr(self._tx, name)

    counts = []
    for code, reached in (("ten", made[:10]), ("thousand", made)):
        async with funding.region.transaction() as tx:
            programme = await programmes.programme(tx)
            assert programme is not None
            asked = Round(ids.coded_id(REGION, "statement-round", code), code, "Form", date(2099, 1, 1), ("companies",))
            counting = Counting(tx)
            done, _ = await statements.put_round(counting, asked, reached, programme, at=AT)  # type: ignore[arg-type]
            assert done.new == len(reached)
            counts.append(counting.count)
    assert counts[0] == counts[1]
    assert len(await issued_facts(funding)) == 1_010


async def test_a_reminder_is_published_once_on_its_day_until_the_form_is_signed(funding: Funding) -> None:
    deadline = TODAY + timedelta(days=30)
    await funding.ask("PUT", "/statement-rounds/form", ROUND)
    await funding.ask("PUT", "/statements/form.bolt/answer", SAID, **BOLT)
    assert (await signed(funding, "form.bolt", **BOLT)).status_code == 201

    async def told(days_before: int) -> int:
        noon = datetime.combine(deadline - timedelta(days=days_before), time(12), UTC)
        return await Reminding(funding.region.database, clock=lambda: noon).run_once()

    assert [await told(days) for days in (11, 10, 10, 2, 1, 0)] == [0, 1, 0, 0, 1, 0]
    async with funding.region.transaction() as tx:
        rows = await tx.fetch("SELECT data FROM outbox WHERE type LIKE '%statement-reminder-due%' ORDER BY seq")
    assert [(fact["code"], fact["daysLeft"]) for fact in (json.loads(row["data"]) for row in rows)] == [
        ("form.acme", 10),
        ("form.acme", 1),
    ]
    later = {**ROUND, "deadline": (deadline + timedelta(days=60)).isoformat()}
    await funding.ask("PUT", "/statement-rounds/form", later)
    assert await told(-30) == 0
    assert await told(-59) == 1
