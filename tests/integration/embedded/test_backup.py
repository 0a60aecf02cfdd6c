"""The books survive the loss of their database: nothing that a company sent is lost, and nothing counts twice."""

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from deploy.backup.__main__ import make, restore
from deploy.backup.place import CannotBackUp, Place
from runtime.postgres import Database
from tests.support.funding_intake import Books, a_record
from tests.support.intake_kafka import CompanySystem, bare, settings_for
from tests.support.servers import DatabaseFor, KafkaForTest
from tests.support.steps.processes import Processes

pytestmark = pytest.mark.timeout(120)
EACH = (11_250, 135)
"""Cents and minutes of one record."""


@pytest.fixture
def processes() -> Iterator[Processes]:
    found = Processes()
    yield found
    found.end()


async def test_a_restored_ledger_is_whole_and_goes_on_where_the_companies_are(
    database_for: DatabaseFor,
    kafka: KafkaForTest,
    processes: Processes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "seal-key.pem").write_bytes(key)
    monkeypatch.setenv("SPEERPUNT_SEAL_KEY_FILE", str(tmp_path / "seal-key.pem"))
    made = await database_for("funding")
    settings = settings_for(made, kafka)
    place = Place({"funding": made.superuser_url}, kafka.login, kafka.prefix)
    acme = await CompanySystem("acme", settings).open()
    database = await Database.open(made.app_url, name="test", most=3)
    books = await Books(database).found("acme")

    async def while_running(first: int, last: int, receipts: int) -> list[dict[str, object]]:
        """Funding runs, these records are sent, until so many receipts have come in all; then it ends."""
        roles = ["--roles", "consumer,relay,sealer"]
        running = processes.start("serve", settings, module="services.funding", more=roles)
        await acme.publish([bare(a_record(str(n), day=f"2023-05-{1 + n:02}")) for n in range(first, last)])
        found = await acme.receipts(receipts)
        running.send_signal(signal.SIGTERM)
        assert await processes.dies(running) == 0, processes.said(running)
        return found

    await while_running(0, 10, 10)
    said: list[str] = []
    manifest = await make(place, tmp_path / "backup", said.append, patience_seconds=20)
    assert manifest["topics"]["intake.contributions.acme"] == {0: 10}
    await while_running(10, 20, 20)
    assert (await books.balances())["memo/verified/robotisering"] == (20 * EACH[0], 20 * EACH[1])
    await database.close()

    server = await asyncpg.connect(made.superuser_url, database="postgres")
    await server.execute(f'DROP DATABASE "{made.name}" WITH (FORCE)')
    await server.close()
    assert await restore(place, tmp_path / "backup", said.append), said
    assert "whole" in said[-1]
    database = await Database.open(made.app_url, name="test", most=3)
    books.database = database
    assert (await books.balances())["memo/verified/robotisering"] == (10 * EACH[0], 10 * EACH[1])

    # ten to be booked again, then twenty more, of which five are new
    heard = await while_running(5, 25, 50)
    assert (await books.balances())["memo/verified/robotisering"] == (25 * EACH[0], 25 * EACH[1])
    assert Counter(each["outcome"] for each in heard[20:]) == {"booked": 10 + 5, "duplicate": 15}
    await database.close()


async def test_a_backup_that_was_changed_or_a_service_that_runs_is_refused_in_a_sentence(
    database_for: DatabaseFor, kafka: KafkaForTest, tmp_path: Path
) -> None:
    made = await database_for("partners")
    place = Place({"partners": made.superuser_url}, kafka.login, kafka.prefix)
    await make(place, tmp_path / "backup", print)
    with pytest.raises(CannotBackUp, match="not empty"):
        await make(place, tmp_path / "backup", print)
    running = await asyncpg.connect(made.app_url)
    with pytest.raises(CannotBackUp, match="End every process"):
        await restore(place, tmp_path / "backup", print)
    await running.close()
    dumped = tmp_path / "backup" / "partners.dump"
    dumped.write_bytes(dumped.read_bytes()[:-1] + b"?")
    with pytest.raises(CannotBackUp, match="SHA-256"):
        await restore(place, tmp_path / "backup", print)
    with pytest.raises(CannotBackUp, match="no whole backup"):
        await restore(place, tmp_path, print)


async def test_no_backup_is_made_while_a_fact_is_on_its_way(
    database_for: DatabaseFor, kafka: KafkaForTest, tmp_path: Path
) -> None:
    made = await database_for("partners")
    connection = await asyncpg.connect(made.superuser_url)
    await connection.execute(
        "INSERT INTO outbox (event_id, consortium_id, topic, key, aggregate_kind, aggregate_id, aggregate_version, "
        "type, source, occurred_at, data) VALUES (gen_random_uuid(), gen_random_uuid(), 'partners.events', 'k', 'k', "
        "gen_random_uuid(), 1, 't', 's', now(), '{}')"
    )
    await connection.close()
    place = Place({"partners": made.superuser_url}, kafka.login, kafka.prefix)
    with pytest.raises(CannotBackUp, match="1 facts to publish"):
        await make(place, tmp_path / "backup", print, patience_seconds=0)
