"""The smallest service there can be: walkers take steps, and it hears of its own steps. For tests of the runtime."""

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, SecretStr

from runtime import outbox
from runtime.consumer import Router, Subscription
from runtime.event import Change, Fact, Received
from runtime.kafka import Topic
from runtime.postgres import Database, Tx
from runtime.settings import Environment, Settings
from tests.support.servers import KafkaForTest, ServiceDatabase

MIGRATIONS = Path(__file__).parent / "migrations"
TOPIC = Topic("steps.events", 3, None, 65_536, "CreateTime", "walker", ("steps",), ("steps",))


class Stepped(Fact):
    fact_type: ClassVar[str] = "nl.speerpunt.steps.stepped.v1"
    topic: ClassVar[str] = "steps.events"

    step: int
    note: str = ""


class HeardStep(BaseModel):
    step: int


async def step(db: Database, consortium_id: UUID, walkers: Collection[UUID], *, note: str = "") -> list[UUID]:
    """One step of each walker, in one transaction; the ids of the events."""
    async with db.transaction(consortium_id) as tx:
        return await step_within(tx, walkers, note=note)


async def step_within(tx: Tx, walkers: Collection[UUID], *, note: str = "") -> list[UUID]:
    ids: list[UUID] = []
    for walker in sorted(walkers):
        version = await tx.fetchval(
            "INSERT INTO walkers VALUES ($1, $2, 1) ON CONFLICT (consortium_id, walker_id) "
            "DO UPDATE SET version = walkers.version + 1 RETURNING version",
            tx.consortium_id,
            walker,
        )
        change = Change("walker", walker, version, (Stepped(step=version, note=note),))
        ids += await outbox.append(tx, change, source="urn:speerpunt:steps", at=datetime.now(UTC))
    return ids


async def hear(tx: Tx, event: Received, data: HeardStep) -> None:
    walker = UUID(event.subject.rsplit("/", 1)[-1])
    await tx.execute(
        "INSERT INTO effects (consortium_id, walker_id, step, event_id) VALUES ($1, $2, $3, $4)",
        tx.consortium_id,
        walker,
        data.step,
        event.id,
    )


def subscription(**options: object) -> Subscription:
    router = Router()
    router.on(Stepped.fact_type, HeardStep, hear)
    return Subscription(name="steps.own", handler=router, topics=(TOPIC.name,), **options)  # type: ignore[arg-type]


async def heard(db: Database, consortium_id: UUID) -> dict[UUID, list[int]]:
    """The steps heard of each walker, in the order in which they were heard."""
    found: dict[UUID, list[int]] = {}
    async with db.transaction(consortium_id) as tx:
        for row in await tx.fetch("SELECT walker_id, step FROM effects ORDER BY position"):
            found.setdefault(row["walker_id"], []).append(row["step"])
    return found


def settings_for(database: ServiceDatabase, kafka: KafkaForTest, **more: object) -> Settings:
    return Settings(
        environment=Environment.TEST,
        database_url=SecretStr(database.app_url),
        **kafka.settings,
        group_session_timeout_ms=1_500,
        **more,  # type: ignore[arg-type]
    )
