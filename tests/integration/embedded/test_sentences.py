"""What cannot start says so in a sentence that tells what to do."""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.embedded import jars, reaper
from deploy.embedded.folders import PROJECT, RunFolder, cache_folder, sweep
from deploy.embedded.kafka import prepare
from deploy.embedded.ports import Ports, asked_for
from deploy.embedded.problems import CannotStart
from deploy.embedded.processes import Program
from deploy.embedded.supervisor import Stack
from tests.integration.embedded.processes import named_in, still_alive


def quiet(_: str) -> None:
    """Progress nobody needs."""


async def test_a_busy_port_is_named_together_with_the_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CannotStart, match=f"Port {port}, asked for as kafka, is in use.*PORTS=kafka="):
            async with Stack(services=(), runs=tmp_path, progress=quiet, ports={"kafka": port}):
                pass
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_a_badly_written_port_is_refused_with_an_example() -> None:
    with pytest.raises(CannotStart, match="write name=port, for example"):
        asked_for("kafka=many")


def test_random_ports_are_handed_out_once() -> None:
    ports = Ports({})
    assert len({ports.take(str(number)) for number in range(200)}) == 200


def test_a_jar_with_one_changed_byte_is_refused(tmp_path: Path) -> None:
    prepare(quiet)
    real = cache_folder() / f"kafka-{jars.lock_digest()}" / "jars"
    mine = tmp_path / f"kafka-{jars.lock_digest()}" / "jars"
    shutil.copytree(real, mine)
    jars.jars_folder(quiet, tmp_path)
    jar = mine / jars.locked_jars()[0].file
    content = bytearray(jar.read_bytes())
    content[len(content) // 2] ^= 1
    jar.write_bytes(content)
    with pytest.raises(CannotStart, match=f"{jar.name} is not the file that jgo.lock.toml names"):
        prepare(quiet, tmp_path)


def test_a_jar_the_lock_does_not_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "stranger-1.0.jar").write_bytes(b"x")
    with pytest.raises(CannotStart, match=r"stranger-1\.0\.jar, which jgo\.lock\.toml does not name"):
        jars.verify(tmp_path, jars.locked_jars())


def test_the_lock_holds_no_address_and_a_checksum_for_every_jar() -> None:
    assert "http" not in jars.LOCK.read_text() + jars.SPEC.read_text()
    assert all(len(jar.sha256) == 64 for jar in jars.locked_jars())
    versions = {jar.artifact: jar.version for jar in jars.locked_jars()}
    assert versions["kafka-clients"] == versions["kafka_2.13"] == "4.3.0", "jgo mediates to an older client by itself"


def test_too_little_disk_space_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match=r"no disk space left at .* Free at least 1 GB"):
        RunFolder.take(runs=tmp_path, least_free_bytes=shutil.disk_usage(tmp_path).total + 1)


async def test_a_program_that_fails_shows_the_end_of_its_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('this is why'); raise SystemExit(3)"]
    program = Program("teller", command, {}, tmp_path, lambda _: False, "Do this.")
    with pytest.raises(CannotStart, match=r"(?s)teller ended with exit code 3.*this is why.*Do this\."):
        await program.until_ready(program.launch(tmp_path))


async def test_a_stack_whose_service_fails_stops_the_rest(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match=r"(?s)nonsense-migrate ended with exit code 1.*No module named"):
        async with Stack(services=("nonsense",), runs=tmp_path, progress=quiet):
            pass
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_the_next_start_sweeps_a_dead_folder_and_what_it_left_running(tmp_path: Path) -> None:
    dead = tmp_path / "dead"
    dead.mkdir()
    (dead / "lock").touch()
    sleeper = Program("sleeper", ["/bin/sleep", "600"], {}, tmp_path, lambda _: True, "", death_signal=0).launch(dead)
    pids = named_in(dead)
    assert pids == {sleeper.pid}
    held = RunFolder.take(runs=tmp_path)
    assert still_alive(pids, 5) == set()
    assert not dead.exists()
    sleeper.kill()
    assert sweep(tmp_path) == [], "a folder whose lock is held is left alone"
    assert held.path.exists()
    held.leave()


def test_the_reaper_waits_for_the_lock_that_a_child_of_the_dead_holder_has_for_a_moment_longer(tmp_path: Path) -> None:
    folder = tmp_path / "dead"
    folder.mkdir()
    with (folder / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        child = subprocess.Popen(["/bin/sleep", "1"], pass_fds=[lock.fileno()])
    holder = subprocess.Popen(["/bin/true"])
    holder.wait()
    reaper.main(folder, holder.pid)
    assert not folder.exists()
    child.wait()


def test_what_a_removal_left_behind_is_swept_although_it_has_no_lock_any_more(tmp_path: Path) -> None:
    (tmp_path / "half" / "logs").mkdir(parents=True)
    assert sweep(tmp_path) == [tmp_path / "half"]
    assert not (tmp_path / "half").exists()


def test_what_is_started_when_its_run_folder_is_gone_does_not_bring_it_back(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    with pytest.raises(FileNotFoundError):
        Program("sleeper", ["/bin/sleep", "600"], {}, tmp_path, lambda _: True, "").launch(gone)
    assert not gone.exists()


def test_a_pid_that_now_belongs_to_another_program_is_not_killed(tmp_path: Path) -> None:
    dead = tmp_path / "dead"
    dead.mkdir()
    (dead / "lock").touch()
    child = Program("sleeper", ["/bin/sleep", "600"], {}, tmp_path, lambda _: True, "").launch(dead)
    note = child.pid_file.read_text()
    child.pid_file.write_text(note.replace('"started": "', '"started": "9'))
    sweep(tmp_path)
    assert child.running
    child.kill()


def _venv(tmp_path: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Runs the Makefile's script on a copy that has nothing yet."""
    (tmp_path / "deploy").mkdir()
    shutil.copy(PROJECT / "deploy" / "venv.sh", tmp_path / "deploy")
    shutil.copy(PROJECT / "bootstrap.txt", tmp_path)
    return subprocess.run(
        [str(tmp_path / "deploy" / "venv.sh")],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **environment},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def _python_that_says(path: Path, version: str, fits: bool, ensurepip: bool = True) -> str:
    path.write_text(
        f'#!/bin/sh\ncase "$2" in\n*print*) echo {version};;\n*version_info*) exit {int(not fits)};;\n'
        f"*ensurepip*) exit {int(not ensurepip)};;\nesac\n"
    )
    path.chmod(0o755)
    return str(path)


def test_a_too_old_python_is_a_sentence(tmp_path: Path) -> None:
    old = _python_that_says(tmp_path / "old-python", "3.9", fits=False)
    done = _venv(tmp_path, PYTHONS=old)
    assert done.returncode == 1
    assert "needs Python 3.11, 3.12, 3.13 or 3.14" in done.stderr
    assert "is 3.9" in done.stderr
    assert "make PYTHON=" in done.stderr


def test_a_missing_ensurepip_is_a_sentence(tmp_path: Path) -> None:
    bare = _python_that_says(tmp_path / "bare-python", "3.12", fits=True, ensurepip=False)
    done = _venv(tmp_path, PYTHONS=bare)
    assert done.returncode == 1
    assert "its ensurepip is missing" in done.stderr
    assert "apt-get install python3-venv" in done.stderr


def test_too_little_disk_for_the_venv_is_a_sentence(tmp_path: Path) -> None:
    done = _venv(tmp_path, LEAST_FREE_KB="999999999999")
    assert done.returncode == 1
    assert "too little disk space" in done.stderr
