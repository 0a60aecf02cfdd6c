"""Whom notifications asks and tells: partners who an audience is, and the mail server. Never in a transaction.

Names and addresses pass through here and are kept nowhere: not in rows, facts, spans or logs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import UUID, uuid5

import aiosmtplib
from speerpunt.partners.v1 import partners_pb2, partners_pb2_grpc

from runtime.postgres import in_transaction
from runtime.problems import Kind, NotFound, Unavailable
from runtime.rpc import CalledInTransaction, Client, RemoteProblem
from services.notifications.domain.notices import Failed, NotSent, Outcome, Sent, Uncertain
from services.notifications.domain.telling import INSTALLATION, OPERATORS
from services.notifications.letters import Letter
from services.notifications.settings import Settings

AUDIENCE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person to be told, and where. Its name and address are not shown when it is printed."""

    person_id: UUID
    language: str
    name: str = field(repr=False)
    email: str = field(repr=False)


def operators(settings: Settings) -> list[Recipient]:
    """Where the operators of the installation read their mail: functions, no persons, so an address is who they are."""
    addresses = {each.strip().lower() for each in settings.operators_mail.split(",") if each.strip()}
    return [
        Recipient(uuid5(INSTALLATION, f"operators/{each}"), settings.operators_language, "Speerpunt", each)
        for each in sorted(addresses)
    ]


class Directory:
    """The people of an audience, as partners knows them now."""

    def __init__(self, client: Client, operators: Sequence[Recipient] = ()) -> None:
        self._client = client
        self._operators = sorted(operators, key=lambda each: each.person_id)
        self._stub = partners_pb2_grpc.PartnerDirectoryStub(client.channel)

    async def people(self, consortium_id: UUID, audience: str, day: date | None) -> list[Recipient]:
        """Each person of an audience once, by id. Raises NotFound when there is no such audience, else Unavailable.

        The operators of the installation are no people of a region: their addresses are a setting.
        """
        if audience == OPERATORS:
            return list(self._operators)
        request = partners_pb2.ResolveAudienceRequest(
            consortium_id=str(consortium_id), audience=audience, day=day.isoformat() if day else ""
        )
        try:
            answer = await self._client.call(
                self._stub.ResolveAudience, request, timeout_seconds=AUDIENCE_SECONDS, again=True
            )
        except RemoteProblem as problem:
            if problem.kind in (Kind.NOT_FOUND, Kind.INVALID):
                raise NotFound(what="such audience at partners") from problem
            raise Unavailable(what="partners") from problem
        found = {
            UUID(each.person_id): Recipient(UUID(each.person_id), each.language, each.name, each.email)
            for each in answer.recipients
        }
        return [found[person_id] for person_id in sorted(found)]


class Post:
    """Hands letters to the mail server, step by step, so that it is known how far it came when it fails."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._domain = settings.mail_from.rpartition("@")[2]

    async def send(self, letter: Letter, recipient: Recipient, notice_id: UUID) -> Outcome:
        """Sends one letter; how that ended. Never raises for what the mail server does."""
        if in_transaction():
            raise CalledInTransaction("a mail inside an open transaction")
        try:
            message = self._message(letter, recipient, notice_id)
        except (ValueError, MessageError, UnicodeError):
            return Failed("address-unusable")
        settings = self._settings
        server = aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            local_hostname=self._domain,
            timeout=settings.smtp_timeout_seconds,
            use_tls=settings.smtp_tls == "always",
            start_tls={"never": False, "always": False, "starttls": True}.get(settings.smtp_tls),
            username=settings.smtp_username or None,
            password=settings.smtp_password.get_secret_value() or None,
        )
        try:
            return await self._deliver(server, message, recipient)
        finally:
            server.close()

    async def _deliver(self, server: aiosmtplib.SMTP, message: EmailMessage, recipient: Recipient) -> Outcome:
        try:
            await server.connect()
        except aiosmtplib.SMTPResponseException as error:
            return NotSent(_code(error), away=True)
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            return NotSent("mail-server-away", away=True)
        try:
            await server.mail(self._settings.mail_from)
            await server.rcpt(recipient.email)
        except aiosmtplib.SMTPResponseException as error:
            return NotSent(_code(error)) if error.code < 500 else Failed(_code(error))
        except (UnicodeError, ValueError):
            return Failed("address-unusable")
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            return NotSent("mail-server-away", away=True)
        try:
            await server.data(message.as_bytes())
        except aiosmtplib.SMTPResponseException as error:
            return Failed(_code(error))
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            return Uncertain("mail-server-lost")
        return Sent()

    def _message(self, letter: Letter, recipient: Recipient, notice_id: UUID) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = Address(letter.sender, addr_spec=self._settings.mail_from)
        message["To"] = Address(recipient.name, addr_spec=recipient.email)
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(letter.written_at)
        message["Message-ID"] = f"<{notice_id}@{self._domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        message.add_alternative(letter.html, subtype="html")
        message["Content-Language"] = letter.language
        return message


def _code(error: aiosmtplib.SMTPResponseException) -> str:
    """The reply's number only: its text may repeat the address."""
    return f"smtp-{error.code}"
