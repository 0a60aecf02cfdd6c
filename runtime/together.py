"""A hot command in two forms: for one caller, and for many callers at once, with one statement per step.

A transaction costs about the same for one command as for forty, so the door lets those that arrive together share one
(runtime.http.lanes). The form for many decides for all first and then writes for all, and leaves out whatever is not a
plain success: that is done alone, so a refusal is worded in one place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from runtime.event import Change
from runtime.postgres import Tx

A = TypeVar("A")
A_contra = TypeVar("A_contra", contravariant=True)
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Done(Generic[T_co]):
    """What became of one command of a batch, and what it published: appended by whoever runs the batch."""

    thing: T_co
    changes: tuple[Change, ...] = ()


class Alone(Protocol[A_contra, T_co]):
    """Does one command, and appends its facts."""

    async def __call__(self, tx: Tx, asked: A_contra, at: datetime) -> T_co: ...


class Many(Protocol[A_contra, T_co]):
    """Does what it can of many commands, in their order; None for each that has to be done alone.

    It leaves nothing written of those. It may raise: then all are done alone.
    """

    async def __call__(self, tx: Tx, asked: Sequence[A_contra], at: datetime) -> Sequence[Done[T_co] | None]: ...


@dataclass(frozen=True, slots=True)
class Together(Generic[A, T]):
    """A hot command: for one caller, and for many at once. `source` is the publishing service."""

    alone: Alone[A, T]
    many: Many[A, T]
    source: str
