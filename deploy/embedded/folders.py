"""Run folders: one per run, held by flock, and swept by whoever comes next once nobody holds it."""

import errno
import fcntl
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from uuid import uuid4

from deploy.embedded.problems import CannotStart, about_the_disk
from deploy.embedded.processes import Program, kill_written_down

PROJECT = Path(__file__).resolve().parents[2]
LEAST_FREE_BYTES = 600_000_000
REMOVE_TRIES = 30
"""A server that was just killed may still be writing its last file: a second later it is not."""
SOCKET_PATH_MOST = 90
"""Longest folder of a Unix socket we accept; the kernel's limit is 107 bytes with the file name in it."""


def runs_folder() -> Path:
    """Where run folders are: SPEERPUNT_RUN_FOLDER, else `run/` of the project."""
    return Path(os.environ.get("SPEERPUNT_RUN_FOLDER") or PROJECT / "run").absolute()


def cache_folder() -> Path:
    """Where downloaded jars stay between runs: below XDG_CACHE_HOME, else ~/.cache."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "speerpunt"


def others_can_enter(folder: Path) -> bool:
    """Whether a user who owns nothing here may pass through to this folder."""
    return all(step.stat().st_mode & 0o001 for step in (folder, *folder.parents))


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[IO[bytes] | None]:
    """Holds a lock file for the block; without `wait`, None when another has it."""
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield None
            return
        yield file


class RunFolder:
    """A folder that is ours for as long as this process lives."""

    def __init__(self, path: Path, lock: IO[bytes]) -> None:
        self.path = path
        self._lock = lock
        self._reaper = reaper(path).launch(path)

    @classmethod
    def take(
        cls, name: str | None = None, runs: Path | None = None, least_free_bytes: int = LEAST_FREE_BYTES
    ) -> "RunFolder":
        """Sweeps what dead runs left, then makes and holds a fresh folder. `name` in use is a sentence."""
        runs = runs or runs_folder()
        try:
            runs.mkdir(parents=True, exist_ok=True)
            with locked(runs / ".lock"):
                sweep(runs)
                if shutil.disk_usage(runs).free < least_free_bytes:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                path = runs / (name or uuid4().hex[:12])
                if path.exists():
                    raise CannotStart(f"{path} is held by a run that is still going. Stop it first: make down.")
                path.mkdir(mode=0o711)
                path.chmod(0o711)
                lock = (path / "lock").open("ab")
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise about_the_disk(error, runs) from error
        return cls(path, lock)

    def place(self, name: str, *, owner: int | None = None, socket: bool = False) -> Path:
        """A folder for one server; outside the run folder, and noted for the sweep, when that would not be usable."""
        inside = self.path / name
        unreachable = owner is not None and not others_can_enter(self.path)
        if unreachable or (socket and len(str(inside)) > SOCKET_PATH_MOST):
            folder = Path(tempfile.mkdtemp(prefix="speerpunt-", dir="/tmp" if socket else None))
            with (self.path / "outside").open("a") as note:
                note.write(json.dumps(str(folder)) + "\n")
        else:
            folder = inside
            folder.mkdir(mode=0o700)
        if owner is not None:
            os.chown(folder, owner, owner)
        return folder

    def leave(self, *, keep: bool = False) -> None:
        """Lets go of the folder, and removes it unless its logs are wanted (the next start sweeps it then). Where
        something still writes in it, the reaper tries again once we are gone."""
        if not keep:
            _remove(self.path)
        if keep or not self.path.exists():
            self._reaper.kill()
        self._lock.close()


def reaper(folder: Path) -> Program:
    """Who sweeps at once when the holder is killed with -9: without it the folder would stay until the next start."""
    command = [sys.executable, "-m", "deploy.embedded.reaper", str(folder), str(os.getpid())]
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(PROJECT)}
    return Program("reaper", command, environment, PROJECT, lambda _: True, "", death_signal=0)


def sweep(runs: Path) -> list[Path]:
    """Removes the folders whose holder is gone, and kills what they still name. The folders removed.

    Only for who holds the lock of `runs`: a folder without a lock file is then what a removal left behind.
    """
    swept = []
    for folder in sorted(each for each in runs.iterdir() if each.is_dir()):
        lock_file = folder / "lock"
        if not lock_file.exists():
            _remove(folder)
            swept.append(folder)
            continue
        with locked(lock_file, wait=False) as lock:
            if lock is not None:
                for pid_file in (lock_file.parent / "pids").glob("*.json"):
                    kill_written_down(pid_file)
                _remove(lock_file.parent)
                swept.append(lock_file.parent)
    return swept


def _remove(path: Path) -> None:
    try:
        outside = [Path(json.loads(line)) for line in (path / "outside").read_text().splitlines()]
    except (OSError, ValueError):
        outside = []
    for folder in (*(each for each in outside if each.name.startswith("speerpunt-")), path):
        for _ in range(REMOVE_TRIES):
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                break
            time.sleep(0.1)
