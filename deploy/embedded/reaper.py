"""Waits until the holder of a run folder is gone, however it went, and then sweeps: `reaper RUNS HOLDER_PID`."""

import os
import select
import sys
from pathlib import Path

from deploy.embedded.folders import locked, sweep


def main(runs: Path, holder: int) -> None:
    try:
        watched = os.pidfd_open(holder)
    except ProcessLookupError:
        pass
    else:
        select.select([watched], [], [])
    if runs.exists():
        with locked(runs / ".lock"):
            sweep(runs)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
