"""Waits until the holder of a run folder is gone, however it went, and then sweeps: `reaper FOLDER HOLDER_PID`."""

import os
import select
import sys
import time
from pathlib import Path

from deploy.embedded.folders import locked, sweep

PATIENCE_SECONDS = 10
"""A child that the holder was just making has its lock for a moment longer."""


def main(folder: Path, holder: int) -> None:
    try:
        watched = os.pidfd_open(holder)
    except ProcessLookupError:
        pass
    else:
        select.select([watched], [], [])
    runs, until = folder.parent, time.monotonic() + PATIENCE_SECONDS
    while folder.exists() and time.monotonic() < until:
        with locked(runs / ".lock"):
            sweep(runs)
        time.sleep(0.1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
