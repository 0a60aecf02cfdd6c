"""Looks at the processes of a run from outside."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil


def hear_ctrl_c() -> None:
    """For `preexec_fn`: a test run in the background has SIGINT ignored, and what it starts would inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def named_in(folder: Path) -> set[int]:
    """Every process that a run folder belongs to: those started by it, and their children."""
    found = set()
    for pid_file in (folder / "pids").glob("*.json"):
        pid = int(pid_file.read_text().partition('"pid":')[2].partition(",")[0])
        if psutil.pid_exists(pid):
            process = psutil.Process(pid)
            found |= {pid, *(child.pid for child in process.children(recursive=True))}
    return found


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def still_alive(pids: set[int], within_seconds: float) -> set[int]:
    """Those of `pids` that have not ended by the deadline."""
    eventually(lambda: not any(_alive(pid) for pid in pids), within_seconds)
    return {pid for pid in pids if _alive(pid)}


def eventually(holds: Callable[[], bool], within_seconds: float) -> bool:
    """Whether it holds by the deadline."""
    late = time.monotonic() + within_seconds
    while not holds():
        if time.monotonic() > late:
            return False
        time.sleep(0.02)
    return True
