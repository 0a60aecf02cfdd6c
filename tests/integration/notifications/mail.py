"""A mail server that keeps what it takes, or fails as it is told; and partners, answering who an audience is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID

from aiosmtpd import smtp
from grpc import StatusCode, aio
from speerpunt.partners.v1 import partners_pb2, partners_pb2_grpc

from runtime.auth import ServiceTokens
from runtime.rpc import Client
from runtime.settings import Settings
from tests.unit.notifications.builders import an_id


@dataclass
class MailServer:
    """Answers as it is told, per step of the conversation; `hang` never answers after it has the letter."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    addressees: list[str] = field(default_factory=list)
    at_rcpt: str = ""
    at_data: str = ""
    hang: bool = False
    got_letter: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.at_rcpt:
            return f"{self.at_rcpt} {address} is not wanted here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.got_letter.set()
        if self.hang:
            await asyncio.Event().wait()
        if self.at_data:
            return f"{self.at_data} no"
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        self.addressees += envelope.rcpt_tos
        return "250 Kept"


@asynccontextmanager
async def a_mail_server(port: int = 0) -> AsyncIterator[MailServer]:
    """A real SMTP server on a free port."""
    keeper = MailServer()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: smtp.SMTP(keeper, hostname="inbox"), "127.0.0.1", port)
    keeper.port = server.sockets[0].getsockname()[1]
    try:
        yield keeper
    finally:
        server.close()


class Tokens(ServiceTokens):
    """A token that is there already."""

    def __init__(self) -> None:
        super().__init__(Settings())

    async def token(self) -> str:
        return "signed"


@dataclass
class Partners(partners_pb2_grpc.PartnerDirectoryServicer):
    """Knows audiences by name; fails with the status it was told."""

    audiences: dict[str, list[str]] = field(default_factory=dict)
    languages: dict[str, str] = field(default_factory=dict)
    status: StatusCode | None = None
    asked: list[Any] = field(default_factory=list)
    address: str = ""

    async def ResolveAudience(self, request: Any, context: Any) -> Any:
        self.asked.append(request)
        if self.status is not None:
            await context.abort(self.status, "not now")
        if request.audience not in self.audiences:
            await context.abort(StatusCode.NOT_FOUND, "There is no such audience.")
        return partners_pb2.ResolveAudienceResponse(
            recipients=[self.person(name) for name in self.audiences[request.audience]]
        )

    def person(self, name: str) -> partners_pb2.Recipient:
        return partners_pb2.Recipient(
            person_id=str(person_id(name)),
            organisation_id=str(an_id("organisation")),
            name=f"{name.title()} Verzonnen",
            email=f"{name}@bedrijf.example",
            language=self.languages.get(name, ""),
        )


def person_id(name: str) -> UUID:
    return an_id(f"person/{name}")


A_PARTNERS: Any = Partners
"""Typed loosely: the generated stubs call methods abstract that nobody asks for here."""


@asynccontextmanager
async def a_partners() -> AsyncIterator[tuple[Partners, Client]]:
    """Partners behind a real gRPC server, and a client of it."""
    server, partners = aio.server(), A_PARTNERS()
    partners_pb2_grpc.add_PartnerDirectoryServicer_to_server(partners, server)
    partners.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    client = Client(partners.address, "partners", Tokens())
    try:
        yield partners, client
    finally:
        await client.close()
        await server.stop(0)
