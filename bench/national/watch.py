"""Watching the processes while they work: the most memory each had, the seconds of each phase, the disk in the end."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import psutil

from deploy.embedded.supervisor import Stack

LOOK_EVERY_SECONDS = 2.0
TELL_EVERY_SECONDS = 5.0
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase that is over: what it did how often, and how long it took."""

    name: str
    what: str
    done: int
    seconds: float

    @property
    def rate(self) -> float:
        """How many a second."""
        return self.done / self.seconds if self.seconds else 0.0


@dataclass(slots=True)
class Watch:
    """Looks at the memory of every process of a stack, and of this one, until it is cancelled."""

    stack: Stack
    began: float = field(default_factory=time.monotonic)
    peaks: dict[str, int] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    phases: list[Phase] = field(default_factory=list)
    _told: float = 0.0

    async def run(self) -> None:
        """Looks every two seconds. Processes of a server are taken together, what they share counted once."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    def look(self) -> None:
        """Looks once."""
        pids = {name: self.stack.pid(name) for name in (*self.stack.services, "postgres", "kafka")}
        for name, pid in pids.items():
            with suppress(psutil.Error):
                process = psutil.Process(pid)
                family = [process, *process.children(recursive=True)]
                seen = [_memory(each) for each in family] if len(family) > 1 else [process.memory_info().rss]
                self.peaks[name] = max(self.peaks.get(name, 0), sum(seen))
                times = [each.cpu_times() for each in family]
                self.cpu[name] = max(self.cpu.get(name, 0.0), sum(each.user + each.system for each in times))
        own = psutil.Process()
        self.peaks["this program"] = max(self.peaks.get("this program", 0), own.memory_info().rss)
        times_own = own.cpu_times()
        self.cpu["this program"] = times_own.user + times_own.system

    @contextmanager
    def phase(self, name: str, what: str) -> Iterator[Callable[[int], None]]:
        """Times a phase; call what it gives with how many were done."""
        began, count = time.monotonic(), 0

        def done(number: int) -> None:
            nonlocal count
            count = number

        self.say(f"{name} begins", at_once=True)
        yield done
        self.phases.append(Phase(name, what, count, time.monotonic() - began))
        last = self.phases[-1]
        self.say(f"{name}: {count} {what} in {last.seconds:.1f} s, {last.rate:,.0f} a second", at_once=True)

    def say(self, line: str, at_once: bool = False) -> None:
        """Progress for a person, every few seconds at most."""
        now = time.monotonic()
        if at_once or now - self._told > TELL_EVERY_SECONDS:
            self._told = now
            print(f"{now - self.began:7.1f} s  {line}", flush=True)


def _memory(process: psutil.Process) -> int:
    """The proportional share of the memory: what a server's processes share counts once over all."""
    with suppress(psutil.Error):
        return int(process.memory_full_info().pss)
    return 0


async def sizes(stack: Stack) -> dict[str, int]:
    """Bytes on disk of each service's database, and of Kafka's log."""
    found: dict[str, int] = {}
    connection = await asyncpg.connect(stack.superuser_url)
    try:
        for name, database in stack.databases.items():
            found[name] = await connection.fetchval("SELECT pg_database_size($1)", database.name)
    finally:
        await connection.close()
    kafka = stack.folder / "kafka"
    found["kafka"] = await asyncio.to_thread(_under, kafka)
    return found


def _under(folder: Path) -> int:
    return sum(512 * each.stat().st_blocks for each in folder.rglob("*") if each.is_file())
