"""Over the network a database is reached with TLS only, and only by who knows that it is the one it says it is.

With the authority of `make secrets`, the rules of the compose file, and a PostgreSQL that was built with TLS: that of
the other tests was not, Debian's `postgresql` was.
"""

import os
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from deploy.embedded.folders import RunFolder
from deploy.embedded.ports import Ports
from deploy.embedded.postgres import foreign_user
from deploy.embedded.processes import Program
from deploy.secrets.authority import Authority
from runtime.postgres import Database

RULES = Path(__file__).resolve().parents[3] / "deploy" / "compose" / "pg_hba.conf"
PASSWORD = "a-password-of-a-test"


def _with_tls() -> Path | None:
    """The programs of a PostgreSQL that can, the newest first."""
    found = [path for place in Path("/usr/lib/postgresql").glob("*/bin") if (path := place / "postgres").exists()]
    found.sort(key=lambda path: path.parts[-3].zfill(3), reverse=True)
    if (named := shutil.which("postgres")) is not None:
        found.append(Path(named))
    for each in found:
        links = subprocess.run(["ldd", str(each)], check=False, capture_output=True, text=True, timeout=20).stdout
        if "libssl" in links:
            return each.parent
    return None


@dataclass(frozen=True, slots=True)
class Secured:
    """A server that listens on the network, and the certificate of its authority."""

    port: int
    authority: Path

    @property
    def url(self) -> str:
        return f"postgresql://postgres:{PASSWORD}@localhost:{self.port}/postgres"


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Secured]:
    programs = _with_tls()
    if programs is None:
        pytest.skip("no PostgreSQL with TLS is installed here (Debian: apt-get install postgresql)")
    user, folder = foreign_user(), RunFolder.take()
    data = folder.place("postgres-tls", owner=user, socket=True)
    Authority(data).sign(data, "postgres")
    (data / "password").write_text(PASSWORD)
    shutil.copy(RULES, data / "pg_hba.conf")
    for path in data.iterdir():
        os.chmod(path, 0o600)
        if user is not None:
            os.chown(path, user, user)
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "HOME": str(data)}

    def program(name: str, *words: str, ready: list[str] | None = None) -> Program:
        def answers(_: object) -> bool:
            return ready is None or subprocess.run(ready, check=False, timeout=10).returncode == 0

        command = [str(programs / name), "-D", str(data / "data"), *words]
        return Program(name, command, environment, data, answers, "See its log.", user=user)

    initdb = program("initdb", "-U", "postgres", "--no-sync", "-A", "scram-sha-256", "--pwfile", str(data / "password"))
    await initdb.until_done(initdb.launch(folder.path))
    port = Ports({}).take("postgres-tls")
    options = {
        "listen_addresses": "127.0.0.1,127.0.0.2",
        "port": port,
        "unix_socket_directories": data,
        "hba_file": data / "pg_hba.conf",
        "ssl": "on",
        "ssl_min_protocol_version": "TLSv1.3",
        "ssl_cert_file": data / "postgres.crt",
        "ssl_key_file": data / "postgres.key",
    }
    words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    serving = program(
        "postgres", *words, ready=[str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    )
    child = serving.launch(folder.path)
    try:
        await serving.until_ready(child)
        monkeypatch.setenv("PGSSLMODE", "verify-full")
        monkeypatch.setenv("PGSSLROOTCERT", str(data / "ca.crt"))
        yield Secured(port, data / "ca.crt")
    finally:
        child.kill()
        folder.leave()


async def test_a_service_reaches_its_database_with_tls_of_our_own_authority(server: Secured) -> None:
    database = await Database.open(server.url, name="test", most=1)
    try:
        row = await database.pool.fetchrow("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    finally:
        await database.close()
    assert tuple(row) == (True, "TLSv1.3")


async def test_a_server_of_another_authority_or_name_is_not_spoken_to(
    server: Secured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncpg.connect(server.url.replace("localhost", "127.0.0.2"))
    Authority(tmp_path)
    monkeypatch.setenv("PGSSLROOTCERT", str(tmp_path / "ca.crt"))
    with pytest.raises(ssl.SSLCertVerificationError):
        await Database.open(server.url, name="test", most=1)


async def test_without_tls_nobody_gets_in(server: Secured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "disable")
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="no encryption"):
        await Database.open(server.url, name="test", most=1)
