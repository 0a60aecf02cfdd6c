"""An alarm is told once when raised and once when over: to the operators, or to the office of its region."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import grpc
import pytest
from speerpunt.notifications.v1 import notifications_pb2 as pb
from speerpunt.notifications.v1 import notifications_pb2_grpc

from runtime.auth import Actor, TokenChecker
from runtime.ids import new_id
from runtime.rpc import Server
from runtime.settings import Settings as RuntimeSettings
from services.notifications.clients import Directory, Post, Recipient, operators
from services.notifications.letters import Letters
from services.notifications.loops import Sender
from services.notifications.rpc import door
from services.notifications.settings import Settings
from tests.integration.notifications.mail import a_mail_server, a_partners
from tests.integration.notifications.planning import REGION, a_planning
from tests.support.servers import DatabaseFor


class Tokens(TokenChecker):
    """Reads the role out of the header: tokens themselves are tested elsewhere."""

    async def actor(self, authorization: str | None) -> Actor:
        return Actor("test", "dashboard", frozenset({authorization or "nobody"}), frozenset(), frozenset())


async def test_an_alarm_is_told_once_raised_and_once_over_to_those_who_can_mend_it(database_for: DatabaseFor) -> None:
    settings = RuntimeSettings(drain_timeout_seconds=1)
    async with (
        a_planning(await database_for("notifications")) as planning,
        a_mail_server() as mail,
        a_partners() as (partners, client),
    ):
        partners.audiences["office"] = ["olga"]
        own = Settings(smtp_port=mail.port, operators_mail="It@speerpunt.example, it@speerpunt.example")
        directory = Directory(client, operators(own))
        sender = Sender(planning.database, directory, Post(own), Letters(), own)
        server = Server(settings, [door(planning.database)], Tokens(settings))
        stop = asyncio.Event()
        serving = asyncio.create_task(server.run(stop))
        await server.up.wait()
        lag = {"alarm_id": str(new_id()), "kind": "lag", "about": "funding", "amount": 5_000, "bound": 1_000}
        deadline: dict[str, Any] = {
            "alarm_id": str(new_id()),
            "consortium_id": str(REGION),
            "kind": "deadline",
            "about": "sto-x",
        }
        deadline |= {"amount": 1, "day": "2099-05-01", "title": "Verslag in"}
        async with grpc.aio.insecure_channel(server.address) as channel:
            stub: Any = notifications_pb2_grpc.DeliveryStub(channel)

            async def tell(role: str = "service", **fields: Any) -> None:
                metadata = (("authorization", role),)
                await stub.TellAlarm(pb.TellAlarmRequest(**fields), timeout=5, metadata=metadata)

            for cleared in (False, False, True, True):
                for alarm in (lag, deadline):
                    await tell(**alarm, cleared=cleared)
                await sender.run_once(datetime.now(UTC) + timedelta(seconds=1))
            for role, wrong in (("operator", {}), ("service", {"kind": "weather"}), ("service", {"alarm_id": "7"})):
                with pytest.raises(grpc.aio.AioRpcError):
                    await tell(role, **{**lag, **wrong})
        told = sorted((str(each["To"]).split("<")[-1].rstrip(">"), str(each["Subject"])) for each in mail.mails)
        stop.set()
        await serving
    office = next(address for address, _ in told if not address.startswith("it@"))
    assert told == sorted(
        [
            ("it@speerpunt.example", "Let op: funding loopt achter"),
            ("it@speerpunt.example", "Voorbij: alarm bij funding (lag)"),
            (office, "Let op: deadline Verslag in op vrijdag 1 mei 2099"),
            (office, "Voorbij: alarm bij sto-x (deadline)"),
        ]
    )


def test_operators_are_addresses_with_an_id_each_and_nobody_when_none_is_set() -> None:
    assert operators(Settings()) == []
    [one] = operators(Settings(operators_mail=" It@x.example ,", operators_language="sv"))
    assert isinstance(one, Recipient)
    assert (one.email, one.language) == ("it@x.example", "sv")
    assert one.person_id == operators(Settings(operators_mail="it@x.example"))[0].person_id != UUID(int=0)
