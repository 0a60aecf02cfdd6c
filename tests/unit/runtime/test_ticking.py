"""The loop of what a service does by itself."""

import asyncio

from runtime.ticking import every


async def test_a_loop_outlives_whatever_fails_in_it_and_works_again_at_the_next_tick() -> None:
    stop, done = asyncio.Event(), 0

    async def work() -> None:
        nonlocal done
        done += 1
        if done == 3:
            stop.set()
        raise ValueError("one region's trouble")

    async with asyncio.timeout(5):
        await every(0.001, work, stop, name="test")
    assert done == 3


async def test_a_loop_ends_at_once_when_it_is_told_to_while_it_waits() -> None:
    stop, worked = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        worked.set()

    loop = asyncio.create_task(every(3600, work, stop, name="test"))
    async with asyncio.timeout(5):
        await worked.wait()
        stop.set()
        await loop
