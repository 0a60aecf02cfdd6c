"""The books as tables over HTTP: negotiated, streamed, resting on a checkpoint, and accounted for."""

import csv
import hashlib
import io
import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from openpyxl import load_workbook

from runtime import ids
from services.funding.domain.contribution import Lesson
from services.funding.domain.tables import JOURNAL
from tests.support.funding_books import an_entry, book_lesson
from tests.support.funding_door import Door
from tests.support.funding_door import door as door

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
APPLICATION = {
    "scheme": "sto-2020-2024",
    "title": "Our region",
    "from": "2020-01-01",
    "until": "2023-12-31",
    "items": [
        {
            "line": "metaal",
            "year": 2021,
            "description": "hours of companies",
            "unit": "hour",
            "priceCents": 5_000,
            "quantity": "3",
            "paidFrom": "cofinancing",
        },
        {
            "line": "corlaer",
            "year": 2020,
            "description": "teacher",
            "unit": "hour",
            "priceCents": 7_500,
            "quantity": "2",
        },
    ],
}


@pytest.fixture
async def books(door: Door) -> Door:
    """Two lessons, one of them accepted, sealed; then a third that no seal covers."""
    await door.set_up()
    await door.region.organisation("techniek")
    for day, minutes in ((date(2020, 5, 2), 60), (date(2021, 5, 2), 125)):
        await lesson(door, day, minutes)
        body = {"upTo": "2020-12-31"}
        done = await door.ask("POST", "/contribution-acceptances", body, subject="bram", role="controller")
        assert done.status_code == 201
    await door.region.sealer(datetime(2021, 12, 31, 12, tzinfo=UTC)).run_once()
    await lesson(door, date(2021, 6, 1), 30)
    return door


async def lesson(door: Door, day: date, minutes: int) -> None:
    company = ids.coded_id(door.region.id, "organisation", "techniek")
    async with door.region.transaction() as tx:
        await book_lesson(
            tx, Lesson(ids.new_id(), f"=les-{day}", company, "metaal", day, minutes), at=datetime.now(UTC)
        )


async def seal(door: Door) -> dict[str, Any]:
    found: dict[str, Any] = (await door.ask("GET", "/ledger/seals")).json()["items"][-1]
    return found


async def test_contributions_are_what_the_sealed_books_hold_whatever_came_later(books: Door) -> None:
    document = (await books.ask("GET", "/tables/contributions", role="accountant", subject="carla")).json()
    last = await seal(books)
    assert document["checkpoint"] == {
        "count": last["count"],
        "head": last["head"],
        "batch": last["batch"],
        "unsealed": 1,
    }
    rows = sorted(document["rows"], key=lambda row: str(row["day"]))
    assert [(row["day"], row["minutes"], row["bookedAs"], row["bookedMinutes"]) for row in rows] == [
        ("2020-05-02", 60, "accepted", 60),
        ("2021-05-02", 125, "verified", 125),
    ]
    assert {(row["organisation"], row["line"]) for row in rows} == {("techniek", "metaal")}
    later = await books.ask("GET", "/tables/contributions?from=2021-01-01&until=2021-12-31")
    assert [row["day"] for row in later.json()["rows"]] == ["2021-05-02"]


async def test_a_csv_is_as_the_region_reads_it_and_tells_what_it_rests_on_in_every_row(books: Door) -> None:
    answer = await books.ask("GET", "/tables/contributions?format=csv")
    last = await seal(books)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["checkpoint"] == f"{last['count']}:{last['head']}"
    assert f"contributions-{last['count']}-{last['head'][:12]}.csv" in answer.headers["content-disposition"]
    text = answer.content.decode("utf-8-sig")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
    assert {row["checkpoint"] for row in rows} == {answer.headers["checkpoint"]}
    assert {row["activityRef"][:5] for row in rows} == {"'=les"}
    plain = await books.ask("GET", "/tables/contributions?format=csv&separator=comma")
    assert plain.content.startswith(b"contributionId,organisation,")


async def test_the_journal_adds_up_to_zero_and_to_the_balances_in_a_workbook_too(books: Door) -> None:
    answer = await books.ask("GET", "/tables/journal?format=xlsx")
    assert answer.headers["content-type"] == XLSX
    sheet = load_workbook(io.BytesIO(answer.content))["journal"]
    head, *rows = sheet.iter_rows(values_only=True)
    assert head == JOURNAL.names
    found = [dict(zip(JOURNAL.names, row, strict=True)) for row in rows]
    assert sum(int(str(row["cents"])) for row in found) == sum(int(str(row["minutes"])) for row in found) == 0
    last = await seal(books)
    sums: dict[str, int] = {}
    for row in found:
        sums[str(row["account"])] = sums.get(str(row["account"]), 0) + int(str(row["cents"]))
    known = (await books.ask("GET", f"/ledger/accounts?asKnownOn={last['sealedAt']}")).json()
    assert sums == {each["account"]: each["cents"] for each in known}
    export = (await books.ask("GET", f"/exports/{answer.headers['export-id']}")).json()
    assert (export["state"], export["kind"], export["format"]) == ("complete", "journal", "xlsx")
    assert export["rowsDone"] == export["rowsTotal"] == len(found)
    assert export["checkpoint"] == {"count": last["count"], "head": last["head"]}


async def test_the_hash_of_a_file_says_which_export_it_is_and_is_published(books: Door) -> None:
    answer = await books.ask("GET", "/tables/journal?format=jsonl")
    sha256 = hashlib.sha256(answer.content).hexdigest()
    found = (await books.ask("GET", f"/exports?sha256={sha256}")).json()
    assert [each["id"] for each in found] == [answer.headers["export-id"]]
    assert (await books.ask("GET", f"/exports?sha256={'0' * 64}")).json() == []
    async with books.region.transaction() as tx:
        told = await tx.fetchval("SELECT data FROM outbox WHERE type LIKE '%export-completed%'")
    assert json.loads(told)["sha256"] == sha256


async def test_the_positions_are_those_of_the_position_itself(books: Door) -> None:
    rows = (await books.ask("GET", "/tables/positions?asOf=2021-12-31")).json()["rows"]
    programme = (await books.ask("GET", "/positions/programme?asOf=2021-12-31")).json()
    assert rows[0]["scope"] == "programme"
    assert rows[0]["realisedMinutes"] == programme["realisedMinutes"] == 60
    assert rows[0]["declaredMinutes"] == 155
    required = {each["base"]: each["requiredCents"] for each in programme["readings"]}
    assert rows[0]["requiredOfSubsidyCents"] == required["of-subsidy"]
    assert rows[0]["requiredOfTotalCents"] == required["of-total"]
    for scope in ("line", "partner"):
        assert sum(row["declaredMinutes"] for row in rows if row["scope"] == scope) == 155


async def test_plan_versus_realised_is_told_per_line_location_and_year_and_as_known_on_a_day(books: Door) -> None:
    assert (await books.ask("PUT", "/applications/aanvraag", APPLICATION)).status_code == 201
    assert (await books.ask("GET", "/plan-versus-realised")).json()["applications"] == []
    look = (await books.ask("GET", "/plan-versus-realised?application=aanvraag&asOf=2021-12-31")).json()
    cells = {(row["line"], row["kind"], row["year"]): row for row in look["rows"]}
    assert cells["metaal", "spearhead", 2021]["plannedCofinancingCents"] == 15_000
    assert cells["metaal", "spearhead", 2021]["waitingMinutes"] == 125
    assert cells["metaal", "spearhead", 2020]["realisedMinutes"] == 60
    assert cells["corlaer", "location", 2020]["plannedSubsidyCents"] == 15_000
    assert look["total"]["plannedSubsidyCents"] == sum(row["plannedSubsidyCents"] for row in look["lines"])
    table = (await books.ask("GET", "/tables/plan-versus-realised?application=aanvraag&asOf=2021-12-31")).json()
    assert [(row["line"], row["year"], row["realisedMinutes"]) for row in table["rows"]] == [
        (row["line"], row["year"], row["realisedMinutes"]) for row in look["rows"]
    ]
    before = (await books.ask("GET", "/plan-versus-realised?application=aanvraag&knownOn=2019-01-01")).json()
    assert before["checkpoint"]["count"] == before["total"]["realisedMinutes"] == 0
    assert (await books.ask("GET", "/plan-versus-realised?application=geen")).status_code == 404


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/tables/journal?format=pdf", 400, "invalid-input"),
        ("/tables/journal?from=2021-01-02&until=2021-01-01", 400, "days-inverted"),
        ("/tables/journal?separator=tab", 400, "invalid-input"),
        ("/tables/nonsense", 404, "nothing-here"),
    ],
)
async def test_what_cannot_be_sent_is_refused_before_anything_is_sent(
    door: Door, path: str, status: int, code: str
) -> None:
    await door.region.found()
    answer = await door.ask("GET", path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_foreign_region_and_a_school_get_nothing(books: Door) -> None:
    foreign = await books.ask("GET", "/tables/contributions", at=ids.new_id())
    assert foreign.status_code == 503
    assert (await books.ask("GET", "/tables/contributions", role="school")).status_code == 403
    assert len((await books.ask("GET", "/tables")).json()) == 5


async def test_the_export_of_the_books_holds_every_entry_once_while_they_are_sealed(door: Door) -> None:
    await door.region.found()
    for _ in range(3):
        await door.region.book(*(an_entry(100) for _ in range(800)))
        await door.region.sealer(datetime.now(UTC)).run_once()
    await door.region.book(*(an_entry(100) for _ in range(50)))
    answer = await door.ask("GET", "/ledger/export")
    lines = [json.loads(line) for line in answer.content.splitlines()]
    found = [UUID(line["id"]) for line in lines if line["type"] in ("entry", "unsealed")]
    assert len(found) == len(set(found)) == 2_450
    export = (await door.ask("GET", f"/exports/{answer.headers['export-id']}")).json()
    assert export["rowsDone"] == export["rowsTotal"] == 2_450
