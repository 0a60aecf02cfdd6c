"""The same pair of servers in containers, of the images that docker-compose.yml names.

    python -m tests.support.docker_servers FILE HOLDER_PID

They are set up as the embedded pair is, with the same users, rights and limits, so that every test finds what it
expects. They go when the process HOLDER_PID does, or when asked to stop; nothing is downloaded.
"""

import asyncio
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from deploy.embedded import kafka, postgres
from deploy.embedded.ports import Ports
from deploy.kafka.login import ADMIN, BROKER, Login
from tests.support.containers import image_of

SETTINGS = "/etc/speerpunt"
START_SECONDS = 120

_POSTGRES = """
set -eu
initdb --pgdata /tmp/data --username postgres --no-sync --encoding UTF8 --locale C.UTF-8 --locale-provider builtin \\
    --builtin-locale C.UTF-8 --auth trust >/tmp/initdb.log
echo "host all all all trust" >>/tmp/data/pg_hba.conf
exec postgres -D /tmp/data -k /tmp "$@"
"""
_KAFKA = f"""
set -eu
/opt/kafka/bin/kafka-storage.sh @{SETTINGS}/format
exec /opt/kafka/bin/kafka-server-start.sh {SETTINGS}/server.properties
"""


@asynccontextmanager
async def servers() -> AsyncIterator[dict[str, str | int]]:
    """Both containers; what to write into the file that SPEERPUNT_TEST_SERVERS names."""
    testcontainers_config.ryuk_disabled = True  # whoever holds us is watched here, and one image less is needed
    folder = Path(tempfile.mkdtemp(prefix="speerpunt-containers-"))
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        database, broker = _postgres(), _kafka(folder)
        for each in (database, broker[0]):
            stack.callback(each.stop)
            await asyncio.to_thread(each.start)
        login = Login(f"127.0.0.1:{broker[1]}", ADMIN, broker[2])
        port = int(database.get_exposed_port(postgres.PORT))
        async with asyncio.timeout(START_SECONDS):
            await _serves(port, login)
        yield {
            "pg_host": "127.0.0.1",
            "pg_port": port,
            "pg_superuser": postgres.SUPERUSER,
            "kafka": login.bootstrap,
            "kafka_password": login.password,
        }


def _bound(container: DockerContainer, inside: int, outside: int | None) -> DockerContainer:
    """With one of its ports on this machine alone, where nobody else's network reaches it."""
    ports: dict[Any, Any] = container.ports  # the engine takes an address beside the number
    ports[inside] = ("127.0.0.1", outside)
    return container


def _postgres() -> DockerContainer:
    options = {**postgres.OPTIONS, **postgres.FAST, "listen_addresses": "*"}
    words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    made = _bound(DockerContainer(image_of("postgres")), postgres.PORT, None).with_command(words)
    return made.with_kwargs(user="postgres", entrypoint=["bash", "-c", _POSTGRES, "postgres"], shm_size="256m")


def _kafka(folder: Path) -> tuple[DockerContainer, int, str]:
    """The broker, its port (the same inside, since it calls itself by the address that it tells), the password."""
    ports, password, own = Ports({}), secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    client, controller = ports.take("kafka"), ports.take("kafka.controller")
    written = {
        "server.properties": kafka.properties(client, controller, "/tmp/kafka", own, {}, listen="0.0.0.0"),
        "format": kafka.formatting(f"{SETTINGS}/server.properties", {ADMIN: password, BROKER: own}),
    }
    made = _bound(DockerContainer(image_of("kafka")), client, client)
    folder.chmod(0o711)
    for name, text in written.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)  # its user is another; these passwords are of this run
        made = made.with_volume_mapping(str(folder / name), f"{SETTINGS}/{name}", "ro")
    made = made.with_env("KAFKA_HEAP_OPTS", "-Xms256m -Xmx1g").with_env("LOG_DIR", "/tmp/logs")
    return made.with_kwargs(entrypoint=["bash", "-c", _KAFKA]), client, password


async def _serves(port: int, login: Login) -> None:
    url = f"postgresql://{postgres.SUPERUSER}@/postgres?host=127.0.0.1&port={port}"
    while True:
        with suppress(OSError, asyncpg.PostgresError):
            connection = await asyncpg.connect(url)
            await connection.close()
            break
        await asyncio.sleep(0.2)
    while True:
        admin = AIOKafkaAdminClient(**login.client())
        try:
            await admin.start()
            return
        except Exception:
            await asyncio.sleep(0.5)
        finally:
            await admin.close()


async def serve(told: Path, holder: int) -> None:
    """Runs both until the process `holder` is gone or we are asked to stop. `told` gets their addresses."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_reader(os.pidfd_open(holder), stop.set)
    async with servers() as addresses:
        fresh = told.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(addresses))
        fresh.rename(told)
        await stop.wait()
    for ours in (told, told.with_suffix(".lock"), told.with_suffix(".log")):
        ours.unlink(missing_ok=True)
    with suppress(OSError):
        told.parent.rmdir()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
