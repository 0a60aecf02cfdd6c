"""Everybody gets what the routes and methods declare, of their own region and organisation, and nothing else."""

import asyncio
import csv
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import grpc
import pytest
from fastapi.routing import APIRoute

from runtime import ids
from runtime.access import Access, Reach, Verdict
from runtime.auth import Actor, TokenChecker
from runtime.http import docs
from runtime.http.access import Guard
from services.funding.api import BOOKS
from services.funding.api.speaking import READERS
from services.partners.rpc import Directory
from tests.support.access.asks import Route, routes
from tests.support.access.cells import Cell, Observed, Two, cells, observe
from tests.support.access.installation import Installation, an_installation
from tests.support.access.methods import Method, asked, call, methods
from tests.support.access.pages import Browsers, expected, pages
from tests.support.access.pages import asked as asked_page
from tests.support.access.region import Region, Side, plant, without_a_broker
from tests.support.access.watch import Watch, changed
from tests.support.servers import Databases, KafkaForTest, Servers
from tests.support.wired import PROJECT, SERVICES

pytestmark = pytest.mark.timeout(300)

WITH_API = ("activities", "funding", "notifications", "partners")

UNBOUND: dict[str, Any] = {"bound": frozenset()}


@dataclass(frozen=True, slots=True)
class World:
    installation: Installation
    two: Two
    watches: dict[str, Watch]


@pytest.fixture(scope="module")
async def world(
    databases: Databases, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    kafka = KafkaForTest(servers.kafka_admin, f"t{ids.new_id().hex[:10]}.")
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(an_installation(databases, kafka, tmp_path_factory.mktemp("issuer")))
        stack.enter_context(without_a_broker(made.services["funding"].service.http))
        regions = []
        for code, own, other in (("zz-ons", "zzeigen", "zzander"), ("zz-elders", "zzbuur", "zzverder")):
            region_id = ids.consortium_id(code)
            regions.append(Region(code, Side(region_id, own), Side(region_id, other)))
            await plant(made, regions[-1])
        watches = {name: await Watch.of(each.database.superuser_url) for name, each in made.services.items()}
        for watch in watches.values():
            stack.push_async_callback(watch.close)
        ours, neighbour = regions
        theirs: set[str] = set()
        for watch in watches.values():
            theirs |= await watch.ids(neighbour.id) - await watch.ids(ours.id)
        yield World(made, Two(ours, neighbour, frozenset(theirs)), watches)


AT_ONCE = 8
NOTES = PROJECT / "build" / "access"

LEAVES = {"mandates", "intake_records", "receipts", "outbox", "event_counts", "idempotency"}
"""What may be left at a neighbour by a sender that is refused there, record by record, and by an operator, who ends a
sender everywhere."""


def rank(route: Route, access: Access, verdict: Verdict) -> int:
    """When a cell is asked: first what may change nothing at all, then what may change nothing but our region, what
    reads before what writes, and at last what is not of one region."""
    writes = route.method != "GET"
    if writes and access.reach in (Reach.MANDATES, Reach.INSTALLATION):
        return 3
    if verdict is Verdict.ALLOWED or not (writes or verdict is Verdict.DENIED):
        return 2 if writes else 1
    return 0


async def look(world: World, service: str, of: list[Route] | None = None) -> list[Observed]:
    """Asks every cell of these routes, or of all of a service; what is wrong with each."""
    found = of or routes(service, docs.openapi(world.installation.services[service].service.http))
    access = {each.name: docs.declared(each.operation) for each in found}
    watch, neighbour = world.watches[service], world.two.neighbour.id
    before, theirs = await watch.state(), await watch.state(neighbour)
    observed: list[Observed] = []
    for now in range(4):
        planned = [
            (route, access[route.name], cell)
            for route in found
            for cell in cells(access[route.name])
            if rank(route, access[route.name], cell.verdict(access[route.name])) == now
        ]
        together = 1 if now > 1 else AT_ONCE  # what may change something is asked in turn
        for first in range(0, len(planned), together):
            those = planned[first : first + together]
            observed += await asyncio.gather(*(observe(world.installation, *each, world.two) for each in those))
        if now == 0 and (tables := changed(before, await watch.state())):
            observed.append(observed[-1].but(f"something that was to be refused changed {tables}"))
        tables = changed(theirs, await watch.state(neighbour))
        if left := set(tables) - (LEAVES if now == 3 else set()):
            observed.append(observed[-1].but(f"something changed what is the neighbour's: {sorted(left)}"))
    return observed


def vacuous(observed: list[Observed]) -> list[str]:
    """Cells that prove nothing: another organisation was refused what its owner does not get either, or was spared in
    a list that would not have shown it."""
    found = []
    asked = {(each.route.name, each.cell): each for each in observed}
    for each in observed:
        if each.cell.where != "ours" or each.cell.own or each.cell.beside or each.expected is Verdict.ALLOWED:
            continue
        owner = asked[each.route.name, Cell(each.cell.role)]
        if owner.expected is not Verdict.ALLOWED:
            continue
        if owner.status in (401, 403, 404) or (
            each.status == 200 and each.route.method == "GET" and not owner.shows_own
        ):
            found.append(f"{each.route.name}: {each.cell.role}: its owner gets {owner.status} {owner.code}")
    return found


def note(service: str, observed: list[Observed]) -> None:
    """Leaves every cell, expected and observed, in build/access/ for whoever wants to read them."""
    NOTES.mkdir(parents=True, exist_ok=True)
    with (NOTES / f"{service}.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["route", "role", "region", "organisation", "scope", "more roles", "expected", "status", "code"])
        for each in observed:
            who = each.cell
            asked = (who.role, who.where, "own" if who.own else "another", who.scoped, who.beside)
            rows.writerow([each.route.name, *asked, each.expected.value, each.status, each.code])


@pytest.mark.parametrize("service", WITH_API)
async def test_everybody_gets_what_a_route_declares_and_nothing_else(service: str, world: World) -> None:
    observed = await look(world, service)
    wrong = [str(each) for each in observed if each.wrong]
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:60])
    assert vacuous(observed) == []
    note(service, observed)
    assert await world.watches[service].kept(world.installation.services[service].service.database.pool) == []


@pytest.mark.parametrize("service", SERVICES)
async def test_everybody_gets_what_a_method_declares_and_nothing_else(service: str, world: World) -> None:
    opened, watch, neighbour = world.installation.services[service], world.watches[service], world.two.neighbour.id
    planned = [(method, cell) for method in methods(opened) for cell in asked(method)]
    assert len(planned) > 100
    before, theirs = await watch.state(), await watch.state(neighbour)
    wrong: list[str] = []
    async with grpc.aio.insecure_channel(opened.grpc) as channel:

        async def ask(those: Callable[[Method, Cell], bool]) -> None:
            for method, cell in planned:
                if those(method, cell):
                    wrong.append(await call(world.installation, channel, method, cell, world.two))

        await ask(lambda method, cell: cell.verdict(method.access) is Verdict.DENIED)
        assert changed(before, await watch.state()) == []
        await ask(lambda method, cell: cell.verdict(method.access) is not Verdict.DENIED and not cell.everywhere)
        assert changed(theirs, await watch.state(neighbour)) == []
        await ask(lambda method, cell: cell.verdict(method.access) is not Verdict.DENIED and cell.everywhere)
    assert [each for each in wrong if each] == []


async def test_everybody_gets_the_pages_of_the_dashboard_that_are_declared_and_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, watch = world.installation.services["dashboard"], world.watches["dashboard"]
    monkeypatch.setattr(opened.service.http.state, "draining", True)  # a page that goes on for ever ends at once
    browsers, found = Browsers(world.installation), pages()
    planned = [(page, cell) for page in found for cell in asked_page(page)]
    assert len(planned) > 500
    for page, cell in planned:
        if (who := cell.who(world.two, page.access)) is not None:
            await browsers.of(who)
    wrong, before = [], await watch.state()
    for denied in (True, False):
        for page, cell in planned:
            if (expected(page, cell) is Verdict.DENIED) is denied and page.path != "/sign-out":
                wrong.append(await browsers.ask(page, cell, world.two))
        if denied:
            assert changed(before, await watch.state()) == []
    assert [each for each in wrong if each] == []


async def complaints(world: World, name: str, service: str = "funding") -> str:
    """What is wrong with one route of a service."""
    found = routes(service, docs.openapi(world.installation.services[service].service.http))
    observed = await look(world, service, [each for each in found if each.name == name])
    return "\n".join([*(str(each) for each in observed if each.wrong), *vacuous(observed)])


def guard_of(name: str) -> Guard:
    """What keeps a route of funding."""
    method, _, path = name.partition(" ")
    [route] = [
        each
        for router in BOOKS
        for each in router.routes
        if isinstance(each, APIRoute) and each.path == f"/v1{path}" and method in (each.methods or ())
    ]
    [guard] = [each.call for each in route.dependant.dependencies if isinstance(each.call, Guard)]
    return guard


@pytest.mark.parametrize(
    ("name", "fault", "complaint"),
    [
        pytest.param("GET /grants", {"roles": (*READERS, "company")}, "company, ours, own organisation", id="more"),
        pytest.param("GET /grants", {"roles": READERS[1:]}, "office, ours, own organisation: 403", id="fewer"),
        pytest.param("GET /grants", {"scope": None}, "office, ours, own organisation, no scope: 200", id="no scope"),
        pytest.param("GET /pledges/{code}", UNBOUND, "company, ours, another organisation: 200", id="one of others"),
        pytest.param("GET /commitments", UNBOUND, "school, ours, another organisation: 200", id="a list with others"),
        pytest.param("POST /statements/{code}/signatures", UNBOUND, "another organisation: 201", id="for others"),
    ],
)
async def test_a_guard_that_keeps_to_something_else_than_is_declared_is_found(
    name: str, fault: dict[str, Any], complaint: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = guard_of(name)
    monkeypatch.setattr(guard, "access", replace(guard.access, **fault))
    assert complaint in await complaints(world, name)


async def test_a_door_that_takes_any_region_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Actor, "check_consortium", lambda self, consortium_id: None)
    told = await complaints(world, "GET /grants")
    assert "office, by name, own organisation: 200 : declared to be refused" in told
    desk = next(each for each in methods(world.installation.services["funding"]) if each.name.endswith("/GetBalance"))
    async with grpc.aio.insecure_channel(world.installation.services["funding"].grpc) as channel:
        wrong = await call(world.installation, channel, desk, Cell("office", "by name"), world.two)
    assert "OK: declared to be denied" in wrong


async def test_a_transaction_of_the_wrong_region_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    database, elsewhere = world.installation.services["funding"].service.database, world.two.neighbour.id
    right = database.transaction

    def wrong(consortia: Any, *more: Any, **named: Any) -> Any:
        return right(elsewhere, *more, **named)

    monkeypatch.setattr(database, "transaction", wrong)
    told = await complaints(world, "GET /claims")
    assert "tells what is the neighbour's" in told


async def test_a_refusal_that_leaves_something_behind_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = world.installation.services["funding"]

    class Noting(TokenChecker):
        async def actor(self, authorization: str | None) -> Actor:
            await opened.service.database.pool.execute("INSERT INTO idempotency_consortia VALUES ($1)", ids.new_id())
            return await super().actor(authorization)

    monkeypatch.setattr(opened.service.http.state, "tokens", Noting(opened.service.settings))
    assert "something that was to be refused changed ['idempotency_consortia']" in await complaints(
        world, "GET /grants"
    )


async def test_a_method_that_answers_others_than_it_declares_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = world.installation.services["partners"]
    monkeypatch.setattr(Directory.ResolvePerson, "allowed_roles", frozenset({"office"}))
    changed_one = next(each for each in methods(opened) if each.name.endswith("/ResolvePerson"))
    async with grpc.aio.insecure_channel(opened.grpc) as channel:
        for role, complaint in (("office", "declared to be allowed"), ("service", "declared to be denied")):
            assert complaint in await call(world.installation, channel, changed_one, Cell(role), world.two)
