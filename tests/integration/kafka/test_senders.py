"""On a real broker with its authorizer on: a company's system may use its own two topics, and nothing else."""

import asyncio
import contextlib
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
)
from aiokafka.protocol.fetch import FetchRequest
from confluent_kafka import Producer

from deploy.kafka import rules, senders
from deploy.kafka.cluster import Cluster
from deploy.kafka.login import Login
from runtime.kafka import ensure_topics
from runtime.settings import Settings
from services.funding import topics
from tests.support.servers import Servers

SECONDS = 30
REFUSED = TopicAuthorizationFailedError.errno


@dataclass(frozen=True, slots=True)
class System:
    """A company's system that was admitted, with what it must know to connect."""

    code: str
    login: Login

    @property
    def intake(self) -> str:
        return f"intake.contributions.{self.code}"

    @property
    def receipts(self) -> str:
        return f"receipts.contributions.{self.code}"

    @contextlib.asynccontextmanager
    async def producer(self) -> AsyncIterator[AIOKafkaProducer]:
        made = AIOKafkaProducer(**self.login.client(), acks="all", max_request_size=12 * 2**20)
        await made.start()
        try:
            yield made
        finally:
            await made.stop()

    @contextlib.asynccontextmanager
    async def admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        made = AIOKafkaAdminClient(**self.login.client())
        await made.start()
        try:
            yield made
        finally:
            await made.close()

    async def send(self, topic: str, value: bytes = b"{}") -> None:
        async with self.producer() as producer:
            await asyncio.wait_for(producer.send_and_wait(topic, value), SECONDS)

    def options(self, **more: Any) -> dict[str, Any]:
        """As confluent's client wants them."""
        return {
            "bootstrap.servers": self.login.bootstrap,
            "security.protocol": self.login.protocol,
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": self.login.user,
            "sasl.password": self.login.password,
            **more,
        }

    async def receives(self, topic: str, group: str) -> bytes:
        """The first message of a topic, read as a member of a group."""
        made = AIOKafkaConsumer(topic, **self.login.client(), group_id=group, auto_offset_reset="earliest")
        await made.start()
        try:
            value: bytes = (await asyncio.wait_for(made.getone(), SECONDS)).value
            return value
        finally:
            await made.stop()

    async def refusal(self, topic: str) -> int:
        """What the broker says when it fetches from a topic, outside any group: an error code, 0 for none."""
        client = AIOKafkaClient(**self.login.client())
        await client.bootstrap()
        try:
            node = client.get_random_node()
            assert await client.ready(node)
            answer = await client.send(node, FetchRequest(100, 1, 2**20, 0, [(topic, [(0, 0, 2**20)])]))
            [(_, [(_, code, *_)])] = answer.topics
            return int(code)
        finally:
            await client.close()


Admit = Callable[..., Awaitable[System]]


@pytest.fixture
async def cluster(servers: Servers) -> AsyncIterator[Cluster]:
    async with Cluster(servers.kafka_admin) as made:
        yield made


@pytest.fixture
async def admit(cluster: Cluster) -> AsyncIterator[Admit]:
    """Admits systems, whose topics and users go when the test ends."""
    made: list[str] = []

    async def one(**limits: int) -> System:
        code = f"erp-{uuid4().hex[:8]}"
        made.append(code)
        await ensure_topics(Settings(**cluster.login.settings()), topics.of_sender(code))
        login = await senders.admit(cluster, code, **limits)
        assert login is not None
        return System(code, login)

    yield one
    for code in made:
        await senders.dismiss(cluster, code)
    admin = AIOKafkaAdminClient(**cluster.login.client())
    await admin.start()
    await admin.delete_topics([topic.name for code in made for topic in topics.of_sender(code)])
    await admin.close()


async def test_a_system_sends_to_its_intake_and_reads_its_receipts_in_its_group(admit: Admit, cluster: Cluster) -> None:
    acme = await admit()
    await acme.send(acme.intake)
    await System("", cluster.login).send(acme.receipts, b"booked")
    assert await acme.receives(acme.receipts, rules.sender_user(acme.code)) == b"booked"


async def test_a_system_can_neither_write_anothers_intake_nor_read_its_receipts_nor_join_its_group(
    admit: Admit, cluster: Cluster
) -> None:
    acme, rival = await admit(), await admit()
    await System("", cluster.login).send(acme.receipts, b"private")
    with pytest.raises(TopicAuthorizationFailedError):
        await rival.send(acme.intake)
    assert (await acme.refusal(acme.receipts), await rival.refusal(acme.receipts)) == (0, REFUSED)
    for group in (rules.sender_user(acme.code), "funding.intake", f"{rules.sender_user(rival.code)}-2"):
        with pytest.raises(GroupAuthorizationFailedError):
            await rival.receives(rival.receipts, group)


async def test_a_system_cannot_use_its_own_topics_the_other_way_round(admit: Admit) -> None:
    acme = await admit()
    with pytest.raises(TopicAuthorizationFailedError):
        await acme.send(acme.receipts, b"booked, honestly")
    assert await acme.refusal(acme.intake) == REFUSED


async def test_a_system_sees_no_topic_user_rule_or_limit_but_its_own_topics(admit: Admit) -> None:
    acme, rival = await admit(), await admit()
    async with rival.admin() as admin:
        assert set(await admin.list_topics()) == {rival.intake, rival.receipts}
        told = {each["topic"]: each["error_code"] for each in await admin.describe_topics([acme.intake, "no.such"])}
        assert told == {acme.intake: REFUSED, "no.such": REFUSED}  # whether it exists is not told either
        made = await admin.create_topics([NewTopic(f"{rival.intake}.more", 1, 1)])
        assert [error[1] for error in made.topic_errors] == [REFUSED]
        assert [error[1] for error in (await admin.delete_topics([acme.intake])).topic_error_codes] == [REFUSED]
        assert await admin.list_consumer_groups() == []
    async with Cluster(rival.login) as not_ours:
        for asked in (
            not_ours.users(),
            not_ours.rules(rules.sender_user(acme.code)),
            not_ours.limits(rules.sender_user(acme.code)),
            not_ours.put_user(rules.sender_user(acme.code), "mine-now"),
            not_ours.limit(rules.sender_user(rival.code), {"producer_byte_rate": 1e9}),
            not_ours.grant({rules.sender_user(rival.code): rules.of_service("funding")}),
        ):
            with pytest.raises(ClusterAuthorizationFailedError, match="no administrator"):
                await asked


async def test_a_record_that_is_too_large_is_refused_by_the_broker(admit: Admit) -> None:
    acme = await admit()
    await acme.send(acme.intake, b"x" * 60_000)
    for size in (65_536 + 1, 8 * 2**20):
        with pytest.raises(MessageSizeTooLargeError):
            await acme.send(acme.intake, b"x" * size)


async def test_a_record_that_unpacks_to_too_much_is_refused_by_the_broker(admit: Admit) -> None:
    acme = await admit()
    producer = AIOKafkaProducer(
        **acme.login.client(), acks="all", compression_type="gzip", max_request_size=2**24, max_batch_size=2**24
    )
    await producer.start()
    try:
        await asyncio.wait_for(producer.send_and_wait(acme.intake, b"x" * 60_000), SECONDS)
        with pytest.raises(MessageSizeTooLargeError):
            await asyncio.wait_for(producer.send_and_wait(acme.intake, b"x" * 8 * 2**20), SECONDS)  # 8 KB as sent
    finally:
        await producer.stop()


async def test_a_system_that_floods_is_held_back_by_the_broker(admit: Admit) -> None:
    acme = await admit(sent_bytes_per_second=2_048)
    held_back: list[float] = []
    flood = Producer(acme.options(throttle_cb=lambda told: held_back.append(told.throttle_time)))
    until = asyncio.get_running_loop().time() + SECONDS
    while not held_back and asyncio.get_running_loop().time() < until:
        flood.produce(acme.intake, b"x" * 16_384)
        await asyncio.to_thread(flood.poll, 0.05)
    flood.purge()
    assert held_back
    assert held_back[0] > 0


async def test_a_system_that_is_removed_is_out_at_once_also_on_the_connection_it_has(
    admit: Admit, cluster: Cluster
) -> None:
    acme = await admit()
    async with acme.producer() as producer:
        await producer.send_and_wait(acme.intake, b"{}")
        assert await senders.dismiss(cluster, acme.code)
        with pytest.raises(TopicAuthorizationFailedError):
            await asyncio.wait_for(producer.send_and_wait(acme.intake, b"{}"), SECONDS)
    with pytest.raises(KafkaConnectionError):
        await acme.send(acme.intake)
    assert not await senders.dismiss(cluster, acme.code)
    user = rules.sender_user(acme.code)
    assert (await cluster.rules(user), await cluster.limits(user)) == (frozenset(), {})
    async with System("", cluster.login).admin() as admin:
        assert {acme.intake, acme.receipts} <= set(await admin.list_topics())  # for as long as they keep


async def test_an_old_password_opens_nothing_once_there_is_another(admit: Admit, cluster: Cluster) -> None:
    acme = await admit()
    fresh = await senders.rotate(cluster, acme.code)
    await replace(acme, login=fresh).send(acme.intake)
    with pytest.raises(KafkaConnectionError):
        await acme.send(acme.intake)
    with pytest.raises(senders.NoSuchSender):
        await senders.rotate(cluster, "nobody-of-this-name")


async def test_admitting_again_gives_no_password_and_puts_rights_and_limits_right(
    admit: Admit, cluster: Cluster
) -> None:
    acme = await admit()
    user = rules.sender_user(acme.code)
    await cluster.grant({user: [rules.Rule("topic", "funding.events", "read")]})
    await cluster.limit(user, {"producer_byte_rate": 1e9})
    assert await senders.admit(cluster, acme.code) is None
    assert await cluster.rules(user) == rules.of_sender(acme.code)
    [known] = [each for each in await senders.admitted(cluster) if each.code == acme.code]
    assert known.sent_bytes_per_second == senders.SENT_BYTES_PER_SECOND
    await acme.send(acme.intake)


async def test_a_service_cannot_write_the_facts_of_another(cluster: Cluster) -> None:
    """As users of this test's own, with the rights of the services; the topics are made by who owns them."""
    users = {service: f"{service}-{uuid4().hex[:8]}" for service in rules.SERVICES}
    await cluster.put_users(dict.fromkeys(users.values(), "a-password"))
    await cluster.grant({user: rules.of_service(service) for service, user in users.items()})
    logins = {service: replace(cluster.login, user=user, password="a-password") for service, user in users.items()}
    facts: list[str] = []
    try:
        for service, login in logins.items():
            await cluster.until_known(login)
            own = importlib.import_module(f"services.{service}.topics").TOPICS
            assert await ensure_topics(Settings(**login.settings()), own) == [topic.name for topic in own]
            facts += [topic.name for topic in own]
        assert len(facts) == 4
        for service, login in logins.items():
            async with System(service, login).producer() as producer:
                for topic in facts:
                    if topic == f"{service}.events":
                        await producer.send_and_wait(topic, b"{}")
                    else:
                        with pytest.raises(TopicAuthorizationFailedError):
                            await producer.send_and_wait(topic, b"{}")
    finally:
        for user in users.values():
            await cluster.remove_user(user)
        async with System("", cluster.login).admin() as admin:
            await admin.delete_topics(facts)


async def test_nobody_comes_in_without_a_password(servers: Servers) -> None:
    wrong = replace(servers.kafka_admin, password="guess")
    plain: dict[str, Any] = {"bootstrap_servers": servers.kafka, "request_timeout_ms": 2_000}
    for options in (wrong.client(), plain):
        client = AIOKafkaAdminClient(**options)
        with pytest.raises(KafkaConnectionError):
            await client.start()
        await client.close()
