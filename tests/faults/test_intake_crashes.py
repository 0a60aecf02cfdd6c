"""Funding is killed while it takes in a month of records: each ends as exactly one effect with one receipt."""

import asyncio
import signal
from collections import Counter
from collections.abc import Iterator

import pytest

from runtime.postgres import Database
from services.funding.commands import ledger
from tests.support.funding_intake import Books, a_record
from tests.support.intake_kafka import CompanySystem, bare, settings_for
from tests.support.servers import DatabaseFor, KafkaForTest
from tests.support.steps.processes import Processes


@pytest.fixture
def processes() -> Iterator[Processes]:
    found = Processes()
    yield found
    found.end()


@pytest.mark.parametrize(
    ("role", "failpoint"),
    [
        ("consumer", "consumer.before-commit"),
        ("consumer", "consumer.after-commit"),
        ("consumer", "consumer.before-offsets"),
        ("relay", "relay.after-send"),
    ],
)
async def test_a_crash_loses_no_record_and_counts_none_twice(
    role: str, failpoint: str, database_for: DatabaseFor, kafka: KafkaForTest, processes: Processes
) -> None:
    made = await database_for("funding")
    settings = settings_for(made, kafka)
    database = await Database.open(made.app_url, name="test", most=3)
    books = await Books(database).found("acme")
    acme = await CompanySystem("acme", settings).open()
    records = [a_record(str(number), day=f"2023-05-{1 + number % 28:02}") for number in range(300)]

    def start(roles: str, failpoints: str = "") -> "asyncio.subprocess.Process | object":
        return processes.start("serve", settings, failpoints, module="services.funding", more=["--roles", roles])

    try:
        await acme.publish([bare(each) for each in records])
        start("relay" if role == "consumer" else "consumer")
        victim = processes.start("serve", settings, failpoint, module="services.funding", more=["--roles", role])
        assert await processes.dies(victim) == -signal.SIGKILL
        start(role)
        receipts = await acme.receipts(300)
        await acme.publish([bare(a_record("last"))])
        more = await acme.receipts(301)
        while more[-1]["id"] != "last":  # only the relay may have repeated itself, and then the same receipt
            more = await acme.receipts(len(more) + 1)
        by_id = Counter(each["id"] for each in more)
        assert by_id.keys() == {each["id"] for each in records} | {"last"}
        if role == "consumer":
            assert set(by_id.values()) == {1}
        assert {each["outcome"] for each in receipts} == {"booked"}
        assert (await books.balances())["memo/verified/robotisering"] == (301 * 11_250, 301 * 135)
        async with database.transaction(books.id) as tx:
            verdict = await ledger.verify(tx, [])
        assert (verdict.imbalance_cents, verdict.balances) == (0, ())
    finally:
        await database.close()
