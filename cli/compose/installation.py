"""The containers of docker-compose.yml as the story needs them: addresses, people who sign in, one that is killed."""

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

from cli.compose.people import People
from deploy.embedded.folders import PROJECT
from deploy.embedded.problems import CannotStart
from deploy.kafka.login import ADMIN, Login
from runtime.rpc import Identity

SERVICES = ("partners", "funding", "activities", "notifications")
PLACE = PROJECT / "build" / "compose-demo"
FILES = ("docker-compose.yml", "deploy/compose/demo.yml")
COMPOSE = (
    *("docker", "compose", "--project-name", "speerpunt-demo", "--progress", "quiet"),
    *(word for file in FILES for word in ("--file", file)),
)
MAIL_PORT = 8026


class Installation:
    """`async with Installation(client) as stack:` starts what is not running, as a project of its own, and leaves it.

    Raises CannotStart when Docker does not do what is asked.
    """

    services = SERVICES
    issuer = "http://localhost:8080/realms/speerpunt"

    def __init__(self, client: httpx2.AsyncClient, secrets: Path = PROJECT / "secrets") -> None:
        self.http = {name: f"http://localhost:{8001 + index}" for index, name in enumerate(SERVICES)}
        self.grpc = {name: f"localhost:{9001 + index}" for index, name in enumerate(SERVICES)}
        self.inbox = PLACE / "inbox"
        self.telemetry_files = {name: PLACE / "telemetry" / f"{name}.jsonl" for name in SERVICES}
        self.identity = Identity(secrets / "ca.crt", secrets / "operator.crt", secrets / "operator.key")
        password = (secrets / "kafka-admin.password").read_text()
        self.kafka_admin = Login("localhost:19093", ADMIN, password, "SASL_SSL", secrets / "ca.crt")
        self._people = People(client, "http://localhost:8080", (secrets / "keycloak-admin.password").read_text())
        self._mail: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        for folder in (self.inbox, PLACE / "telemetry"):
            folder.mkdir(parents=True, exist_ok=True)
            for old in folder.iterdir():
                old.unlink()
        (PLACE / "telemetry").chmod(0o777)
        command = [sys.executable, "-m", "deploy.embedded.inbox", str(self.inbox), str(MAIL_PORT), "0.0.0.0"]
        self._mail = await asyncio.create_subprocess_exec(*command, cwd=PROJECT)
        try:
            await compose("up", "--wait", "--no-build")
            await self._people.open()
        except BaseException as error:
            self._end_mail()
            if isinstance(error, httpx2.HTTPError):
                raise CannotStart(
                    f"Keycloak does not do what its administrator asks ({type(error).__name__})."
                ) from error
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._people.close()
        finally:
            self._end_mail()

    def _end_mail(self) -> None:
        if self._mail is not None and self._mail.returncode is None:
            self._mail.terminate()

    async def token(self, subject: str, claims: Mapping[str, Any]) -> str:
        """An access token of somebody who may do this, from the real sign-in service."""
        return await self._people.token(subject, claims)

    def kill(self, name: str) -> None:
        """kill -9 of one service."""
        subprocess.run([*COMPOSE, "kill", "--signal", "KILL", name], cwd=PROJECT, check=True, capture_output=True)

    async def start(self, name: str) -> None:
        """Starts it again and returns when it is ready."""
        await compose("up", "--wait", "--no-build", "--no-deps", name)


async def compose(*words: str) -> str:
    """What `docker compose` says. Raises CannotStart with the end of it when that is no success."""
    process = await asyncio.create_subprocess_exec(
        *(*COMPOSE, *words), cwd=PROJECT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said = (await process.communicate())[0].decode()
    if process.returncode:
        raise CannotStart(f"docker compose {' '.join(words)} did not work:\n{said[-2000:]}")
    return said
