"""Nothing is open by accident: each route, gRPC method and topic says who may use it, or the service does not start.

What is looked at is found, not listed: the services are wired as they start, and the protos and facts are read.
"""

import importlib
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, ClassVar, cast

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from google.protobuf import descriptor_pool

from runtime import operations
from runtime.consumer import Router, Subscription
from runtime.event import Fact
from runtime.http import anyone, create_app, docs
from runtime.http.access import declared as access_of
from runtime.http.app import HouseRuleBroken
from runtime.kafka import Topic
from runtime.lifespan import Service
from runtime.rpc import Door, Server, Undeclared, allowed, declared
from runtime.settings import Settings
from services.dashboard import app as dashboard
from services.dashboard.web.guard import PageGuard
from tests.support.servers import Databases
from tests.support.wired import PROJECT, SERVICES, wired

Wired = Mapping[str, Service]
WITH_API = [name for name in SERVICES if name != "dashboard"]
"""The dashboard has pages for people, no API."""
PRODUCERS = [name for name in SERVICES if any((PROJECT / "services" / name).glob("events*"))]


@pytest.fixture(scope="module")
async def services(databases: Databases) -> AsyncIterator[Wired]:
    """Every service that can be started, wired."""
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(wired(name, await databases.make(name))) for name in SERVICES}


def doors(service: Service) -> list[Door]:
    """Its gRPC doors as they are opened, the one for operators included."""
    return [*service.grpc, operations.door(service.name, "0.1.0", (), service.database, service.settings, ())]


def promised() -> set[str]:
    """The full names of the gRPC services that the protos promise."""
    found = set()
    for path in (PROJECT / "proto" / "speerpunt").rglob("*.proto"):
        source = path.read_text(encoding="utf-8")
        [package] = re.findall(r"^package ([\w.]+);", source, re.MULTILINE)
        found |= {f"{package}.{name}" for name in re.findall(r"^service (\w+)", source, re.MULTILINE)}
    return found


def topics(services: Wired) -> dict[str, tuple[str, Topic]]:
    """Every topic by its name, with the service that owns it; those of a sender as one sender's."""
    found: dict[str, tuple[str, Topic]] = {}
    for name, service in services.items():
        of_sender = getattr(importlib.import_module(f"services.{name}.topics"), "of_sender", lambda _: ())
        for topic in (*service.topics, *of_sender("acme")):
            assert topic.name not in found, f"{topic.name} has two owners"
            found[topic.name] = name, topic
    return found


def unwritable(service: str, facts: Iterable[Fact], known: Mapping[str, tuple[str, Topic]]) -> list[str]:
    """The facts of a service on a topic that does not let it write, or that nobody declares."""
    found = []
    for fact in facts:
        of_fact = [topic for name, (_, topic) in known.items() if name.removesuffix(".acme") == fact.topic]
        if not any(service in topic.writers for topic in of_fact):
            found.append(f"{fact.fact_type} on {fact.topic}")
    return found


def unreadable(service: str, heard: Sequence[Subscription], known: Mapping[str, tuple[str, Topic]]) -> list[str]:
    """What a service hears of topics that do not name it as a reader, or that nobody declares."""
    found = []
    for each in heard:
        named = [*each.topics]
        if each.pattern:
            named += [name for name in known if re.fullmatch(each.pattern, name)] or [each.pattern]
        found += [f"{each.name} reads {name}" for name in named if not _reads(service, known.get(name))]
    return found


def _reads(service: str, owned: tuple[str, Topic] | None) -> bool:
    return owned is not None and service in owned[1].readers


@pytest.mark.parametrize("name", WITH_API)
def test_every_route_says_who_may_use_it(name: str, services: Wired) -> None:
    document: Any = docs.openapi(services[name].http)
    operations = {
        f"{method} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert operations
    assert [name for name, operation in operations.items() if not operation.get("x-roles")] == []
    limited = {name: each for name, each in operations.items() if each["x-roles"] != ["anyone"]}
    assert [name for name, operation in limited.items() if not operation.get("x-scope")] == []


def test_every_page_says_who_may_see_it_and_every_form_comes_from_one() -> None:
    routes = [route for router in dashboard.ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    assert len(routes) > 15
    for route in routes:
        guards = [each.call for each in route.dependant.dependencies if each.call is not None]
        access = access_of(guards)
        assert access is not None, route.path
        if route.methods != {"GET"}:
            [guard] = [each for each in guards if isinstance(each, PageGuard)]
            assert guard.form, f"{route.path} changes something: it takes Sent or SentByOperators"


def test_every_grpc_service_that_is_promised_is_served_and_no_other(services: Wired) -> None:
    assert {door.name for service in services.values() for door in doors(service)} == promised()


@pytest.mark.parametrize("name", SERVICES)
def test_every_grpc_method_says_who_may_call_it(name: str, services: Wired) -> None:
    for door in doors(services[name]):
        roles = declared([door])
        known = descriptor_pool.Default().FindServiceByName(door.name).methods_by_name
        assert set(roles) == {f"/{door.name}/{method}" for method in known}
        assert [method for method, who in roles.items() if not who] == []


def test_a_service_publishes_only_to_topics_that_name_it_as_a_writer(services: Wired) -> None:
    known = topics(services)
    assert known
    for name in PRODUCERS:
        facts = importlib.import_module(f"services.{name}.events").SAMPLES
        assert facts
        assert unwritable(name, facts, known) == []


def test_a_service_reads_only_topics_that_name_it_as_a_reader(services: Wired) -> None:
    known = topics(services)
    assert any(each.pattern for service in services.values() for each in service.subscriptions)
    for name, service in services.items():
        assert unreadable(name, service.subscriptions, known) == []


def test_a_route_that_says_nothing_is_refused() -> None:
    router = APIRouter(prefix="/v1")

    @router.get("/pebbles")
    async def pebbles() -> list[str]:
        return []

    def built() -> Any:
        return create_app(
            service="pebbles", title="P", description="P", version="0.1.0", routers=(router,), settings=Settings()
        )

    with pytest.raises(HouseRuleBroken, match=r"/v1/pebbles: declare who may use it"):
        built()
    router = APIRouter(prefix="/v1")
    router.get("/pebbles", dependencies=[anyone()])(pebbles)
    assert built()


def test_a_grpc_method_that_says_nothing_is_refused() -> None:
    class Pebbles:
        @allowed("keeper")
        async def Keep(self, request: object, context: object) -> None: ...

        async def Throw(self, request: object, context: object) -> None: ...

    door = Door("speerpunt.pebbles.v1.Pebbles", lambda servicer, server: None, Pebbles())
    with pytest.raises(Undeclared, match=r"speerpunt\.pebbles\.v1\.Pebbles/Throw"):
        declared([door])
    with pytest.raises(Undeclared, match="Throw"):
        Server(Settings(), [door], cast(Any, None))


@pytest.mark.parametrize(("writers", "readers"), [((), ("pebbles",)), (("pebbles",), ()), ((), ())])
def test_a_topic_that_says_nothing_is_refused(writers: tuple[str, ...], readers: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"pebbles\.events: declare who writes it and who reads it"):
        Topic("pebbles.events", 1, None, 65_536, "CreateTime", "pebble", writers, readers)


class Thrown(Fact):
    fact_type: ClassVar[str] = "nl.speerpunt.pebbles.thrown.v1"
    topic: ClassVar[str] = "pebbles.events"


class Dropped(Fact):
    fact_type: ClassVar[str] = "nl.speerpunt.pebbles.dropped.v1"
    topic: ClassVar[str] = "undeclared.events"


def test_a_fact_or_a_consumer_that_no_topic_names_would_be_seen() -> None:
    known = {
        "pebbles.events": ("pebbles", Topic("pebbles.events", 1, None, 9, "CreateTime", "id", ("pebbles",), ("sea",)))
    }
    facts = [Thrown(), Dropped()]
    assert unwritable("pebbles", facts, known) == [f"{Dropped.fact_type} on undeclared.events"]
    assert unwritable("sea", facts, known) == [f"{each.fact_type} on {each.topic}" for each in facts]
    heard = [
        Subscription("own", Router(), topics=("pebbles.events", "undeclared.events")),
        Subscription("any", Router(), pattern=r"pebbles\..*"),
        Subscription("none", Router(), pattern=r"nothing\..*"),
    ]
    assert unreadable("sea", heard, known) == ["own reads undeclared.events", r"none reads nothing\..*"]
    assert unreadable("pebbles", heard[1:2], known) == ["any reads pebbles.events"]
