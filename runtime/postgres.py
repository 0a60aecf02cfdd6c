"""PostgreSQL: one pool, and a transaction that belongs to its tenants.

Only doors and the consumer open a transaction; whatever writes takes it as `tx`. Row-level security reads
`app.consortia`, which is set in the same message as BEGIN and ends with the transaction.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
from asyncpg import Record

from runtime.event import Context
from runtime.problems import Kind, Problem

MOST_WAITING = 500
ROLLBACK_SECONDS = 5.0
GRACE_SECONDS = 5.0
"""So much later than the server should, a client gives a statement up by itself."""

PASSING = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that is lost between two steps of one statement
    TimeoutError,
    ConnectionError,
    OSError,
)
"""Errors that pass: the database is away, ending, slow, locked, or out of disk, memory or connections. Every door
answers them as unavailable, and a consumer tries again."""

_open_transactions: ContextVar[int] = ContextVar("open_transactions", default=0)


def in_transaction() -> bool:
    """Whether this task holds a transaction open. Calls to other services are refused while it does."""
    return _open_transactions.get() > 0


CLOSED = "SPCLO"
"""The state of the error that `refuse_closed` raises."""


class RegionClosed(Problem, kind=Kind.CONFLICT):
    """This region is closed: nothing in it is changed any more, and all of it can be read and exported. An operator of
    the installation can open it again."""


class TooManyWaiting(Problem, kind=Kind.UNAVAILABLE):
    """Too many requests wait for the database already; nothing was changed. Try again in a moment."""


@dataclass(slots=True)
class Tx:
    """An open transaction and whom it belongs to."""

    connection: Any
    consortia: frozenset[UUID]
    context: Context = field(default_factory=Context)
    event_ids: list[UUID] = field(default_factory=list)
    before_append: Callable[[], None] = lambda: None
    """Called before facts are appended; raises when there is no room for them."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Whose statement is in the database: a connection takes one at a time, in the order in which they came."""

    @property
    def consortium_id(self) -> UUID:
        """The one consortium of this transaction. A batch over several is narrowed with `within` first."""
        if len(self.consortia) != 1:
            raise ValueError(
                f"this transaction belongs to {len(self.consortia)} consortia; narrow it with within() first"
            )
        return next(iter(self.consortia))

    def within(self, consortium_id: UUID, context: Context | None = None) -> "Tx":
        """The same transaction, seen for one of its consortia, with the context of one of its messages."""
        if consortium_id not in self.consortia:
            raise ValueError("that consortium does not belong to this transaction")
        return Tx(
            self.connection,
            frozenset({consortium_id}),
            context or self.context,
            self.event_ids,
            self.before_append,
            self.turn,
        )

    async def fetch(self, query: str, *args: Any) -> list[Record]:
        async with self.turn:
            rows: list[Record] = await self.connection.fetch(query, *args)
        return rows

    async def fetchrow(self, query: str, *args: Any) -> Record | None:
        async with self.turn:
            row: Record | None = await self.connection.fetchrow(query, *args)
        return row

    async def fetchval(self, query: str, *args: Any) -> Any:
        async with self.turn:
            return await self.connection.fetchval(query, *args)

    async def execute(self, query: str, *args: Any) -> str:
        async with self.turn:
            status: str = await self.connection.execute(query, *args)
        return status

    async def executemany(self, command: str, args: Iterable[Sequence[Any]]) -> None:
        async with self.turn:
            await self.connection.executemany(command, args)


async def abreast(*steps: Coroutine[Any, Any, object]) -> None:
    """Steps of one transaction that do not wait for each other's answers: while the database does what one asks, the
    next makes its own statement ready. The first statements of all get there in the order of the steps.

    Raises the first error there is; the transaction is of no use then, and the other steps are called off.
    """
    try:
        async with asyncio.TaskGroup() as group:
            for step in steps:
                group.create_task(step)
                await asyncio.sleep(0)  # it gets as far as its statement, and an answer that came is heard
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    finally:
        for step in steps:
            step.close()  # one that was never begun


class Database:
    """A service's own database, reached as the role that owns nothing."""

    def __init__(self, pool: Any) -> None:
        self.pool = pool
        self.after_commit: Callable[[], None] = lambda: None
        """Called after a commit that appended events: the relay's wake."""
        self.before_append: Callable[[], None] = lambda: None
        """Given to every transaction: what keeps the outbox within its bounds."""
        self._waiting = 0
        self.with_answers: set[UUID] = set()
        """Consortia that are noted already as having kept answers."""

    @classmethod
    async def open(cls, url: str, *, name: str, most: int = 10, statement_timeout_seconds: float = 30) -> "Database":
        """Connects. `most` is this process's share of the server's connections."""
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=most,
            timeout=10,
            command_timeout=statement_timeout_seconds + GRACE_SECONDS,
            reset=_roll_back,
            server_settings={
                "application_name": name,
                "statement_timeout": str(int(statement_timeout_seconds * 1000)),
                "idle_in_transaction_session_timeout": "60000",
                "timezone": "UTC",
            },
        )
        return cls(pool)

    async def close(self) -> None:
        await self.pool.close()

    @asynccontextmanager
    async def transaction(
        self,
        consortia: UUID | Collection[UUID],
        context: Context | None = None,
        *,
        lock_timeout_ms: int | None = None,
        command_of: UUID | None = None,
    ) -> AsyncIterator[Tx]:
        """A transaction for one consortium, or for the set of a batch. Commits at the end, rolls back on any error.

        With `lock_timeout_ms` a statement that waits longer for a lock raises asyncpg.LockNotAvailableError. With
        `command_of` it is for a command of that region: raises RegionClosed when that is closed, and it is not before
        the end.
        """
        tenants = frozenset({consortia} if isinstance(consortia, UUID) else consortia)
        setting = ",".join(str(UUID(str(tenant))) for tenant in sorted(tenants, key=str))
        begin = f"BEGIN; SET LOCAL app.consortia = '{{{setting}}}'"
        if lock_timeout_ms is not None:
            begin += f"; SET LOCAL lock_timeout = {int(lock_timeout_ms)}"
        if command_of is not None:
            begin += f"; SELECT refuse_closed('{UUID(str(command_of))}')"
        connection = await self._acquire()
        token = _open_transactions.set(_open_transactions.get() + 1)
        try:
            tx = Tx(connection, tenants, context or Context(), before_append=self.before_append)
            try:
                await _begin(connection, begin)
                yield tx
                await connection.execute("COMMIT")
            except BaseException:
                await asyncio.shield(_give_up(connection))
                raise
        finally:
            _open_transactions.reset(token)
            await asyncio.shield(self.pool.release(connection))
        if tx.event_ids:
            self.after_commit()

    async def _acquire(self) -> Any:
        """A connection, within ten seconds. Raises TooManyWaiting at once when that many wait that it is hopeless, so
        that a database that stands still does not fill the memory with requests."""
        if self._waiting >= MOST_WAITING:
            raise TooManyWaiting(retry_after_seconds=2)
        self._waiting += 1
        try:
            return await self.pool.acquire(timeout=10)
        finally:
            self._waiting -= 1


async def _begin(connection: Any, begin: str) -> None:
    try:
        await connection.execute(begin)
    except asyncpg.PostgresError as error:
        if getattr(error, "sqlstate", "") == CLOSED:
            raise RegionClosed() from None
        raise


async def _give_up(connection: Any) -> None:
    """Rolls back; a server that does not even answer that loses the connection instead, which rolls back too."""
    if connection.is_closed() or not connection.is_in_transaction():
        return
    try:
        await connection.execute("ROLLBACK", timeout=ROLLBACK_SECONDS)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        connection.terminate()


async def _roll_back(connection: Any) -> None:
    """All that a connection can carry over to its next user: settings are never changed, so only a transaction."""
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")
