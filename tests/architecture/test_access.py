"""Nothing is open by accident: each route, gRPC method and topic says who may use it, or the service does not start."""

import importlib
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import APIRouter
from google.protobuf import descriptor_pool

from runtime.http import create_app, docs
from runtime.http.app import HouseRuleBroken
from runtime.kafka import Topic
from runtime.postgres import Database
from runtime.rpc import Door, Server, Undeclared, allowed, declared
from runtime.settings import Settings
from services.activities import rpc as activities_rpc
from services.funding import rpc as funding_rpc
from services.notifications import rpc as notifications_rpc
from services.partners import rpc as partners_rpc

PROJECT = Path(__file__).resolve().parents[2]
NO_DATABASE = cast(Database, None)
DOORS = {
    "activities": activities_rpc.door(NO_DATABASE),
    "funding": funding_rpc.door(NO_DATABASE),
    "notifications": notifications_rpc.door(NO_DATABASE),
    "partners": partners_rpc.door(NO_DATABASE),
}


def having(module: str) -> list[str]:
    """The services with such a module, be it a file or a folder."""
    services = (PROJECT / "services").iterdir()
    return sorted(each.name for each in services if (each / f"{module}.py").exists() or (each / module).is_dir())


def topics() -> dict[str, tuple[Topic, ...]]:
    """The topics that each service owns."""
    return {service: importlib.import_module(f"services.{service}.topics").TOPICS for service in having("topics")}


@pytest.mark.parametrize("service", having("app"))
def test_every_route_says_who_may_use_it(service: str) -> None:
    settings = importlib.import_module(f"services.{service}.settings").Settings()
    document: Any = docs.openapi(importlib.import_module(f"services.{service}.app").http_app(settings))
    operations = {
        f"{method} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert operations
    assert [name for name, operation in operations.items() if not operation.get("x-roles")] == []
    limited = {name: each for name, each in operations.items() if each["x-roles"] != ["anyone"]}
    assert [name for name, operation in limited.items() if not operation.get("x-scope")] == []


def test_every_service_with_a_grpc_door_is_looked_at() -> None:
    assert sorted(DOORS) == having("rpc")


@pytest.mark.parametrize("service", sorted(DOORS))
def test_every_grpc_method_says_who_may_call_it(service: str) -> None:
    door = DOORS[service]
    roles = declared([door])
    known = descriptor_pool.Default().FindServiceByName(door.name).methods_by_name
    assert roles
    assert set(roles) <= {f"/{door.name}/{method}" for method in known}
    assert [method for method, who in roles.items() if not who] == []


@pytest.mark.parametrize("service", sorted(topics()))
def test_every_topic_says_who_writes_and_who_reads(service: str) -> None:
    owned = topics()[service]
    assert owned
    for topic in owned:
        assert topic.writers, topic.name
        assert topic.readers, topic.name


def test_no_topic_has_two_owners() -> None:
    names = [topic.name for owned in topics().values() for topic in owned]
    assert sorted(set(names)) == sorted(names)


def test_a_service_reads_only_topics_that_name_it_as_a_reader() -> None:
    readers = {topic.name: topic.readers for owned in topics().values() for topic in owned}
    for service in having("handlers"):
        for subscription in importlib.import_module(f"services.{service}.handlers").subscriptions():
            for name in subscription.topics:
                assert service in readers[name], f"{service} reads {name}"


def test_a_route_that_says_nothing_is_refused() -> None:
    router = APIRouter(prefix="/v1")

    @router.get("/pebbles")
    async def pebbles() -> list[str]:
        return []

    with pytest.raises(HouseRuleBroken, match=r"/v1/pebbles: declare who may use it"):
        create_app(
            service="pebbles", title="P", description="P", version="0.1.0", routers=(router,), settings=Settings()
        )


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
