"""Roles of the steps service in processes of their own, so that they can be killed."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from runtime.settings import Settings

PROJECT = Path(__file__).resolve().parents[3]
DEADLINE_SECONDS = 40


class Processes:
    """Starts roles, and leaves none behind."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[bytes]] = []

    def start(
        self,
        role: str,
        settings: Settings,
        failpoints: str = "",
        *,
        module: str = "tests.support.steps",
        more: Sequence[str] = (),
    ) -> subprocess.Popen[bytes]:
        environment = os.environ | {
            "SPEERPUNT_ENVIRONMENT": "test",
            "SPEERPUNT_DATABASE_URL": settings.database_url.get_secret_value(),
            "SPEERPUNT_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
            "SPEERPUNT_TOPIC_PREFIX": settings.topic_prefix,
            "SPEERPUNT_GROUP_SESSION_TIMEOUT_MS": "1500",
            "SPEERPUNT_FAILPOINTS": failpoints,
            "PYTHONPATH": os.pathsep.join((str(PROJECT), str(PROJECT / "proto" / "gen"))),
        }
        command = [sys.executable, "-m", module, role, *more]
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stderr=subprocess.DEVNULL)
        self._started.append(process)
        return process

    def end(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.wait()


async def dies(process: subprocess.Popen[bytes]) -> int:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while (code := process.poll()) is None:
            await asyncio.sleep(0.02)
    return code
