"""What activities does by itself: ending holds that were not answered, and telling funding what is still to be told.

`run_once` does the work and can be repeated; the loop only ticks. Nothing is said to funding inside a transaction.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

import structlog

from runtime import closing, ids
from runtime.event import Context
from runtime.postgres import Database
from runtime.problems import Kind, NotFound, Problem
from services.activities.commands import activities as commands
from services.activities.commands import matching
from services.activities.store import activities as store
from services.activities.store import copies
from services.activities.store.activities import BudgetStep

BATCH = 100
LEASE_SECONDS = 15
"""Longer than a call to funding may take, so that nobody else says the same meanwhile."""
MOST_WAIT_SECONDS = 60

_AWAY = (Kind.UNAVAILABLE, Kind.TOO_MANY, Kind.IN_PROGRESS, Kind.UNAUTHENTICATED)
log = structlog.get_logger()


class Budget(Protocol):
    """What this service says to funding. A reservation's id is the activity's, for ever: repeating changes nothing."""

    async def reserve(self, consortium_id: UUID, step: BudgetStep) -> None: ...
    async def confirm(self, consortium_id: UUID, step: BudgetStep) -> None: ...
    async def release(self, consortium_id: UUID, step: BudgetStep) -> None: ...


def now() -> datetime:
    """The clock of this door."""
    return datetime.now(UTC)


class HoldExpiry:
    """Ends holds whose time is up, and holds the next candidate."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run_once(self, at: datetime) -> int:
        """Ends every hold that lasted until `at` or before; how many. One transaction for each."""
        ended = 0
        for consortium_id in await regions(self._database):
            async with self._database.transaction(consortium_id) as tx:
                expired = await store.expired_holds(tx, at, BATCH)
            for activity_id in expired:
                try:
                    async with self._database.transaction(consortium_id, Context(actor="activities")) as tx:
                        await matching.expire_hold(tx, activity_id, at, ids.new_id())
                    ended += 1
                except Problem as problem:
                    log.warning("hold-not-ended", activity=str(activity_id), code=problem.code)
        return ended


class BudgetLoop:
    """Takes paid activities from waiting to booked, and gives money back after a cancellation."""

    def __init__(self, database: Database, budget: Budget) -> None:
        self._database = database
        self._budget = budget

    async def run_once(self, at: datetime) -> int:
        """Does every step that is due, once; how many went through. What funding could not take waits its turn."""
        done = 0
        for consortium_id in await regions(self._database):
            async with self._database.transaction(consortium_id) as tx:
                steps = await store.lease_budget_steps(tx, at, at + timedelta(seconds=LEASE_SECONDS), BATCH)
            for step in steps:
                done += await self._do(consortium_id, step, at)
        return done

    async def _do(self, consortium_id: UUID, step: BudgetStep, at: datetime) -> bool:
        refusal: Problem | None = None
        try:
            await self._say(consortium_id, step)
        except Problem as problem:
            refusal = problem
        async with self._database.transaction(consortium_id, Context(actor="activities")) as tx:
            if refusal is not None and refusal.kind in _AWAY:
                wait = min(MOST_WAIT_SECONDS, 2 ** min(step.attempts - 1, 10))
                await store.postpone_budget_step(tx, step, at + timedelta(seconds=wait), refusal.code)
                return False
            if step.step == "reserve":
                await (commands.grant_budget if refusal is None else commands.refuse_budget)(tx, step, at)
            elif refusal is None or (step.step == "release" and isinstance(refusal, NotFound)):
                await store.settle_budget_step(tx, step, "done", at)
            else:
                await store.postpone_budget_step(tx, step, at + timedelta(seconds=MOST_WAIT_SECONDS), refusal.code)
                log.warning("budget-step-refused", activity=str(step.activity_id), step=step.step, code=refusal.code)
                return False
        return True

    async def _say(self, consortium_id: UUID, step: BudgetStep) -> None:
        match step.step:
            case "reserve":
                await self._budget.reserve(consortium_id, step)
            case "confirm":
                await self._budget.confirm(consortium_id, step)
            case "release":
                await self._budget.release(consortium_id, step)
            case other:
                raise ValueError(f"there is no budget step {other!r}")


async def regions(database: Database) -> list[UUID]:
    """Every region of this installation that is open; their list belongs to no region. In a closed one all waits."""
    async with database.transaction(()) as tx:
        closed = await closing.closed_ids(tx)
        return [each for each in await copies.consortia(tx) if each not in closed]
