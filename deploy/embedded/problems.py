"""Why something could not start, as a sentence that says what to do."""

import errno
from collections import deque
from pathlib import Path


class CannotStart(Exception):
    """The embedded run cannot start or go on. Its text is meant for the person at the terminal."""


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log file, indented, or a word that there is none."""
    try:
        with log.open(encoding="utf-8", errors="replace") as lines:
            tail = deque((line.rstrip() for line in lines), maxlen=count)
    except OSError:
        return "    (there is no log)"
    return "\n".join(f"    {line}" for line in tail) or "    (the log is empty)"


def about_the_disk(error: OSError, folder: Path) -> CannotStart:
    """The sentence for a folder that cannot be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return CannotStart(
            f"There is no disk space left at {folder}. Free at least 1 GB there, "
            "or point SPEERPUNT_RUN_FOLDER and XDG_CACHE_HOME at a disk that has room."
        )
    return CannotStart(
        f"{folder} cannot be written ({error.strerror}). "
        "Make it writable, or point SPEERPUNT_RUN_FOLDER at another folder."
    )
