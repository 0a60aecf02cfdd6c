"""What a service hears, and with what it handles it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable
from uuid import UUID

from pydantic import BaseModel

from runtime.event import Received
from runtime.postgres import Tx

NOBODY = UUID(int=0)
"""Whose a message is that does not say so."""


class Handler(Protocol):
    """What is done with messages."""

    async def prepare(self, events: Sequence[Received]) -> None:
        """Runs before the transaction, and is the only place for calls to other services. Some may be repeats."""

    async def handle(self, tx: Tx, events: Sequence[Received]) -> None:
        """Has the effect of all these in this one transaction. Raising anything makes them come back one by one."""


@runtime_checkable
class Typed(Protocol):
    """A handler that says with which model it reads a type: what that declares may be shown to an operator."""

    def model_of(self, event_type: str) -> type[BaseModel] | None: ...


@runtime_checkable
class Reader(Protocol):
    """A handler that reads a message before its turn comes, while the database is busy with the ones before it."""

    def read(self, event: Received) -> object:
        """What it says, from the message alone; kept as `event.read`. What raises is read, and raises, in its turn."""


def whose(events: Sequence[Received]) -> Collection[UUID]:
    """The consortia that the messages name themselves."""
    return {event.consortium_id for event in events if event.consortium_id is not None}


@dataclass(frozen=True, slots=True)
class Subscription:
    """One consumer of this service: its name in the inbox, what it reads and its handler.

    `topics` are named, or `pattern` is a regular expression for their names (without the installation's prefix). `raw`
    is for messages of outsiders: nothing in them is trusted or parsed, and the handler claims them itself with
    `inbox.claim_intake`. `consortia` says for which consortia the transaction is; called after `prepare`.
    """

    name: str
    handler: Handler
    topics: tuple[str, ...] = ()
    pattern: str | None = None
    group: str = ""
    raw: bool = False
    consortia: Callable[[Sequence[Received]], Collection[UUID]] = whose
    most: int = 500
    attempts: int = 5
    flood_limit: int = 20

    def __post_init__(self) -> None:
        if bool(self.topics) == bool(self.pattern):
            raise ValueError(f"subscription {self.name!r} needs either topics or a pattern")

    @property
    def group_id(self) -> str:
        """The consumer group, without the installation's prefix."""
        return self.group or self.name
