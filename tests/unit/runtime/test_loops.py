"""The loops of a process outlive whatever fails in them: one that ended would take its process with it."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from runtime.consumer import Consumer, Router, Subscription
from runtime.postgres import Database
from runtime.relay import Relay
from runtime.settings import Settings
from runtime.wake import Wake


def _relay() -> tuple[Any, str]:
    return Relay(Database(None), Settings()), "lead"


def _consumer() -> tuple[Any, str]:
    return Consumer(Database(None), Settings(), Subscription("a.b", Router(), topics=("a.events",))), "start"


def _wake() -> tuple[Any, str]:
    return Wake(""), "_pass_on"


async def outlives(made: Callable[[], tuple[Any, str]], error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, step = made()
    stop, tried = asyncio.Event(), []

    async def fails(*_: object) -> bool:
        tried.append(1)
        if len(tried) == 2:
            stop.set()
        raise error

    monkeypatch.setattr(type(loop), step, fails)
    await asyncio.wait_for(loop.run(stop), 10)
    assert len(tried) == 2


@pytest.mark.parametrize("error", [asyncpg.InternalClientError("not connected"), KeyError("unforeseen")])
async def test_a_loop_begins_again_after_a_failure_that_nobody_foresaw(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.gather(*(outlives(made, error, monkeypatch) for made in (_relay, _consumer, _wake)))
