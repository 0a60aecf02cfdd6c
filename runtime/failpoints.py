"""Named places at which a test or the demo may kill this process, to prove that nothing is lost, doubled or re-ordered.

`FAILPOINTS=relay.after-send` kills at the first pass, `consumer.before-commit:3` at the third. Never in production.
"""

import os
import signal
from typing import Protocol

NAMES = frozenset(
    {
        "relay.before-send",
        "relay.after-send",
        "relay.after-ack",
        "consumer.before-commit",
        "consumer.after-commit",
        "consumer.before-offsets",
    }
)

_passes_left: dict[str, int] = {}
_armed: list[str] = []


class FailpointSettings(Protocol):
    """Where failpoints are named."""

    @property
    def environment(self) -> str: ...
    @property
    def failpoints(self) -> str: ...


def arm(settings: FailpointSettings) -> None:
    """Arms the failpoints of these settings and no others; the same again does nothing.

    Raises ValueError for an unknown name, and in production.
    """
    wanted = dict(_read(part.strip()) for part in settings.failpoints.split(",") if part.strip())
    if wanted and settings.environment == "production":
        raise ValueError("failpoints kill the process: they are refused in production, unset FAILPOINTS")
    if unknown := wanted.keys() - NAMES:
        raise ValueError(f"unknown failpoints {sorted(unknown)}; known are {sorted(NAMES)}")
    if _armed == [settings.failpoints]:
        return
    _armed[:] = [settings.failpoints]
    _passes_left.clear()
    _passes_left.update(wanted)


def hit(name: str) -> None:
    """Kills this process when its time has come here; otherwise nothing."""
    if not _passes_left or name not in _passes_left:
        return
    _passes_left[name] -= 1
    if _passes_left[name] <= 0:
        os.kill(os.getpid(), signal.SIGKILL)


def _read(part: str) -> tuple[str, int]:
    name, _, passes = part.partition(":")
    return name, int(passes or 1)
