"""The monthly statement over HTTP: what a company sent, what came of it, and what the books recorded for it."""

import csv
import io
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.funding.domain.chain import SealingKey
from services.funding.sealer import Sealer
from services.funding.store.ledger import account_balances
from tests.support.funding_intake import a_record, material
from tests.support.intake_door import Door
from tests.support.intake_door import door as door

KEY = SealingKey(Ed25519PrivateKey.generate())
MAY, JUNE = datetime(2023, 5, 31, 21, 59, tzinfo=UTC), datetime(2023, 5, 31, 22, tzinfo=UTC)
"""In Amsterdam the last minute of May, and the first moment of June."""


async def seal(door: Door) -> None:
    await Sealer(door.books.database, KEY, clock=lambda: JUNE).run_once()


async def monthly(door: Door, month: str, organisation: str = "acme", who: str = "company acme") -> dict[str, Any]:
    answer = await door.ask("GET", f"/monthly-statements/{month}?organisation={organisation}", who=who)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
async def sent(door: Door) -> Door:
    """In May hours, material, a refused one and one on hold behind a lesson; in June a correction of what came in May,
    hours of a closed month, and hours of another company."""
    books = door.books
    await books.confirm()
    await books.send(
        a_record("1", day="2023-04-03"),
        a_record("1", day="2023-04-03"),
        material("2", day="2023-05-04"),
        a_record("3", line="robotica", minutes=10_000, workerRef="v"),
        a_record("4"),
        at=MAY,
    )
    await books.send(
        a_record("5", day="2023-04-03", minutes=60, replaces="1"), a_record("6", organisation="bouw"), at=JUNE
    )
    await seal(door)
    return door


async def test_a_statement_counts_what_came_in_in_the_month_of_the_region_and_says_why_not(sent: Door) -> None:
    may = await monthly(sent, "2023-05")
    assert may["sent"] == {"records": 4, "booked": 2, "held": 1, "refused": 1}
    assert may["now"] == {"booked": 1, "held": 1, "refused": 1, "replaced": 1, "withdrawn": 0}
    assert {(each["outcome"], each["code"]): each["records"] for each in may["reasons"]} == {
        ("held", "already-booked"): 1,
        ("refused", "unknown-line"): 1,
        ("refused", "implausible-hours"): 1,
    }
    june = await monthly(sent, "2023-06")
    assert june["sent"]["records"] == 1
    assert (await monthly(sent, "2023-07"))["sent"]["records"] == 0


async def test_a_correction_stands_in_the_month_in_which_it_was_made_and_all_months_are_the_ledger(sent: Door) -> None:
    months = [await monthly(sent, month) for month in ("2023-05", "2023-06")]
    booked = [
        [(each["period"], each["what"], each["minutes"], each["valueCents"]) for each in found["bookings"]]
        for found in months
    ]
    assert booked == [
        [("2023-04", "booked", 135, 11_250), ("2023-05", "booked", 0, 125_000)],
        [
            ("2023-04", "booked", 60, 5_000),
            ("2023-04", "taken-back", -135, -11_250),
            ("2023-05", "booked", 135, 11_250),
        ],
    ]
    async with sent.books.database.transaction(sent.books.id) as tx:
        (account,) = await account_balances(tx, f"memo/contributed/{sent.books.organisation('acme')}")
    assert (sum(each["minutes"] for each in months), sum(each["valueCents"] for each in months)) == (
        -account.minutes,
        -account.cents,
    )


async def test_what_is_booked_after_a_closing_says_in_which_period(sent: Door) -> None:
    closed = await sent.ask("POST", "/period-closings", {"until": "2023-05-31"}, who="controller bob")
    assert closed.status_code == 201, closed.text
    await sent.books.confirm(activity_id=UUID(int=78), activity_ref="late", day=date(2023, 5, 10))
    await seal(sent)
    june = await monthly(sent, "2023-06")
    assert [each["minutes"] for each in june["bookings"] if each["period"] == "2023-06"] == [135]


async def test_records_are_read_on_from_a_cursor_with_their_reasons_and_periods(sent: Door) -> None:
    path, found = "/monthly-statements/2023-05/records?organisation=acme&limit=1", []
    cursor: str | None = ""
    while cursor is not None:
        page = (await sent.ask("GET", f"{path}{cursor and f'&after={cursor}'}", who="company acme")).json()
        found += page["items"]
        cursor = page["next"]
    told = {each["recordId"]: (each["state"], each["contributionState"], each["periods"]) for each in found}
    assert told == {
        "1": ("replaced", "reversed", ["2023-04"]),
        "2": ("booked", "declared", ["2023-05"]),
        "3": ("refused", None, []),
        "4": ("held", None, []),
    }
    assert {each["recordId"]: len(each["reasons"]) for each in found} == {"1": 0, "2": 0, "3": 2, "4": 1}


async def test_the_table_is_the_statements_of_all_for_the_office_and_its_own_for_a_company(sent: Door) -> None:
    answer = await sent.ask("GET", "/tables/monthly-statements?month=2023-06&format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert {row["organisation"] for row in rows} == {"acme", "bouw"}
    assert sum(int(row["valueCents"]) for row in rows) == 5_000 - 11_250 + 11_250 + 11_250
    assert sum(int(row["records"]) for row in rows if row["part"] == "sent") == 2
    own = await sent.ask("GET", "/tables/monthly-statements?month=2023-06&format=json", who="company bouw")
    assert {row["organisation"] for row in own.json()["rows"]} == {"bouw"}


@pytest.mark.parametrize(
    ("path", "who", "status"),
    [
        ("/monthly-statements/2023-05?organisation=bouw", "company acme", 404),
        ("/monthly-statements/2023-05/records?organisation=bouw", "company acme", 404),
        ("/tables/monthly-statements?month=2023-05&organisation=bouw", "company acme", 404),
        ("/monthly-statements/2023-05?organisation=nobody", "office ada", 404),
        ("/monthly-statements/2023-05?organisation=acme", "school s", 403),
        ("/monthly-statements/2023-05?organisation=acme", "sender acme", 403),
        ("/monthly-statements/2023-13?organisation=acme", "office ada", 400),
        ("/monthly-statements/2023-05", "office ada", 400),
        ("/tables/monthly-statements", "office ada", 400),
        ("/monthly-statements/2023-05/records?organisation=acme&state=lost", "office ada", 400),
    ],
)
async def test_a_statement_is_for_its_company_and_the_office(door: Door, path: str, who: str, status: int) -> None:
    assert (await door.ask("GET", path, who=who)).status_code == status
