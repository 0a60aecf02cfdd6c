"""How handling a message can end: a closed set, and the table that says which failure is which."""

import traceback
from dataclasses import dataclass

import asyncpg

from runtime.postgres import PASSING
from runtime.problems import Kind, Problem


@dataclass(frozen=True, slots=True)
class Done:
    """It had its effect."""


@dataclass(frozen=True, slots=True)
class Retry:
    """It could not be handled now, through no fault of its own. `capped`: nobody knows why, so not for ever."""

    after_seconds: float
    cause: str
    capped: bool = False


@dataclass(frozen=True, slots=True)
class Dead:
    """It will never be handled as things are: ours to look at."""

    code: str
    reason: str
    stack: tuple[str, ...] = ()


Outcome = Done | Retry | Dead


class RetryLater(Exception):
    """Raised by a handler that must wait for another service or an earlier event. Tried again for ever."""

    def __init__(self, after_seconds: float, cause: str) -> None:
        super().__init__(cause)
        self.after_seconds = after_seconds
        self.cause = cause


class DeadMessage(Exception):
    """Raised by a handler that knows it will never be able to handle this message. `reason` repeats no values."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def classify(error: BaseException) -> Outcome:
    """What to do with a message whose handling ended in this error."""
    match error:
        case RetryLater():
            return Retry(error.after_seconds, error.cause)
        case DeadMessage():
            return Dead(error.code, error.reason, frames(error))
        case Problem() if error.kind in (Kind.UNAVAILABLE, Kind.TOO_MANY, Kind.IN_PROGRESS):
            return Retry(error.retry_after_seconds or 1.0, error.code)
        case Problem():
            return Dead(error.code, error.detail, frames(error))
        case asyncpg.DeadlockDetectedError() | asyncpg.SerializationError():
            return Retry(0.02, type(error).__name__)
        case _ if isinstance(error, PASSING):
            return Retry(0.5, type(error).__name__)
        case _:
            return Retry(0.2, type(error).__name__, capped=True)


def give_up(error: BaseException) -> Dead:
    """The end of a capped Retry. Names what was raised and where, never a value."""
    return Dead("handler-failed", f"The handler raised {type(error).__name__} every time.", frames(error))


def frames(error: BaseException) -> tuple[str, ...]:
    """Where this error came from, innermost last: files, lines and functions only."""
    found = traceback.extract_tb(error.__traceback__)[-20:]
    return tuple(f"{frame.filename.rsplit('/', 3)[-1]}:{frame.lineno} {frame.name}" for frame in found)
