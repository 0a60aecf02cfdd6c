"""Two processes of every service behind a balancer that follows their readiness, as a Service of Kubernetes does."""

import asyncio
import http.client
import itertools
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import grpc
import httpx2

from deploy.embedded.folders import PROJECT
from deploy.embedded.ports import Ports
from deploy.embedded.processes import Child, Program
from deploy.embedded.supervisor import DRAIN_SECONDS, ServiceDatabase, Stack
from tests.faults.proxy import Proxy, Streams
from tests.faults.world import ProxiedStack, Unknown, World

LOOK_SECONDS = 0.1
"""How often readiness is asked; Kubernetes is told of it within seconds, and the notice is longer there as well."""
NOTICE_SECONDS = 1.0


@dataclass(eq=False, slots=True)
class Replica:
    """One process of a service, and where it answers."""

    service: str
    http_port: int
    grpc_port: int
    child: Child | None = None
    ready: bool = False

    def port(self, door: str) -> int:
        return self.http_port if door == "http" else self.grpc_port

    def asked(self) -> bool:
        """Whether it says that it is ready."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


@dataclass(slots=True)
class Balancer:
    """One address for the processes of a service: a new connection goes to each of those that are ready in turn."""

    replicas: list[Replica] = field(default_factory=list)
    _turns: Iterator[int] = field(default_factory=itertools.count)

    def proxy(self, door: str) -> Proxy:
        """What is to listen on the address of this door."""

        async def target() -> Streams:
            ready = [replica for replica in self.replicas if replica.ready]
            if not ready:
                raise ConnectionRefusedError("no process of this service is ready")
            return await asyncio.open_connection("127.0.0.1", ready[next(self._turns) % len(ready)].port(door))

        return Proxy(target)

    async def follow(self) -> None:
        """Asks all of them again and again."""
        while True:
            for replica in self.replicas:
                replica.ready = await asyncio.to_thread(replica.asked)
            await asyncio.sleep(LOOK_SECONDS)


class _Behind(ProxiedStack):
    """Its `http` and `grpc` are the balancers' addresses: that is where everybody calls. Processes have their own,
    and reach the database as they are."""

    first: dict[str, Replica]

    def _choose_addresses(self) -> None:
        super()._choose_addresses()
        self.first = {}
        for service in self.services:
            http_port, grpc_port = (int(each[service].rpartition(":")[2]) for each in (self.http, self.grpc))
            self.first[service] = Replica(service, http_port, grpc_port)
            self.http[service] = f"http://127.0.0.1:{self._ports.take(f'{service}.front.http')}"
            self.grpc[service] = f"127.0.0.1:{self._ports.take(f'{service}.front.grpc')}"

    def _settings(self, service: str, database: ServiceDatabase) -> dict[str, str]:
        return {**Stack._settings(self, service, database), **_ports_of(self.first[service])}


def _ports_of(replica: Replica) -> dict[str, str]:
    return {"SPEERPUNT_HTTP_PORT": str(replica.http_port), "SPEERPUNT_GRPC_PORT": str(replica.grpc_port)}


class Doubled(World):
    """`async with Doubled(services) as world:` has two of each, or `each`. `failures` are what clients saw go wrong."""

    stack_type = _Behind
    stack: _Behind

    def __init__(self, services: Iterable[str], *, each: int = 2) -> None:
        notice = {"SPEERPUNT_DRAIN_NOTICE_SECONDS": str(NOTICE_SECONDS)}
        super().__init__(tuple(services), **notice)
        self._more = each - 1
        self.failures: list[str] = []
        self.put_off: list[str] = []
        """503 with a Retry-After: nothing was done, and the client is told when to ask again."""
        self.answered = 0
        self.rolled: list[str] = []
        """Every process that was asked to stop, and ended by itself."""
        self._balancers = {service: Balancer() for service in self.services}
        self._fronts: list[Proxy] = []
        self._following: list[asyncio.Task[None]] = []
        self._numbers = itertools.count(1)

    async def __aenter__(self) -> Self:
        opening = asyncio.create_task(self._open_fronts())
        try:
            await super().__aenter__()
        except BaseException:
            opening.cancel()
            raise
        for service in self.services:  # what the stack started is the first of the two
            self._balancers[service].replicas[0].child = self.stack._children.pop(service)
        await asyncio.gather(*(self._join(service) for service in self.services for _ in range(self._more)))
        for service in self.services:
            self._rpc[service].channel = _Watched(self._rpc[service].channel, self.failures)  # type: ignore[assignment]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._following:
            task.cancel()
        for balancer in self._balancers.values():
            for replica in balancer.replicas:
                if replica.child is not None:
                    replica.child.kill()
        await super().__aexit__(kind, error, trace)
        for front in self._fronts:
            await front.close()

    async def _open_fronts(self) -> None:
        """Before any service starts, for each calls the others at these addresses."""
        while not self.stack.superuser_url:
            await asyncio.sleep(0.01)
        for service, balancer in self._balancers.items():
            balancer.replicas.append(self.stack.first[service])
            for door, address in (("http", self.stack.http[service]), ("grpc", self.stack.grpc[service])):
                front = balancer.proxy(door)
                await front.listen_on_port(int(address.rpartition(":")[2]))
                self._fronts.append(front)
            self._following.append(asyncio.create_task(balancer.follow()))

    async def _join(self, service: str) -> None:
        """One more process of this service, until the balancer sends it requests."""
        ports = Ports({})
        replica = Replica(service, ports.take("http"), ports.take("grpc"))
        folder = self.stack.folder / f"{service}-{next(self._numbers)}"
        folder.mkdir()
        ready = folder / "ready.json"
        environment = {
            **self.stack.environment(service),
            **_ports_of(replica),
            "SPEERPUNT_READY_FILE": str(ready),
            "SPEERPUNT_TELEMETRY_FILE": str(folder / "spans.jsonl"),
        }
        command = [sys.executable, "-m", f"services.{service}"]
        program = Program(f"{service}-more", command, environment, PROJECT, lambda _: ready.exists(), "See its log.")
        replica.child = program.launch(folder)
        self._balancers[service].replicas.append(replica)
        await program.until_ready(replica.child)
        async with asyncio.timeout(DRAIN_SECONDS):
            while not replica.ready:
                await asyncio.sleep(0.02)

    async def roll(self, service: str) -> None:
        """Replaces all processes, as a Deployment does that may have one more and none fewer: each is asked to stop
        once its successor is ready."""
        async with asyncio.TaskGroup() as ending:
            for old in list(self._balancers[service].replicas):
                await self._join(service)
                ending.create_task(self._end(old))

    async def _end(self, old: Replica) -> None:
        assert old.child is not None
        ended = await old.child.stop(DRAIN_SECONDS) and old.child.process.returncode == 0
        self._balancers[old.service].replicas.remove(old)
        self.rolled.append(old.service)
        if not ended:
            self.failures.append(f"{old.service} did not end by itself: {old.child.said().decode()[-400:]}")

    async def ask(
        self, token: str, method: str, service: str, path: str, body: Any = None, key: str | None = None, **headers: str
    ) -> Any:
        try:
            told = await super().ask(token, method, service, path, body, key, **headers)
        except Unknown as unknown:
            said = f"{method} {service} {path}: {unknown} ({unknown.__cause__!r})"
            told_when = str(unknown) == "503" and self.answers[-1][2]
            (self.put_off if told_when else self.failures).append(said)
            raise
        self.answered += 1
        return told

    async def look(self, service: str, path: str) -> None:
        """A page for anybody."""
        try:
            answer = await self.client.get(self.stack.http[service] + path)
        except httpx2.HTTPError as error:
            self.failures.append(f"GET {service} {path}: {error!r}")
            return
        self.answered += 1
        if answer.status_code >= 400:
            self.failures.append(f"GET {service} {path}: {answer.status_code}")

    def complaints(self) -> list[str]:
        """What any process logged as our own fault."""
        logs = sorted(self.stack.folder.glob("*/logs/*.log")) + sorted((self.stack.folder / "logs").glob("*.log"))
        return [
            f"{path.stem}: {line[:600]}"
            for path in logs
            if path.stem.removesuffix("-more") in self.services
            for line in path.read_text(errors="replace").splitlines()
            if "unexpected error" in line or "role failed" in line or "did not end in time" in line
        ]

    def memory(self) -> dict[str, int]:
        """Of no interest here."""
        return {}


class _Watched:
    """A channel whose calls that nobody answered are remembered."""

    def __init__(self, channel: grpc.aio.Channel, failures: list[str]) -> None:
        self._channel, self._failures = channel, failures

    def unary_unary(self, method: str, *arguments: Any, **named: Any) -> Any:
        call = self._channel.unary_unary(method, *arguments, **named)

        async def watched(*given: Any, **also: Any) -> Any:
            try:
                return await call(*given, **also)
            except grpc.aio.AioRpcError as error:
                if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL):
                    self._failures.append(f"{method}: {error.code().name} {error.details()}")
                raise

        return watched

    async def close(self) -> None:
        await self._channel.close()
