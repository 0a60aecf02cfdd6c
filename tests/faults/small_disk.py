"""A disk that can be filled at will: a tmpfs of our own with the queue tables of every service on it. Needs root.

It is full when its limit is brought down to what is on it, which takes no memory and no time. The write-ahead log is
not on it: PostgreSQL ends itself when that cannot be written, which is what `kill_postgres` is for.
"""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import asyncpg

from deploy.embedded.postgres import foreign_user

ROOM = "1g"
NAME = "speerpunt-disk-"
TABLES = ("outbox", "idempotency", "inbox")


class SmallDisk:
    """Mount it, move tables onto it, fill it, heal it, and unmount it."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self.why_not = ""
        """Why there is none, when there is none."""

    async def mount(self, superuser_urls: dict[str, str]) -> None:
        """Moves the queue tables of these databases onto a disk of their own, if this process may mount one."""
        sweep()
        if os.geteuid() != 0:
            self.why_not = "only root may mount a disk"
            return
        path = Path("/tmp") / f"{NAME}{os.getpid()}"
        path.mkdir(mode=0o711)
        if _mount("-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(path)) != 0:
            path.rmdir()
            self.why_not = "this machine lets nobody mount a disk"
            return
        self.path = path
        path.chmod(0o711)
        for service, url in superuser_urls.items():
            folder = path / service
            folder.mkdir(mode=0o700)
            if (user := foreign_user()) is not None:
                os.chown(folder, user, user)
            connection = await asyncpg.connect(url)
            try:
                await connection.execute(f"CREATE TABLESPACE small_{service} LOCATION '{folder}'")
                for table in TABLES:
                    await connection.execute(f"ALTER TABLE {table} SET TABLESPACE small_{service}")
            finally:
                await connection.close()

    def fill(self) -> None:
        """Not one page more."""
        if self.path is not None:
            used = shutil.disk_usage(self.path).used
            _mount("-o", f"remount,size={max(used, 4096)}", str(self.path))

    def heal(self) -> None:
        """Room again."""
        if self.path is not None:
            _mount("-o", f"remount,size={ROOM}", str(self.path))

    def unmount(self) -> None:
        """Afterwards nothing is left of it. PostgreSQL has ended by now."""
        if self.path is not None:
            _unmount(self.path)
            self.path = None


def sweep() -> None:
    """Unmounts what runs that were killed left behind."""
    for path in Path("/tmp").glob(f"{NAME}*"):
        pid = path.name.removeprefix(NAME)
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            _unmount(path)


def _mount(*words: str) -> int:
    return subprocess.run(["/usr/bin/env", "mount", *words], check=False, capture_output=True).returncode


def _unmount(path: Path) -> None:
    subprocess.run(["/usr/bin/env", "umount", "-l", str(path)], check=False, capture_output=True)
    with contextlib.suppress(OSError):
        path.rmdir()
