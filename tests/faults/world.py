"""The real services with a network that can fail: a proxy before Kafka, and one before PostgreSQL per service."""

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

import asyncpg
import httpx2
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pydantic import SecretStr
from speerpunt.runtime.v1 import operations_pb2, operations_pb2_grpc

from deploy.embedded.folders import PROJECT
from deploy.embedded.ports import Ports
from deploy.embedded.problems import CannotStart
from deploy.embedded.processes import Child, Program
from deploy.embedded.supervisor import ServiceDatabase, Stack
from runtime import ids
from runtime.auth import ServiceTokens
from runtime.rpc import Client
from runtime.settings import Settings
from tests.faults.invariants import Published
from tests.faults.measure import memory_bytes
from tests.faults.proxy import Proxy, to_port, to_socket
from tests.faults.small_disk import SmallDisk

QUIET_SECONDS = 60
WITNESS = """
CREATE TABLE witness (event_id uuid, topic text, key text, version bigint);
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO witness
    SELECT event_id, topic, aggregate_kind || '/' || aggregate_id, aggregate_version FROM written;
    RETURN NULL;
END $$;
CREATE TRIGGER see AFTER INSERT ON outbox REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION see();
"""
"""Remembers what was ever committed to the outbox, which the relay empties."""
HTTP_SECONDS = 45
"""A request that takes longer hangs: a statement may last 30 s, and its client waits 5 more."""


class Refused(Exception):
    """A service said no, and meant it: nothing was changed."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')}")
        self.status, self.code = status, str(problem.get("code"))


class Unknown(Exception):
    """Nobody can tell whether it took effect: no answer, or 5xx."""


class ProxiedStack(Stack):
    """Services that reach PostgreSQL and Kafka through proxies only; `sockets` is where the former listen."""

    sockets: Path

    def _settings(self, service: str, database: ServiceDatabase) -> dict[str, str]:
        settings = super()._settings(service, database)
        url = settings["SPEERPUNT_DATABASE_URL"]
        return {**settings, "SPEERPUNT_DATABASE_URL": url.replace(_host(url), str(self.sockets / service))}


def _host(url: str) -> str:
    return url.split("host=")[1].split("&")[0]


class World:
    """`async with World() as world:` has the stack running. The faults are methods; clients are in workloads.py."""

    stack_type: type[ProxiedStack] = ProxiedStack

    def __init__(self, services: Sequence[str] = ("partners", "funding", "activities"), **environment: str) -> None:
        """`environment` are settings of all services, such as SPEERPUNT_OUTBOX_MOST_FACTS="500"."""
        ports = Ports({})
        self._broker, self._front = ports.take("kafka"), ports.take("front")
        self.services = tuple(services)
        self.stack = self.stack_type(
            services=services,
            progress=lambda _: None,
            ports={"kafka": self._broker},
            kafka_options={"advertised.listeners": f"CLIENT://127.0.0.1:{self._front}"},
            environment={
                "*": {
                    "SPEERPUNT_KAFKA_BOOTSTRAP": f"127.0.0.1:{self._front}",
                    "SPEERPUNT_REQUESTS_PER_MINUTE": "1000000",
                    **environment,
                }
            },
            end_with_parent=False,
        )
        self.stack.sockets = Path(tempfile.mkdtemp(prefix="speerpunt-"))
        self.kafka_proxy = Proxy(to_port(self._broker))
        self.pg_proxies: dict[str, Proxy] = {}
        self.client = httpx2.AsyncClient(timeout=HTTP_SECONDS, limits=httpx2.Limits(max_connections=4_000))
        self._rpc: dict[str, Client] = {}
        self.disk = SmallDisk()
        self.answers: list[tuple[str, int | None, bool]] = []
        """What was asked, the status (None: it hung), and whether it said when to come back: all that were not fine."""
        self._extra: list[Child] = []
        self._read: dict[str, int] = {}

    async def __aenter__(self) -> Self:
        await self.kafka_proxy.listen_on_port(self._front)
        listening = asyncio.create_task(self._proxy_databases())
        try:
            await self.stack.__aenter__()
        finally:
            listening.cancel()
        for service in self.services:
            settings = Settings(
                token_url=f"{self.stack.issuer}/token",
                client_id=service,
                client_secret=SecretStr(self.stack.client_secrets[service]),
            )
            self._rpc[service] = Client(self.stack.grpc[service], service, ServiceTokens(settings))
            connection = await asyncpg.connect(self.stack.databases[service].superuser_url)
            await connection.execute(WITNESS)
            await connection.close()
        await self.disk.mount({service: self.stack.databases[service].superuser_url for service in self.services})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._rpc.values():
            await client.close()
        await self.client.aclose()
        self.heal_network()
        self.disk.heal()
        for child in self._extra:
            child.kill()
        await self.stack.__aexit__(kind, error, trace)
        self.disk.unmount()
        for proxy in (self.kafka_proxy, *self.pg_proxies.values()):
            await proxy.close()
        shutil.rmtree(self.stack.sockets, ignore_errors=True)

    async def _proxy_databases(self) -> None:
        """Listens for each service as soon as it is known where PostgreSQL will be: before any service starts."""
        while not self.stack.superuser_url:
            await asyncio.sleep(0.01)
        real = Path(_host(self.stack.superuser_url)) / ".s.PGSQL.5432"
        for service in self.services:
            folder = self.stack.sockets / service
            folder.mkdir(mode=0o700)
            self.pg_proxies[service] = Proxy(to_socket(real))
            await self.pg_proxies[service].listen_on_socket(folder / real.name)

    # -- faults

    def kill(self, name: str) -> None:
        self.stack.kill(name)

    async def start(self, name: str) -> None:
        """Starts it again. PostgreSQL refuses until the last backend of the killed server has left: tried again."""
        async with asyncio.timeout(QUIET_SECONDS):
            while True:
                try:
                    await self.stack.start(name)
                    return
                except CannotStart:
                    if name != "postgres" or "shared memory block" not in self.stack.log(name).read_text():
                        raise
                await asyncio.sleep(0.3)

    def freeze(self, name: str) -> None:
        """SIGSTOP: it holds its connections and its leases, and does nothing."""
        os.kill(self.stack.pid(name), signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        os.kill(self.stack.pid(name), signal.SIGCONT)

    async def join(self, service: str, roles: str) -> Child:
        """A second process of a service, with some of its roles. The caller kills it; the world does in the end."""
        folder = self.stack.folder / f"{service}-{len(self._extra)}"
        folder.mkdir()
        ready = folder / "ready.json"
        environment = {**self.stack.environment(service), "SPEERPUNT_READY_FILE": str(ready)}
        command = [sys.executable, "-m", f"services.{service}", "--roles", roles]
        program = Program(f"{service}-more", command, environment, PROJECT, lambda _: ready.exists(), "See its log.")
        child = program.launch(folder)
        self._extra.append(child)
        await program.until_ready(child)
        return child

    def heal_network(self) -> None:
        for proxy in (self.kafka_proxy, *self.pg_proxies.values()):
            proxy.heal()

    async def sql(self, service: str, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        """As the superuser, past proxies and tenancy."""
        connection = await asyncpg.connect(self.stack.databases[service].superuser_url)
        try:
            rows: list[asyncpg.Record] = await connection.fetch(statement, *arguments)
            return rows
        finally:
            await connection.close()

    # -- what clients do

    async def token(
        self, subject: str, roles: Sequence[str], consortium_id: UUID, organisations: Sequence[UUID] = (), **more: str
    ) -> str:
        claims = {
            "roles": list(roles),
            "consortia": [str(consortium_id)],
            "organisations": [str(each) for each in organisations],
            "scopes": [f"{service}:{right}" for service in self.services for right in ("read", "write")],
            **more,
        }
        form = {
            "grant_type": "urn:speerpunt:dev-person",
            "subject": subject,
            "client_secret": self.stack.person_secret,
            "claims": json.dumps(claims),
        }
        answer = await self.client.post(f"{self.stack.issuer}/token", data=form)
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    async def ask(
        self, token: str, method: str, service: str, path: str, body: Any = None, key: str | None = None, **headers: str
    ) -> Any:
        """One request. Raises Refused or Unknown."""
        sent = {"Authorization": f"Bearer {token}", **headers}
        if method == "POST":
            sent["Idempotency-Key"] = key or str(uuid4())
        try:
            answer = await self.client.request(method, self.stack.http[service] + path, json=body, headers=sent)
        except httpx2.HTTPError as error:
            if isinstance(error, httpx2.TimeoutException):
                self.answers.append((f"{method} {service} {path}", None, False))
            raise Unknown(type(error).__name__) from error
        if answer.status_code >= 500:
            self.answers.append((f"{method} {service} {path}", answer.status_code, "Retry-After" in answer.headers))
        if answer.status_code >= 500 or (
            answer.status_code == 409 and answer.json().get("code") == "still-in-progress"
        ):
            raise Unknown(str(answer.status_code))
        if answer.status_code >= 400:
            raise Refused(answer.status_code, answer.json())
        return answer.json() if answer.content else None

    async def insist(self, token: str, method: str, service: str, path: str, body: Any = None, **headers: str) -> Any:
        """Asks again under the same key until somebody answers. Raises Refused."""
        key = str(uuid4())
        async with asyncio.timeout(QUIET_SECONDS):
            while True:
                try:
                    return await self.ask(token, method, service, path, body, key, **headers)
                except Unknown:
                    await asyncio.sleep(0.2)

    async def once_known(self, token: str, method: str, service: str, path: str, body: Any = None) -> Any:
        """Insists until what it names has come over from the service that owns it."""
        async with asyncio.timeout(QUIET_SECONDS):
            while True:
                try:
                    return await self.insist(token, method, service, path, body)
                except Refused as refused:
                    if refused.status != 404:
                        raise
                await asyncio.sleep(0.1)

    def rpc(self, service: str) -> Client:
        """Calls to a service, as that service itself may make them."""
        return self._rpc[service]

    # -- what there is in the end

    def memory(self) -> dict[str, int]:
        """The resident memory of each service, in bytes."""
        return {service: memory_bytes(self.stack.pid(service)) for service in self.services}

    def complaints(self) -> list[str]:
        """What the services logged as our own fault since this was asked before, a line each."""
        found: list[str] = []
        for service in self.services:
            text = self.stack.log(service).read_text(errors="replace")
            new = text[self._read.get(service, 0) :]
            self._read[service] = len(text)
            found += [f"{service}: {line[:600]}" for line in new.splitlines() if "unexpected error" in line]
            if not self.stack.running(service):
                found.append(f"{service} ended by itself: " + " / ".join(line[:600] for line in new.splitlines()[-8:]))
        return found

    async def mend(self) -> None:
        """Whatever still fails or does not run is healed and started: for after a run that failed itself."""
        self.heal_network()
        self.disk.heal()
        for name in ("postgres", "kafka", *self.services):
            if not self.stack.running(name):
                await self.start(name)

    async def quiet(self, seconds: float = QUIET_SECONDS) -> list[str]:
        """Waits until nothing is on its way: outboxes empty, lag nothing. What is still not, after the deadline."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        restless: list[str] = ["nothing was asked yet"]
        while restless:
            if loop.time() > until:
                return restless
            restless = [each for service in self.services for each in await self._asked(service)]
            await asyncio.sleep(0.1)
        return []

    async def _asked(self, service: str) -> list[str]:
        try:
            return await self._restless(service)
        except Exception as error:
            return [f"{service} cannot tell: {type(error).__name__}: {error}"]

    async def _restless(self, service: str) -> list[str]:
        stub = operations_pb2_grpc.OperationsStub(self.rpc(service).channel)
        told = await self.rpc(service).call(stub.Describe, operations_pb2.DescribeRequest())
        found = [f"{service} has {told.outbox_depth} facts in its outbox"] if told.outbox_depth else []
        lag = await self.rpc(service).call(stub.GetLag, operations_pb2.GetLagRequest())
        for one in lag.consumers:
            if one.lag:
                paused = " and is paused" if one.paused else ""
                found.append(f"{one.consumer} is {one.lag} behind on {one.topic}-{one.partition}{paused}")
        return found

    async def describe(self, service: str) -> Any:
        stub = operations_pb2_grpc.OperationsStub(self.rpc(service).channel)
        return await self.rpc(service).call(stub.Describe, operations_pb2.DescribeRequest())

    def _through_the_proxy(self) -> dict[str, Any]:
        return replace(self.stack.kafka_admin, bootstrap=f"127.0.0.1:{self._front}").client()

    def producer(self) -> AIOKafkaProducer:
        """A company's producer, through the proxy. The caller starts and stops it."""
        return AIOKafkaProducer(
            **self._through_the_proxy(),
            acks="all",
            enable_idempotence=True,
            request_timeout_ms=5_000,
        )

    async def messages(self, topic: str) -> list[Published]:
        """All events in a topic now; what is no event of ours is left out."""
        found: list[Published] = []
        for one in await self.records(topic):
            told = {name: value.decode(errors="replace") for name, value in one.headers}
            if "ce_sequence" in told:
                subject, number = told["ce_subject"], int(told["ce_sequence"])
                found.append(Published(one.partition, one.offset, subject, told["ce_id"], number))
        return found

    async def witnessed(self, service: str) -> list[tuple[str, str, int]]:
        """Every fact that was committed to this service's outbox for its own topic: event id, key, version."""
        rows = await self.sql(service, "SELECT * FROM witness WHERE topic = $1", f"{service}.events")
        return [(str(row["event_id"]), row["key"], row["version"]) for row in rows]

    async def values(self, topic: str) -> dict[tuple[int, int], bytes]:
        """What a topic holds now, by partition and offset."""
        return {(one.partition, one.offset): one.value for one in await self.records(topic)}

    async def records(self, topic: str) -> list[Any]:
        """All that a topic holds now, as the client gives it."""
        client = AIOKafkaConsumer(**self._through_the_proxy(), enable_auto_commit=False, auto_offset_reset="earliest")
        await client.start()
        found: list[Any] = []
        try:
            numbers = (await client._client.fetch_all_metadata()).partitions_for_topic(topic)
            if not numbers:
                raise LookupError(f"there is no topic {topic}")
            partitions = [TopicPartition(topic, number) for number in sorted(numbers)]
            client.assign(partitions)
            ends = await client.end_offsets(partitions)
            async with asyncio.timeout(QUIET_SECONDS):
                while any([await client.position(one) < ends[one] for one in partitions]):
                    for records in (await client.getmany(timeout_ms=100, max_records=10_000)).values():
                        found += records
        finally:
            await client.stop()
        return found


def region_code(seed: int, name: str) -> str:
    """The region of one workload of one seed."""
    return f"sto-{name}-{seed}-{uuid4().hex[:6]}"


def region_id(code: str) -> UUID:
    return ids.consortium_id(code)
