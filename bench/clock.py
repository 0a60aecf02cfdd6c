"""How long a part of a turn took, and what it cost this process."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Clock:
    """Seconds on the wall and of CPU; filled in at the end."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0


@contextmanager
def timed() -> Iterator[Clock]:
    """Times what stands in it."""
    clock = Clock()
    began, cpu = time.perf_counter(), time.process_time()
    yield clock
    clock.seconds, clock.cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
