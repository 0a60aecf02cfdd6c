"""The installation that the command line speaks to: what `speerpunt up` left running here, or one that was named.

An installation is named by SPEERPUNT_ADDRESSES (`partners.http=https://...,funding.grpc=host:port,...`) and a token of
an operator: SPEERPUNT_TOKEN, or a file (SPEERPUNT_TOKEN_FILE). Its cluster, for who administers it, by
SPEERPUNT_KAFKA_*. Never a database.
"""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import httpx2
from speerpunt.dashboard.v1 import dashboard_pb2, dashboard_pb2_grpc
from speerpunt.runtime.v1 import operations_pb2 as pb
from speerpunt.runtime.v1 import operations_pb2_grpc

from cli.exits import Exit, Stopped
from cli.portal import Portal
from deploy.embedded.folders import runs_folder
from deploy.embedded.up import running
from deploy.kafka.cluster import Cluster
from deploy.kafka.login import Login
from runtime.problems import Kind, Unavailable
from runtime.rpc import Client, Identity, RemoteProblem
from runtime.settings import Settings, load

SUBJECT = "operator-1"
SERVICES = ("partners", "funding", "activities", "notifications", "dashboard")
RIGHTS = [f"{service}:{right}" for service in SERVICES for right in ("read", "write")]
ASK_SECONDS = 10.0
ACT_SECONDS = 60.0
NOTHING_RUNS = (
    "Nothing is running here. Start it with `speerpunt up`, or say where it is with SPEERPUNT_ADDRESSES and"
    " SPEERPUNT_TOKEN."
)


@dataclass(frozen=True, slots=True)
class Where:
    """What was said of where it is: by options, or by the environment."""

    addresses: str = ""
    token: str = ""
    token_file: Path | None = None
    up: Path | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """A region of the installation; `closed_since` when it takes no commands any more."""

    id: UUID
    code: str
    name: str
    zone: str
    currency: str
    language: str
    closed_since: datetime | None = None
    closed_reason: str = ""


@dataclass(slots=True)
class Installation:
    """Addresses of every service, and how to sign in: a token, or the development issuer's word for people."""

    http: dict[str, str]
    grpc: dict[str, str]
    issuer: str = ""
    person_secret: str = ""
    token: str = ""
    kafka: Login | None = None
    """Its administrator, where one is known."""
    topic_prefix: str = ""

    def cluster(self) -> Cluster:
        """The administrator of its Kafka, to be opened. Raises Stopped."""
        if self.kafka is None:
            raise Stopped(
                "An administrator of Kafka is needed: set SPEERPUNT_KAFKA_BOOTSTRAP, _USERNAME and _PASSWORD.",
                "usage",
                Exit.USAGE,
            )
        return Cluster(self.kafka, self.topic_prefix)

    @classmethod
    def found(cls, where: Where) -> Self:
        """The one that was named, else the one that is running here. Raises Stopped."""
        if where.addresses:
            http, grpc = addresses(where.addresses)
            token = where.token or (where.token_file.read_text(encoding="utf-8").strip() if where.token_file else "")
            if not token:
                raise Stopped(
                    "An operator's token is needed: set SPEERPUNT_TOKEN, or SPEERPUNT_TOKEN_FILE.",
                    "token-missing",
                    Exit.NOT_ALLOWED,
                )
            settings = load(Settings)
            admin = Login.of(settings)
            return cls(http, grpc, token=token, kafka=admin if admin.user else None, topic_prefix=settings.topic_prefix)
        known = running(where.up or runs_folder() / "up.json")
        if known is None:
            raise Stopped(NOTHING_RUNS, "nothing-running", Exit.AWAY)
        admin = Login(known["kafka"], known["kafka_user"], known["kafka_password"])
        return cls(known["http"], known["grpc"], known["issuer"], known["person_secret"], kafka=admin)


def addresses(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """`partners.http=https://...,partners.grpc=host:port,...` as addresses by service. Raises Stopped."""
    found: dict[str, dict[str, str]] = {"http": {}, "grpc": {}}
    for part in text.split(","):
        name, _, address = part.strip().partition("=")
        service, _, door = name.partition(".")
        if service not in SERVICES or door not in found or not address:
            raise Stopped(
                f"SPEERPUNT_ADDRESSES: '{part.strip()}' is not of the form service.http=URL or service.grpc=HOST:PORT,"
                f" with a service out of {', '.join(SERVICES)}.",
                "usage",
                Exit.USAGE,
            )
        found[door][service] = address.rstrip("/")
    return found["http"], found["grpc"]


class _Given:
    """A token where a service's own would be."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def token(self) -> str:
        return self._token


@dataclass(slots=True)
class Operator:
    """An operator of the installation at its doors: gRPC for how events flow, REST for what a region owns."""

    installation: Installation
    client: httpx2.AsyncClient
    token: str
    _channels: dict[str, Client] = field(default_factory=dict)
    _regions: list[Region] | None = None

    @classmethod
    @asynccontextmanager
    async def found(cls, where: Where) -> AsyncIterator["Operator"]:
        """Finds the installation and signs in. Raises Stopped."""
        installation = Installation.found(where)
        async with httpx2.AsyncClient(timeout=ACT_SECONDS) as client:
            token = installation.token or await _minted(installation, client, [])
            made = cls(installation, client, token)
            try:
                yield made
            finally:
                for channel in made._channels.values():
                    await channel.close()

    # -- gRPC

    async def ask(self, service: str, method: str, request: Any, seconds: float = ASK_SECONDS) -> Any:
        """Calls Operations of a service. Raises Problem, with what to do when the service is away."""
        return await self._call(service, operations_pb2_grpc.OperationsStub, method, request, seconds)

    @property
    def services(self) -> tuple[str, ...]:
        """Every service whose gRPC address is known."""
        return tuple(name for name in SERVICES if name in self.installation.grpc)

    async def regions(self, *, anew: bool = False) -> list[Region]:
        """The regions of the installation, by name; asked once, unless `anew`."""
        if self._regions is None or anew:
            told = await self._call("dashboard", dashboard_pb2_grpc.RegionsStub, "List", dashboard_pb2.ListRequest())
            self._regions = [
                Region(
                    UUID(one.consortium_id),
                    one.code,
                    one.name,
                    one.zone,
                    one.currency,
                    one.language,
                    one.closed_since.ToDatetime(UTC) if one.HasField("closed_since") else None,
                    one.closed_reason,
                )
                for one in told.regions
            ]
        return self._regions

    async def region(self, code: str | None) -> Region:
        """The one with this code, or the only one there is. Raises Stopped."""
        known = await self.regions()
        codes = ", ".join(each.code for each in known[:10]) or "none; `speerpunt load` brings one in"
        if code is None:
            if len(known) == 1:
                return known[0]
            raise Stopped(f"Say which region: --region CODE. There are: {codes}.", "usage", Exit.USAGE)
        for each in known:
            if each.code == code:
                return each
        raise Stopped(f"There is no region '{code}' here. There are: {codes}.", "region-unknown", Exit.NOT_FOUND)

    async def journey(self, wanted: str) -> Sequence[dashboard_pb2.Heard]:
        """All that the dashboard heard of one thing."""
        request = dashboard_pb2.FindRequest(id=wanted)
        told = await self._call("dashboard", dashboard_pb2_grpc.JourneysStub, "Find", request)
        return list(told.facts)

    async def follow(self, correlation_id: str) -> list[pb.Step]:
        """What every service that answers received and published under one correlation id."""
        found: list[pb.Step] = []
        for service in self.services:
            told = await self.ask(service, "Follow", pb.FollowRequest(correlation_id=correlation_id))
            found += told.steps
        return found

    async def _call(self, service: str, stub: Any, method: str, request: Any, seconds: float = ASK_SECONDS) -> Any:
        address = self.installation.grpc.get(service)
        if address is None:
            sentence = f"The gRPC address of {service} is not known: name it in SPEERPUNT_ADDRESSES."
            raise Stopped(sentence, "unavailable", Exit.AWAY)
        if service not in self._channels:
            self._channels[service] = Client(address, service, _Given(self.token), Identity.of(load(Settings)))
        client = self._channels[service]
        try:
            return await client.call(getattr(stub(client.channel), method), request, timeout_seconds=seconds)
        except Unavailable as away:
            sentence = (
                f"{service} cannot be reached at {address}. `speerpunt status` says what is running; its log, why."
            )
            raise Stopped(sentence, "unavailable", Exit.AWAY) from away
        except RemoteProblem as problem:
            if problem.kind is Kind.UNAUTHENTICATED:
                sentence = f"{problem.detail} Get a new token of an operator, and set SPEERPUNT_TOKEN."
                raise Stopped(sentence, problem.code, Exit.NOT_ALLOWED) from problem
            raise

    # -- REST

    async def portal(self, region: UUID | None, roles: Sequence[str] = ("operator",)) -> Portal:
        """The REST doors, for this region or for what belongs to none; a token that was given has its own roles."""
        regions = [region] if region else []
        token = self.installation.token or await _minted(self.installation, self.client, regions, roles)
        return Portal(self.client, dict(self.installation.http), token, consortium_id=region)


async def _minted(
    installation: Installation,
    client: httpx2.AsyncClient,
    consortia: Sequence[UUID],
    roles: Sequence[str] = ("operator",),
) -> str:
    """An operator's token of the development issuer."""
    claims = {"roles": list(roles), "scopes": RIGHTS, "consortia": [str(each) for each in consortia]}
    form = {
        "grant_type": "urn:speerpunt:dev-person",
        "subject": SUBJECT,
        "client_secret": installation.person_secret,
        "claims": json.dumps(claims),
    }
    try:
        answer = await client.post(f"{installation.issuer}/token", data=form)
        answer.raise_for_status()
        return str(answer.json()["access_token"])
    except (httpx2.HTTPError, ValueError, KeyError) as error:
        sentence = (
            f"The sign-in service at {installation.issuer} does not answer. Start anew: speerpunt down, speerpunt up."
        )
        raise Stopped(sentence, "unavailable", Exit.AWAY) from error
