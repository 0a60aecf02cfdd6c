"""Children that cannot outlive us: started with a death signal, and written down with what identifies them."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.problems import CannotStart, last_lines

CHILD = Path(__file__).with_name("child.py")
BOOT = Path("/proc/sys/kernel/random/boot_id")


def started_at(pid: int) -> str | None:
    """When the kernel started this process, in clock ticks since boot: with the pid its identity. None: it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()
    return None if fields[0] in "ZX" else fields[19]


def kill_written_down(pid_file: Path) -> bool:
    """Kills the process a pid file names, if it still is that process. Whether there was one."""
    try:
        note = json.loads(pid_file.read_text())
        pid = int(note["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if pid == os.getpid() or note.get("boot") != BOOT.read_text().strip() or note.get("started") != started_at(pid):
        return False
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


@dataclass(slots=True)
class Child:
    """A program we started."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    pid_file: Path
    stop_signal: int = signal.SIGTERM
    log_from: int = 0
    """Where in the log this start begins: an earlier one may have written to the same file."""

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    async def ended(self, deadline_seconds: float) -> bool:
        """Whether it has ended by the deadline."""
        loop = asyncio.get_running_loop()
        until = loop.time() + deadline_seconds
        while self.running:
            if loop.time() > until:
                return False
            await asyncio.sleep(0.02)
        self.pid_file.unlink(missing_ok=True)
        return True

    def said(self) -> bytes:
        """What it wrote to its log since this start."""
        with self.log.open("rb") as log:
            log.seek(self.log_from)
            return log.read()

    def kill(self) -> None:
        """kill -9, and takes it away from the process table."""
        if self.running:
            self.process.kill()
        self.process.wait(10)
        self.pid_file.unlink(missing_ok=True)

    async def stop(self, grace_seconds: float) -> bool:
        """Asks it to stop; kills it when it has not by the deadline. Whether it stopped by itself."""
        if self.running:
            self.process.send_signal(self.stop_signal)
        if await self.ended(grace_seconds):
            return True
        self.kill()
        return False

    def failed(self, what: str, todo: str) -> CannotStart:
        """The sentence for a child that did not come up, with the end of its log."""
        how = "is still not ready" if self.running else f"ended with exit code {self.process.returncode}"
        return CannotStart(f"{what} {how}. The end of {self.log}:\n{last_lines(self.log)}\n{todo}")


@dataclass(frozen=True, slots=True)
class Program:
    """Something we can start, again and again, and how to tell that it is ready."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    directory: Path
    ready: Callable[[Child], bool]
    todo: str
    user: int | None = None
    death_signal: int = signal.SIGKILL
    stop_signal: int = signal.SIGTERM
    deadline_seconds: float = 60

    def launch(self, folder: Path) -> Child:
        """Starts it in a session of its own, so that a Ctrl-C at the terminal reaches only the supervisor.

        The folder must be there: one that was removed because the run ends is not to come back.
        """
        log, pid_file = folder / "logs" / f"{self.name}.log", folder / "pids" / f"{self.name}.json"
        for path in (log, pid_file):
            path.parent.mkdir(exist_ok=True)
        words = (os.getpid(), int(self.death_signal), -1 if self.user is None else self.user)
        with log.open("ab") as out:
            log_from = out.tell()
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(CHILD), *(str(word) for word in words), *self.command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=dict(self.environment),
                cwd=self.directory,
                start_new_session=True,
            )
        note = {"pid": process.pid, "started": started_at(process.pid), "boot": BOOT.read_text().strip()}
        pid_file.write_text(json.dumps(note))
        return Child(self.name, process, log, pid_file, self.stop_signal, log_from)

    async def until_ready(self, child: Child) -> None:
        """Waits until it is ready. One that ends or is late is a sentence with the end of its log."""
        loop = asyncio.get_running_loop()
        late = loop.time() + self.deadline_seconds
        while not self.ready(child):
            if not child.running or loop.time() > late:
                raise child.failed(self.name, self.todo)
            await asyncio.sleep(0.02)

    async def until_done(self, child: Child) -> None:
        """Waits for a program that ends by itself; any exit code but 0 is a sentence."""
        if not await child.ended(self.deadline_seconds) or child.process.returncode:
            problem = child.failed(self.name, self.todo)
            child.kill()
            raise problem
