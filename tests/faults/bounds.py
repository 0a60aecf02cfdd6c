"""What must stay small, and who must be told to come back: measured over minutes, each against its bound.

`make faults BOUNDS=1`, or some of it: BOUNDS="frozen_broker backlog". A broker frozen for a minute, a database that
stands still, a lock, a transaction held open for a minute under load, and a million facts through relay and consumer.
Prints a table, and writes build/bounds.json.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from uuid import uuid4

import asyncpg

from tests.faults.drains import million
from tests.faults.invariants import answers_were_fit, published_is_what_was_in_the_outbox
from tests.faults.workloads.region import Region
from tests.faults.world import Refused, Unknown, World

MIB = 2**20
OUTBOX_MOST = 400
CLIENTS = 12
FACTS = 1_000_000
MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure and what it may be at most (or, with `at_least`, at least)."""

    what: str
    value: float
    bound: float
    unit: str
    at_least: bool = False

    @property
    def held(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def __str__(self) -> str:
        sign, mark = (">=" if self.at_least else "<="), ("  " if self.held else "!!")
        return f"{mark} {self.what:<78} {self.value:>10,.1f} {sign} {self.bound:>9,.0f} {self.unit}"


@dataclass
class Load:
    """Clients that change organisations as fast as they are answered, and what they saw."""

    world: World
    region: Region
    seen: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    times: list[float] = field(default_factory=list)

    async def one(self) -> str:
        """One command under its own key; what it was answered."""
        name, began = uuid4().hex[:12], time.monotonic()
        body = {"name": name, "kind": "company", "municipality": "Amersfoort"}
        try:
            await self.world.ask(self.region.office, "PUT", "partners", f"/v1/organisations/o-{name}", body)
            answer = "ok"
        except Refused as refused:
            answer = f"refused {refused.code}"
        except Unknown as unknown:
            answer = str(unknown)
        took = time.monotonic() - began
        self.seen[answer] += 1
        self.times.append(took)
        self.slowest = max(self.slowest, took)
        return answer

    @asynccontextmanager
    async def running(self, pause_seconds: float = 0.01) -> AsyncIterator["Load"]:
        """For as long as this is open."""
        stop = asyncio.Event()

        async def client() -> None:
            while not stop.is_set():
                await self.one()
                await asyncio.sleep(pause_seconds)

        running = [asyncio.create_task(client()) for _ in range(CLIENTS)]
        try:
            yield self
        finally:
            stop.set()
            await asyncio.gather(*running)

    async def seconds_until_ok(self) -> float:
        """How long it takes until a command is taken again."""
        began = time.monotonic()
        async with asyncio.timeout(MINUTE):
            while await self.one() != "ok":
                await asyncio.sleep(0.1)
        return time.monotonic() - began


def percentile(times: list[float], share: float) -> float:
    """In milliseconds; 0 of nothing."""
    return sorted(times)[int(len(times) * share)] * 1000 if times else 0.0


async def frozen_broker(world: World, region: Region, say: Callable[[str], None]) -> list[Measured]:
    """A minute without the broker: the outbox fills to its bound, commands are told to come back, and all goes on."""
    before, deepest, load = world.memory()["partners"], 0, Load(world, region)
    world.freeze("kafka")
    try:
        async with load.running():
            until = time.monotonic() + MINUTE
            while time.monotonic() < until:
                rows = await world.sql("partners", "SELECT count(*) AS waiting FROM outbox")
                deepest = max(deepest, rows[0]["waiting"])
                await asyncio.sleep(0.25)
    finally:
        world.thaw("kafka")
    say(f"        {dict(load.seen)}")
    back = await load.seconds_until_ok()
    restless = await world.quiet()
    return [
        Measured("broker frozen for 60 s: facts in the outbox", deepest, OUTBOX_MOST * 2, "facts"),
        Measured("broker frozen for 60 s: commands told to come back", load.seen["503"], 1, "answers", at_least=True),
        Measured("broker frozen for 60 s: slowest answer", load.slowest, 5, "s"),
        Measured("broker frozen for 60 s: memory grew by", (world.memory()["partners"] - before) / MIB, 50, "MiB"),
        Measured("broker frozen for 60 s: taken again after it came back", back, 15, "s"),
        Measured("broker frozen for 60 s: still on its way in the end", len(restless), 0, "things"),
        *await told(world, "broker frozen for 60 s"),
    ]


async def standing_still(world: World, region: Region, say: Callable[[str], None]) -> list[Measured]:
    """The database answers nothing for 20 s, while two thousand requests come in at once."""
    before, load = world.memory()["partners"], Load(world, region)
    await load.one()
    proxy = world.pg_proxies["partners"]
    proxy.black_hole(True)
    began = time.monotonic()
    try:
        asked = [asyncio.create_task(load.one()) for _ in range(2_000)]
        await asyncio.wait(asked, timeout=20)
        most = world.memory()["partners"]
    finally:
        proxy.black_hole(False)
    await asyncio.gather(*asked)
    say(f"        {dict(load.seen)} in {time.monotonic() - began:.0f} s")
    back = await load.seconds_until_ok()
    return [
        Measured("database silent: answers that are neither done nor 503", _strange(load), 0, "answers"),
        Measured("database silent: commands told to come back", load.seen["503"], 1, "answers", at_least=True),
        Measured("database silent, 2,000 requests at once: memory grew by", (most - before) / MIB, 150, "MiB"),
        Measured("database silent: slowest answer", load.slowest, 45, "s"),
        Measured("database silent: taken again after it came back", back, 15, "s"),
        *await told(world, "database silent"),
    ]


async def locked(world: World, region: Region, say: Callable[[str], None]) -> list[Measured]:
    """Somebody holds a lock on the outbox for 40 s: longer than a statement may last."""
    load = Load(world, region)
    connection = await asyncpg.connect(world.stack.databases["partners"].superuser_url)
    await connection.execute("BEGIN; LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
    async with load.running(0.2):
        await asyncio.sleep(40)
        await connection.execute("ROLLBACK")
    await connection.close()
    say(f"        {dict(load.seen)}")
    back = await load.seconds_until_ok()
    return [
        Measured("outbox locked for 40 s: answers that are neither done nor 503", _strange(load), 0, "answers"),
        Measured("outbox locked for 40 s: commands told to come back", load.seen["503"], 1, "answers", at_least=True),
        Measured("outbox locked for 40 s: slowest answer", load.slowest, 40, "s"),
        Measured("outbox locked for 40 s: taken again after it went", back, 15, "s"),
        *await told(world, "outbox locked for 40 s"),
    ]


async def held_open(world: World, region: Region, say: Callable[[str], None]) -> list[Measured]:
    """A report keeps its snapshot for a minute under load: nothing can be vacuumed until it ends, and then all is."""
    sizes: list[int] = []
    load, url = Load(world, region), world.stack.databases["partners"].superuser_url
    watching, holding = await asyncpg.connect(url), await asyncpg.connect(url)
    size = "SELECT pg_total_relation_size('outbox')"

    async def watch(seconds: float) -> int:
        until, most = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            most = max(most, await watching.fetchval(size))
            await asyncio.sleep(0.5)
        return most

    async with load.running():
        await watch(10)
        free = percentile(load.times, 0.5)
        sizes.append(await watch(10))
        load.times.clear()
        await holding.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM outbox")
        sizes.append(await watch(MINUTE))
        held, late = percentile(load.times, 0.5), percentile(load.times[-500:], 0.5)
        await holding.execute("ROLLBACK")
        await watch(5)
        load.times.clear()
        sizes.append(await watch(30))
    told_ok = load.seen["ok"]
    await world.quiet()
    dead = -1
    async with asyncio.timeout(MINUTE):
        while dead != 0:
            dead = await watching.fetchval("SELECT count(*) FROM outbox")
            await asyncio.sleep(0.5)
    row = await watching.fetchrow(
        "SELECT (SELECT count(*) FROM inbox) AS inbox, pg_total_relation_size('published') / greatest(count(*), 1) "
        "AS bytes FROM published"
    )
    await watching.close()
    await holding.close()
    before, while_, after = (f"{size / MIB:.1f}" for size in sizes)
    say(f"        {told_ok} commands; outbox {before} MiB before, {while_} while, {after} after")
    assert row is not None
    return [
        Measured("under load: the outbox with its indexes", sizes[0] / MIB, 8, "MiB"),
        Measured("a transaction held open for 60 s: the outbox with its indexes", sizes[1] / MIB, 64, "MiB"),
        Measured("after it ended, under load for 30 s more: grown since", (sizes[2] - sizes[1]) / MIB, 1, "MiB"),
        Measured("a transaction held open: median command, its last 500 / before", late / max(free, 0.1), 2, "times"),
        Measured("a transaction held open: median command", held, 200, "ms"),
        Measured("published (kept 30 days): bytes for each fact", row["bytes"], 400, "bytes"),
        *await told(world, "a transaction held open"),
    ]


def _strange(load: Load) -> int:
    return sum(count for answer, count in load.seen.items() if answer not in ("ok", "503"))


async def told(world: World, what: str) -> list[Measured]:
    """Nothing was answered that is not fit, and what was committed was published, in order."""
    await world.quiet()
    wrong = [str(each) for each in answers_were_fit(world.answers)] + world.complaints()
    world.answers.clear()
    written, messages = await world.witnessed("partners"), await world.messages("partners.events")
    lost = published_is_what_was_in_the_outbox(written, messages)
    for each in [*wrong[:5], *map(str, lost[:5])]:
        print(f"        {each}", flush=True)  # noqa: T201 - for a person
    return [
        Measured(f"{what}: answers or logs that are our fault", len(wrong), 0, "lines"),
        Measured(f"{what}: facts lost or swapped", len(lost), 0, "violations"),
    ]


async def backlog(say: Callable[[str], None]) -> list[Measured]:
    """A million facts."""
    relay, consumer, wrong = await million(FACTS, say)
    say(f"        relay {FACTS / relay.seconds:,.0f}/s, consumer {FACTS / consumer.seconds:,.0f}/s")
    return [
        Measured(
            "a million facts: memory of the relay grew by", (relay.most_bytes - relay.early_bytes) / MIB, 50, "MiB"
        ),
        Measured(
            "a million facts: memory of the consumer grew by",
            (consumer.most_bytes - consumer.early_bytes) / MIB,
            50,
            "MiB",
        ),
        Measured("a million facts: walkers that lost, doubled or swapped a step", len(wrong), 0, "walkers"),
    ]


SCENES = {scene.__name__: scene for scene in (frozen_broker, standing_still, locked, held_open)}


async def main(chosen: Sequence[str]) -> int:
    """0 when every figure is within its bound. Of some scenes only, when they are named."""

    def say(line: str) -> None:
        print(line, flush=True)  # noqa: T201 - progress for a person

    found: list[Measured] = []
    async with World(("partners",), SPEERPUNT_OUTBOX_MOST_FACTS=str(OUTBOX_MOST)) as world:
        region = Region()
        await region.found(world, "bounds", 0)
        for name in [name for name in SCENES if name in chosen or not chosen]:
            say(name.replace("_", " "))
            scene = SCENES[name]
            measured = await scene(world, region, say)
            found += measured
            for each in measured:
                say(str(each))
    if "backlog" in chosen or not chosen:
        say("backlog")
        for each in await backlog(say):
            found.append(each)
            say(str(each))
    Path("build").mkdir(exist_ok=True)
    Path("build/bounds.json").write_text(json.dumps([{**asdict(each), "held": each.held} for each in found], indent=1))
    missed = [each for each in found if not each.held]
    say(f"{len(found) - len(missed)} of {len(found)} bounds held; build/bounds.json has them")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main([name for name in sys.argv[1:] if name != "1"])))
