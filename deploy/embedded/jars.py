"""Kafka's jars: fetched once per user by jgo, and every byte checked against the lock before a broker may load it.

`jgo sync` accepts a lock whose sha256 was changed, so the check is ours. The lock lists every jar with its version;
nothing is resolved at run time.
"""

import hashlib
import json
import shutil
import tomllib
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.embedded.folders import cache_folder, locked
from deploy.embedded.problems import CannotStart, about_the_disk

HERE = Path(__file__).parent
SPEC = HERE / "jgo.toml"
LOCK = HERE / "jgo.lock.toml"


@dataclass(frozen=True, slots=True)
class Jar:
    """One locked artefact."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


def locked_jars(lock: Path = LOCK) -> list[Jar]:
    """What the lock lists. A jar without a checksum is refused."""
    jars = []
    for entry in tomllib.loads(lock.read_text())["dependencies"]:
        if "sha256" not in entry:
            raise CannotStart(
                f"{lock.name} has no sha256 for {entry['artifactId']}. Make it anew: python -m deploy.embedded lock."
            )
        jars.append(Jar(entry["groupId"], entry["artifactId"], entry["version"], entry["sha256"]))
    return jars


def lock_digest(lock: Path = LOCK) -> str:
    """Names a cache folder after what is in it."""
    told = [(jar.group, jar.artifact, jar.version, jar.sha256) for jar in locked_jars(lock)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(folder: Path, jars: list[Jar]) -> None:
    """Refuses a folder that holds a jar with other bytes, lacks one, or has one the lock does not name."""
    strangers = {path.name for path in folder.glob("*.jar")} - {jar.file for jar in jars}
    if strangers:
        raise CannotStart(
            f"{folder} holds {min(strangers)}, which {LOCK.name} does not name. Remove that folder and start again."
        )
    for jar in jars:
        path = folder / jar.file
        if not path.exists():
            raise CannotStart(f"{path} is missing. Remove {folder} and start again: it is fetched anew.")
        if sha256_of(path) != jar.sha256:
            raise CannotStart(
                f"{path} is not the file that {LOCK.name} names: its sha256 differs, so it is not loaded. "
                f"Remove {folder} and start again; if it comes back like this, do not trust where it was fetched from."
            )


def context(repository: Path) -> Any:
    """jgo's way to the Maven repository the machine is set up for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from jgo.maven import MavenContext

        return MavenContext(repo_cache=repository, timeout=60)


def jars_folder(progress: Callable[[str], None], cache: Path | None = None) -> Path:
    """The folder with exactly the locked jars, fetched when it is not there yet, verified in any case."""
    cache = cache or cache_folder()
    jars = locked_jars()
    folder = cache / f"kafka-{lock_digest()}" / "jars"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with locked(cache / ".lock"):
            if not folder.exists():
                progress(f"fetching Apache Kafka ({len(jars)} jars, once)")
                _fetch(jars, folder, cache / "maven")
    except OSError as error:
        raise about_the_disk(error, cache) from error
    verify(folder, jars)
    return folder


def _fetch(jars: list[Jar], folder: Path, repository: Path) -> None:
    fresh = folder.with_name("jars.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    maven = context(repository)

    def fetch(jar: Jar) -> None:
        found = maven.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
        shutil.copyfile(found, fresh / jar.file)

    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(fetch, jars))
    except OSError:
        raise
    except Exception as error:
        raise CannotStart(
            f"Kafka's jars could not be fetched ({type(error).__name__}: {error}). "
            "Check the network or its proxy settings and start again; what was fetched already is kept."
        ) from error
    try:
        verify(fresh, jars)
    except CannotStart:
        shutil.rmtree(repository, ignore_errors=True)
        raise
    fresh.rename(folder)
    shutil.rmtree(repository, ignore_errors=True)


def write_lock() -> None:
    """Resolves jgo.toml anew and writes the lock: for whoever changes a version, never at run time."""
    import tempfile

    from jgo.env import EnvironmentBuilder, EnvironmentSpec
    from jgo.env import _builder as builder

    builder.get_baseline_jar_tool = lambda: None  # it would download a JDK to sort jars that we put on one class path
    with tempfile.TemporaryDirectory() as scratch:
        maker = EnvironmentBuilder(context(Path(scratch) / "maven"), cache_dir=Path(scratch) / "jgo")
        found = maker.resolve_lockfile(EnvironmentSpec.load(SPEC))
    lines = ['[environment]\nname = "kafka"\n']
    for entry in found.dependencies:
        words = {
            "groupId": entry.groupId,
            "artifactId": entry.artifactId,
            "version": entry.version,
            "sha256": entry.sha256,
        }
        lines.append("[[dependencies]]\n" + "".join(f'{name} = "{value}"\n' for name, value in words.items()))
    LOCK.write_text("\n".join(lines))
