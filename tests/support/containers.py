"""Containers for tests that need one; skipped with a reason where there is no engine, or no such image."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]


def image_of(service: str) -> str:
    """The image that docker-compose.yml names for a service."""
    found = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))
    return str(found["services"][service]["image"])


def why_not(image: str) -> str | None:
    """Why no container of this image can be started here, in a sentence; None when one can. Nothing is downloaded."""
    if shutil.which("docker") is None:
        return "There is no docker command here."
    if _run("info").returncode:
        return "No container engine answers here."
    if _run("image", "inspect", image).returncode:
        return f"The image {image} is not on this machine: docker pull {image}"
    return None


def missing(services: Sequence[str] = ("postgres", "kafka")) -> str | None:
    """Why the containers of these services cannot be started here, in a sentence; None when they can."""
    return next((reason for each in services if (reason := why_not(image_of(each)))), None)


@contextmanager
def container(
    image: str, port: int, *, command: Sequence[str] = (), environment: Mapping[str, str], files: Mapping[Path, str]
) -> Iterator[str]:
    """A container that goes with the block; HOST:PORT of its `port`. Skips the test when it cannot be started."""
    if reason := why_not(image):
        pytest.skip(reason)
    words = [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
    words += [word for path, target in files.items() for word in ("--volume", f"{path}:{target}:ro")]
    started = _run("run", "--detach", "--rm", "--publish", f"127.0.0.1::{port}", *words, image, *command)
    assert started.returncode == 0, started.stderr
    name = started.stdout.strip()
    try:
        yield _run("port", name, str(port)).stdout.split()[0]
    finally:
        _run("rm", "--force", "--volumes", name)


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *words], capture_output=True, text=True, timeout=60, check=False)
