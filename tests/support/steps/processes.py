"""Roles of the steps service in processes of their own, so that they can be killed."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import pytest

from deploy.kafka.login import Login
from runtime.settings import Settings

PROJECT = Path(__file__).resolve().parents[3]
DEADLINE_SECONDS = 40


class Processes:
    """Starts roles, and leaves none behind."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[bytes]] = []
        self._said: dict[int, IO[bytes]] = {}

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
            **Login.of(settings).variables(),
            "SPEERPUNT_TOPIC_PREFIX": settings.topic_prefix,
            "SPEERPUNT_GROUP_SESSION_TIMEOUT_MS": "1500",
            "SPEERPUNT_FAILPOINTS": failpoints,
            "PYTHONFAULTHANDLER": "1",
            "PYTHONPATH": os.pathsep.join((str(PROJECT), str(PROJECT / "proto" / "gen"))),
        }
        command = [sys.executable, "-m", module, role, *more]
        said = tempfile.TemporaryFile()  # noqa: SIM115 - kept open until `end`
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=said, stderr=subprocess.STDOUT)
        self._started.append(process)
        self._said[process.pid] = said
        return process

    async def dies(self, process: subprocess.Popen[bytes]) -> int:
        """How it ended. One that does not is asked where it stands, and the test fails with what it said."""
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                while (code := process.poll()) is None:
                    await asyncio.sleep(0.02)
        except TimeoutError:
            process.send_signal(signal.SIGABRT)  # its fault handler prints the stacks
            process.wait(10)
            pytest.fail(f"still alive after {DEADLINE_SECONDS} s, and said:\n{self.said(process)}")
        return code

    def said(self, process: subprocess.Popen[bytes]) -> str:
        """What it printed, at most the last 20,000 bytes."""
        said = self._said[process.pid]
        said.seek(max(0, os.fstat(said.fileno()).st_size - 20_000))
        return said.read().decode(errors="replace")

    def end(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.wait()
        for said in self._said.values():
            said.close()
