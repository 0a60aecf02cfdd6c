"""What needs containers says what is missing, and does not end in an error."""

from subprocess import CompletedProcess

import pytest

from tests.support import containers
from tests.support.containers import container, image_of, missing, why_not
from tests.support.servers import running_servers, stack


def test_without_a_docker_command_whoever_needs_the_servers_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("SPEERPUNT_STACK", "docker")
    monkeypatch.delenv("SPEERPUNT_TEST_SERVERS", raising=False)
    assert missing() == "There is no docker command here."
    with pytest.raises(pytest.skip.Exception, match="no docker command"):
        next(running_servers())


def test_without_an_engine_or_an_image_it_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/docker")
    monkeypatch.setattr(containers, "_run", lambda *words: CompletedProcess(words, 1))
    assert why_not("postgres:18") == "No container engine answers here."
    monkeypatch.setattr(containers, "_run", lambda *words: CompletedProcess(words, int(words[0] == "image")))
    assert missing() == f"The image {image_of('postgres')} is not on this machine: docker pull {image_of('postgres')}"
    with pytest.raises(pytest.skip.Exception, match="docker pull"), container("a:1", 1, environment={}, files={}):
        raise AssertionError("it cannot be started")


def test_a_stack_that_does_not_exist_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPEERPUNT_STACK", raising=False)
    assert stack() == "embedded"
    monkeypatch.setenv("SPEERPUNT_STACK", "podman")
    with pytest.raises(pytest.exit.Exception, match="'podman'; it is docker"):
        stack()
