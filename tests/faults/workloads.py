"""What clients do while everything fails around them, and what must be true of it afterwards."""

import asyncio
import contextlib
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from speerpunt.funding.v1 import funding_pb2, funding_pb2_grpc

from runtime import ids
from runtime.problems import Kind, Problem
from tests.faults.invariants import Outcome, Violation
from tests.faults.world import Refused, Unknown, World, region_code

PATIENCE_SECONDS = 45


class Workload(Protocol):
    """Clients with a region of their own. `outcomes` counts how their commands ended."""

    outcomes: Counter[Outcome]

    async def set_up(self, world: World, seed: int) -> None: ...
    async def clients(self, world: World, rng: random.Random, until: float) -> None: ...
    async def violations(self, world: World) -> list[Violation]: ...


async def persevere(ask: Callable[[], Awaitable[Any]]) -> tuple[Outcome, Any]:
    """Asks, and asks again as long as nobody knows; how it ended, with the answer or the refusal."""
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE_SECONDS
    while True:
        try:
            return "ok", await ask()
        except Refused as refused:
            return "fail", refused
        except Problem as problem:
            if problem.kind not in (Kind.UNAVAILABLE, Kind.IN_PROGRESS):
                return "fail", problem
        except Unknown:
            pass
        if loop.time() > until:
            return "unknown", None
        await asyncio.sleep(0.1)


@dataclass
class Region:
    """A region with an office, a controller, a school and a company, as every workload needs it."""

    code: str = ""
    id: UUID = field(default_factory=uuid4)
    office: str = ""
    controller: str = ""
    school_id: UUID = field(default_factory=uuid4)
    company_id: UUID = field(default_factory=uuid4)

    async def found(self, world: World, name: str, seed: int) -> None:
        self.code = region_code(seed, name)
        self.id = ids.consortium_id(self.code)
        self.school_id = ids.coded_id(self.id, "organisation", "school")
        self.company_id = ids.coded_id(self.id, "organisation", "company")
        self.office = await world.token("office", ["office"], self.id)
        self.controller = await world.token("controller", ["controller"], self.id)
        body: dict[str, Any] = {
            "name": self.code,
            "zone": "Europe/Amsterdam",
            "currency": "EUR",
            "language": "nl",
            "standingPolicy": ["party", "umbrella", "pledge"],
        }
        await world.insist(self.office, "PUT", "partners", f"/v1/consortia/{self.code}", body)
        for code, kind in (("school", "vmbo"), ("company", "company")):
            body = {"name": code, "kind": kind, "municipality": "Amersfoort"}
            await world.insist(self.office, "PUT", "partners", f"/v1/organisations/{code}", body)
        body = {
            "title": "Programme",
            "from": "2020-01-01",
            "until": "2029-12-31",
            "spearheads": [{"code": "robotica", "title": "Robotica"}, {"code": "bouw", "title": "Bouw"}],
            "locations": [],
        }
        await world.insist(self.office, "PUT", "partners", "/v1/programmes/main", body)
        for person in ("office", "controller"):
            body = {"issuer": world.stack.issuer, "subject": person}
            await world.insist(self.office, "PUT", "partners", f"/v1/persons/{person}/account", body)

    async def with_money(self, world: World, cents: int) -> None:
        """A grant of so many cents, of which half goes to each line."""
        terms: dict[str, dict[str, Any]] = {
            "cofinancing": {"about": "cofinancing", "basisPoints": 1000},
            "eligible": {"about": "eligible-kinds", "kinds": ["hours"]},
            "rate": {"about": "rate", "kind": "hours", "centsPerHour": 6_000},
        }
        since = {"validFrom": "2020-01-01", "knownFrom": "2019-01-01", "source": "a test"}
        rules = [{"code": code, "terms": each, **since} for code, each in terms.items()]
        await world.insist(self.office, "PUT", "funding", "/v1/schemes/sto", {"title": "STO", "rules": rules})
        grant = {
            "scheme": "sto",
            "cents": cents,
            "from": "2020-01-01",
            "until": "2029-12-31",
            "awardedOn": "2019-12-01",
        }
        await world.insist(self.office, "PUT", "funding", "/v1/grants/grant", grant)
        await self.divide(world, "first", 5_000)

    async def divide(self, world: World, code: str, share: int) -> None:
        """Proposes a division in which the first line gets a share in basis points, and approves it."""
        proposed = await world.insist(self.office, "POST", "funding", "/v1/allocations", self.plan(code, share))
        await world.insist(self.controller, "POST", "funding", f"/v1/allocations/{proposed['id']}/approval")

    def plan(self, code: str, share: int) -> dict[str, Any]:
        lines = [{"line": "robotica", "weight": share}, {"line": "bouw", "weight": 10_000 - share}]
        envelope = {"code": "all", "kind": "spearhead", "shareBasisPoints": 10_000, "lines": lines}
        return {
            "code": code,
            "grant": "grant",
            "effectiveOn": "2020-01-01",
            "reason": "a test",
            "envelopes": [envelope],
        }


@dataclass
class Budgets:
    """Rivals set money of one line aside, commit it and give it back, over gRPC. I2, I3 and I11."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    _region: Region = field(default_factory=Region)
    _told: dict[UUID, set[str]] = field(default_factory=dict)
    _wrong: list[Violation] = field(default_factory=list)

    async def set_up(self, world: World, seed: int) -> None:
        await self._region.found(world, "budgets", seed)
        await self._region.with_money(world, 100_000)

    async def clients(self, world: World, rng: random.Random, until: float) -> None:
        await asyncio.gather(*(self._client(world, random.Random(rng.random()), until) for _ in range(6)))

    async def _client(self, world: World, rng: random.Random, until: float) -> None:
        loop = asyncio.get_running_loop()
        client = world.rpc("funding")
        stub = funding_pb2_grpc.FundingDeskStub(client.channel)
        region, said = str(self._region.id), _state
        while loop.time() < until:
            reservation_id, cents = uuid4(), rng.randint(100, 9_000)
            asked = funding_pb2.ReserveRequest(
                consortium_id=region, reservation_id=str(reservation_id), line="robotica", cents=cents, purpose="test"
            )
            outcome, answer = await persevere(lambda: client.call(stub.Reserve, asked))  # noqa: B023
            self.outcomes[outcome] += 1
            if outcome != "ok":
                await asyncio.sleep(0.02)
                continue
            seen = self._told.setdefault(reservation_id, {said(answer)})
            _, again = await persevere(lambda: client.call(stub.Reserve, asked))  # noqa: B023
            if again is not None and said(again) != said(answer):
                self._wrong.append(Violation("I11", f"reservation {reservation_id} was {answer}, then {again}"))
            name = str(reservation_id)
            if rng.random() < 0.6:
                commit = funding_pb2.ConfirmRequest(consortium_id=region, reservation_id=name)
                outcome, answer = await persevere(lambda: client.call(stub.Confirm, commit))  # noqa: B023
                self.outcomes[outcome] += 1
                seen |= {said(answer)} if outcome == "ok" else {"?"}
            if rng.random() < 0.9:
                release = funding_pb2.ReleaseRequest(consortium_id=region, reservation_id=name)
                outcome, answer = await persevere(lambda: client.call(stub.Release, release))  # noqa: B023
                self.outcomes[outcome] += 1
                seen |= {said(answer)} if outcome == "ok" else {"?"}

    async def violations(self, world: World) -> list[Violation]:
        found = list(self._wrong)
        rows = await world.sql("funding", "SELECT * FROM reservations WHERE consortium_id = $1", self._region.id)
        kept = {row["reservation_id"]: row for row in rows}
        order = ("reserved", "confirmed", "released")
        for reservation_id, seen in self._told.items():
            last = max((each for each in seen if each != "?"), key=order.index)
            now = kept[reservation_id]["state"] if reservation_id in kept else None
            if now != last and "?" not in seen:
                found.append(Violation("I3", f"reservation {reservation_id} was acknowledged as {last} and is {now}"))
        budget = await world.sql(
            "funding", "SELECT * FROM budget_lines WHERE consortium_id = $1 AND line = 'robotica'", self._region.id
        )
        bound = {state: sum(row["cents"] for row in rows if row["state"] == state) for state in order}
        line = budget[0]
        if bound["reserved"] != line["reserved_cents"] or bound["confirmed"] != line["committed_cents"]:
            found.append(Violation("I2", f"the line says {dict(line)}, its reservations add up to {bound}"))
        if bound["reserved"] + bound["confirmed"] > line["allocated_cents"]:
            found.append(Violation("I2", f"{bound} of {line['allocated_cents']} cents"))
        return found


def _state(answer: Any) -> str:
    return str(funding_pb2.ReservationState.Name(answer.state)).removeprefix("RESERVATION_STATE_").lower()


@dataclass
class Bookings:
    """Rivals sign classes up for the seats of activities over HTTP, each under an idempotency key. I7 and I11."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    _region: Region = field(default_factory=Region)
    _told: dict[str, tuple[str, int]] = field(default_factory=dict)
    _wrong: list[Violation] = field(default_factory=list)
    _number: int = 0

    SEATS = 30

    async def set_up(self, world: World, seed: int) -> None:
        await self._region.found(world, "bookings", seed)
        await self._plan(world)

    async def _plan(self, world: World) -> str:
        self._number += 1
        code = f"visit-{self._number}"
        starts = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30, hours=3 * self._number)
        body = {
            "kind": "company-visit",
            "title": "A visit",
            "line": "robotica",
            "schoolId": str(self._region.school_id),
            "companyId": str(self._region.company_id),
            "startsAt": starts.isoformat(),
            "endsAt": (starts + timedelta(hours=2)).isoformat(),
            "seats": self.SEATS,
        }
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    await world.insist(self._region.office, "PUT", "activities", f"/v1/activities/{code}", body)
                    return code
                except Refused:  # the region is still on its way
                    await asyncio.sleep(0.1)

    async def clients(self, world: World, rng: random.Random, until: float) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < until:
            code = f"visit-{self._number}"
            rivals = (self._sign_up(world, code, rng.randint(3, 9)) for _ in range(12))
            await asyncio.gather(*rivals)
            await self._plan(world)

    async def _sign_up(self, world: World, activity: str, pupils: int) -> None:
        key, name = str(uuid4()), f"class-{uuid4().hex[:8]}"
        body = {
            "activityCode": activity,
            "schoolId": str(self._region.school_id),
            "code": name,
            "pupils": pupils,
        }

        async def ask() -> Any:
            return await world.ask(self._region.office, "POST", "activities", "/v1/bookings", body, key)

        outcome, answer = await persevere(ask)
        self.outcomes[outcome] += 1
        if outcome == "ok":
            self._told[name] = (answer["id"], pupils)
            again, repeated = await persevere(ask)
            if again == "ok" and repeated["id"] != answer["id"]:
                self._wrong.append(Violation("I11", f"{name} was booked as {answer['id']}, then {repeated['id']}"))

    async def violations(self, world: World) -> list[Violation]:
        found = list(self._wrong)
        rows = await world.sql("activities", "SELECT * FROM bookings WHERE consortium_id = $1", self._region.id)
        kept = {row["code"]: row for row in rows}
        if len(kept) != len(rows):
            found.append(Violation("I7", "a class is signed up twice for one activity"))
        for name, (booking_id, _) in self._told.items():
            if name not in kept or str(kept[name]["booking_id"]) != booking_id:
                found.append(Violation("I3", f"{name} was told that it is signed up, and it is not"))
        seats: Counter[UUID] = Counter()
        for row in rows:
            seats[row["activity_id"]] += row["pupils"]
        found += [
            Violation("I7", f"{taken} of {self.SEATS} seats of {activity} are taken")
            for activity, taken in seats.items()
            if taken > self.SEATS
        ]
        return found


@dataclass
class Divisions:
    """A grant is divided again and again, each time asked for twice at once. I1, I2 and I11."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    _region: Region = field(default_factory=Region)

    CENTS = 99_999_999

    async def set_up(self, world: World, seed: int) -> None:
        await self._region.found(world, "divisions", seed)
        await self._region.with_money(world, self.CENTS)

    async def clients(self, world: World, rng: random.Random, until: float) -> None:
        loop, number = asyncio.get_running_loop(), 0
        while loop.time() < until:
            number += 1
            await asyncio.gather(*(self._divide(world, f"again-{number}", rng.randint(1, 9_999)) for _ in range(2)))

    async def _divide(self, world: World, code: str, share: int) -> None:
        key, plan = str(uuid4()), self._region.plan(code, share)
        outcome, proposed = await persevere(
            lambda: world.ask(self._region.office, "POST", "funding", "/v1/allocations", plan, key)
        )
        self.outcomes[outcome] += 1
        if outcome != "ok":
            return
        key, path = str(uuid4()), f"/v1/allocations/{proposed['id']}/approval"
        outcome, _ = await persevere(lambda: world.ask(self._region.controller, "POST", "funding", path, None, key))
        self.outcomes[outcome] += 1

    async def violations(self, world: World) -> list[Violation]:
        rows = await world.sql(
            "funding", "SELECT line, allocated_cents FROM budget_lines WHERE consortium_id = $1", self._region.id
        )
        budgets = {row["line"]: row["allocated_cents"] for row in rows}
        in_force = await world.sql(
            "funding",
            "SELECT lines.line, lines.cents FROM allocations JOIN allocation_lines AS lines "
            "USING (consortium_id, allocation_id) WHERE consortium_id = $1 AND state = 'effective'",
            self._region.id,
        )
        found = []
        if sum(budgets.values()) != self.CENTS:
            found.append(Violation("I2", f"the lines hold {budgets}, not {self.CENTS} cents"))
        if {row["line"]: row["cents"] for row in in_force} != budgets:
            found.append(Violation("I2", f"the version in force says {in_force}, the budgets {budgets}"))
        return found


@dataclass
class Intake:
    """A company's system sends hours to Kafka: good, doubled, changed under the same id, unreadable. I1, I4 and I6."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    _region: Region = field(default_factory=Region)
    _sender: str = ""
    _sent: int = 0

    CENTS_PER_MINUTE = 100

    async def set_up(self, world: World, seed: int) -> None:
        await self._region.found(world, "intake", seed)
        await self._region.with_money(world, 1_000_000)
        self._sender = f"erp-{uuid4().hex[:8]}"
        office = self._region.office
        operator = await world.token("operator", ["operator"], self._region.id)
        await world.insist(operator, "PUT", "funding", f"/v1/senders/{self._sender}", {"title": "A test"})
        mandate = {"from": "2020-01-01"}
        await world.once_known(office, "PUT", "funding", f"/v1/senders/{self._sender}/mandates/company", mandate)
        pledge = {
            "organisation": "company",
            "signedOn": "2020-01-01",
            "from": "2020-01-01",
            "until": "2029-12-31",
            "lines": [{"line": "robotica", "minutes": 600}],
        }
        await world.once_known(office, "PUT", "funding", "/v1/pledges/first", pledge)
        await self._stands(world)

    async def _stands(self, world: World) -> None:
        """The pledge has reached partners: whoever is asked from now on says that the company takes part."""
        path = "/v1/standings?on=2022-01-01&organisation=company"
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not any(
                each["suffices"] for each in (await world.insist(self._region.office, "GET", "partners", path))["items"]
            ):
                await asyncio.sleep(0.1)

    async def clients(self, world: World, rng: random.Random, until: float) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < until:
            producer = world.producer()
            try:
                await producer.start()
                while loop.time() < until:
                    await self._send(producer, rng)
                    await asyncio.sleep(0.01)
            except (KafkaError, OSError):
                self.outcomes["unknown"] += 1
                await asyncio.sleep(0.3)
            finally:
                with contextlib.suppress(Exception):
                    await asyncio.wait_for(producer.stop(), 3)

    async def _send(self, producer: AIOKafkaProducer, rng: random.Random) -> None:
        self._sent += 1
        minutes = rng.randint(15, 480)
        good = self._record(self._sent, minutes)
        sent, dice = [good], rng.random()
        if dice < 0.2:
            sent.append(good)
        elif dice < 0.3:
            sent.append(self._record(self._sent, minutes + 1))
        elif dice < 0.4:
            sent.append(b'{"id": "half a rec')
        for value in sent:
            await producer.send_and_wait(f"intake.contributions.{self._sender}", value)
            self.outcomes["ok"] += 1

    def _record(self, number: int, minutes: int) -> bytes:
        record = {
            "id": str(number),
            "consortium": self._region.code,
            "organisation": "company",
            "line": "robotica",
            "day": str(date(2022, 1, 1) + timedelta(days=number % 900)),
            "kind": "hours",
            "minutes": minutes,
            "workerRef": f"w-{number}",
        }
        return json.dumps(record).encode()

    async def violations(self, world: World) -> list[Violation]:
        topic = f"intake.contributions.{self._sender}"
        values = await world.values(topic)
        return [*await self._answered(world, topic, values), *await self._booked(world, values)]

    async def _answered(self, world: World, topic: str, values: dict[tuple[int, int], bytes]) -> list[Violation]:
        rows = await world.sql(
            "funding",
            "SELECT body ->> 'record' AS record FROM receipts WHERE sender = $1",
            self._sender,
        )
        told = Counter(row["record"] for row in rows)
        places = {f"{topic}-{partition}-{offset}" for partition, offset in values}
        found: list[Violation] = []
        if silent := places - told.keys():
            found.append(Violation("I6", f"{len(silent)} of {len(places)} records got no receipt, e.g. {min(silent)}"))
        if again := {record for record in places if told[record] > 1}:
            found.append(Violation("I4", f"{len(again)} records were answered more than once, e.g. {min(again)}"))
        return found

    async def _booked(self, world: World, values: dict[tuple[int, int], bytes]) -> list[Violation]:
        arrived: dict[str, int] = {}
        for place in sorted(values):
            with contextlib.suppress(ValueError):
                record = json.loads(values[place])
                arrived.setdefault(record["id"], record["minutes"])
        rows = await world.sql(
            "funding", "SELECT record_id, minutes FROM contributions WHERE consortium_id = $1", self._region.id
        )
        codes = await world.sql(
            "funding",
            "SELECT reason ->> 'code' AS code, count(*) "
            "FROM receipts, jsonb_array_elements(body -> 'reasons') AS reason WHERE sender = $1 GROUP BY 1",
            self._sender,
        )
        found = [] if arrived else [Violation("I6", "nothing was sent: the workload proves nothing")]
        if {row["record_id"]: row["minutes"] for row in rows} != arrived:
            found.append(Violation("I4", f"{len(rows)} contributions for {len(arrived)} records; {codes}"))
        minutes = sum(arrived.values())
        accounts = await world.sql(
            "funding",
            "SELECT coalesce(-sum(cents), 0) AS cents, coalesce(-sum(minutes), 0) AS minutes FROM accounts "
            "WHERE consortium_id = $1 AND account LIKE 'memo/contributed/%'",
            self._region.id,
        )
        if (accounts[0]["minutes"], accounts[0]["cents"]) != (minutes, minutes * self.CENTS_PER_MINUTE):
            found.append(Violation("I1", f"the books hold {dict(accounts[0])}; {minutes} minutes arrived"))
        return found
