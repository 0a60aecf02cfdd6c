"""How many requests an actor may send in a minute. Ours, because the library for it starts a thread per request.

Counts per process and per clock minute; they are forgotten with the minute, so memory is bounded by who calls in it.
"""

import time
from collections.abc import Callable

from runtime.auth import Actor
from runtime.problems import Kind, Problem


class TooManyRequests(Problem, kind=Kind.TOO_MANY):
    """You sent more than {allowed} requests in a minute. Wait a minute, then go on more slowly."""


class Limiter:
    """Call it with each request's actor. Raises TooManyRequests beyond the limit, with when to try again."""

    def __init__(self, allowed_per_minute: int, clock: Callable[[], float] = time.time) -> None:
        self._allowed = allowed_per_minute
        self._clock = clock
        self._minute = 0
        self._counts: dict[str, int] = {}

    def __call__(self, actor: Actor) -> None:
        now = self._clock()
        minute = int(now // 60)
        if minute != self._minute:
            self._minute, self._counts = minute, {}
        count = self._counts[actor.key] = self._counts.get(actor.key, 0) + 1
        if count > self._allowed:
            raise TooManyRequests(allowed=self._allowed, retry_after_seconds=int(60 - now % 60) + 1)
