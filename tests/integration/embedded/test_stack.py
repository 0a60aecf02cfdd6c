"""The embedded run holds together: nothing is mixed up between two runs, and nothing outlives its holder."""

import asyncio
import json
import os
import signal
import smtplib
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import psutil
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.embedded.folders import PROJECT
from deploy.embedded.supervisor import Stack
from deploy.kafka.login import Login
from tests.integration.embedded.processes import eventually, hear_ctrl_c, named_in, still_alive

pytestmark = pytest.mark.timeout(180)

HOLDER = """
import asyncio, json, sys
from pathlib import Path
from deploy.embedded.supervisor import Stack
from deploy.kafka.login import Login

async def main():
    async with Stack(services=(), runs=Path(sys.argv[1])) as stack:
        pids = {name: stack.pid(name) for name in ("postgres", "kafka", "inbox")}
        print(json.dumps({"folder": str(stack.folder), "pids": pids}), flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def quiet(_: str) -> None:
    """Progress nobody needs."""


def test_no_stack_leaves_a_trace_when_its_holder_is_killed_with_9(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], cwd=PROJECT, stdout=subprocess.PIPE) as holder:
        told = _last_json(holder)
        everything = named_in(Path(told["folder"])) | set(told["pids"].values())
        assert len(everything) >= 4, "postgres, kafka, inbox and the reaper at least"
        holder.kill()
    assert still_alive(everything, within_seconds=20) == set()
    assert eventually(lambda: not Path(told["folder"]).exists(), within_seconds=20)


def test_ctrl_c_stops_everything_and_removes_the_run_folder(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        preexec_fn=hear_ctrl_c,
    ) as holder:  # fmt: skip
        told = _last_json(holder)
        everything = named_in(Path(told["folder"]))
        holder.send_signal(signal.SIGINT)
        holder.wait(30)
    assert still_alive(everything, within_seconds=5) == set()
    assert not Path(told["folder"]).exists()


def _last_json(holder: "subprocess.Popen[bytes]") -> dict[str, Any]:
    assert holder.stdout is not None
    for line in holder.stdout:
        if line.startswith(b"{"):
            found: dict[str, Any] = json.loads(line)
            return found
    raise AssertionError("the holder ended before its stack was ready")


async def test_two_stacks_at_the_same_time_do_not_mix(tmp_path: Path) -> None:
    async with (
        Stack(services=(), runs=tmp_path, progress=quiet) as one,
        Stack(services=(), runs=tmp_path, progress=quiet) as other,
    ):
        assert one.folder != other.folder
        await _make_topic(one.kafka_admin, "only-here")
        assert "only-here" in await _topics(one.kafka_admin)
        assert "only-here" not in await _topics(other.kafka_admin)
        first, second = await asyncpg.connect(one.superuser_url), await asyncpg.connect(other.superuser_url)
        await first.execute("CREATE DATABASE only_here")
        assert not await second.fetchval("SELECT count(*) FROM pg_database WHERE datname = 'only_here'")
        await first.close()
        await second.close()
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


async def test_a_killed_broker_comes_back_with_what_it_had(tmp_path: Path) -> None:
    async with Stack(services=(), runs=tmp_path, progress=quiet) as stack:
        await _make_topic(stack.kafka_admin, "kept")
        producer = AIOKafkaProducer(**stack.kafka_admin.client(), acks="all")
        await producer.start()
        await producer.send_and_wait("kept", b"x")
        await producer.stop()
        stack.kill("kafka")
        assert not stack.running("kafka")
        await stack.start("kafka")
        assert stack.running("kafka")
        assert "kept" in await _topics(stack.kafka_admin)


async def test_the_issuer_signs_for_a_person_who_knows_this_runs_secret_only(tmp_path: Path) -> None:
    async with Stack(services=(), runs=tmp_path, progress=quiet) as stack:
        await stack.start("issuer")
        form = {"grant_type": "urn:speerpunt:dev-person", "subject": "someone", "client_secret": stack.person_secret}
        async with httpx2.AsyncClient(base_url=stack.issuer) as client:
            granted = await client.post("/token", data=form)
            refused = await client.post("/token", data={**form, "client_secret": "guess"})
        assert granted.json()["token_type"] == "Bearer"
        assert refused.status_code == 401


def test_up_leaves_it_running_and_down_takes_it_away(tmp_path: Path) -> None:
    environment = {**os.environ, "SPEERPUNT_RUN_FOLDER": str(tmp_path), "SPEERPUNT_SERVICES": ""}

    def make(word: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "deploy.embedded", word],
            cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=90, check=True,
        )  # fmt: skip
        return done.stdout

    try:
        shown = make("up")
        assert "mail inbox" in shown
        assert "Kafka" in shown
        everything = named_in(tmp_path / "up")
        assert everything
        assert "already running" in make("up")
    finally:
        make("down")
    assert still_alive(everything, within_seconds=5) == set()
    assert not (tmp_path / "up").exists()
    assert make("down") == "Nothing is running.\n"


async def test_a_service_killed_with_9_comes_back_at_the_same_address(tmp_path: Path) -> None:
    async with Stack(services=("funding",), runs=tmp_path, progress=quiet) as stack:
        before = stack.pid("funding")
        stack.kill("funding")
        assert not stack.running("funding")
        await stack.start("funding")
        assert stack.pid("funding") != before
        async with httpx2.AsyncClient(base_url=stack.http["funding"]) as client:
            assert (await client.get("/readyz")).status_code == 200
        assert await stack.stop_one("funding"), "SIGTERM drains it within the deadline"


async def test_a_mail_sent_to_the_inbox_is_a_file_one_can_open(tmp_path: Path) -> None:
    async with Stack(services=(), runs=tmp_path, progress=quiet) as stack:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "office@example.org", "someone@example.org", "Planning"
        mail.set_content("The date moved.")
        host, _, port = stack.smtp.partition(":")

        def send() -> None:
            with smtplib.SMTP(host, int(port), timeout=10) as server:
                server.send_message(mail)

        await asyncio.to_thread(send)
        [kept] = stack.inbox.glob("*.eml")
        assert "The date moved." in kept.read_text()
        assert "X-Envelope-To: someone@example.org" in kept.read_text()


async def test_postgresql_asks_for_a_password_and_does_not_run_as_root(tmp_path: Path) -> None:
    async with Stack(services=(), runs=tmp_path, progress=quiet) as stack:
        without = stack.superuser_url.replace(stack.superuser_url.partition("@")[0], "postgresql://postgres")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(without, password="guess")
        assert psutil.Process(stack.pid("postgres")).uids().effective != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another user")
async def test_a_run_folder_the_postgres_user_cannot_reach_is_worked_around(tmp_path: Path) -> None:
    closed = tmp_path / "home"
    closed.mkdir(mode=0o700)
    async with Stack(services=(), runs=closed / "run", progress=quiet) as stack:
        [data, *_] = (json.loads(line) for line in (stack.folder / "outside").read_text().splitlines())
        assert Path(data).is_dir()
        connection = await asyncpg.connect(stack.superuser_url)
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()
    assert not Path(data).exists()


async def _make_topic(login: Login, name: str) -> None:
    admin = AIOKafkaAdminClient(**login.client())
    await admin.start()
    await admin.create_topics([NewTopic(name, 1, 1)])
    await admin.close()


async def _topics(login: Login) -> list[str]:
    admin = AIOKafkaAdminClient(**login.client())
    await admin.start()
    names: list[str] = await admin.list_topics()
    await admin.close()
    return names
