"""The clients that the guide for company systems shows, run as a company would: with its own user, on a real broker."""

import asyncio
import json
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from deploy.embedded import kafka as embedded
from deploy.embedded.jars import LOCK
from deploy.kafka import senders
from deploy.kafka.cluster import Cluster
from runtime.postgres import Database
from tests.support.funding_intake import Books, a_record
from tests.support.intake_kafka import CompanySystem, settings_for, taking_in
from tests.support.servers import PROJECT, DatabaseFor, KafkaForTest

CLIENTS = PROJECT / "examples" / "clients"
JAVA = CLIENTS / "java"
MAVEN = {"m": "http://maven.apache.org/POM/4.0.0"}
PYTHON = (sys.executable, str(CLIENTS / "python" / "send.py"))
SECONDS = 90


@dataclass(frozen=True, slots=True)
class Company:
    """A company with the settings file it was given and a file of records."""

    settings: Path
    folder: Path

    async def runs(self, *command: str, records: list[dict[str, Any]]) -> tuple[list[str], int]:
        """What a client says of these records, in the order of their ids, and how it ends."""
        file = self.folder / "records.jsonl"
        file.write_text("".join(json.dumps(each) + "\n" for each in records))
        process = await asyncio.create_subprocess_exec(
            *command, str(self.settings), str(file),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={"PATH": os.environ["PATH"]},
        )  # fmt: skip
        said, wrong = await asyncio.wait_for(process.communicate(), SECONDS)
        assert process.returncode in (0, 1), wrong.decode()[-2_000:]
        return sorted(said.decode().splitlines()), process.returncode


@pytest.fixture
async def company(database_for: DatabaseFor, kafka: KafkaForTest, tmp_path: Path) -> AsyncIterator[Company]:
    made = await database_for("funding")
    database = await Database.open(made.app_url, name="test", most=6)
    await Books(database).found("acme")
    settings = settings_for(made, kafka)
    await CompanySystem("acme", settings).open()
    async with Cluster(kafka.login, kafka.prefix) as cluster:
        login = await senders.admit(cluster, "acme")
        assert login is not None
        file = tmp_path / "acme.properties"
        file.write_text("# given by the programme office\n" + senders.settings_of("acme", login, kafka.prefix) + "\n")
        async with taking_in(database, settings):
            yield Company(file, tmp_path)
        await senders.dismiss(cluster, "acme")
    await database.close()


async def told_what_became_of_its_records(company: Company, *command: str) -> None:
    """Two records, one of them wrong; then the good one again, as after a cut line."""
    good, wrong = a_record("1"), a_record("2", line="robotisiering")
    said, end = await company.runs(*command, records=[good, wrong])
    assert said[0].split() == ["1", "booked"]
    assert said[1].startswith("2 refused ")
    assert "robotisering" in said[1]
    assert end == 1
    said, end = await company.runs(*command, records=[good])
    assert ([line.split() for line in said], end) == ([["1", "duplicate"]], 0)


async def test_the_python_client_sends_and_tells_what_became_of_each_record(company: Company) -> None:
    await told_what_became_of_its_records(company, *PYTHON)


async def test_a_months_records_pass_at_once_though_the_broker_takes_little_at_a_time(company: Company) -> None:
    records = [a_record(f"m-{number:03}", description="x" * 150) for number in range(300)]
    assert sum(len(json.dumps(each)) for each in records) > 65_536
    said, end = await company.runs(*PYTHON, records=records)
    assert ([line.split() for line in said], end) == ([[each["id"], "booked"] for each in records], 0)


async def test_the_java_client_sends_and_tells_what_became_of_each_record(company: Company, tmp_path: Path) -> None:
    """Compiled by the machine's JDK and run on the Java that runs the broker, against the jars of the broker."""
    home = os.environ.get("JAVA_HOME")
    compiler = shutil.which("javac", path=f"{home}/bin" if home else None)
    if compiler is None:
        pytest.skip("there is no JDK here to compile the Java client with: install one, or set JAVA_HOME")
    jars = os.pathsep.join(str(jar) for jar in sorted((embedded.prepare(print) / "jars").glob("*.jar")))
    compiled = await asyncio.create_subprocess_exec(
        compiler, "--release", "17", "-Werror", "-cp", jars, "-d", str(tmp_path / "classes"),
        *(str(source) for source in JAVA.rglob("*.java")),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(compiled.communicate(), SECONDS)
    assert compiled.returncode == 0, said.decode()
    classes = os.pathsep.join((str(tmp_path / "classes"), jars))
    await told_what_became_of_its_records(company, embedded.java(), *embedded.JVM, "-cp", classes, "example.Send")


def test_the_maven_project_asks_for_what_the_client_is_tested_with() -> None:
    locked = re.findall(r'artifactId = "([^"]+)"\nversion = "([^"]+)"', LOCK.read_text())
    asked = ElementTree.parse(JAVA / "pom.xml").iterfind("m:dependencies/m:dependency", MAVEN)
    pairs = {(each.findtext("m:artifactId", "", MAVEN), each.findtext("m:version", "", MAVEN)) for each in asked}
    assert pairs
    assert pairs <= set(locked)
