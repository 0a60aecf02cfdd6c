"""A company's system sends hours over Kafka."""

import asyncio
import contextlib
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import uuid4

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from tests.faults.invariants import Outcome, Violation, booked_is_what_arrived, records_ended_once
from tests.faults.workloads.region import Region
from tests.faults.world import World


@dataclass
class Intake:
    """A company's system sends hours to Kafka: good, doubled, changed under the same id, unreadable. I1, I4 and I6."""

    pause_seconds: float = 0.01
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

    async def clients(self, world: World, rng: random.Random, until: float) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < until:
            producer = world.producer()
            try:
                await producer.start()
                while loop.time() < until:
                    await self._send(producer, rng)
                    await asyncio.sleep(self.pause_seconds)
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
        return records_ended_once([f"{topic}-{partition}-{offset}" for partition, offset in values], told)

    async def _booked(self, world: World, values: dict[tuple[int, int], bytes]) -> list[Violation]:
        arrived: dict[str, int] = {}
        for place in sorted(values):
            with contextlib.suppress(ValueError):
                record = json.loads(values[place])
                arrived.setdefault(record["id"], record["minutes"])
        rows = await world.sql(
            "funding", "SELECT record_id, minutes FROM contributions WHERE consortium_id = $1", self._region.id
        )
        found = booked_is_what_arrived(arrived, [(row["record_id"], row["minutes"]) for row in rows])
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
