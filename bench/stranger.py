"""Baselines that are other people's libraries run in a process and an environment of their own: `.venv-bench`."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bench.measure import Work
from bench.places import PROJECT
from deploy.kafka.login import Login
from runtime.settings import Settings

PYTHON = PROJECT / ".venv-bench" / "bin" / "python"
START_SECONDS = 60
TURN_SECONDS = 300


def here(say: Callable[[str], None], row_id: str) -> bool:
    """Whether these baselines are installed; says that the row is left out when they are not."""
    if PYTHON.exists():
        return True
    say(f"{row_id} is left out: its baseline could not be installed from requirements/bench.txt")
    return False


@dataclass(slots=True)
class Stranger:
    """A running baseline."""

    process: asyncio.subprocess.Process

    async def turn(self, count: int) -> Work:
        """What it took to handle so many messages, as it says itself."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{count}\n".encode())
        told = json.loads(await self._line(TURN_SECONDS))
        return Work(count, seconds=told["seconds"], cpu_seconds=told["cpu_seconds"])

    async def _line(self, seconds: float) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(seconds):
            line = await self.process.stdout.readline()
        if not line:
            raise RuntimeError("the baseline's process ended; what it said is above")
        return line.decode().strip()


@asynccontextmanager
async def started(what: str, settings: Settings, **more: Any) -> AsyncIterator[Stranger]:
    """A baseline over this database and these topics, ready for turns."""
    given = {
        "database": settings.database_url.get_secret_value(),
        "kafka": Login.of(settings).settings(),
        "prefix": settings.topic_prefix,
        **more,
    }
    process = await asyncio.create_subprocess_exec(
        str(PYTHON),
        "-m",
        "bench.strangers",
        what,
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(PROJECT), str(PROJECT / "proto" / "gen")))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=sys.stderr,
    )
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps(given).encode() + b"\n")
        stranger = Stranger(process)
        while await stranger._line(START_SECONDS) != "ready":
            pass
        yield stranger
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
