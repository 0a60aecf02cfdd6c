"""`sender` at the real doors: the books of funding and the broker; what a developer is told is what connects."""

import json
from collections.abc import AsyncIterator
from datetime import date
from uuid import uuid4

import httpx2
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from cli.commands import senders as command
from cli.commands.senders import Mandate
from cli.exits import Stopped
from cli.installation import Installation, Operator
from cli.portal import Refused
from deploy.kafka import rules, senders
from deploy.kafka.cluster import Cluster
from runtime import ids
from runtime.auth import Actor, TokenChecker
from runtime.postgres import Database
from services.funding.app import http_app
from services.funding.settings import Settings
from services.funding.store import senders as store
from services.funding.topics import of_sender
from tests.support.funding_intake import Books
from tests.support.servers import DatabaseFor, Servers

SCOPES = frozenset({"funding:read", "funding:write"})
REGIONS = ("sto-test", "sto-other")


class Operators(TokenChecker):
    """Whoever comes is an operator for these two regions: tokens themselves are tested with the runtime."""

    async def actor(self, authorization: str | None) -> Actor:
        regions = frozenset(ids.consortium_id(code) for code in REGIONS)
        return Actor("test", "operator-1", frozenset({"operator"}), SCOPES, regions)


@pytest.fixture
async def books(database_for: DatabaseFor) -> AsyncIterator[Books]:
    database = await Database.open((await database_for("funding")).app_url, name="test", most=4)
    yield await Books(database).found("acme", "bouw", sender="somebody")
    await database.close()


@pytest.fixture
async def at(books: Books, servers: Servers) -> AsyncIterator[Operator]:
    await Books(books.database, "sto-other").found("acme", sender="somebody")
    settings = Settings(**servers.kafka_admin.settings())
    app = http_app(settings, books.database, Operators(settings))
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport) as client:
        installation = Installation({"funding": "http://funding.test"}, {}, token="token", kafka=servers.kafka_admin)
        yield Operator(installation, client, "token")


@pytest.fixture
async def code(servers: Servers) -> AsyncIterator[str]:
    code = f"erp-{uuid4().hex[:8]}"
    yield code
    async with Cluster(servers.kafka_admin) as cluster:
        await senders.dismiss(cluster, code)
    admin = AIOKafkaAdminClient(**servers.kafka_admin.client())
    await admin.start()
    await admin.delete_topics([topic.name for topic in of_sender(code)])
    await admin.close()


async def mandates(books: Books, code: str, region: str) -> list[store.Mandate]:
    async with books.database.transaction(ids.consortium_id(region)) as tx:
        return await store.mandates(tx, code)


async def test_a_sender_that_is_added_connects_with_what_is_printed_and_has_its_mandates_in_every_region(
    at: Operator, books: Books, code: str
) -> None:
    wanted = [Mandate.of("sto-test/acme:2021-01-01..2023-12-31"), Mandate.of("sto-other/acme:2022-01-01")]
    login = await command.admit(at, code, "Time registration", wanted, 10_000)
    assert login is not None
    told = dict(line.split("=", 1) for line in senders.settings_of(code, login).splitlines())
    producer = AIOKafkaProducer(
        bootstrap_servers=told["bootstrap.servers"],
        security_protocol=told["security.protocol"],
        sasl_mechanism=told["sasl.mechanism"],
        sasl_plain_username=told["sasl.username"],
        sasl_plain_password=told["sasl.password"],
    )
    await producer.start()
    await producer.send_and_wait(told["intake.topic"], b"{}")
    await producer.stop()
    assert await mandates(books, code, "sto-test") == [store.Mandate("acme", date(2021, 1, 1), date(2023, 12, 31))]
    assert await mandates(books, code, "sto-other") == [store.Mandate("acme", date(2022, 1, 1), None)]


async def test_adding_it_again_changes_what_is_different_and_gives_no_password(
    at: Operator, books: Books, code: str
) -> None:
    assert await command.admit(at, code, "ERP", [], 10_000) is not None
    assert await command.admit(at, code, "", [Mandate.of("sto-test/bouw:2022-01-01")], 20_000) is None
    async with books.database.transaction(books.id) as tx:
        assert await store.one(tx, code) == store.Sender(code, "ERP")
    assert [each.organisation for each in await mandates(books, code, "sto-test")] == ["bouw"]
    async with at.installation.cluster() as cluster:
        assert (await cluster.limits(rules.sender_user(code)))["producer_byte_rate"] == 20_000


async def test_a_mandate_that_the_region_refuses_admits_nobody_to_the_cluster(at: Operator, code: str) -> None:
    for foreign in ("sto-test/nobody:2022-01-01", "sto-third/acme:2022-01-01"):
        with pytest.raises(Refused):
            await command.admit(at, code, "ERP", [Mandate.of(foreign)], 10_000)
    async with at.installation.cluster() as cluster:
        assert rules.sender_user(code) not in await cluster.users()


async def test_a_sender_that_is_removed_has_no_user_and_its_mandates_end_that_day_everywhere(
    at: Operator, books: Books, code: str
) -> None:
    wanted = ("sto-test/acme:2021-01-01", "sto-test/bouw:2030-01-01", "sto-other/acme:2020-01-01..2020-12-31")
    assert await command.admit(at, code, "ERP", [Mandate.of(each) for each in wanted], 10_000) is not None
    assert await command.dismiss(at, code, date(2023, 5, 1)) == (True, 2)
    assert await command.dismiss(at, code, date(2023, 5, 1)) == (False, 0)
    assert await mandates(books, code, "sto-test") == [store.Mandate("acme", date(2021, 1, 1), date(2023, 5, 1))]
    assert await mandates(books, code, "sto-other") == [store.Mandate("acme", date(2020, 1, 1), date(2020, 12, 31))]
    with pytest.raises(Refused, match="404"):
        await command.dismiss(at, "never-there", date(2023, 5, 1))


async def test_only_an_operator_ends_a_sender(books: Books) -> None:
    class Office(Operators):
        async def actor(self, authorization: str | None) -> Actor:
            found = await super().actor(authorization)
            return Actor("test", "ada", frozenset({"office"}), found.scopes, found.consortia)

    settings = Settings()
    app = http_app(settings, books.database, Office(settings))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://funding.test") as client:
        answer = await client.put("/v1/senders/somebody/end", json={"on": "2022-01-01"})
        assert answer.status_code == 403, json.dumps(answer.json())
    assert len(await mandates(books, "somebody", "sto-test")) == 2


@pytest.mark.parametrize(
    "text",
    [
        "acme",
        "sto/acme",
        "sto/acme:2022",
        "sto/acme:2022-02-30",
        "sto/acme:2022-02-01..2022-01-01",
        "../acme:2022-01-01",
    ],
)
def test_what_is_no_mandate_is_a_sentence(text: str) -> None:
    with pytest.raises(Stopped, match=r"REGION/ORGANISATION|before it begins"):
        Mandate.of(text)
