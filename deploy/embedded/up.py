"""`make up` and `make down`: a stack that stays, held by a process of its own; its addresses are in `run/up.json`."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from deploy.embedded.folders import PROJECT, runs_folder
from deploy.embedded.ports import asked_for
from deploy.embedded.problems import CannotStart, about_the_disk
from deploy.embedded.processes import started_at

START_SECONDS = 180
STOP_SECONDS = 60


def up() -> int:
    """Starts it, shows its progress, prints the addresses and leaves it running."""
    runs = runs_folder()
    told = runs / "up.json"
    if known := running(told):
        print("It is already running; `make down` stops it.\n" + addresses(known))
        return 0
    asked_for()
    try:
        runs.mkdir(parents=True, exist_ok=True)
        told.unlink(missing_ok=True)
        log = runs / "up.log"
        with log.open("wb") as out:
            holder = subprocess.Popen(
                [sys.executable, "-m", "deploy.embedded", "stay", str(told)],
                cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
    except OSError as error:
        raise about_the_disk(error, runs) from error
    try:
        _follow(log, told, holder)
    except KeyboardInterrupt:
        holder.send_signal(signal.SIGTERM)
        holder.wait(STOP_SECONDS)
        raise
    known = running(told)
    if known is None:
        return holder.wait(STOP_SECONDS) or 1
    print(addresses(known))
    return 0


def _follow(log: Path, told: Path, holder: "subprocess.Popen[bytes]") -> None:
    late = time.monotonic() + START_SECONDS
    with log.open() as lines:
        while True:
            done = told.exists() or holder.poll() is not None
            for line in lines:
                print(line, end="", flush=True)
            if done:
                return
            if time.monotonic() > late:
                holder.send_signal(signal.SIGTERM)
                raise CannotStart(f"It did not start within {START_SECONDS} seconds. What it did so far is above.")
            time.sleep(0.1)


def down() -> int:
    """Stops what `up` left running, and waits until it is gone."""
    told = runs_folder() / "up.json"
    known = running(told)
    if known is None:
        told.unlink(missing_ok=True)
        print("Nothing is running.")
        return 0
    os.kill(known["pid"], signal.SIGTERM)
    late = time.monotonic() + STOP_SECONDS
    while running(told):
        if time.monotonic() > late:
            raise CannotStart(
                f"Process {known['pid']} did not stop within {STOP_SECONDS} seconds; end it: kill -9 {known['pid']}."
            )
        time.sleep(0.05)
    print("Stopped; its data and mails are gone.")
    return 0


def running(told: Path) -> dict[str, Any] | None:
    """What `up` wrote down of the stack that it left running; None when there is none."""
    try:
        known: dict[str, Any] = json.loads(told.read_text())
    except (OSError, ValueError):
        return None
    return known if started_at(known["pid"]) == known["started"] else None


def addresses(known: dict[str, Any]) -> str:
    """What a person wants to open."""
    lines = []
    for service, url in known["http"].items():
        if service == "dashboard":
            lines.append(f"{service:14} {url} (open it in a browser)")
            continue
        lines.append(f"{service:14} REST {url}/v1/docs   OpenAPI {url}/v1/openapi.json   gRPC {known['grpc'][service]}")
    lines.append(f"{'Kafka':14} {known['kafka']}")
    senders = Path(known["logs"]).with_name("senders")
    lines.append(f"{'systems':14} {senders} (how each company's system connects to Kafka, once `make load` made them)")
    lines.append(f"{'tokens':14} {known['issuer']}/.well-known/openid-configuration")
    lines.append(f"{'mail inbox':14} {known['inbox']} (one .eml file a mail)")
    lines.append(f"{'logs':14} {known['logs']}")
    return "\n".join(lines)


async def stay(told: Path) -> int:
    """Holds a stack until SIGTERM; SPEERPUNT_SERVICES may name fewer services, SPEERPUNT_RESTORE a backup to
    begin with. Its data goes after."""
    from deploy.embedded.supervisor import SERVICES, Stack

    some = os.environ.get("SPEERPUNT_SERVICES")
    services = SERVICES if some is None else tuple(some.split())
    backup = os.environ.get("SPEERPUNT_RESTORE")
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: task and task.cancel())
    try:
        async with Stack(services=services, name="up", restore=Path(backup) if backup else None) as stack:
            known = {
                "pid": os.getpid(),
                "started": started_at(os.getpid()),
                "http": stack.http,
                "grpc": stack.grpc,
                "kafka": stack.kafka,
                "kafka_user": stack.kafka_admin.user,
                "kafka_password": stack.kafka_admin.password,
                "issuer": stack.issuer,
                "person_secret": stack.person_secret,
                "inbox": str(stack.inbox),
                "logs": str(stack.folder / "logs"),
                "databases": {service: database.superuser_url for service, database in stack.databases.items()},
            }
            fresh = told.with_suffix(".new")
            fresh.touch(mode=0o600)
            fresh.write_text(json.dumps(known))
            fresh.rename(told)
            await asyncio.Event().wait()
    except asyncio.CancelledError:
        pass
    finally:
        told.unlink(missing_ok=True)
    return 0
