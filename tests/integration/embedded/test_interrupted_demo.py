"""However the demo is ended while its services start, nothing of it stays: no process and no run folder."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from deploy.embedded.folders import PROJECT
from tests.integration.embedded.processes import eventually, hear_ctrl_c, named_in, still_alive

pytestmark = pytest.mark.timeout(150)


def until_services_start(demo: "subprocess.Popen[str]") -> None:
    """Reads the demo's progress, so far that servers run and services begin."""
    assert demo.stdout is not None
    said = []
    for line in demo.stdout:
        said.append(line)
        if line.startswith("starting partners"):
            return
    raise AssertionError(f"the demo ended early:\n{''.join(said)}")


@pytest.mark.parametrize(
    ("number", "whom"),
    [(signal.SIGINT, "itself"), (signal.SIGTERM, "itself"), (signal.SIGKILL, "itself"), (signal.SIGKILL, "parent")],
    ids=["ctrl-c", "sigterm", "kill-9", "kill-9 of its parent"],
)
def test_an_interrupted_demo_leaves_nothing_behind(tmp_path: Path, number: signal.Signals, whom: str) -> None:
    runs = tmp_path / "run"
    environment = {**os.environ, "SPEERPUNT_RUN_FOLDER": str(runs), "PYTHONUNBUFFERED": "1"}
    words = [sys.executable, "-m", "cli", "demo", str(PROJECT / "examples" / "amersfoort")]
    command = ["/bin/sh", "-c", '"$@"; exit $?', "sh", *words]
    path = f"{PROJECT}{os.pathsep}{PROJECT / 'proto' / 'gen'}"
    with subprocess.Popen(
        command, cwd=tmp_path, env={**environment, "PYTHONPATH": path}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=hear_ctrl_c,
    ) as shell:  # fmt: skip
        until_services_start(shell)
        [demo] = psutil.Process(shell.pid).children()
        [folder] = [each for each in runs.iterdir() if each.is_dir()]
        everything = named_in(folder) | {demo.pid}
        assert len(everything) >= 6, "the demo, postgres, kafka, inbox, issuer and the reaper at least"
        os.kill(demo.pid if whom == "itself" else shell.pid, number)
        assert still_alive(everything, within_seconds=40) == set()
        assert eventually(lambda: not folder.exists(), within_seconds=20)
        shell.kill()
    assert [each.name for each in runs.iterdir()] == [".lock"]
