"""The service as a process: it tells, publishes and answers; killed while it sends, nobody is told twice."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
import uvicorn
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from fastapi import FastAPI
from speerpunt.notifications.v1 import notifications_pb2, notifications_pb2_grpc

from runtime.ids import new_id
from services.notifications.clients import Directory, Post
from services.notifications.letters import Letters
from services.notifications.loops import Sender
from services.notifications.settings import Settings
from tests.integration.notifications.mail import MailServer, Partners, a_mail_server, a_partners, person_id
from tests.integration.notifications.planning import QUESTION_HOUR, REGION, Planning, a_planning
from tests.support.servers import DatabaseFor, KafkaForTest, ServiceDatabase
from tests.unit.notifications.builders import an_id

PROJECT = Path(__file__).resolve().parents[3]
DEADLINE_SECONDS = 40


@dataclass
class Stage:
    """All that the process leans on, and what it is started with."""

    planning: Planning
    mail: MailServer
    partners: Partners
    directory: Directory
    made: ServiceDatabase
    kafka: KafkaForTest
    folder: Path
    token_url: str

    @asynccontextmanager
    async def process(self, name: str = "one", **more: str) -> AsyncIterator[tuple[dict[str, str], Any]]:
        """`python -m services.notifications` until the end of the block; its addresses, and itself."""
        ready = self.folder / f"{name}.json"
        settings = {
            "DATABASE_URL": self.made.app_url,
            **self.kafka.variables(""),
            "GROUP_SESSION_TIMEOUT_MS": "6000",
            "ISSUER": self.planning.issuer.address,
            "JWKS_URL": f"{self.planning.issuer.address}/jwks.json",
            "TOKEN_URL": self.token_url,
            "PARTNERS_GRPC": self.partners.address,
            "SMTP_PORT": str(self.mail.port),
            "SEND_POLL_SECONDS": "0.05",
            "READY_FILE": str(ready),
            **more,
        }
        environment = {**os.environ, **{f"SPEERPUNT_{key}": value for key, value in settings.items()}}
        environment["PYTHONPATH"] = os.pathsep.join([str(PROJECT), str(PROJECT / "proto" / "gen")])
        log = self.folder / f"{name}.log"
        with log.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "services.notifications", cwd=PROJECT, env=environment, stderr=out
            )
        try:
            async with asyncio.timeout(60):
                while not ready.exists():
                    if process.returncode is not None:
                        pytest.fail(f"the service did not start:\n{log.read_text()}")
                    await asyncio.sleep(0.05)
            yield json.loads(ready.read_text()), process
            if process.returncode is None:
                process.terminate()
                async with asyncio.timeout(20):
                    assert await process.wait() == 0, log.read_text()
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def states(self) -> list[tuple[str, str]]:
        return sorted((row["state"], row["template"]) for row in await self.planning.rows("notices", "notice_id"))

    async def until(self, wanted: list[tuple[str, str]]) -> None:
        """Waits until the notices are these."""
        found: list[tuple[str, str]] = []
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                while (found := await self.states()) != sorted(wanted):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            pytest.fail(f"the notices are {found}")

    async def publish(self, service: str, fact: str, sequence: int, **data: Any) -> None:
        """One event, as that service would publish it now."""
        headers = {
            "ce_specversion": "1.0",
            "ce_id": str(new_id()),
            "ce_type": f"nl.speerpunt.{service}.{fact}.v1",
            "ce_source": f"urn:speerpunt:{service}",
            "ce_subject": "x",
            "ce_time": datetime.now(UTC).isoformat(),
            "ce_consortiumid": str(REGION),
            "ce_sequence": str(sequence),
        }
        producer = AIOKafkaProducer(**self.kafka.client)
        await producer.start()
        try:
            for _ in range(2):  # Kafka may deliver twice what was sent once
                await producer.send_and_wait(
                    f"{self.kafka.prefix}{service}.events",
                    json.dumps(data).encode(),
                    key=b"one",
                    headers=[(key, value.encode()) for key, value in headers.items()],
                )
        finally:
            await producer.stop()

    async def published(self, count: int) -> list[tuple[dict[str, str], dict[str, Any]]]:
        """Headers and data of the first so many events of this service."""
        consumer = AIOKafkaConsumer(
            f"{self.kafka.prefix}notifications.events",
            **self.kafka.client,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                messages = [await consumer.getone() for _ in range(count)]
        finally:
            await consumer.stop()
        return [
            ({key: value.decode() for key, value in each.headers}, json.loads(each.value or b"")) for each in messages
        ]


@asynccontextmanager
async def a_token_desk() -> AsyncIterator[str]:
    """Gives every service a token, which partners in these tests does not look at."""
    app = FastAPI(openapi_url=None)

    @app.post("/token")
    async def token() -> dict[str, Any]:
        return {"access_token": "signed", "expires_in": 900}

    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off")
    socket = config.bind_socket()
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[socket]))
    try:
        yield f"http://127.0.0.1:{socket.getsockname()[1]}/token"
    finally:
        server.should_exit = True
        await serving


@pytest.fixture
async def stage(database_for: DatabaseFor, kafka: KafkaForTest, tmp_path: Path) -> AsyncIterator[Stage]:
    made = await database_for("notifications")
    await kafka.create_topics("partners.events", "funding.events", "activities.events")
    async with AsyncExitStack() as stack:
        planning = await stack.enter_async_context(a_planning(made))
        mail = await stack.enter_async_context(a_mail_server())
        partners, client = await stack.enter_async_context(a_partners())
        desk = await stack.enter_async_context(a_token_desk())
        partners.audiences["everyone"] = ["bo", "zoe"]
        yield Stage(planning, mail, partners, Directory(client), made, kafka, tmp_path, desk)


async def test_what_happens_elsewhere_is_told_and_published_and_can_be_asked_for(stage: Stage) -> None:
    school, company, agreement, form = (an_id(each) for each in ("school", "company", "agreement", "form"))
    stage.partners.audiences |= {
        f"organisation:{school}": ["teacher"],
        f"organisation:{company}": ["engineer"],
        f"agreement:{agreement}": ["director"],
        "office": ["officer"],
    }
    lesson = {
        "activityId": str(an_id("activity")),
        "code": "les-1",
        "schoolId": str(school),
        "companyId": str(company),
        "startsAt": "2099-05-01T08:00:00Z",
        "endsAt": "2099-05-01T09:00:00Z",
    }
    async with stage.process() as (addresses, _):
        for code, organisation in (("het-element", school), ("eemtech", company)):
            await stage.publish("partners", "organisation-registered", 1, organisationId=str(organisation), name=code)
        circulated = {"agreementId": str(agreement), "title": "Convenant", "signUntil": "2099-03-27", "parties": []}
        await stage.publish("partners", "agreement-circulated", 1, code="c", **circulated)
        await stage.publish("activities", "activity-held", 1, until="2099-04-01T15:00:00Z", **lesson)
        told = [("sent", "agreement-circulated"), ("sent", "activity-held")]
        await stage.until(told)
        force = {"agreementId": str(agreement), "code": "c", "since": "2099-03-27", "from": "2099-03-27"}
        await stage.publish("partners", "agreement-entered-into-force", 2, until="2100-01-01", parties=[], **force)
        await stage.publish("activities", "activity-booked", 2, title="Robotarm", **lesson)
        issued = {"statementId": str(form), "organisationId": str(company), "deadline": "2099-03-22"}
        await stage.publish("funding", "statement-issued", 1, **issued)
        told += [("sent", "agreement-in-force"), ("sent", "statement-issued"), *[("sent", "activity-booked")] * 2]
        await stage.until(told)
        assert [row["days_before"] for row in await stage.planning.rows("reminders", "due_at")] == [14, 3]
        await stage.publish("activities", "activity-cancelled", 3, reason="illness", **lesson)
        await stage.publish("funding", "pledge-signed", 1, pledgeId=str(form), organisationId=str(company))
        told += [("sent", "activity-cancelled")] * 2
        await stage.until(told)
        subjects = [str(mail["Subject"]) for mail in stage.mail.mails]
        assert subjects.count("Gaat niet door: Robotarm op vrijdag 1 mei 2099") == 2
        assert "Van kracht: Convenant" in subjects
        async with asyncio.timeout(DEADLINE_SECONDS):
            while await stage.planning.rows("reminders", "due_at"):
                await asyncio.sleep(0.05)

        published = await stage.published(len(told))
        assert {each["ce_type"] for each, _ in published} == {"nl.speerpunt.notifications.notice-sent.v1"}
        asked = [(each["noticeId"], each["personId"]) for _, each in published if each["template"] == "activity-held"]
        assert [person for _, person in asked] == [str(person_id("engineer"))]
        metadata = [("authorization", stage.planning.who("service")["Authorization"])]
        async with grpc.aio.insecure_channel(addresses["grpc"]) as channel:
            delivery = notifications_pb2_grpc.DeliveryStub(channel)
            wanted = notifications_pb2.GetNoticeRequest(consortium_id=str(REGION), notice_id=asked[0][0])
            found = await delivery.GetNotice(wanted, timeout=2, metadata=metadata)
            assert (found.state, found.template, found.language) == ("sent", "activity-held", "nl")
            wanted.notice_id = str(an_id("another"))
            with pytest.raises(grpc.aio.AioRpcError) as missing:
                await delivery.GetNotice(wanted, timeout=2, metadata=metadata)
            assert missing.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_process_killed_between_claim_and_result_leaves_it_unknown_and_nobody_is_told_twice(
    stage: Stage,
) -> None:
    stage.partners.audiences["everyone"] = ["bo"]
    stage.mail.hang = True
    await stage.planning.put("vragenuur", QUESTION_HOUR)
    async with stage.process("victim") as (_, process):
        async with asyncio.timeout(DEADLINE_SECONDS):
            await stage.mail.got_letter.wait()
        process.kill()
        await process.wait()
    assert await stage.states() == [("claimed", "milestone-planned")]
    stage.mail.hang = False
    settings = Settings(smtp_port=stage.mail.port)
    successor = Sender(stage.planning.database, stage.directory, Post(settings), Letters(), settings)
    assert await successor.run_once(datetime.now(UTC) + timedelta(minutes=10)) == 0
    assert await stage.states() == [("unknown", "milestone-planned")]
    summary = (await stage.planning.get("/v1/notices/summary")).json()
    assert (summary["unknown"], summary["sent"], summary["waiting"]) == (1, 0, 0)
    assert stage.mail.mails == []


async def test_two_processes_tell_everyone_once(stage: Stage) -> None:
    people = [f"person{number}" for number in range(20)]
    stage.partners.audiences["everyone"] = people
    async with stage.process("one"), stage.process("two"):
        for code in ("a", "b", "c"):
            await stage.planning.put(code, QUESTION_HOUR)
        await stage.until([("sent", "milestone-planned")] * 60)
    assert sorted(stage.mail.addressees) == sorted(f"{each}@bedrijf.example" for each in people * 3)
    logs = "".join((stage.folder / f"{name}.log").read_text() for name in ("one", "two"))
    assert "bedrijf.example" not in logs
    assert "Verzonnen" not in logs
