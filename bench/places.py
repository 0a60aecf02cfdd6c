"""Where the benchmarks run: real servers with fsync on, and a migrated database per service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from pydantic import SecretStr

from deploy.embedded import kafka, postgres
from deploy.embedded.folders import RunFolder
from deploy.embedded.ports import Ports
from deploy.embedded.processes import Child, Program
from deploy.kafka.login import Login
from runtime.kafka import Topic, ensure_topics
from runtime.migrate import migrate
from runtime.settings import Environment, Settings

PROJECT = Path(__file__).resolve().parents[1]


@dataclass(slots=True)
class Place:
    """A running PostgreSQL and Kafka."""

    server: postgres.Postgres
    kafka: Login

    async def settings(self, service: str, migrations: Path, topics: tuple[Topic, ...] = ()) -> Settings:
        """A fresh, migrated database of its own, a topic prefix of its own, and the topics in it."""
        name = f"{service}_{uuid4().hex[:8]}"
        await postgres.bootstrap(self.server, name, "owner", "app")
        await migrate(self.server.url(name, f"{name}_owner", "owner"), migrations, app_role=f"{name}_app")
        made = Settings(
            environment=Environment.TEST,
            database_url=SecretStr(self.server.url(name, f"{name}_app", "app")),
            owner_database_url=SecretStr(self.server.url(name)),
            **self.kafka.settings(),
            topic_prefix=f"b{uuid4().hex[:8]}.",
            group_session_timeout_ms=6_000,
            telemetry_sample=0.0,
            requests_per_minute=100_000_000,
        )
        if topics:
            await ensure_topics(made, topics)
        return made


@asynccontextmanager
async def place() -> AsyncIterator[Place]:
    """Both servers, gone afterwards. PostgreSQL as it would run for real: fsync and synchronous commits on."""
    prepared = await asyncio.to_thread(kafka.prepare, print)
    folder = RunFolder.take()
    children: list[Child] = []

    async def start(program: Program) -> None:
        children.append(child := program.launch(folder.path))
        await program.until_ready(child)

    try:
        broker = kafka.place(folder, prepared, Ports({}))
        await asyncio.to_thread(broker.format)
        server = await postgres.prepare(folder)
        await asyncio.gather(start(broker.program), start(server.program))
        yield Place(server, broker.admin)
    finally:
        for child in children:
            child.kill()
        folder.leave()
