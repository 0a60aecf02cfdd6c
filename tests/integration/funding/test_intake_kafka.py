"""The intake over Kafka: whatever a company's system writes gets a receipt, and nothing of it is a dead letter."""

import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from statistics import median
from time import time
from typing import Any

import pytest

from runtime.consumer import dead_letters
from runtime.postgres import Database
from runtime.problems import Unavailable
from services.funding.domain.intake import CONTRIBUTION
from tests.support.funding_intake import Books, Owner, a_record
from tests.support.intake_kafka import CompanySystem, Message, bare, settings_for, taking_in
from tests.support.servers import DatabaseFor, KafkaForTest


@dataclass
class Setting:
    books: Books
    acme: CompanySystem


@pytest.fixture
async def setting(database_for: DatabaseFor, kafka: KafkaForTest) -> AsyncIterator[Setting]:
    made = await database_for("funding")
    database = await Database.open(made.app_url, name="test", most=10)
    books = await Books(database).found("acme")
    yield Setting(books, await CompanySystem("acme", settings_for(made, kafka)).open())
    await database.close()


def binary(record: dict[str, Any]) -> Message:
    data = {name: value for name, value in record.items() if name != "id"}
    return json.dumps(data).encode(), [("ce_id", str(record["id"]).encode()), ("ce_type", CONTRIBUTION.encode())]


def structured(record: dict[str, Any]) -> Message:
    data = {name: value for name, value in record.items() if name != "id"}
    event = {"specversion": "1.0", "id": record["id"], "type": CONTRIBUTION, "source": "urn:acme", "data": data}
    return json.dumps(event).encode(), []


POISON: tuple[Message, ...] = (
    (None, []),
    (b"", []),
    (b"{", []),
    (b"[1]", []),
    (b"\xff\xfe", []),
    (b'{"id": "n", "minutes": NaN}', []),
    (b'{"id": "u", "line": "a\\u0000b"}', []),
    (b'{"id": "s", "line": "\\ud800"}', []),
    (b'{"id": "h", "minutes": 1' + b"0" * 400 + b"}", []),
    (b'{"id": ' + b"9" * 5_000 + b"}", []),
    (b"[" * 20_000, []),
    (b'{"id": "' + b"x" * 40_000 + b'"}', []),
    (json.dumps(a_record("t")).encode(), [("ce_type", b"something.else")]),
    (b"{}", [("ce_id", b"\xff\x00"), ("ce_time", b"never")]),
    (b'{"specversion": "1.0", "id": "d", "data": 7}', []),
    bare(a_record("e", consortium="elsewhere")),
)


async def test_the_three_ways_to_pack_a_record_are_the_same_and_poison_is_refused(setting: Setting) -> None:
    good = [bare(a_record("1")), binary(a_record("2")), structured(a_record("3")), structured(a_record("1"))]
    await setting.acme.publish([*good, *POISON])
    async with taking_in(setting.books.database, setting.acme.settings):
        receipts = await setting.acme.receipts(len(good) + len(POISON))
    receipts.sort(key=lambda each: int(each["record"].rsplit("-", 1)[1]))
    assert [each["outcome"] for each in receipts] == [*["booked"] * 3, "duplicate", *["refused"] * len(POISON)]
    assert all(each["reasons"][0]["message"]["nl"] for each in receipts[4:])
    assert [each["key"] for each in receipts] == [each["id"] for each in receipts]
    assert receipts[4]["id"] == "intake.contributions.acme-0-4"
    assert await setting.books.balances() == {"memo/verified/robotisering": (33_750, 405)}
    assert await dead_letters.depth(setting.books.database) == (0, 0)


async def test_two_replicas_and_two_senders_share_the_work_and_count_everything_once(
    setting: Setting, database_for: DatabaseFor
) -> None:
    books, acme = setting.books, setting.acme
    await books.found("acme", sender="payroll")
    payroll = await CompanySystem("payroll", acme.settings).open()
    records = [a_record(str(number), day=f"2023-05-{1 + number % 28:02}") for number in range(400)]
    await acme.publish([bare(each) for each in [*records, *records[:100]]])
    await payroll.publish([bare({**each, "line": "metaal"}) for each in records])
    async with taking_in(books.database, acme.settings, replicas=2):
        ours, theirs = await acme.receipts(500), await payroll.receipts(400)
    assert Counter(each["outcome"] for each in ours) == {"booked": 400, "duplicate": 100}
    assert Counter(each["outcome"] for each in theirs) == {"booked": 400}
    assert await books.balances() == {
        f"memo/verified/{line}": (400 * 11_250, 400 * 135) for line in ("metaal", "robotisering")
    }


async def test_while_partners_is_away_nothing_is_refused_and_the_rest_goes_on(setting: Setting) -> None:
    books, acme = setting.books, setting.acme
    await books.no_standing()
    owner = Owner(away=Unavailable(what="partners"))
    await acme.publish([bare(a_record("broken", line="robotisering", minutes=0)), bare(a_record("doubtful"))])
    async with taking_in(books.database, acme.settings, owner=owner):
        (first,) = await acme.receipts(1)
        assert first["id"] == "broken"
        owner.away = None
        receipts = await acme.receipts(2)
    assert receipts[1]["reasons"][0]["code"] == "no-standing"
    assert owner.asked


async def test_a_receipt_comes_within_a_moment(setting: Setting, record_property: Any) -> None:
    async with taking_in(setting.books.database, setting.acme.settings):
        await setting.acme.publish([bare(a_record("warm"))])
        await setting.acme.receipts(1)
        waits: list[float] = []
        for number in range(20):
            sent = time()
            await setting.acme.publish([bare(a_record(str(number)))])
            last = (await setting.acme.receipts(number + 2))[-1]
            waits.append(last["at"] - sent * 1_000)
    told = f"from send to receipt: median {median(waits):.0f} ms, longest {max(waits):.0f} ms"
    record_property("receipt", told)
    sys.stdout.write(f"\n{told}\n")
    assert len(waits) == 20
