"""The intake over HTTP: the same records as over Kafka, on the same path; held ones decided by a person."""

import json
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from runtime import ids
from runtime.event import Context
from runtime.postgres import Database
from runtime.problems import Unavailable
from services.funding.app import http_app
from services.funding.commands.schemes import put_scheme
from services.funding.domain.scheme import EligibleKinds, Rule
from services.funding.settings import Settings
from tests.support.funding_intake import AT, RULES, START, Books, Owner, a_record, evidence, material
from tests.support.intake_door import Door, People, Tokens
from tests.support.intake_door import door as door
from tests.support.intake_kafka import CompanySystem, bare, settings_for, taking_in
from tests.support.servers import DatabaseFor, KafkaForTest

RECORDS = (
    a_record("1"),
    a_record("1"),
    a_record("1", minutes=60),
    a_record("2", line="robotica"),
    material("3", evidence=evidence()),
    a_record("4", rate=1),
    a_record("5", minutes=60, replaces="1"),
)


def told(receipts: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (each["id"], each["outcome"], each.get("valueCents"), [reason["code"] for reason in each.get("reasons", ())])
        for each in receipts
    ]


async def test_a_batch_is_answered_record_by_record_and_counted(door: Door) -> None:
    answer = await door.send(*RECORDS)
    assert answer["counts"] == {"booked": 3, "held": 0, "duplicate": 1, "refused": 3}
    assert sum(answer["counts"].values()) == len(RECORDS)
    assert told(answer["receipts"])[3] == ("2", "refused", None, ["unknown-line"])


async def test_rest_and_kafka_say_the_same_of_the_same_records(
    door: Door, database_for: DatabaseFor, kafka: KafkaForTest
) -> None:
    by_rest = (await door.send(*RECORDS))["receipts"]
    made = await database_for("funding")
    database = await Database.open(made.app_url, name="test", most=6)
    other = await Books(database).found("acme", "bouw")
    acme = await CompanySystem("acme", settings_for(made, kafka)).open()
    await acme.publish([bare(each) for each in RECORDS])
    async with taking_in(database, acme.settings):
        by_kafka = await acme.receipts(len(RECORDS) + 1)
    first = [each for each in by_kafka if not each.get("settledBy")]
    assert told(first) == told(by_rest)
    assert await other.balances() == await door.books.balances()
    await database.close()


async def test_a_record_sent_over_kafka_and_over_rest_is_a_duplicate(door: Door) -> None:
    await door.books.send(a_record("1"))
    answer = await door.send(a_record("1"))
    assert answer["counts"]["duplicate"] == 1


async def test_a_dry_run_says_the_same_and_books_nothing(door: Door) -> None:
    dry = await door.send(*RECORDS, query="?dryRun=true")
    assert await door.books.balances() == {}
    assert await door.books.facts("receipts.contributions.acme") == []
    wet = await door.send(*RECORDS)
    assert (dry["dryRun"], wet["dryRun"]) == (True, False)
    assert told(dry["receipts"]) == told(wet["receipts"])


@pytest.mark.parametrize(
    ("sheet", "why"),
    [
        ("", "must name the columns"),
        ("garbage", "must name the columns"),
        ("consortium,line\nsto,bouw\n", "'id' is not one of them"),
        ('id,line\n"1,bouw\n', "cannot be read"),
        ("id,line\n1,bouw\n2,bouw,7\n", "row 3 of the CSV has more cells"),
    ],
)
async def test_a_spreadsheet_that_makes_no_records_is_refused_as_a_whole(door: Door, sheet: str, why: str) -> None:
    answer = await door.ask("POST", "/contribution-batches", sheet, who="sender acme")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-input")
    assert why in answer.json()["detail"]


@pytest.mark.parametrize("separator", [",", ";"])
async def test_a_spreadsheet_says_the_same_as_json(door: Door, separator: str) -> None:
    columns = [
        "id",
        "consortium",
        "organisation",
        "line",
        "day",
        "kind",
        "minutes",
        "workerRef",
        "amountCents",
        "basis",
    ]
    rows = [columns, *([str(each.get(name, "")) for name in columns] for each in (a_record("1"), material("2")))]
    text = "\ufeff" + "\r\n".join(separator.join(row) for row in rows) + "\r\n"
    answer = (await door.ask("POST", "/contribution-batches", text, who="sender acme")).json()
    assert answer["counts"] == {"booked": 2, "held": 0, "duplicate": 0, "refused": 0}
    again = await door.send(a_record("1"), material("2"))
    assert again["counts"]["duplicate"] == 2


KINDS = ("hours", "pupil-presence", "material", "loan", "cash")
AMOUNT = {"minutes": None, "workerRef": None}
FIVE = (
    a_record("hours"),
    a_record("presence", kind="pupil-presence", pupils=5, minutesEach=180, line="metaal", **AMOUNT),
    material("material"),
    a_record("loan", kind="loan", amountCents=40_000, basis="rental-value", **AMOUNT),
    a_record("cash", kind="cash", amountCents=99_999, basis="book-value", line="metaal", **AMOUNT),
)


@pytest.mark.parametrize("way", ["kafka", "json", "csv"])
async def test_the_five_kinds_are_booked_the_same_whichever_way_they_come(
    door: Door, kafka: KafkaForTest, way: str
) -> None:
    all_kinds = Rule("all-kinds", EligibleKinds(KINDS), START + timedelta(days=1), START, "the region")
    async with door.books.database.transaction(door.books.id, Context(actor="test")) as tx:
        await put_scheme(tx, "sto", "The scheme", (*RULES, all_kinds), at=AT)
    if way == "kafka":
        acme = await CompanySystem("acme", settings_for(door.made, kafka)).open()
        await acme.publish([bare(each) for each in FIVE])
        async with taking_in(door.books.database, acme.settings):
            receipts = await acme.receipts(len(FIVE))
    elif way == "json":
        receipts = (await door.send(*FIVE))["receipts"]
    else:
        names = list(dict.fromkeys(name for each in FIVE for name in each))
        rows = [names, *([str(each.get(name, "")) for name in names] for each in FIVE)]
        text = "\r\n".join(";".join(row) for row in rows)
        receipts = (await door.ask("POST", "/contribution-batches", text, who="sender acme")).json()["receipts"]
    assert {each["id"]: (each["outcome"], each["minutes"], each["valueCents"], each["rule"]) for each in receipts} == {
        "hours": ("booked", 135, 11_250, "rate-hours"),
        "presence": ("booked", 225, 18_750, "rate-presence"),
        "material": ("booked", 0, 125_000, "all-kinds"),
        "loan": ("booked", 0, 40_000, "all-kinds"),
        "cash": ("booked", 0, 99_999, "all-kinds"),
    }
    assert await door.books.balances() == {
        "memo/verified/robotisering": (11_250, 135),
        "memo/verified/metaal": (18_750, 225),
        "memo/declared/robotisering": (165_000, 0),
        "memo/declared/metaal": (99_999, 0),
    }
    told: dict[str, Any] = {}
    for each in receipts:
        source = (await door.ask("GET", f"/contributions/{each['contributionId']}")).json()["valueSource"]
        rules = [(rule["code"], rule["source"]) for rule in source["rules"]]
        told[each["id"]] = (source["how"], source["basis"], rules)
    own, presence = [("all-kinds", "the region")], [("rate-presence", "the region"), ("quarter", "one vendor's word")]
    assert told == {
        "hours": ("rate", None, [("rate-hours", "the region")]),
        "presence": ("rate", None, presence),
        "material": ("own-price", "invoice", own),
        "loan": ("own-price", "rental-value", own),
        "cash": ("own-price", "book-value", own),
    }


async def test_lines_of_json_may_be_malformed_one_by_one(door: Door) -> None:
    text = "\n".join([json.dumps(a_record("1")), "{", json.dumps(a_record("2"))])
    answer = await door.ask("POST", "/contribution-batches", text, who="sender acme", kind="application/x-ndjson")
    assert [each["outcome"] for each in answer.json()["receipts"]] == ["booked", "refused", "booked"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [("{}", "application/json", 400), ("[", "application/json", 400), ("x", "text/plain", 415)],
)
async def test_a_body_that_is_no_batch_is_refused_as_a_whole(door: Door, body: str, kind: str, status: int) -> None:
    answer = await door.ask("POST", "/contribution-batches", body, who="sender acme", kind=kind)
    assert answer.status_code == status


async def test_only_a_sender_sends_and_only_one_that_is_admitted(door: Door) -> None:
    assert (await door.ask("POST", "/contribution-batches", [], who="office ada")).status_code == 403
    assert (await door.ask("POST", "/contribution-batches", [], who="sender stranger")).status_code == 403


async def test_receipts_are_read_on_from_a_cursor_by_their_sender_and_their_office(door: Door) -> None:
    await door.send(*(a_record(str(number)) for number in range(5)))
    await Books(door.books.database, "sto-elders").found("acme", sender="other")
    seen: list[str] = []
    path = "/receipts?limit=2"
    while path:
        page = (await door.ask("GET", path, who="sender acme")).json()
        seen += [each["id"] for each in page["items"]]
        path = f"/receipts?limit=2&after={page['next']}" if page["next"] else ""
    assert seen == [str(number) for number in range(5)]
    assert len((await door.ask("GET", "/receipts")).json()["items"]) == 5
    assert (await door.ask("GET", "/receipts", who="sender other")).json()["items"] == []
    neighbour = await door.ask("GET", "/receipts", at=ids.consortium_id("sto-elders"))
    assert neighbour.json()["items"] == []


async def test_a_receipt_that_commits_late_is_not_skipped(door: Door) -> None:
    database = door.books.database
    async with database.transaction(door.books.id) as early:
        await early.execute("SELECT pg_current_xact_id()")
        await early.execute("UPDATE senders SET title = 'busy' WHERE code = 'nobody'")
        await door.send(a_record("1"))
        assert (await door.ask("GET", "/receipts")).json()["items"] == []
    assert len((await door.ask("GET", "/receipts")).json()["items"]) == 1


async def held(door: Door) -> dict[str, Any]:
    page = (await door.ask("GET", "/held-records")).json()
    assert len(page["items"]) == 1, page
    found: dict[str, Any] = page["items"][0]
    return found


async def test_a_held_record_is_released_by_one_person_and_accepted_by_another(door: Door) -> None:
    await door.books.confirm()
    await door.send(a_record("1"))
    waiting = await held(door)
    assert (waiting["recordId"], waiting["reasons"][0]["code"]) == ("1", "already-booked")
    path = f"/held-records/{waiting['id']}/release"
    released = await door.ask("POST", path, {"reason": "another class"})
    assert (released.status_code, released.json()["state"]) == (200, "booked")
    assert (await door.ask("POST", path, {"reason": "again"})).status_code == 409
    assert (await door.books.balances())["memo/verified/robotisering"] == (22_500, 270)
    own = (await door.ask("POST", "/contribution-acceptances", {"upTo": "2023-12-31"}, who="controller ada")).json()
    assert (own["accepted"], own["leftForAnother"]) == (1, 1)
    alone = await door.ask("POST", "/contribution-acceptances", {"upTo": "2023-12-31"}, who="controller ada")
    assert alone.status_code == 403
    other = (await door.ask("POST", "/contribution-acceptances", {"upTo": "2023-12-31"}, who="controller bo")).json()
    assert (other["accepted"], other["leftForAnother"]) == (1, 0)
    told_last = [data["state"] for _, data in await door.books.facts("receipts.contributions.acme")]
    assert told_last == ["held", "verified", "accepted"]


async def test_a_refused_held_record_stays_out_and_its_sender_reads_why(door: Door) -> None:
    await door.send(a_record("1"))
    await door.books.confirm()
    waiting = await held(door)
    assert waiting["contributionId"]
    answer = await door.ask("POST", f"/held-records/{waiting['id']}/refusal", {"reason": "dat is dezelfde les"})
    assert answer.json()["state"] == "refused"
    assert await door.books.balances() == {"memo/verified/robotisering": (11_250, 135)}
    _, last = (await door.books.facts("receipts.contributions.acme"))[-1]
    assert (last["outcome"], last["state"]) == ("refused", "rejected")
    assert "dezelfde les" in last["reasons"][0]["message"]["nl"]


async def test_hours_on_hold_come_back_where_they_were(door: Door) -> None:
    await door.send(a_record("1"))
    await door.books.confirm()
    await door.ask("POST", f"/held-records/{(await held(door))['id']}/release", {"reason": "another class"})
    assert await door.books.balances() == {"memo/verified/robotisering": (22_500, 270)}


async def test_an_accepted_one_is_withdrawn_by_the_office_when_its_sender_asks(door: Door) -> None:
    await door.send(a_record("1"))
    await door.ask("POST", "/contribution-acceptances", {"upTo": "2023-12-31"}, who="controller bo")
    answer = await door.send(a_record("2", withdraws="1"))
    assert answer["counts"]["held"] == 1
    assert await door.books.balances() == {"memo/accepted/robotisering": (11_250, 135)}
    await door.ask("POST", f"/held-records/{(await held(door))['id']}/release", {"reason": "their mistake"})
    assert await door.books.balances() == {}


async def test_a_closed_period_takes_nothing_more(door: Door) -> None:
    await door.send(a_record("1"))
    closed = await door.ask("POST", "/period-closings", {"until": "2023-05-02"}, who="controller bo")
    assert closed.status_code == 201
    assert (await door.ask("POST", "/period-closings", {"until": "2023-05-01"}, who="controller bo")).status_code == 409
    late, withdrawal, open_day = (
        await door.send(a_record("2"), a_record("3", withdraws="1"), a_record("4", day="2023-05-03"))
    )["receipts"]
    assert [each["reasons"][0]["code"] for each in (late, withdrawal)] == ["period-closed"] * 2
    assert open_day["outcome"] == "booked"


async def test_contributions_are_found_by_state_organisation_and_line_and_lead_to_their_entries(door: Door) -> None:
    await door.send(a_record("1"), a_record("2", organisation="bouw"), material("3", line="metaal"))
    for query, wanted in (
        ("state=declared", ["3"]),
        ("organisation=bouw", ["2"]),
        ("line=metaal", ["3"]),
        ("organisation=nobody", []),
    ):
        page = (await door.ask("GET", f"/contributions?{query}")).json()
        assert [each["recordId"] for each in page["items"]] == wanted, query
    declared = (await door.ask("GET", "/contributions?state=declared")).json()["items"][0]
    verified = await door.ask("POST", f"/contributions/{declared['id']}/verification", {})
    assert verified.json()["state"] == "verified"
    detail = (await door.ask("GET", f"/contributions/{declared['id']}")).json()
    assert len(detail["entries"]) == 2


async def test_while_partners_is_away_a_doubtful_batch_is_asked_to_come_back(door: Door) -> None:
    await door.books.no_standing()
    door.owner.away = Unavailable(what="partners")
    answer = await door.ask("POST", "/contribution-batches", [a_record("1")], who="sender acme")
    assert answer.status_code == 503
    door.owner.away = None
    assert (await door.send(a_record("1")))["receipts"][0]["reasons"][0]["code"] == "no-standing"


async def test_a_sender_is_admitted_with_its_topics_and_gets_mandates_per_organisation(
    database_for: DatabaseFor, kafka: KafkaForTest
) -> None:
    made = await database_for("funding")
    database = await Database.open(made.app_url, name="test", most=4)
    books = await Books(database).found("acme")
    settings = Settings(**kafka.settings)
    app = http_app(settings, database, Tokens(settings), People())
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://funding.test") as client:
        door = Door(books, client, Owner(), made)
        for result in ("created", "unchanged"):
            put = await door.ask("PUT", "/senders/payroll", {"title": "Payroll"}, who="operator it")
            assert put.headers["Result"] == result
        assert put.json()["receiptsTopic"] == "receipts.contributions.payroll"
        path = "/senders/payroll/mandates/acme"
        assert (await door.ask("PUT", path, {"from": "2020-01-01"})).headers["Result"] == "created"
        changed = await door.ask("PUT", path, {"from": "2020-01-01", "until": "2020-12-31"})
        assert changed.headers["Result"] == "changed"
        assert (await door.ask("PUT", "/senders/payroll/mandates/nobody", {"from": "2020-01-01"})).status_code == 404
        listed = (await door.ask("GET", "/senders/payroll/mandates")).json()
        assert listed == [{"organisation": "acme", "from": "2020-01-01", "until": "2020-12-31"}]
    payroll = CompanySystem("payroll", settings_for(made, kafka))
    await payroll.publish([bare(a_record("1"))])
    async with taking_in(database, payroll.settings):
        (receipt,) = await payroll.receipts(1)
    assert receipt["reasons"][0]["code"] == "not-mandated"
    await database.close()
