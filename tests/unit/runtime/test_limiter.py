"""How many requests an actor may send in a minute."""

import threading

import pytest

from runtime.auth import Actor
from runtime.http.limiter import Limiter, TooManyRequests


def an_actor(subject: str) -> Actor:
    return Actor("issuer", subject, frozenset(), frozenset(), frozenset())


def test_the_request_beyond_the_limit_is_refused_until_the_next_minute() -> None:
    now = [60.0 * 7 + 50]
    limiter = Limiter(2, lambda: now[0])
    limiter(an_actor("anna"))
    limiter(an_actor("anna"))
    with pytest.raises(TooManyRequests) as refused:
        limiter(an_actor("anna"))
    assert refused.value.retry_after_seconds == 11
    now[0] += 11
    limiter(an_actor("anna"))


def test_one_actor_does_not_use_up_what_another_may() -> None:
    limiter = Limiter(1, lambda: 0.0)
    limiter(an_actor("anna"))
    limiter(an_actor("bert"))


def test_counting_starts_no_thread_and_forgets_the_minute_before() -> None:
    before, now = threading.active_count(), [0.0]
    limiter = Limiter(1_000, lambda: now[0])
    for minute in range(3):
        now[0] = minute * 60.0
        for number in range(500):
            limiter(an_actor(f"{minute}-{number}"))
    assert threading.active_count() == before
    assert len(limiter._counts) == 500
