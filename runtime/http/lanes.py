"""Lanes: commands of one kind and one consortium that arrive while a transaction runs share the next one.

What a transaction costs apart from the work (BEGIN, a round trip per statement, the wait for the disk at COMMIT) is
then paid once for all of them. Only successes are answered here, each after the COMMIT of a transaction that also holds
its Idempotency-Key and its facts. Whatever is not a plain success (a refusal, a key seen before, a statement that
failed) is done again alone, by the ordinary way, which says what is wrong. Measured in docs/decisions/0087.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import asyncpg
from fastapi import Response
from pydantic_core import to_json

from runtime import outbox, telemetry
from runtime.event import Change, Context
from runtime.postgres import MOST_WAITING, PASSING, Database, TooManyWaiting, Tx
from runtime.problems import Problem
from runtime.queries import Queries
from runtime.together import Together

Q = Queries(__file__, "../sql/idempotency.sql")
A = TypeVar("A")
T = TypeVar("T")

MOST_TOGETHER = 64
LOCK_TIMEOUT_MS = 500
"""A lock that somebody else holds for longer makes a batch give up, so that one slow rival does not hold up all."""
QUEUE_SECONDS = 10.0
"""As long as for a connection: after that the database is away, as far as the caller is concerned."""


class TwinAnswered(Exception):
    """Somebody else kept an answer under a key of this batch while it ran."""


_EXPECTED = (
    TwinAnswered,
    Problem,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.DataError,
)
"""What one command can do to its batch without anything being wrong with us."""


@dataclass(frozen=True, slots=True)
class Key:
    """The Idempotency-Key of a request, of which actor, and for which request it stands."""

    actor: str
    key: str
    digest: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Asked(Generic[A, T]):
    """One caller's command. `answer` makes the response from what became of it and the last fact it published."""

    ask: A
    key: Key
    context: Context
    answer: Callable[[T, UUID | None], Response]
    keeps: Callable[[Response], bool]
    answered: asyncio.Future[Response | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Lanes:
    """The lanes of one process: one per hot command and consortium, for as long as there is something in it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lanes: dict[tuple[Together[Any, Any], UUID], _Lane] = {}

    async def answer(self, together: Together[A, T], consortium_id: UUID, asked: Asked[A, T]) -> Response | None:
        """The answer, once it is committed; None when it has to be done alone.

        Raises TooManyWaiting, and what a database that is away raises.
        """
        if sum(len(lane.waiting) for lane in self._lanes.values()) >= MOST_WAITING:
            raise TooManyWaiting(retry_after_seconds=2)
        lane = self._lanes.get((together, consortium_id))
        if lane is None:
            lane = self._lanes[together, consortium_id] = _Lane(self._database, together, consortium_id)
            lane.start(lambda: self._lanes.pop((together, consortium_id)))
        lane.waiting.append(asked)
        tired = asyncio.get_running_loop().call_later(QUEUE_SECONDS, lane.give_up, asked)
        try:
            return await asked.answered
        finally:
            tired.cancel()


class _Lane:
    """Commands of one kind for one consortium: those that wait, and the one transaction that runs."""

    def __init__(self, database: Database, together: Together[Any, Any], consortium_id: UUID) -> None:
        self.waiting: deque[Asked[Any, Any]] = deque()
        self._database = database
        self._together = together
        self._consortium_id = consortium_id
        self._task: asyncio.Task[None] | None = None

    def start(self, emptied: Callable[[], object]) -> None:
        async def run() -> None:
            try:
                await asyncio.sleep(0)  # those that were read from their sockets in the same round come along
                while self.waiting:
                    await self._answer(self._take())
            finally:
                emptied()

        self._task = asyncio.create_task(run(), context=contextvars.Context())  # of no request in particular

    def give_up(self, asked: Asked[Any, Any]) -> None:
        """For one that has waited too long; one that is in a transaction is left to it."""
        if asked in self.waiting:
            self.waiting.remove(asked)
            asked.answered.set_exception(TimeoutError())

    def _take(self) -> list[Asked[Any, Any]]:
        """The next batch: in order of arrival, and no key twice, for a twin is to find the answer kept."""
        taken: list[Asked[Any, Any]] = []
        keys: set[tuple[str, str]] = set()
        later: list[Asked[Any, Any]] = []
        while self.waiting and len(taken) < MOST_TOGETHER:
            asked = self.waiting.popleft()
            named = (asked.key.actor, asked.key.key)
            if asked.answered.done():  # its caller is gone
                continue
            (later if named in keys else taken).append(asked)
            keys.add(named)
        self.waiting.extendleft(reversed(later))
        return taken

    async def _answer(self, batch: list[Asked[Any, Any]]) -> None:
        if not batch:
            return
        answers: Sequence[Response | None] = [None] * len(batch)
        try:
            answers = await self._commit(batch)
        except _EXPECTED:
            pass
        except PASSING as error:  # alone it would only take longer; what was committed, a repeat with the key finds out
            for asked in batch:
                if not asked.answered.done():
                    asked.answered.set_exception(error)
            return
        except Exception as error:
            telemetry.log("http").warning("commands done alone", commands=len(batch), exc_info=error)
        for asked, answer in zip(batch, answers, strict=True):
            if not asked.answered.done():
                asked.answered.set_result(answer)

    async def _commit(self, batch: list[Asked[Any, Any]]) -> list[Response | None]:
        """Does the batch in one transaction; the answers, now that it is committed."""
        at = datetime.now(UTC)
        answers: dict[int, Response] = {}
        region = self._consortium_id
        async with self._database.transaction(region, lock_timeout_ms=LOCK_TIMEOUT_MS, command_of=region) as tx:
            fresh = await _fresh(tx, batch)
            if fresh:
                outcomes = await self._together.many(tx, [batch[place].ask for place in fresh], at)
                done = [(place, each) for place, each in zip(fresh, outcomes, strict=True) if each is not None]
                last = await self._publish(tx, [(batch[place], each.changes) for place, each in done], at)
                for (place, each), event_id in zip(done, last, strict=True):
                    answers[place] = batch[place].answer(each.thing, event_id)
                await _keep(tx, [(batch[place], answers[place]) for place, _ in done])
        return [answers.get(place) for place in range(len(batch))]

    async def _publish(
        self, tx: Tx, done: list[tuple[Asked[Any, Any], tuple[Change, ...]]], at: datetime
    ) -> list[UUID | None]:
        """Appends the facts of all, each caused by its own request; the last fact of each."""
        changes = [replace(change, context=asked.context) for asked, changes in done for change in changes]
        ids = await outbox.append(tx, *changes, source=self._together.source, at=at) if changes else ()
        last: list[UUID | None] = []
        end = 0
        for _, own in done:
            end += (count := sum(len(change.facts) for change in own))
            last.append(ids[end - 1] if count else None)
        return last


async def _fresh(tx: Tx, batch: Sequence[Asked[Any, Any]]) -> list[int]:
    """Which of the batch have a key that was never used."""
    columns = [each.key.actor for each in batch], [each.key.key for each in batch]
    rows = await Q.known_keys.rows(tx, tx.consortium_id, *columns)
    known = {(row["actor"], row["key"]) for row in rows}
    return [place for place, each in enumerate(batch) if (each.key.actor, each.key.key) not in known]


async def _keep(tx: Tx, answered: Sequence[tuple[Asked[Any, Any], Response]]) -> None:
    """Claims the keys and keeps the answers, in one statement. Raises TwinAnswered when somebody else has one."""
    if not answered:
        return
    rows = [
        (asked.key.actor, asked.key.key, asked.key.digest, answer.status_code, kept_headers(answer), bytes(answer.body))
        if asked.keeps(answer)
        else (asked.key.actor, asked.key.key, asked.key.digest, None, "{}", None)
        for asked, answer in answered
    ]
    columns = (list(column) for column in zip(*rows, strict=True))
    if await Q.keep_all.execute(tx, tx.consortium_id, *columns) != len(rows):
        raise TwinAnswered


def kept_headers(answer: Response) -> str:
    """The headers of an answer as they are kept for a repeat."""
    return to_json({name: value for name, value in answer.headers.items() if name != "content-length"}).decode()
